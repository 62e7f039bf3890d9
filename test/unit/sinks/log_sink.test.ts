import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { CommandSucceededEvent } from '../../../src/events/command.js';
import type { MonitoringEventName } from '../../../src/events/event_map.js';
import { EventPublisher } from '../../../src/events/publisher.js';
import type { Log, SeverityLevel } from '../../../src/sinks/log_options.js';
import { logSettings } from '../../../src/sinks/log_settings.js';
import { LogSink } from '../../../src/sinks/log_sink.js';
import { FakeClock } from '../../support/fake_clock.js';
import { command, stamp } from '../events/support.js';

function sinkWith(componentSeverities: Record<string, SeverityLevel>, write: (log: Log) => unknown = () => undefined) {
  return new LogSink(logSettings({ componentSeverities, path: { write } }, {}), new FakeClock());
}

describe('LogSink', () => {
  it('wants only the events of components that log them', () => {
    const wanted: readonly (readonly [Record<string, SeverityLevel>, MonitoringEventName, boolean])[] = [
      [{ command: 'debug' }, 'commandStarted', true],
      [{ command: 'trace' }, 'commandStarted', true],
      [{ command: 'info' }, 'commandStarted', false],
      [{ command: 'off' }, 'commandStarted', false],
      [{ command: 'debug' }, 'connectionCreated', false],
      [{ serverSelection: 'info' }, 'waitingForSuitableServer', true],
      [{ serverSelection: 'info' }, 'serverSelectionStarted', false],
      [{ serverSelection: 'notice' }, 'waitingForSuitableServer', false],
      [{ default: 'debug' }, 'serverHeartbeatStarted', true],
      [{ default: 'debug' }, 'serverDescriptionChanged', false],
    ];
    for (const [severities, name, expected] of wanted) {
      assert.equal(sinkWith(severities).wants(name), expected, `${name} with ${JSON.stringify(severities)}`);
    }
  });

  it('wants nothing any more once its destination has failed, so that no event is built for it', () => {
    mock.method(process.stderr, 'write', () => true);
    const sink = sinkWith({ command: 'debug' }, () => {
      throw new Error('disk full');
    });
    const publisher = new EventPublisher([sink], new FakeClock());
    assert.equal(publisher.wants('commandSucceeded'), true);

    sink.deliver('commandSucceeded', new CommandSucceededEvent(command, 1, {}, stamp));
    mock.restoreAll();

    assert.equal(publisher.wants('commandSucceeded'), false);
  });

  it('logs a record that says so when a reply cannot be read', () => {
    const records: Log[] = [];
    const reply = () => {
      throw new Error('invalid UTF-8');
    };

    sinkWith({ command: 'debug' }, log => records.push(log)).deliver(
      'commandSucceeded',
      new CommandSucceededEvent(command, 1, reply, stamp),
    );

    assert.equal(records[0]!.message, 'Command succeeded');
    assert.match(String(records[0]!['error']), /incomplete: Error: invalid UTF-8/);
  });

  it('logs notes of the client at their severity', () => {
    const records: Log[] = [];
    const write = (log: Log) => records.push(log);

    sinkWith({ client: 'info' }, write).note('info', 'hello');
    sinkWith({ client: 'warn' }, write).note('info', 'not logged');

    assert.deepEqual(
      records.map(({ c, s, message }) => [c, s, message]),
      [['client', 'info', 'hello']],
    );
  });
});
