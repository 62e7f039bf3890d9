import assert from 'node:assert/strict';
import { type Document, Long, ObjectId } from '../../../src/bson/index.js';
import type { ServerDescription } from '../../../src/description/server_description.js';
import type { MongoError } from '../../../src/errors/base.js';
import { Monitor } from '../../../src/sdam/monitor.js';
import { EventRecorder } from '../../support/event_recorder.js';
import { FakeClock } from '../../support/fake_clock.js';
import { connectionParts, establishSettings } from '../../support/pool_harness.js';
import { quiet, ScriptedServer, STANDALONE } from '../../support/scripted_server.js';

/** A monitor over a scripted server, and what it told. */
export function harness({ connectTimeoutMS = 30_000, streaming = false } = {}) {
  const clock = new FakeClock();
  const server = new ScriptedServer();
  const events = new EventRecorder();
  const connection = connectionParts(clock, server.open);
  const checked: ServerDescription[] = [];
  const failed: MongoError[] = [];
  /** Whether the server counts as known when a check fails. */
  const state = { known: false };
  const monitor = new Monitor(
    'db1:27017',
    { heartbeatFrequencyMS: 10_000, minHeartbeatFrequencyMS: 500, streaming },
    {
      clock,
      publisher: events.publisher(clock),
      topologyId: 1,
      connection,
      establish: { ...establishSettings(connection), connectTimeoutMS },
      onChecked: description => {
        checked.push(description);
        state.known = true;
      },
      onCheckFailed: error => {
        failed.push(error);
        const again = state.known;
        state.known = false;
        return again;
      },
    },
  );
  const story = () => events.names().map(name => name.replace('serverHeartbeat', ''));
  const started = () => events.count('serverHeartbeatStarted');
  return { clock, server, events, monitor, checked, failed, state, story, started };
}

/** A monitor after its first check. */
export async function checkedOnce() {
  const made = harness();
  made.monitor.start();
  await quiet();
  assert.equal(made.checked.length, 1);
  return made;
}

/** The process that answers hello in tests of streaming. */
export const processId = new ObjectId();

/** hello of a server that can stream. */
export function streamed(counter: number): Document {
  return { ...STANDALONE, topologyVersion: { processId, counter: Long.fromNumber(counter) } };
}
