import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import type { Document } from '../../../src/bson/index.js';
import { MongoServerError } from '../../../src/errors/server.js';
import type { CommandFailedEvent, CommandStartedEvent, CommandSucceededEvent } from '../../../src/events/command.js';
import type { MonitoringEvent } from '../../../src/events/event.js';
import type { MonitoringEventName } from '../../../src/events/event_map.js';
import type { EventSink } from '../../../src/events/publisher.js';
import { EventPublisher } from '../../../src/events/publisher.js';
import { CommandAttempt, FIRST_ATTEMPT } from '../../../src/executor/command_attempt.js';
import { CommandEvents } from '../../../src/executor/command_events.js';
import {
  EngineHarness,
  errorOf,
  failure,
  LOAD_BALANCED,
  MONGOS,
  PRIMARY,
  read,
  unacknowledgedWrite,
  userCommand,
  write,
} from '../../support/engine_harness.js';
import { FakeClock } from '../../support/fake_clock.js';
import { attempt } from '../../support/pool_harness.js';

/** Keeps the events of some names. */
class SomeEvents implements EventSink {
  readonly events: MonitoringEvent[] = [];
  readonly #names: readonly MonitoringEventName[];

  constructor(...names: readonly MonitoringEventName[]) {
    this.#names = names;
  }

  wants(name: MonitoringEventName): boolean {
    return this.#names.includes(name);
  }

  deliver(_name: MonitoringEventName, event: MonitoringEvent): void {
    this.events.push(event);
  }

  start(): void {
    // What it wants never changes.
  }
}

describe('CommandEvents, who listens', () => {
  it('builds nothing and reads no message if no sink wants command events', () => {
    const publisher = new EventPublisher([new SomeEvents('connectionCreated')], new FakeClock());
    const unreadable = new Proxy({} as never, {
      get: () => assert.fail('nothing may be read'),
    });

    const events = CommandEvents.start(publisher, unreadable, unreadable, 1, unreadable, unreadable, unreadable, false);

    assert.equal(events, null);
  });

  it('publishes nothing without a sink, and the operation runs', async () => {
    const harness = await EngineHarness.open({ sinks: [] });

    assert.deepEqual(await harness.runAnswered(read(), [{ ok: 1, n: 1 }]), { ok: 1, n: 1 });
    assert.equal((await errorOf(harness.runAnswered(read(), [failure(2)]), MongoServerError)).code, 2);
    await harness.close();
  });

  it('publishes the success alone to a sink that wants no more', async () => {
    const sink = new SomeEvents('commandSucceeded');
    const harness = await EngineHarness.open({ sinks: [sink] });

    await harness.runAnswered(read(), [{ ok: 1, n: 1 }]);
    await errorOf(harness.runAnswered(read(), [failure(2)]));

    assert.deepEqual(
      sink.events.map(({ name }) => name),
      ['commandSucceeded'],
    );
    assert.deepEqual((sink.events[0] as CommandSucceededEvent).reply, { ok: 1, n: 1 });
    await harness.close();
  });

  it('publishes the failure alone to a sink that wants no more', async () => {
    const sink = new SomeEvents('commandFailed');
    const harness = await EngineHarness.open({ sinks: [sink] });

    await harness.runAnswered(read(), [{ ok: 1 }]);
    const error = await errorOf(harness.runAnswered(read(), [failure(2)]));

    assert.deepEqual(
      sink.events.map(({ name }) => name),
      ['commandFailed'],
    );
    assert.equal((sink.events[0] as CommandFailedEvent).failure, error);
    await harness.close();
  });

  it('publishes the start alone to a sink that wants no more', async () => {
    const sink = new SomeEvents('commandStarted');
    const harness = await EngineHarness.open({ sinks: [sink] });

    await harness.runAnswered(read(), [{ ok: 1 }]);

    assert.deepEqual(
      sink.events.map(({ name }) => name),
      ['commandStarted'],
    );
    await harness.close();
  });
});

describe('CommandEvents, what they say', () => {
  it('is the same of the command in its start and its end', async () => {
    const hello = { ...PRIMARY, connectionId: 77 };
    const harness = await EngineHarness.open({ hellos: { 'a:27017': hello } });

    const running = harness.run(read());
    const command = await harness.nextCommand();
    command.reply({ ok: 1 });
    await running;

    const {
      sequence: _one,
      time: _first,
      monotonicTimeMS: _start,
      command: _command,
      ...started
    } = fieldsOf(harness.events.last('commandStarted'));
    const {
      sequence: _two,
      time: _last,
      monotonicTimeMS: _end,
      duration,
      durationMS,
      reply,
      ...ended
    } = fieldsOf(harness.events.last('commandSucceeded'));
    assert.deepEqual(started, ended);
    assert.deepEqual(started, {
      address: 'a:27017',
      connectionId: 1,
      serverConnectionId: 77,
      requestId: command.requestId,
      operationId: 1,
      operationName: 'method',
      attempt: 1,
      databaseName: 'shop',
      commandName: 'find',
      redacted: false,
    });
    assert.equal(duration, durationMS);
    assert.deepEqual(reply, { ok: 1 });
    await harness.close();
  });

  it('is how long the command took', async () => {
    const harness = await EngineHarness.open();

    const running = harness.run(read());
    const command = await harness.nextCommand();
    harness.clock.skip(12.5);
    command.reply({ ok: 1 });
    await running;
    const failed = errorOf(harness.run(read({ retryable: false })));
    const other = await harness.nextCommand();
    harness.clock.skip(7);
    other.reply(failure(2));
    await failed;

    assert.equal(harness.events.last('commandSucceeded').durationMS, 12.5);
    assert.equal(harness.events.last('commandFailed').durationMS, 7);
    await harness.close();
  });

  it('is the command as it is sent, with its documents as an array', async () => {
    const harness = await EngineHarness.open();
    const documents = [{ _id: 1 }, { _id: 2 }];

    await harness.runAnswered(write({ sequence: { field: 'documents', documents, from: 0 } }), [{ ok: 1 }]);

    const { command } = harness.events.last('commandStarted');
    assert.deepEqual(Object.keys(command), ['insert', 'ordered', '$db', 'txnNumber', 'lsid', 'documents']);
    assert.deepEqual(command['documents'], documents);
    await harness.close();
  });

  it('does not change with the messages that follow', async () => {
    const harness = await EngineHarness.open();
    const bytes = Buffer.from('0123456789abcdef', 'hex');

    await harness.runAnswered(read({ command: () => ({ find: 'orders', filter: { bytes } }) }), [{ ok: 1 }]);
    const [first] = harness.events.of('commandStarted');
    await harness.runAnswered(read({ command: () => ({ find: 'x'.repeat(100), filter: {} }) }), [{ ok: 1 }]);

    const filter = first?.command['filter'] as { bytes: { toString(encoding: string): string } };
    assert.equal(filter.bytes.toString('hex'), '0123456789abcdef');
    await harness.close();
  });

  it('is a new request and attempt, of the same operation, for a retry', async () => {
    const harness = await EngineHarness.open();

    await harness.runAnswered(read(), [failure(6), { ok: 1 }]);

    const [one, other] = harness.events.of('commandStarted');
    assert.equal(other?.operationId, one?.operationId);
    assert.notEqual(other?.requestId, one?.requestId);
    assert.deepEqual([one?.attempt, other?.attempt], [1, 2]);
    await harness.close();
  });

  it('is the service behind a load balancer, and only there', async () => {
    const balanced = await EngineHarness.open(LOAD_BALANCED);
    const harness = await EngineHarness.open({ hellos: { 'a:27017': MONGOS } });

    await balanced.runAnswered(read(), [{ ok: 1 }]);
    await harness.runAnswered(read(), [{ ok: 1 }]);

    assert.equal(balanced.events.last('commandStarted').serviceId?.toHexString(), '0123456789abcdef01234567');
    assert.equal(balanced.events.last('commandSucceeded').hasServiceId, true);
    assert.equal(harness.events.last('commandStarted').hasServiceId, false);
    await balanced.close();
    await harness.close();
  });

  it('is a success with the reply ok: 1 for a command that the server does not answer', async () => {
    const harness = await EngineHarness.open();

    await harness.run(unacknowledgedWrite());
    await harness.run(unacknowledgedWrite());

    const [one, other] = harness.events.of('commandSucceeded').map(({ reply }) => reply);
    assert.deepEqual(one, { ok: 1 });
    assert.notEqual(one, other);
    await harness.close();
  });

  it('is the first field of what is sent, and the name of the operation where that has none', async () => {
    const harness = await EngineHarness.open();
    const connection = await harness.serverAt().pool.checkOut(attempt(harness.call().deadline));
    const sink = new SomeEvents('commandSucceeded');
    const publisher = new EventPublisher([sink], harness.clock);

    for (const body of [{ ping: 1, $db: 'admin' }, {}]) {
      const ofFind = new CommandAttempt(harness.call(), read(), FIRST_ATTEMPT);
      CommandEvents.start(publisher, harness.clock, connection, 1, Buffer.alloc(0), body, ofFind, false)?.succeeded(
        null,
      );
    }

    assert.deepEqual(
      sink.events.map(event => ('commandName' in event ? event.commandName : '')),
      ['ping', 'find'],
    );
    await harness.close();
  });
});

describe('CommandEvents, commands that hold credentials', () => {
  it('shows neither the command nor its reply', async () => {
    const harness = await EngineHarness.open();
    const command = { createUser: 'ann', pwd: 'secret' };

    await harness.runAnswered(userCommand(command), [{ ok: 1, secret: 'x' }]);

    const started = harness.events.last('commandStarted');
    assert.equal(started.redacted, true);
    assert.equal(started.commandName, 'createUser');
    assert.deepEqual(started.command, {});
    assert.deepEqual(harness.events.last('commandSucceeded').reply, {});
    assert.equal(harness.received[0]?.body['pwd'], 'secret');
    await harness.close();
  });

  it('shows nothing of the failure but its code and its labels', async () => {
    const harness = await EngineHarness.open();
    const reply = failure(51003, { codeName: 'Duplicate', errmsg: 'ann has secret', extra: 'secret' });

    const error = await errorOf(harness.runAnswered(userCommand({ saslStart: 1, payload: 'secret' }), [reply]));

    const { failure: shown } = harness.events.last('commandFailed');
    assert.ok(shown instanceof MongoServerError);
    assert.equal(shown.code, 51003);
    assert.equal(shown.codeName, 'Duplicate');
    assert.doesNotMatch(inspect(shown, { depth: null }), /secret/);
    assert.match(error.message, /ann has secret/);
    await harness.close();
  });

  it('shows a hello that authenticates as little, and any other hello', async () => {
    const harness = await EngineHarness.open();
    const started = async (command: Document) => {
      await harness.runAnswered(userCommand(command), [{ ok: 1 }]);
      return harness.events.last('commandStarted').redacted;
    };

    assert.equal(await started({ hello: 1, speculativeAuthenticate: { saslStart: 1 } }), true);
    assert.equal(await started({ hello: 1 }), false);
    await harness.close();
  });
});

/** The fields of an event as an object, its contents among them. */
function fieldsOf(event: CommandStartedEvent | CommandSucceededEvent): Record<string, unknown> {
  return event.toJSON();
}
