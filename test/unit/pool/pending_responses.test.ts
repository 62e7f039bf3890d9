import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MOST_LATE_BYTES } from '../../../src/pool/wire_connection.js';
import { attempt, PoolHarness, type PoolHarnessOptions } from '../../support/pool_harness.js';
import { type ReceivedCommand, replyMessage } from '../../support/scripted_peer.js';
import { quiet } from '../../support/scripted_server.js';

/** A pool one of whose operations timed out after 10 ms and has given its connection back; its reply is still due. */
async function afterTimeout(options: PoolHarnessOptions['pool'] = {}, name = 'find') {
  const harness = PoolHarness.ready({ pool: options });
  const connection = await harness.checkOut();
  harness.pool.checkIn(connection);
  assert.equal(harness.pool.tryCheckOut(attempt(harness.deadline(), name)), connection);
  const failed = assert.rejects(harness.run(connection, { [name]: 'orders' }, 10), {
    name: 'MongoOperationTimeoutError',
  });
  const command: ReceivedCommand = await harness.server.peers[0]!.nextCommand();
  await harness.clock.advance(10);
  await failed;
  harness.events.clear();
  harness.pool.checkIn(connection);
  await quiet();
  const { pool, clock, server, events, story, checkOut } = harness;
  return { harness, connection, command, pool, clock, server, events, story, checkOut };
}

describe('ConnectionPool, after an operation timed out', () => {
  it('drains the connection until the late reply arrives, then makes it idle', async () => {
    const { pool, command, connection, clock, events, story, checkOut } = await afterTimeout();
    assert.deepEqual(story(), ['CheckedIn', 'PendingResponseStarted']);
    assert.deepEqual([pool.snapshot().draining, pool.snapshot().idle, pool.snapshot().total], [1, 0, 1]);
    await clock.advance(40);

    command.reply();

    assert.deepEqual(story(), ['CheckedIn', 'PendingResponseStarted', 'PendingResponseSucceeded']);
    const event = events.last('connectionPendingResponseSucceeded');
    assert.deepEqual([event.connectionId, event.durationMS, event.operationId], [1, 40, 1]);
    assert.equal(clock.pendingTimers, 0);
    assert.equal(await checkOut(), connection);
  });

  it('names the request whose reply is late in all three events of it', async () => {
    const came = await afterTimeout();
    came.command.reply();
    const { events } = came;
    const ids = ['connectionPendingResponseStarted', 'connectionPendingResponseSucceeded'] as const;
    for (const name of ids) assert.equal(events.last(name).requestId, came.command.requestId);

    const missing = await afterTimeout();
    await missing.clock.advance(1000);
    assert.equal(missing.events.last('connectionPendingResponseFailed').requestId, missing.command.requestId);
  });

  it('gives the connection to a waiting check-out as soon as the late reply arrives', async () => {
    const { command, connection, checkOut } = await afterTimeout({ maxPoolSize: 1 });
    const waiting = checkOut();

    command.reply();

    assert.equal(await waiting, connection);
  });

  it('makes the connection idle at once when the late reply came before check-in', async () => {
    const harness = PoolHarness.ready();
    const connection = await harness.checkOut();
    const failed = assert.rejects(harness.run(connection, { find: 'orders' }, 10));
    const command = await harness.server.peers[0]!.nextCommand();
    await harness.clock.advance(10);
    await failed;
    command.reply();

    harness.pool.checkIn(connection);

    assert.equal(harness.events.count('connectionPendingResponseStarted'), 0);
    assert.equal(harness.pool.snapshot().idle, 1);
  });

  it('closes the connection when more of the late reply is to come than is worth waiting for', async () => {
    const { pool, server, events, story } = await afterTimeout();
    const header = Buffer.alloc(16);
    header.writeInt32LE(MOST_LATE_BYTES + 17, 0);

    server.peers[0]?.send(header);

    assert.deepEqual(story(), ['CheckedIn', 'PendingResponseStarted', 'PendingResponseFailed', 'Closed']);
    assert.match(String(events.last('connectionClosed').error), /4194305 bytes of a late reply from db1:27017/);
    assert.equal(events.last('connectionPendingResponseFailed').reason, 'error');
    assert.equal(pool.snapshot().total, 0);
  });

  it('waits for a large reply of which most is here', async () => {
    const harness = PoolHarness.ready();
    const connection = await harness.checkOut();
    const failed = assert.rejects(harness.run(connection, { find: 'orders' }, 10));
    const command = await harness.server.peers[0]!.nextCommand();
    const reply = replyMessage({ ok: 1, padding: 'x'.repeat(MOST_LATE_BYTES) }, command.requestId);
    command.peer.send(reply.subarray(0, 1000));
    await harness.clock.advance(10);
    await failed;
    harness.pool.checkIn(connection);
    assert.equal(harness.pool.snapshot().draining, 1);

    command.peer.send(reply.subarray(1000));

    assert.equal(harness.pool.snapshot().idle, 1);
  });

  it('closes the connection when the late reply does not come within pendingResponseTimeoutMS', async () => {
    const { pool, clock, server, events, story, connection } = await afterTimeout({ pendingResponseTimeoutMS: 200 });
    assert.equal(events.last('connectionPendingResponseStarted').timeoutMS, 200);

    await clock.advance(200);
    await quiet();

    assert.deepEqual(story(), ['CheckedIn', 'PendingResponseStarted', 'PendingResponseFailed', 'Closed']);
    assert.equal(events.last('connectionPendingResponseFailed').reason, 'timeout');
    assert.equal(events.last('connectionClosed').reason, 'error');
    assert.equal(connection.error?.name, 'MongoNetworkTimeoutError');
    assert.match(connection.error.message, /no reply from db1:27017 to an abandoned find within 200 ms/);
    assert.ok(server.peers[0]?.closed);
    assert.equal(pool.snapshot().total, 0);
    assert.equal(clock.pendingTimers, 0);
  });

  it('takes a late reply that lies in the kernel already when the timer fires late', async () => {
    const { pool, clock, command, story } = await afterTimeout({ pendingResponseTimeoutMS: 200 });
    const afterPoll = clock.afterPoll.bind(clock);
    clock.afterPoll = callback => {
      queueMicrotask(() => command.reply());
      return afterPoll(callback);
    };
    // The loop is busy for a second; then the timer fires, and the poll for input follows.
    clock.skip(1000);

    await clock.advance(0);

    assert.deepEqual(story(), ['CheckedIn', 'PendingResponseStarted', 'PendingResponseSucceeded']);
    assert.equal(pool.snapshot().idle, 1);
    assert.equal(clock.pendingTimers, 0);
  });

  it('opens another connection for a waiting check-out when the late reply does not come', async () => {
    const { clock, checkOut } = await afterTimeout({ maxPoolSize: 1 });
    const waiting = checkOut();

    await clock.advance(1000);

    assert.equal((await waiting).id, 2);
  });

  it('says that the connection broke while the late reply was due', async () => {
    const { server, events, clock } = await afterTimeout();

    server.peers[0]?.reset();
    await quiet();

    assert.equal(events.last('connectionPendingResponseFailed').reason, 'error');
    assert.equal(events.last('connectionClosed').reason, 'error');
    assert.equal(clock.pendingTimers, 0);
  });

  it('closes the connection at once when pendingResponseTimeoutMS is 0, and says why', async () => {
    const { pool, server, events, story, clock } = await afterTimeout({ pendingResponseTimeoutMS: 0 });

    assert.deepEqual(story(), ['CheckedIn', 'Closed']);
    const { reason, error } = events.last('connectionClosed');
    assert.equal(reason, 'error');
    assert.equal(error?.name, 'MongoNetworkTimeoutError');
    assert.match(error.message, /pendingResponseTimeoutMS=0/);
    assert.ok(server.peers[0]?.closed);
    assert.equal(pool.snapshot().total, 0);
    assert.equal(clock.pendingTimers, 0);
  });

  it('gives the place of a draining connection free when the pool is cleared', async () => {
    const { pool, server, events, story, clock, checkOut } = await afterTimeout({ maxPoolSize: 1 });

    pool.clear(new Error('the server went away'));
    await quiet();

    assert.deepEqual(story().slice(-3), ['PoolCleared', 'PendingResponseFailed', 'Closed']);
    assert.equal(events.last('connectionPendingResponseFailed').reason, 'stale');
    assert.equal(events.last('connectionClosed').reason, 'stale');
    assert.ok(server.peers[0]?.closed);
    pool.ready();
    assert.equal((await checkOut()).id, 2);
    assert.equal(clock.pendingTimers, 0);
  });

  it('does not wait for the late reply when the pool is closed', async () => {
    const { pool, server, events, story, clock } = await afterTimeout();

    pool.close();
    await quiet();

    assert.deepEqual(story().slice(-3), ['PendingResponseFailed', 'Closed', 'PoolClosed']);
    assert.equal(events.last('connectionPendingResponseFailed').reason, 'poolClosed');
    assert.ok(server.peers[0]?.closed);
    assert.equal(clock.pendingTimers, 0);
  });

  it('does not begin to wait for the late reply when a listener closes the pool during check-in', async () => {
    const harness = PoolHarness.ready();
    const connection = await harness.checkOut();
    const failed = assert.rejects(harness.run(connection, { find: 'orders' }, 10));
    await harness.clock.advance(10);
    await failed;
    harness.events.emitter.once('connectionCheckedIn', () => harness.pool.close());

    harness.pool.checkIn(connection);

    assert.equal(harness.clock.pendingTimers, 0);
    assert.equal(harness.pool.snapshot().total, 0);
    assert.equal(harness.events.last('connectionClosed').reason, 'poolClosed');
  });
});

describe('the cursor in a late reply', () => {
  const late = { ok: 1, cursor: { id: 77n, ns: 'shop.orders', firstBatch: [] } };

  it('is closed on the server before the connection is checked out again', async () => {
    const { pool, command, connection, server, checkOut } = await afterTimeout({ maxPoolSize: 1 });
    const waiting = checkOut();

    command.reply(late);
    const kill = await server.peers[0]!.nextCommand();
    assert.deepEqual([kill.name, kill.body['killCursors'], kill.body['$db']], ['killCursors', 'orders', 'shop']);
    assert.equal(String((kill.body['cursors'] as unknown[])[0]), '77');
    assert.deepEqual([pool.snapshot().pending, pool.snapshot().total], [1, 1]);
    kill.reply();

    assert.equal(await waiting, connection);
  });

  it('closes the connection if it cannot be closed in time', async () => {
    const { pool, command, clock, server, events } = await afterTimeout();
    command.reply(late);
    await server.peers[0]!.nextCommand();
    await clock.advance(1000);

    assert.equal(events.last('connectionClosed').reason, 'error');
    assert.equal(pool.snapshot().total, 0);
    assert.equal(clock.pendingTimers, 0);
  });

  it('is left to its reader when the reply is to a getMore', async () => {
    const { pool, command } = await afterTimeout({}, 'getMore');
    command.reply({ ok: 1, cursor: { id: 77n, ns: 'shop.orders', nextBatch: [] } });

    assert.equal(pool.snapshot().idle, 1);
    assert.equal(command.peer.commands.length, 0);
  });

  it('is left alone when its namespace has no collection', async () => {
    const { pool, command } = await afterTimeout();
    command.reply({ ...late, cursor: { ...late.cursor, ns: 'shop' } });

    assert.equal(pool.snapshot().idle, 1);
  });

  it('is left alone when it has no id', async () => {
    const { pool, command } = await afterTimeout();
    command.reply({ ...late, cursor: { ...late.cursor, id: 0n } });

    assert.equal(pool.snapshot().idle, 1);
  });
});
