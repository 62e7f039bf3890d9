import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Connection } from '../../../src/pool/connection.js';
import { attempt, PoolHarness } from '../../support/pool_harness.js';

/** A connection on which a reply is awaited. */
async function occupied() {
  const harness = PoolHarness.ready();
  const connection: Connection = await harness.checkOut();
  const reply = harness.run(connection, { find: 'orders' });
  const command = await harness.server.peers[0]!.nextCommand();
  return { harness, clock: harness.clock, connection, reply, command };
}

describe('WireConnection, while a reply is still to come', () => {
  it('refuses another request', async () => {
    const { harness, connection, reply, command } = await occupied();
    assert.deepEqual([connection.isOccupied, connection.busy], [true, true]);

    await assert.rejects(harness.run(connection, { find: 'orders' }), {
      name: 'MongoRuntimeError',
      message: 'Connection 1 to db1:27017 is in use by another command',
    });

    command.reply();
    await reply;
    assert.deepEqual([connection.isOccupied, connection.busy], [false, false]);
  });

  it('wakes all waiting callers when the reply arrives', async () => {
    const { clock, connection, reply, command } = await occupied();
    const waiting = [connection.whenFree(attempt()), connection.whenFree(attempt(undefined, 'getMore'))];

    command.reply();

    await Promise.all(waiting);
    await reply;
    assert.ok(!connection.busy);
    assert.equal(clock.pendingTimers, 0);
  });

  it('wakes a waiting caller when a late reply arrives', async () => {
    const { harness, clock, connection, command, reply } = await occupied();
    command.reply();
    await reply;
    const late = assert.rejects(harness.run(connection, { find: 'orders' }, 10));
    const lateCommand = await harness.server.peers[0]!.nextCommand();
    await clock.advance(10);
    await late;
    const waiting = connection.whenFree(attempt());

    lateCommand.reply();

    await waiting;
    assert.equal(connection.error, null);
  });

  it('rejects a waiting caller whose deadline ends, and says that its command was not sent', async () => {
    const { harness, clock, connection, reply, command } = await occupied();
    const waiting = assert.rejects(connection.whenFree(attempt(harness.deadline(50), 'getMore')), {
      name: 'MongoOperationTimeoutError',
      phase: 'read',
      maybeApplied: false,
      connectionId: 1,
      message: /^Timed out while waiting for an earlier reply from db1:27017 before getMore shop\.orders was sent/,
    });

    await clock.advance(50);

    await waiting;
    assert.equal(clock.pendingTimers, 0);
    command.reply();
    await reply;
    assert.ok(!connection.busy);
  });

  it('rejects a waiting caller with MongoNetworkTimeoutError when socketTimeoutMS is over', async () => {
    const { harness, clock, connection, reply, command } = await occupied();
    const limits = { serverSelectionTimeoutMS: 0, waitQueueTimeoutMS: 0, socketTimeoutMS: 20 };
    const waiting = assert.rejects(connection.whenFree(attempt(harness.deadline(), 'find', 1, limits)), {
      name: 'MongoNetworkTimeoutError',
      beforeHandshake: false,
    });

    await clock.advance(20);

    await waiting;
    command.reply();
    await reply;
  });

  it('rejects the caller of the request and the waiting callers with the error that closes it', async () => {
    const { connection, reply } = await occupied();
    const error = new Error('closed by the test');
    const waiting = connection.whenFree(attempt());

    connection.close(error);

    await assert.rejects(reply, error);
    await assert.rejects(waiting, error);
    await assert.rejects(connection.whenFree(attempt()), error);
    assert.ok(!connection.busy);
  });
});
