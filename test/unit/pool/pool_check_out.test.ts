import assert from 'node:assert/strict';
import { createHook } from 'node:async_hooks';
import { describe, it } from 'node:test';
import type { Connection } from '../../../src/pool/connection.js';
import { attempt, PoolHarness } from '../../support/pool_harness.js';
import { quiet, STANDALONE } from '../../support/scripted_server.js';

/** Notes in which order promises resolve, and with which connection. */
function inOrder(promises: readonly Promise<Connection>[]): [index: number, connectionId: number][] {
  const order: [number, number][] = [];
  promises.forEach((promise, index) => void promise.then(({ id }) => order.push([index, id])));
  return order;
}

describe('ConnectionPool, checking out', () => {
  it('makes no promise when a connection is idle', async () => {
    const { pool, checkOut } = PoolHarness.ready();
    pool.checkIn(await checkOut());
    let promises = 0;
    const hook = createHook({
      init(_id, type) {
        if (type === 'PROMISE') promises++;
      },
    }).enable();

    for (let turn = 0; turn < 10; turn++) pool.checkIn(pool.tryCheckOut(attempt())!);
    hook.disable();

    assert.equal(promises, 0);
    pool.close();
  });

  it('opens a connection for the first check-out', async () => {
    const { pool, events, story, checkOut } = PoolHarness.ready();

    const connection = await checkOut();

    assert.equal(connection.id, 1);
    assert.deepEqual(story(), ['CheckOutStarted', 'Created', 'Ready', 'CheckedOut']);
    assert.equal(events.last('connectionCheckedOut').connectionId, 1);
    assert.equal(pool.snapshot().inUse, 1);
  });

  it('gives no connection at once while none is idle, and publishes nothing', () => {
    const { pool, story } = PoolHarness.ready();

    assert.equal(pool.tryCheckOut(attempt()), null);
    assert.deepEqual(story(), []);
  });

  it('gives an idle connection at once, with both events', async () => {
    const { pool, events, checkOut } = PoolHarness.ready();
    pool.checkIn(await checkOut());
    events.clear();

    const connection = pool.tryCheckOut(attempt(undefined, 'insert', 9));

    assert.equal(connection?.id, 1);
    assert.deepEqual(events.names(), ['connectionCheckOutStarted', 'connectionCheckedOut']);
    assert.equal(events.last('connectionCheckedOut').durationMS, 0);
    assert.equal(events.last('connectionCheckedOut').operationId, 9);
  });

  it('says how long a check-out on a warm pool took, a slow listener of its start included', async () => {
    const { pool, clock, events, checkOut } = PoolHarness.ready();
    pool.checkIn(await checkOut());
    events.emitter.once('connectionCheckOutStarted', () => clock.skip(7));

    pool.checkIn(pool.tryCheckOut(attempt())!);

    assert.equal(events.last('connectionCheckedOut').durationMS, 7);
  });

  it('does not read the clock for the duration of a check-out without a listener', async () => {
    const { pool, clock, events, checkOut } = PoolHarness.ready();
    pool.checkIn(await checkOut());
    events.emitter.removeAllListeners();
    let reads = 0;
    const now = clock.now.bind(clock);
    clock.now = () => {
      reads++;
      return now();
    };

    pool.checkIn(pool.tryCheckOut(attempt())!);

    assert.equal(reads, 0);
  });

  it('checks out the connection that was checked in last', async () => {
    const { pool, checkOut } = PoolHarness.ready();
    const [first, second] = await Promise.all([checkOut(), checkOut()]);
    pool.checkIn(first);
    pool.checkIn(second);

    assert.equal(pool.tryCheckOut(attempt()), second);
    assert.equal(pool.tryCheckOut(attempt()), first);
  });

  it('gives no connection at once while a check-out waits, even if one is idle', async () => {
    const harness = PoolHarness.ready({ pool: { maxPoolSize: 1 } });
    const { pool, checkOut } = harness;
    const connection = await checkOut();
    const waiting = checkOut();
    let seen: Connection | null | undefined;
    // The one moment at which a connection is idle although a check-out waits.
    harness.events.emitter.once('connectionCheckedIn', () => {
      seen = pool.tryCheckOut(attempt());
    });

    pool.checkIn(connection);

    assert.equal(seen, null);
    assert.equal(await waiting, connection);
  });

  it('gives the connection to the oldest waiter when one is checked in', async () => {
    const { pool, checkOut } = PoolHarness.ready({ pool: { maxPoolSize: 1 } });
    const connection = await checkOut();
    const order = inOrder([checkOut(), checkOut(), checkOut()]);

    for (let turn = 0; turn < 3; turn++) {
      pool.checkIn(connection);
      await quiet();
    }

    assert.deepEqual(
      order.map(([index]) => index),
      [0, 1, 2],
    );
  });

  it('gives a new connection to the oldest waiter, even if it was opened for another', async () => {
    const { pool, server, checkOut } = PoolHarness.ready({ pool: { maxConnecting: 1 } });
    const first = await checkOut();
    server.accepts = false;
    const order = inOrder([checkOut(), checkOut()]);
    await quiet();

    pool.checkIn(first);
    await quiet();
    server.peers.at(-1)?.accept();
    await quiet();

    assert.deepEqual(order, [
      [0, 1],
      [1, 2],
    ]);
  });

  it('never has more than maxPoolSize connections', async () => {
    const { pool, server, checkOut } = PoolHarness.ready({ pool: { maxPoolSize: 3 } });
    const all = Array.from({ length: 10 }, () => checkOut());
    await quiet();

    assert.equal(server.peers.length, 3);
    assert.equal(pool.snapshot().waitQueueLength, 7);
    for (const promise of all) pool.checkIn(await promise);
  });

  it('has no limit when maxPoolSize is 0', async () => {
    const { server, checkOut } = PoolHarness.ready({ pool: { maxPoolSize: 0, maxConnecting: 200 } });

    await Promise.all(Array.from({ length: 150 }, () => checkOut()));

    assert.equal(server.peers.length, 150);
  });

  it('establishes no more than maxConnecting at a time', async () => {
    const { pool, server, checkOut } = PoolHarness.ready();
    server.accepts = false;
    const all = Array.from({ length: 5 }, () => checkOut());
    await quiet();
    assert.equal(pool.snapshot().pending, 2);

    server.peers[0]?.accept();
    await quiet();

    assert.equal(pool.snapshot().pending, 2);
    assert.equal(server.peers.length, 3);
    server.accepts = true;
    for (const peer of server.peers) peer.accept();
    await Promise.all(all);
  });

  it('closes a connection that has been idle for too long instead of checking it out', async () => {
    const { pool, clock, events, story, checkOut } = PoolHarness.ready({ pool: { maxIdleTimeMS: 50 } });
    pool.checkIn(await checkOut());
    events.clear();
    clock.skip(50);

    const connection = await checkOut();

    assert.equal(connection.id, 2);
    assert.deepEqual(story(), ['CheckOutStarted', 'Closed', 'Created', 'Ready', 'CheckedOut']);
    assert.equal(events.last('connectionClosed').reason, 'idle');
  });

  it('closes a connection at check-in that broke in use', async () => {
    const harness = PoolHarness.ready();
    const { pool, server, events, story, checkOut } = harness;
    const connection = await checkOut();
    const reply = harness.run(connection, { find: 'orders' });
    server.peers[0]?.reset();
    await assert.rejects(reply, { name: 'MongoNetworkError' });
    events.clear();

    pool.checkIn(connection);

    assert.deepEqual(story(), ['CheckedIn', 'Closed']);
    assert.equal(events.last('connectionClosed').reason, 'error');
    assert.equal(events.last('connectionClosed').error, connection.error);
    assert.equal(pool.snapshot().total, 0);
  });

  it('drops an idle connection as soon as the server closes it', async () => {
    const { pool, server, events, checkOut } = PoolHarness.ready();
    pool.checkIn(await checkOut());

    server.peers[0]?.close();

    assert.equal((await events.next('connectionClosed')).reason, 'error');
    assert.equal(pool.snapshot().total, 0);
  });

  it('opens another connection for a waiting check-out when a broken one is checked in', async () => {
    const { pool, server, checkOut } = PoolHarness.ready({ pool: { maxPoolSize: 1 } });
    const connection = await checkOut();
    const waiting = checkOut();
    server.peers[0]?.reset();
    await quiet();

    pool.checkIn(connection);

    assert.equal((await waiting).id, 2);
  });

  it('ignores the check-in of a connection that is not in use', async () => {
    const { pool, events, checkOut } = PoolHarness.ready();
    const other = PoolHarness.ready();
    const stranger = await other.checkOut();
    const own = await checkOut();
    pool.checkIn(own);
    events.clear();

    pool.checkIn(own);
    pool.checkIn(stranger);

    assert.deepEqual(events.names(), []);
    assert.equal(pool.snapshot().idle, 1);
  });

  it('checks out a connection once when a listener checks out during a check-out', async () => {
    const harness = PoolHarness.ready();
    const { pool, events, checkOut } = harness;
    const [first, second] = await Promise.all([checkOut(), checkOut()]);
    pool.checkIn(first);
    pool.checkIn(second);
    let inner: Connection | null = null;
    events.emitter.once('connectionCheckOutStarted', () => {
      inner = pool.tryCheckOut(attempt(undefined, 'listener'));
    });

    const outer = pool.tryCheckOut(attempt());

    assert.notEqual(inner, null);
    assert.notEqual(inner, outer);
    assert.equal(pool.snapshot().inUse, 2);
  });

  it('keeps its account when a listener closes it in the middle of a check-out', async () => {
    const { pool, events, story, checkOut } = PoolHarness.ready();
    pool.checkIn(await checkOut());
    events.clear();
    events.emitter.once('connectionCheckOutStarted', () => pool.close());

    const connection = pool.tryCheckOut(attempt());
    assert.notEqual(connection, null);
    pool.checkIn(connection!);

    assert.deepEqual(story(), ['CheckOutStarted', 'PoolClosed', 'CheckedOut', 'CheckedIn', 'Closed']);
    assert.equal(pool.snapshot().total, 0);
  });

  it('tells how long each step took', async () => {
    const { server, clock, events, checkOut } = PoolHarness.ready();
    server.hello = () => null;
    const promise = checkOut();
    const command = await (await server.nextPeer()).nextCommand();
    await clock.advance(30);
    command.reply(STANDALONE);

    await promise;

    assert.equal(events.last('connectionReady').durationMS, 30);
    assert.equal(events.last('connectionCheckedOut').durationMS, 30);
  });
});
