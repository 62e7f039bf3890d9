import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ObjectId } from '../../../src/bson/index.js';
import { MongoErrorLabel } from '../../../src/errors/codes.js';
import { MongoNetworkError } from '../../../src/errors/network.js';
import type { Connection } from '../../../src/pool/connection.js';
import { MongoPoolClearedError, MongoPoolClosedError } from '../../../src/pool/errors.js';
import { PoolHarness } from '../../support/pool_harness.js';
import { quiet } from '../../support/scripted_server.js';

const cause = new Error('the primary stepped down');

describe('ConnectionPool.ready', () => {
  it('is needed before the first check-out; an earlier one fails with a retryable error', async () => {
    const { pool, checkOut, story } = new PoolHarness();

    await assert.rejects(checkOut(), (error: unknown) => {
      assert.ok(error instanceof MongoPoolClearedError);
      assert.ok(error.hasErrorLabel(MongoErrorLabel.PoolRequestedRetry));
      return true;
    });
    assert.deepEqual(story(), ['CheckOutStarted', 'CheckOutFailed']);

    pool.ready();
    assert.equal((await checkOut()).id, 1);
  });

  it('publishes one event for each pause that it ends', () => {
    const { pool, events } = new PoolHarness();

    pool.ready();
    pool.ready();

    assert.deepEqual(events.names(), ['connectionPoolCreated', 'connectionPoolReady']);
  });

  it('opens what minPoolSize asks for, after its event, and asks for no more', async () => {
    const { pool, server, events, story } = new PoolHarness({ pool: { minPoolSize: 3 } });

    pool.ready();
    assert.equal(pool.snapshot().pending, 2);
    await quiet();

    assert.equal(events.names()[1], 'connectionPoolReady');
    assert.deepEqual(story().filter(name => name === 'Ready').length, 3);
    assert.equal(server.peers.length, 3);
    assert.equal(pool.snapshot().idle, 3);
    pool.close();
  });

  it('replaces what minPoolSize lacks at the next round of maintenance', async () => {
    const { pool, server, clock } = PoolHarness.ready({ pool: { minPoolSize: 1 } });
    await quiet();
    server.peers[0]?.reset();
    await quiet();
    assert.equal(pool.snapshot().total, 0);

    await clock.advance(10_000);
    await quiet();

    assert.equal(pool.snapshot().idle, 1);
    pool.close();
    assert.equal(clock.pendingTimers, 0);
  });

  it('closes idle connections in the background when maxIdleTimeMS is over', async () => {
    const { pool, clock, events, checkOut } = PoolHarness.ready({ pool: { maxIdleTimeMS: 500 } });
    pool.checkIn(await checkOut());

    await clock.advance(10_000);

    assert.equal(events.last('connectionClosed').reason, 'idle');
    assert.equal(pool.snapshot().total, 0);
    pool.close();
  });
});

describe('ConnectionPool.clear', () => {
  it('closes idle connections as stale, pauses, and raises the generation', async () => {
    const { pool, server, events, checkOut, story } = PoolHarness.ready();
    pool.checkIn(await checkOut());
    events.clear();

    pool.clear(cause);
    await quiet();

    assert.deepEqual(story(), ['PoolCleared', 'Closed']);
    assert.equal(events.last('connectionClosed').reason, 'stale');
    assert.equal(events.last('connectionPoolCleared').error, cause);
    assert.equal(events.last('connectionPoolCleared').interruptInUseConnections, false);
    assert.equal(pool.state, 'paused');
    assert.equal(pool.generation, 1);
    assert.ok(server.peers[0]?.closed);
  });

  it('rejects all waiting check-outs, each with an error of its own', async () => {
    const { pool, events, checkOut, clock } = PoolHarness.ready({ pool: { maxPoolSize: 1 } });
    await checkOut();
    const errors: unknown[] = [];
    const waiting = [checkOut(100), checkOut(100)].map(each => each.catch((error: unknown) => errors.push(error)));

    pool.clear(cause);

    await Promise.all(waiting);
    assert.equal(errors.length, 2);
    assert.notEqual(errors[0], errors[1]);
    for (const error of errors) {
      assert.ok(error instanceof MongoPoolClearedError);
      assert.equal(error.address, 'db1:27017');
      assert.equal(error.cause, cause);
      assert.match(error.message, /was cleared because another operation failed with: "the primary stepped down"/);
    }
    assert.equal(events.count('connectionCheckOutFailed'), 2);
    assert.equal(events.last('connectionCheckOutFailed').reason, 'connectionError');
    assert.equal(clock.pendingTimers, 0);
  });

  it('lets connections in use finish, and closes them at check-in', async () => {
    const harness = PoolHarness.ready();
    const { pool, server, events, checkOut, story } = harness;
    const connection = await checkOut();
    const reply = harness.run(connection, { find: 'orders' });
    pool.clear(cause);
    (await server.peers[0]!.nextCommand()).reply();
    await reply;
    events.clear();

    pool.checkIn(connection);

    assert.deepEqual(story(), ['CheckedIn', 'Closed']);
    assert.equal(events.last('connectionClosed').reason, 'stale');
  });

  it('publishes nothing when it is paused already, and still makes connections stale', () => {
    const { pool, events } = PoolHarness.ready();

    pool.clear(cause);
    pool.clear(cause);

    assert.equal(events.count('connectionPoolCleared'), 1);
    assert.equal(pool.generation, 2);
  });

  it('interrupts connections in use with interruptInUse, each with an error of its own', async () => {
    const harness = PoolHarness.ready();
    const { pool, events, checkOut, story } = harness;
    const connections = await Promise.all([checkOut(), checkOut()]);
    const errors: unknown[] = [];
    const replies = connections.map(connection =>
      harness.run(connection, { find: 'orders' }).catch((error: unknown) => {
        errors.push(error);
        pool.checkIn(connection);
      }),
    );
    events.clear();

    pool.clear(cause, true);
    await Promise.all(replies);

    assert.deepEqual(story(), ['PoolCleared', 'CheckedIn', 'Closed', 'CheckedIn', 'Closed']);
    assert.ok(events.of('connectionClosed').every(({ reason }) => reason === 'stale'));
    assert.notEqual(errors[0], errors[1]);
    for (const error of errors) {
      assert.ok(error instanceof MongoPoolClearedError);
      assert.equal(error.message, 'Connection to db1:27017 interrupted due to server monitor timeout');
      assert.equal(error.phase, 'read');
      assert.equal(error.cause, cause);
    }
  });

  it('does not make interrupted operations believe that the server is overloaded', async () => {
    const harness = PoolHarness.ready();
    const { pool, server, checkOut } = harness;
    const connection = await checkOut();
    const reply = harness.run(connection, { find: 'orders' });
    server.accepts = false;
    void checkOut().catch(() => null);
    await quiet();

    pool.clear(cause, true);

    await assert.rejects(reply, (error: unknown) => {
      assert.ok(error instanceof MongoPoolClearedError);
      assert.deepEqual(error.errorLabels, [MongoErrorLabel.PoolRequestedRetry]);
      return true;
    });
  });

  it('closes pending connections, so that later check-outs do not wait for a stale one', async () => {
    const { pool, server, events, checkOut, story } = PoolHarness.ready({ pool: { maxConnecting: 1 } });
    server.accepts = false;
    const failed = assert.rejects(checkOut(), MongoPoolClearedError);
    await quiet();

    pool.clear(cause);
    await failed;

    assert.deepEqual(story(), ['CheckOutStarted', 'Created', 'PoolCleared', 'Closed', 'CheckOutFailed']);
    assert.equal(events.last('connectionClosed').reason, 'stale');
    pool.ready();
    server.accepts = true;
    assert.equal((await checkOut()).id, 2);
    assert.ok(server.peers[0]?.closed);
  });

  it('keeps minPoolSize from being filled until the pool is ready again', async () => {
    const { pool, server, clock } = PoolHarness.ready({ pool: { minPoolSize: 1 } });
    await quiet();
    pool.clear(cause);

    await clock.advance(60_000);
    assert.equal(server.openPeers.length, 0);

    pool.ready();
    await clock.advance(500);
    assert.equal(server.openPeers.length, 1);
    pool.close();
  });

  it('is filled again at a moment of its own, so that the clients of a server do not come back all at once', async () => {
    const moments: number[] = [];
    for (const chance of [0, 0.4, 0.9]) {
      const random = { next: () => chance, bytes: (length: number) => new Uint8Array(length) };
      const { pool, events, clock } = PoolHarness.ready({ pool: { minPoolSize: 1 }, random });
      await quiet();
      pool.clear(cause);
      pool.ready();
      const readyAt = clock.now();
      while (events.count('connectionCreated') < 2) await clock.advance(10);
      moments.push(clock.now() - readyAt);
      pool.close();
      assert.equal(clock.pendingTimers, 0);
    }

    assert.deepEqual(moments, [10, 200, 450]);
  });

  it('is looked after at intervals that differ from client to client', async () => {
    for (const [chance, interval] of [
      [0, 7500],
      [1, 12_500],
    ] as const) {
      const random = { next: () => chance, bytes: (length: number) => new Uint8Array(length) };
      const { pool, server, clock, events } = PoolHarness.ready({ pool: { minPoolSize: 1 }, random });
      await quiet();
      server.peers[0]?.reset();
      await quiet();

      await clock.advance(interval - 1);
      assert.equal(events.count('connectionCreated'), 1);
      await clock.advance(1);

      assert.equal(events.count('connectionCreated'), 2);
      pool.close();
    }
  });

  for (const maxIdleTimeMS of [1000, 2500, 20_000]) {
    it(`closes a connection soon after a maxIdleTimeMS of ${maxIdleTimeMS}, not seconds later`, async () => {
      const { pool, clock, events, checkOut } = PoolHarness.ready({ pool: { maxIdleTimeMS } });
      const connection = await checkOut();
      await clock.advance(12_345);
      pool.checkIn(connection);

      await clock.advance(maxIdleTimeMS - 1);
      assert.equal(events.count('connectionClosed'), 0);
      await clock.advance(500);

      assert.equal(events.last('connectionClosed').reason, 'idle');
      pool.close();
      assert.equal(clock.pendingTimers, 0);
    });
  }

  it('wakes the process at most every 375 ms, however short maxIdleTimeMS is', async () => {
    const { pool, clock, events, checkOut } = PoolHarness.ready({
      pool: { maxIdleTimeMS: 1 },
      random: { next: () => 0, bytes: length => new Uint8Array(length) },
    });
    pool.checkIn(await checkOut());

    await clock.advance(374);
    assert.equal(events.count('connectionClosed'), 0);
    await clock.advance(1);

    assert.equal(events.last('connectionClosed').reason, 'idle');
    pool.close();
  });
});

describe('ConnectionPool.close', () => {
  it('closes idle connections before its event, and connections in use at check-in', async () => {
    const { pool, server, checkOut, story, events } = PoolHarness.ready();
    const [kept, idle] = await Promise.all([checkOut(), checkOut()]);
    pool.checkIn(idle);
    events.clear();

    pool.close();
    pool.checkIn(kept);
    await quiet();

    assert.deepEqual(story(), ['Closed', 'PoolClosed', 'CheckedIn', 'Closed']);
    assert.ok(events.of('connectionClosed').every(({ reason }) => reason === 'poolClosed'));
    assert.equal(server.openPeers.length, 0);
  });

  it('rejects waiting and later check-outs', async () => {
    const { pool, checkOut, events, clock } = PoolHarness.ready({ pool: { maxPoolSize: 1, minPoolSize: 1 } });
    await checkOut();
    const waiting = assert.rejects(checkOut(1000), (error: unknown) => {
      assert.ok(error instanceof MongoPoolClosedError);
      assert.equal(error.address, 'db1:27017');
      return true;
    });

    pool.close();

    await waiting;
    await assert.rejects(checkOut(), MongoPoolClosedError);
    assert.ok(events.of('connectionCheckOutFailed').every(({ reason }) => reason === 'poolClosed'));
    assert.equal(clock.pendingTimers, 0);
  });

  it('closes pending connections', async () => {
    const { pool, server, checkOut, story, clock } = PoolHarness.ready();
    server.accepts = false;
    const failed = assert.rejects(checkOut(), MongoPoolClosedError);

    pool.close();

    await failed;
    await quiet();
    assert.deepEqual(story(), ['CheckOutStarted', 'Created', 'Closed', 'CheckOutFailed', 'PoolClosed']);
    assert.ok(server.peers[0]?.closed);
    assert.equal(clock.pendingTimers, 0);
  });

  it('happens once, and neither clear nor ready undoes it', async () => {
    const { pool, events, checkOut } = PoolHarness.ready();

    pool.close();
    pool.close();
    pool.clear(cause);
    pool.ready();

    assert.equal(events.names().at(-1), 'connectionPoolClosed');
    assert.equal(events.count('connectionPoolClosed'), 1);
    await assert.rejects(checkOut(), MongoPoolClosedError);
  });

  it('leaves connections in use to their users until they are interrupted', async () => {
    const harness = PoolHarness.ready();
    const { pool, checkOut } = harness;
    const connection: Connection = await checkOut();
    const reply = harness.run(connection, { find: 'orders' });
    pool.close();
    assert.equal(connection.error, null);

    pool.interrupt(() => new MongoNetworkError('the client was closed'));

    await assert.rejects(reply, { message: 'the client was closed' });
    pool.checkIn(connection);
    assert.equal(pool.snapshot().total, 0);
  });

  it('publishes one event for each closed connection when a listener causes another to be discarded', async () => {
    const { pool, clock, events, checkOut } = PoolHarness.ready({ pool: { maxIdleTimeMS: 500 } });
    const lent = await Promise.all([checkOut(), checkOut()]);
    for (const connection of lent) pool.checkIn(connection);
    events.emitter.once('connectionClosed', () => void checkOut());

    await clock.advance(10_000);

    assert.equal(events.count('connectionClosed'), 2);
  });
});

describe('ConnectionPool.clearService', () => {
  it('does nothing in a closed pool', () => {
    const { pool, events } = PoolHarness.ready();
    pool.close();
    events.clear();

    pool.clearService(new ObjectId(), new Error('the mongos went away'));

    assert.deepEqual(events.names(), []);
  });
});

describe('ConnectionPool.interruptOperations', () => {
  it('ends the operations that wait for a connection or for a reply, each with an error of its own', async () => {
    const harness = PoolHarness.ready({ pool: { maxPoolSize: 1 } });
    const connection: Connection = await harness.checkOut();
    const reply = harness.run(connection, { find: 'orders' });
    const waiting = harness.checkOut();
    let errors = 0;

    harness.pool.interruptOperations(() => new MongoNetworkError(`the client closes, ${++errors}`));

    await assert.rejects(waiting, { message: 'the client closes, 1' });
    await assert.rejects(reply, { message: 'the client closes, 2' });
    assert.equal(harness.events.last('connectionCheckOutFailed').reason, 'poolClosed');
    harness.pool.checkIn(connection);
  });

  it('leaves a pinned connection open that waits for no reply', async () => {
    const harness = PoolHarness.ready();
    const [pinned, busy, free] = await Promise.all([harness.checkOut(), harness.checkOut(), harness.checkOut()]);
    pinned.pin('transaction');
    busy.pin('cursor');
    const reply = assert.rejects(harness.run(busy, { getMore: 1n }), { message: 'the client closes' });

    harness.pool.interruptOperations(() => new MongoNetworkError('the client closes'));

    await reply;
    assert.equal(pinned.error, null);
    assert.deepEqual([busy.error?.message, free.error?.message], ['the client closes', 'the client closes']);
    for (const connection of [pinned, busy, free]) harness.pool.checkIn(connection);
    assert.deepEqual([harness.pool.snapshot().idle, harness.pool.snapshot().total], [1, 1]);
  });
});

describe('ConnectionPool.stats', () => {
  it('tells the state, the generation and the counts, pinned connections included', async () => {
    const { pool, checkOut } = PoolHarness.ready({ pool: { maxPoolSize: 7 } });
    pool.clear(undefined);
    pool.ready();
    const [first, second, third] = [await checkOut(), await checkOut(), await checkOut()];
    first.pin('transaction');
    second.pin('cursor');
    pool.checkIn(third);

    assert.deepEqual(pool.stats(), {
      address: 'db1:27017',
      state: 'ready',
      generation: 1,
      maxPoolSize: 7,
      total: 3,
      idle: 1,
      inUse: 2,
      inUseByCursors: 1,
      inUseByTransactions: 1,
      pending: 0,
      draining: 0,
      waitQueueLength: 0,
    });
    pool.close();
  });
});
