import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ReadPreference } from '../../../src/concern/read_preference.js';
import { MongoInvalidArgumentError } from '../../../src/errors/driver.js';
import { MongoNetworkError, MongoNetworkTimeoutError } from '../../../src/errors/network.js';
import { MongoServerError } from '../../../src/errors/server.js';
import { MongoOperationTimeoutError } from '../../../src/errors/timeout.js';
import { Binding } from '../../../src/executor/binding.js';
import { MongoPoolClearedError } from '../../../src/pool/errors.js';
import { ServerSessionPool } from '../../../src/sessions/server_session_pool.js';
import {
  EngineHarness,
  errorOf,
  failure,
  LOAD_BALANCED,
  MONGOS,
  overload,
  PRIMARY,
  read,
  unacknowledgedWrite,
  write,
} from '../../support/engine_harness.js';
import { quiet } from '../../support/scripted_server.js';
import { member, primaryMember } from '../../support/topology_harness.js';

/** An error after which a read is sent again, and which says nothing against the server. */
const HOST_UNREACHABLE = 6;
const LB = 'lb:27017';

const lsidOf = ({ body }: { readonly body: { readonly [name: string]: unknown } }) =>
  (body['lsid'] as { id: { toString(): string } }).id.toString();

describe('execute, when all goes well', () => {
  it('gives what the operation reads out of the reply', async () => {
    const harness = await EngineHarness.open();

    const result = await harness.runAnswered(read({ result: ({ reply }) => ({ n: reply.body.number('n') }) }), [
      { ok: 1, n: 7 },
    ]);

    assert.deepEqual(result, { n: 7 });
    assert.deepEqual(harness.story(), ['find a']);
    await harness.close();
  });

  it('counts the operation on its server, with one connection in use, until the reply has come', async () => {
    const harness = await EngineHarness.open();
    const server = harness.serverAt();

    const running = harness.run(read());
    const command = await harness.nextCommand();
    assert.equal(server.operationCount, 1);
    assert.equal(server.pool.stats().inUse, 1);
    command.reply();
    await running;

    harness.assertReleased();
    assert.equal(server.pool.stats().idle, 1);
    await harness.close();
  });

  it('releases server, connection, session and timers after success', async () => {
    const harness = await EngineHarness.open();
    const { pendingTimers } = harness.clock;
    const { signal } = new AbortController();

    await harness.runAnswered(write(), [{ ok: 1, n: 1 }], { timeoutMS: 1000, signal });

    harness.assertReleased();
    assert.equal(harness.engine.sessions.size, 1);
    assert.equal(harness.clock.pendingTimers, pendingTimers);
    await harness.close();
  });

  it('checks the connection of an unacknowledged write in', async () => {
    const harness = await EngineHarness.open();

    assert.deepEqual(await harness.run(unacknowledgedWrite()), { taken: 1 });

    harness.assertReleased();
    assert.equal(harness.serverAt().pool.stats().idle, 1);
    await harness.close();
  });
});

describe('execute, when an attempt fails', () => {
  it('releases server, connection and session after an error of the server', async () => {
    const harness = await EngineHarness.open();

    const error = await errorOf(harness.runAnswered(read(), [failure(2)]));

    assert.ok(error instanceof MongoServerError);
    harness.assertReleased();
    assert.equal(harness.serverAt().pool.stats().idle, 1);
    assert.equal(harness.engine.sessions.size, 1);
    await harness.close();
  });

  it('releases what it has when the command cannot be built', async () => {
    const harness = await EngineHarness.open();
    const broken = new TypeError('no command');

    const command = () => {
      throw broken;
    };
    assert.equal(await errorOf(harness.run(read({ command }))), broken);

    harness.assertReleased();
    assert.equal(harness.serverAt().pool.stats().idle, 1);
    assert.equal(harness.engine.sessions.size, 1);
    assert.deepEqual(harness.story(), []);
    await harness.close();
  });

  it('takes no session and leaves nothing behind when no connection can be opened', async () => {
    const harness = await EngineHarness.open({ options: { retryReads: false } });
    harness.hellos.delete('a:27017');

    const error = await errorOf(harness.run(read()));

    assert.ok(error instanceof MongoNetworkError);
    harness.assertReleased();
    assert.equal(harness.engine.sessions.size, 0);
    await harness.close();
  });

  it('closes the broken connection and drops the session of a command whose connection broke', async () => {
    const harness = await EngineHarness.open({ options: { retryReads: false } });

    const failed = errorOf(harness.run(read()));
    (await harness.nextCommand()).peer.reset();

    assert.ok((await failed) instanceof MongoNetworkError);
    harness.assertReleased();
    assert.equal(harness.serverAt().pool.stats().total, 0);
    assert.equal(harness.engine.sessions.size, 0);
    await harness.close();
  });

  it('lets the connection drain when the caller aborts', async () => {
    const harness = await EngineHarness.open();
    const controller = new AbortController();
    const reason = new Error('the caller has left');

    const failed = errorOf(harness.run(read(), { signal: controller.signal }));
    const command = await harness.nextCommand();
    controller.abort(reason);

    assert.equal(await failed, reason);
    harness.assertReleased();
    assert.equal(harness.serverAt().pool.stats().draining, 1);
    command.reply();
    await quiet();
    assert.equal(harness.serverAt().pool.stats().idle, 1);
    await harness.close();
  });
});

describe('execute, before anything is sent', () => {
  it('selects no server for an operation whose signal is already aborted', async () => {
    const harness = await EngineHarness.open();
    const reason = new Error('too late');

    const error = await errorOf(harness.run(read(), { signal: AbortSignal.abort(reason) }));

    assert.equal(error, reason);
    assert.deepEqual(harness.events.names(), []);
    harness.assertReleased();
    await harness.close();
  });

  it('selects no server for an operation whose time has already passed', async () => {
    const harness = await EngineHarness.open();
    const call = harness.call({ timeoutMS: 50 });
    harness.clock.skip(50);
    call.deadline.ledger.look();

    const error = await errorOf(harness.run(read(), { call }));

    assert.ok(error instanceof MongoOperationTimeoutError);
    assert.equal(error.phase, 'preSend');
    assert.equal(error.maybeApplied, false);
    assert.equal(error.namespace, 'shop.orders');
    assert.match(error.message, /before find shop\.orders was sent/);
    assert.deepEqual(harness.events.names(), []);
    await harness.close();
  });

  it('selects no server for an operation that its session refuses', async () => {
    const harness = await EngineHarness.open();
    const random = { next: () => 0, bytes: (length: number) => new Uint8Array(length) };
    const session = harness.session({}, undefined);
    Object.defineProperty(session, 'pool', { value: new ServerSessionPool(harness.clock, random) });

    const error = await errorOf(harness.run(read({ session })));

    assert.ok(error instanceof MongoInvalidArgumentError);
    assert.deepEqual(harness.events.names(), []);
    await harness.close();
  });

  it('ends the wait for a server with serverSelectionTimeoutMS', async () => {
    const harness = await EngineHarness.open({
      hellos: { 'a:27017': member('a:27017', { hosts: ['a:27017'] }) },
      options: { serverSelectionTimeoutMS: 700 },
    });

    const failed = errorOf(harness.run(read()));
    await harness.clock.advance(700);

    assert.equal((await failed).name, 'MongoServerSelectionError');
    harness.assertReleased();
    await harness.close();
  });
});

describe('execute, sessions', () => {
  it('takes an implicit session only when it has a connection, so that two operations share one', async () => {
    const harness = await EngineHarness.open({ options: { maxPoolSize: 1 } });

    const first = harness.run(read());
    const second = harness.run(read());
    const one = await harness.nextCommand();
    assert.equal(harness.serverAt().operationCount, 2);
    one.reply();
    const other = await harness.nextCommand();
    other.reply();
    await Promise.all([first, second]);

    assert.equal(lsidOf(other), lsidOf(one));
    assert.equal(harness.engine.sessions.size, 1);
    await harness.close();
  });

  it('does not lend the implicit session to another operation while a retry is waited for', async () => {
    const harness = await EngineHarness.open();

    const running = harness.runAnswered(read(), [overload(), { ok: 1 }, { ok: 1 }]);
    await quiet();
    await harness.run(read());
    await harness.clock.advance(100);
    await running;

    const [first, other, retried] = harness.received;
    assert.ok(first !== undefined && other !== undefined && retried !== undefined);
    assert.notEqual(lsidOf(other), lsidOf(first));
    assert.equal(lsidOf(retried), lsidOf(first));
    assert.equal(harness.engine.sessions.size, 2);
    await harness.close();
  });

  it('uses one implicit session for all attempts of a command', async () => {
    const harness = await EngineHarness.open();

    await harness.runAnswered(read(), [failure(HOST_UNREACHABLE), { ok: 1 }]);

    const [one, other] = harness.received;
    assert.ok(one !== undefined && other !== undefined);
    assert.equal(lsidOf(other), lsidOf(one));
    assert.equal(harness.engine.sessions.size, 1);
    await harness.close();
  });

  it('leaves the session with a shared binding, from one command to the next', async () => {
    const harness = await EngineHarness.open();
    const binding = new Binding(true);

    await harness.runAnswered(read(), [{ ok: 1 }], { binding });
    assert.equal(harness.engine.sessions.size, 0);
    await errorOf(harness.runAnswered(read(), [failure(2)], { binding }));
    assert.equal(harness.engine.sessions.size, 0);

    const [one, other] = harness.received;
    assert.ok(one !== undefined && other !== undefined);
    assert.equal(lsidOf(other), lsidOf(one));
    binding.releaseSession(harness.engine.sessions);
    assert.equal(harness.engine.sessions.size, 1);
    harness.assertReleased();
    await harness.close();
  });
});

describe('execute, pinned connections', () => {
  it('uses the connection that a cursor has pinned for its next command, and does not check it in', async () => {
    const harness = await EngineHarness.open(LOAD_BALANCED);
    const binding = new Binding(true);
    const { pool } = harness.serverAt(LB);

    await harness.runAnswered(read(), [{ ok: 1 }], { binding });
    assert.equal(pool.stats().inUseByCursors, 1);
    harness.events.clear();
    await harness.runAnswered(read(), [{ ok: 1 }], { binding });

    assert.deepEqual(
      harness.received.map(({ peer }) => peer.number),
      [harness.received[0]?.peer.number, harness.received[0]?.peer.number],
    );
    assert.deepEqual(harness.events.names(), ['commandStarted', 'commandSucceeded']);
    assert.equal(harness.serverAt(LB).operationCount, 0);
    binding.unpin();
    harness.assertReleased();
    assert.equal(pool.stats().idle, 1);
    await harness.close();
  });

  it('leaves a pinned connection with its cursor when a command fails', async () => {
    const harness = await EngineHarness.open(LOAD_BALANCED);
    const binding = new Binding(true);

    await harness.runAnswered(read(), [{ ok: 1 }], { binding });
    await errorOf(harness.runAnswered(read(), [failure(2)], { binding }));

    assert.equal(harness.serverAt(LB).pool.stats().inUseByCursors, 1);
    assert.equal(harness.serverAt(LB).operationCount, 0);
    binding.unpin();
    await harness.close();
  });

  it('does not pin the connection of a first command that failed', async () => {
    const harness = await EngineHarness.open(LOAD_BALANCED);
    const binding = new Binding(true);

    await errorOf(harness.runAnswered(read(), [failure(2)], { binding }));

    assert.equal(binding.pinned, null);
    harness.assertReleased();
    await harness.close();
  });

  it('sends all commands of a transaction to the mongos of the first one', async () => {
    const harness = await EngineHarness.open({ hellos: { 'a:27017': MONGOS, 'b:27017': MONGOS } });
    const session = harness.session({}, 'inTransaction');

    await harness.runAnswered(read({ session }), [{ ok: 1 }]);
    harness.assertReleased();
    // Without the pin, the other mongos would be drawn.
    harness.chance = 0;
    await harness.runAnswered(read({ session }), [{ ok: 1 }]);

    assert.deepEqual(harness.story(), ['find b', 'find b']);
    await harness.close();
  });

  it('keeps the connection of a transaction behind a load balancer in use', async () => {
    const harness = await EngineHarness.open(LOAD_BALANCED);
    const session = harness.session({}, 'inTransaction');

    await harness.runAnswered(read({ session }), [{ ok: 1 }]);
    await harness.runAnswered(read({ session }), [{ ok: 1 }]);

    assert.equal(harness.serverAt(LB).pool.stats().inUseByTransactions, 1);
    assert.equal(harness.received[0]?.peer, harness.received[1]?.peer);
    session.unpin();
    harness.assertReleased();
    await harness.close();
  });

  it('waits for the late reply on a pinned connection, and sends only then', async () => {
    const harness = await EngineHarness.open(LOAD_BALANCED);
    const binding = new Binding(true);
    await harness.runAnswered(read(), [{ ok: 1 }], { binding });
    harness.answer = () => null;
    const controller = new AbortController();
    const aborted = errorOf(harness.run(read(), { binding, signal: controller.signal }));
    const late = await harness.nextCommand();
    controller.abort();
    await aborted;

    const next = harness.run(read(), { binding });
    await quiet();
    assert.equal(harness.received.length, 2);
    late.reply();
    (await harness.nextCommand()).reply({ ok: 1, n: 3 });

    assert.deepEqual(await next, { ok: 1, n: 3 });
    binding.unpin();
    harness.assertReleased();
    await harness.close();
  });

  it('waits for the late reply on a pinned connection no longer than timeoutMS', async () => {
    const { harness, binding } = await withLateReply();

    const failed = errorOf(harness.run(read(), { binding, timeoutMS: 300 }));
    await harness.clock.advance(300);

    const error = await failed;
    assert.ok(error instanceof MongoOperationTimeoutError);
    assert.equal(error.maybeApplied, false);
    assert.equal(harness.received.length, 2);
    assert.equal(harness.serverAt(LB).operationCount, 0);
    binding.unpin();
    await harness.close();
  });

  it('waits for the late reply on a pinned connection no longer than socketTimeoutMS', async () => {
    const { harness, binding } = await withLateReply({ socketTimeoutMS: 400 });

    const failed = errorOf(harness.run(unretried(), { binding }));
    await harness.clock.advance(400);

    assert.ok((await failed) instanceof MongoNetworkTimeoutError);
    assert.equal(harness.received.length, 2);
    binding.unpin();
    await harness.close();
  });

  it('sends the commands that a caller starts side by side in a pinned transaction one after the other', async () => {
    const harness = await EngineHarness.open(LOAD_BALANCED);
    const session = harness.session({}, 'inTransaction');
    await harness.runAnswered(read({ session }), [{ ok: 1 }]);
    harness.answer = () => null;

    const results = Promise.all([1, 2, 3].map(() => harness.run(read({ session }))));
    for (let n = 1; n <= 3; n++) {
      const command = await harness.nextCommand();
      await quiet();
      assert.equal(harness.received.length, 1 + n);
      command.reply({ ok: 1, n });
    }

    assert.deepEqual(
      await results,
      [1, 2, 3].map(n => ({ ok: 1, n })),
    );
    session.unpin();
    harness.assertReleased();
    await harness.close();
  });

  it('ends every command that waits for a pinned connection when the connection breaks', async () => {
    const harness = await EngineHarness.open(LOAD_BALANCED);
    const session = harness.session({}, 'inTransaction');
    await harness.runAnswered(read({ session }), [{ ok: 1 }]);
    harness.answer = () => null;

    const failed = Promise.all([1, 2, 3].map(() => errorOf(harness.run(read({ session })))));
    (await harness.nextCommand()).peer.reset(new Error('reset'));

    for (const error of await failed) assert.ok(error instanceof MongoNetworkError);
    await harness.close();
  });
});

/** A pinned connection on which the reply to an aborted command is still to come. */
async function withLateReply(options = {}) {
  const harness = await EngineHarness.open({ ...LOAD_BALANCED, options: { ...LOAD_BALANCED.options, ...options } });
  const binding = new Binding(true);
  await harness.runAnswered(read(), [{ ok: 1 }], { binding });
  harness.answer = () => null;
  const controller = new AbortController();
  const aborted = errorOf(harness.run(read(), { binding, signal: controller.signal }));
  await harness.nextCommand();
  controller.abort();
  await aborted;
  return { harness, binding };
}

describe('execute, retries', () => {
  it('selects a server again, and avoids the mongos that failed', async () => {
    const harness = await EngineHarness.open({ hellos: { 'a:27017': MONGOS, 'b:27017': MONGOS } });

    const result = await harness.runAnswered(read(), [failure(HOST_UNREACHABLE), { ok: 1, n: 1 }]);

    assert.deepEqual(result, { ok: 1, n: 1 });
    assert.deepEqual(harness.story(), ['find b', 'find a']);
    assert.deepEqual(
      harness.events.of('commandStarted').map(({ attempt }) => attempt),
      [1, 2],
    );
    harness.assertReleased();
    await harness.close();
  });

  it('goes back to the mongos that failed when there is no other', async () => {
    const harness = await EngineHarness.open({ hellos: { 'a:27017': MONGOS } });

    await harness.runAnswered(read(), [failure(HOST_UNREACHABLE), { ok: 1 }]);

    assert.deepEqual(harness.story(), ['find a', 'find a']);
    await harness.close();
  });

  it('does not avoid the member of a replica set that failed', async () => {
    const hosts = ['a:27017', 'b:27017'];
    const hellos = { 'a:27017': primaryMember('a:27017', { hosts }), 'b:27017': member('b:27017', { hosts }) };
    const harness = await EngineHarness.open({ hellos });

    await harness.runAnswered(read({ readPreference: ReadPreference.nearest }), [failure(HOST_UNREACHABLE), { ok: 1 }]);

    assert.deepEqual(harness.story(), ['find b', 'find b']);
    await harness.close();
  });

  it('waits for a server that comes back after the connection broke', async () => {
    const harness = await EngineHarness.open();

    const running = harness.run(read());
    (await harness.nextCommand()).peer.reset();
    await quiet();
    assert.equal(harness.typeOf(), 'Unknown');
    await harness.clock.advance(500);
    (await harness.nextCommand()).reply({ ok: 1, n: 2 });

    assert.deepEqual(await running, { ok: 1, n: 2 });
    harness.assertReleased();
    await harness.close();
  });

  it('reports the error that caused the retry if no server is found for it', async () => {
    const harness = await EngineHarness.open({ options: { serverSelectionTimeoutMS: 5000 } });

    const failed = errorOf(harness.run(read()));
    const { peer } = await harness.nextCommand();
    harness.hellos.delete('a:27017');
    peer.reset();
    await quiet();
    await harness.clock.advance(5000);

    const error = await failed;
    assert.ok(error instanceof MongoNetworkError);
    assert.match(error.message, /ECONNRESET/);
    harness.assertReleased();
    await harness.close();
  });

  it('reports the refusal of an overloaded server, and does not try again, if no server is found for the retry', async () => {
    const harness = await EngineHarness.open({ options: { serverSelectionTimeoutMS: 5000, maxAdaptiveRetries: 5 } });
    const errors: MongoServerError[] = [];

    const running = harness.runAnswered(read(), [overload({ baseBackoffMS: 600 })]);
    void errorOf(running, MongoServerError).then(found => errors.push(found));
    await harness.nextEvent('commandFailed');
    harness.hellos.set('a:27017', member('a:27017', { hosts: ['a:27017'] }));
    harness.serverAt().monitor?.requestCheck();
    await harness.clock.advance(500);
    await quiet();
    assert.equal(harness.typeOf(), 'RSSecondary');
    await harness.clock.advance(100 + 5000);
    await quiet();

    assert.equal(errors.length, 1, 'no later than one serverSelectionTimeoutMS');
    assert.equal(errors[0]?.code, 462);
    assert.deepEqual(harness.story(), ['find a']);
    harness.assertReleased();
    await harness.close();
  });

  it('reports the error that caused the retry if selection for it fails at once', async () => {
    const harness = await EngineHarness.open();

    const failed = errorOf(harness.runAnswered(read(), [overload({ baseBackoffMS: 600 })]), MongoServerError);
    await harness.nextEvent('commandFailed');
    harness.hellos.set('a:27017', { ...PRIMARY, maxWireVersion: 1 });
    harness.serverAt().monitor?.requestCheck();
    await harness.clock.advance(500);
    await quiet();
    assert.equal(harness.engine.topology.description.compatible, false);
    await harness.clock.advance(100);

    assert.equal((await failed).code, 462);
    harness.assertReleased();
    await harness.close();
  });

  it('reports the abort reason if the caller aborts while a retry waits for a server', async () => {
    const harness = await EngineHarness.open();
    const controller = new AbortController();
    const reason = new Error('the caller has left');

    const failed = errorOf(harness.run(read(), { signal: controller.signal }));
    const { peer } = await harness.nextCommand();
    harness.hellos.delete('a:27017');
    peer.reset();
    await quiet();
    controller.abort(reason);

    assert.equal(await failed, reason);
    harness.assertReleased();
    await harness.close();
  });

  it('reports a timeout whose cause is the error before it if timeoutMS ends while a retry waits for a server', async () => {
    const harness = await EngineHarness.open();

    const failed = errorOf(harness.run(read(), { timeoutMS: 2000 }));
    const { peer } = await harness.nextCommand();
    harness.hellos.delete('a:27017');
    peer.reset();
    await quiet();
    await harness.clock.advance(2000);

    const error = await failed;
    assert.ok(error instanceof MongoOperationTimeoutError);
    assert.equal(error.phase, 'serverSelection');
    assert.equal(error.maybeApplied, true);
    assert.match(error.message, /An earlier attempt had failed: .*ECONNRESET/);
    harness.assertReleased();
    await harness.close();
  });

  it('retries an operation that waited for a connection of a pool that was cleared', async () => {
    const harness = await EngineHarness.open({ options: { maxPoolSize: 1 } });

    const first = errorOf(harness.run(unretried()));
    const second = harness.run(read());
    const command = await harness.nextCommand();
    command.peer.reset();
    await quiet();
    await harness.clock.advance(500);
    (await harness.nextCommand()).reply({ ok: 1, n: 5 });

    assert.ok((await first) instanceof MongoNetworkError);
    assert.ok(!((await first) instanceof MongoPoolClearedError));
    assert.deepEqual(await second, { ok: 1, n: 5 });
    await harness.close();
  });
});

const unretried = () => read({ retryable: false });
