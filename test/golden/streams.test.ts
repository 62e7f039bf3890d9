import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MongoClient } from 'mongotempo';
import { EventLog } from '../support/event_log.js';
import {
  freePorts,
  type GoEvent,
  goStreams,
  nameOf,
  ourStreams,
  readStream,
  type Streams,
  skipReason,
  startPeer,
  streamFiles,
} from '../support/golden.js';
import { type Pace, paced } from '../support/pace.js';
import { deriveScenario } from './derive.js';
import { comparable, reasonToSkip } from './differences.js';
import { type Scenario, scenarios } from './scenarios.js';

async function record(
  {
    peer,
    peerOptions,
    replicaSet = peer === 'rs' || peer === 'none',
    options,
    failure,
    times = 1,
    warm,
    run,
  }: Scenario,
  ms: Pace,
): Promise<Streams> {
  const server =
    peer === 'none'
      ? { addresses: [`127.0.0.1:${(await freePorts(1))[0]}`], stop: () => undefined }
      : await startPeer(peer, peerOptions);
  try {
    const [first] = server.addresses;
    const client = new MongoClient(
      `mongodb://${first}/?${peer === 'lb' ? 'loadBalanced=true' : replicaSet ? 'replicaSet=rs0' : ''}`,
      {
        appName: 'rec',
        heartbeatFrequencyMS: 10_000,
        minHeartbeatFrequencyMS: 20,
        // Go's client does not authenticate before its first operation.
        ...({ __skipPingOnConnect: true } as object),
        ...options?.(ms),
      },
    );
    const log = new EventLog(client);
    const fail = async (data: object, count: number) => {
      await using control = new MongoClient(`mongodb://${first}/?directConnection=true`);
      await control.db('admin').command({ configureFailPoint: 'failCommand', mode: { times: count }, data });
    };
    try {
      if (peer !== 'none') await client.connect();
      if (warm === true) await client.db('db').collection('c').findOne();
      if (failure !== undefined) await fail(failure(ms), times);
      await run(client.db('db').collection('c'), log, { client, addresses: server.addresses, ms, fail });
    } finally {
      await client.close();
    }
    return ourStreams(log.events, server.addresses);
  } finally {
    server.stop();
  }
}

function compare(name: string, events: readonly GoEvent[], scenario: Scenario): () => Promise<void> {
  return paced(async ms => {
    const expected = comparable('go', name, goStreams(events));

    assert.deepEqual(comparable('ours', name, await record(scenario, ms)), expected);
  });
}

const recordings = (skipReason === false ? streamFiles() : []).map(file => {
  const events = readStream(file);
  return { file, name: nameOf(file, events), events };
});

// Every stream in the folder, whatever its name: what was done is that of the scenario that it names, or what its events tell of.
describe('events come in the order of the Go driver', { skip: skipReason }, () => {
  for (const { file, name, events } of recordings) {
    const scenario = Object.hasOwn(scenarios, name) ? scenarios[name]! : deriveScenario(events);
    it(file, { skip: reasonToSkip(name) }, compare(name, events, scenario));
  }
});

describe('a stream that no scenario names is told from its events', { skip: skipReason }, () => {
  const derived = [
    'standalone_find',
    'rs_find',
    'cmd_error',
    'net_error',
    'stepdown_notprimary',
    'retry_write',
    'minpool',
  ];
  for (const { name, events } of recordings) {
    if (![...derived, 'cursor', 'lb', 'csot_select'].includes(name)) continue;
    it(name, compare(`unknown ${name}`, events, deriveScenario(events)));
  }
});
