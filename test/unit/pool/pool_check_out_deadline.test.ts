import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MongoOperationTimeoutError } from '../../../src/errors/timeout.js';
import { MongoPoolClearedError, MongoWaitQueueTimeoutError } from '../../../src/pool/errors.js';
import { PoolHarness } from '../../support/pool_harness.js';
import { quiet } from '../../support/scripted_server.js';

describe('ConnectionPool, when the deadline of a waiter ends', () => {
  it('rejects with MongoWaitQueueTimeoutError after waitQueueTimeoutMS, with counts and address', async () => {
    const harness = PoolHarness.ready({ pool: { maxPoolSize: 1, waitQueueTimeoutMS: 100 } });
    const { pool, clock, events, checkOut } = harness;
    await checkOut();
    const [waiting, behind] = [checkOut(), checkOut()];
    void behind.catch(() => null);
    const failed = assert.rejects(waiting, (error: unknown) => {
      assert.ok(error instanceof MongoWaitQueueTimeoutError);
      assert.equal(error.address, 'db1:27017');
      assert.equal(error.host, 'db1:27017');
      assert.equal(error.phase, 'checkOut');
      assert.deepEqual(
        [error.pool.maxPoolSize, error.pool.inUse, error.pool.waitQueueLength, error.pool.pending],
        [1, 1, 2, 0],
      );
      assert.match(
        error.message,
        /^Timed out while checking out a connection from connection pool of db1:27017 after 100 ms: 1 of 1 in use \(0 by cursors, 0 by transactions\), 2 waiting, 0 being established, 0 idle, 0 draining; wanted by find shop\.orders \(after 100\.0 ms: checkOut 100\.0 ms\)\. Raise maxPoolSize/,
      );
      return true;
    });

    await clock.advance(100);

    await failed;
    const event = await events.next('connectionCheckOutFailed');
    assert.equal(event.reason, 'timeout');
    assert.equal(event.durationMS, 100);
    // It has left the queue by the time that it is told.
    assert.equal(event.pool?.waitQueueLength, 1);
    pool.close();
  });

  it('rejects with MongoOperationTimeoutError when timeoutMS is in use, and waitQueueTimeoutMS does not count', async () => {
    const harness = PoolHarness.ready({ pool: { maxPoolSize: 1, waitQueueTimeoutMS: 10 } });
    const { clock, checkOut } = harness;
    await checkOut();
    let settled = false;
    const waiting = checkOut(500);
    const failed = assert.rejects(waiting, (error: unknown) => {
      assert.ok(error instanceof MongoOperationTimeoutError);
      assert.equal(error.phase, 'checkOut');
      assert.equal(error.host, 'db1:27017');
      assert.equal(error.namespace, 'shop.orders');
      assert.equal(error.maybeApplied, false);
      assert.match(
        error.message,
        /^Timed out while checking out a connection from connection pool of db1:27017 after 500 ms: 1 of 1 in use \(0 by cursors, 0 by transactions\), 1 waiting, 0 being established.*timeoutMS=500/,
      );
      assert.deepEqual([error.pool?.inUse, error.pool?.maxPoolSize, error.pool?.waitQueueLength], [1, 1, 1]);
      return true;
    });
    void waiting.then(undefined, () => {
      settled = true;
    });

    await clock.advance(499);
    assert.ok(!settled);
    await clock.advance(1);

    await failed;
    assert.equal(clock.pendingTimers, 0);
  });

  it("rejects with the signal's own reason on abort, and the next in line is served", async () => {
    const { pool, clock, checkOut } = PoolHarness.ready({ pool: { maxPoolSize: 1 } });
    const connection = await checkOut();
    const controller = new AbortController();
    const waiting = checkOut(undefined, controller.signal);
    const next = checkOut();
    const reason = new Error('no longer needed');

    controller.abort(reason);

    await assert.rejects(waiting, error => error === reason);
    pool.checkIn(connection);
    assert.equal(await next, connection);
    assert.equal(clock.pendingTimers, 0);
  });

  it('gives an idle connection to a check-out whose deadline has ended, since it need not wait', async () => {
    const { pool, clock, checkOut } = PoolHarness.ready();
    pool.checkIn(await checkOut());
    const controller = new AbortController();
    controller.abort(new Error('too late'));

    const connection = await checkOut(undefined, controller.signal);

    assert.equal(connection.id, 1);
    assert.equal(clock.pendingTimers, 0);
  });

  it('closes the connection that is being established when no other check-out waits', async () => {
    const { pool, server, clock, events, story, checkOut } = PoolHarness.ready();
    server.accepts = false;
    const failed = assert.rejects(checkOut(100), { name: 'MongoOperationTimeoutError' });
    await quiet();

    await clock.advance(100);

    await failed;
    await quiet();
    assert.ok(server.peers[0]?.closed);
    assert.deepEqual(story(), ['CheckOutStarted', 'Created', 'CheckOutFailed', 'Closed']);
    assert.equal(events.last('connectionClosed').reason, 'error');
    assert.equal(pool.snapshot().total, 0);
    assert.equal(clock.pendingTimers, 0);
  });

  it('finishes the connection that is being established for the next in line', async () => {
    const { server, clock, checkOut } = PoolHarness.ready({ pool: { maxConnecting: 1 } });
    server.accepts = false;
    const failed = assert.rejects(checkOut(100), { name: 'MongoOperationTimeoutError' });
    const next = checkOut();
    await quiet();

    await clock.advance(100);
    await failed;
    server.peers[0]?.accept();

    assert.equal((await next).id, 1);
    assert.equal(server.peers.length, 1);
  });

  it('is rejected at once during the hello, too', async () => {
    const { server, clock, checkOut } = PoolHarness.ready();
    server.hello = () => null;
    const failed = assert.rejects(checkOut(100), { name: 'MongoOperationTimeoutError', phase: 'hello' });
    await quiet();

    await clock.advance(100);

    await failed;
    await quiet();
    assert.equal(server.openPeers.length, 0);
    assert.equal(clock.pendingTimers, 0);
  });

  it('loses no connection when a listener aborts the operation that gets it', async () => {
    const { pool, events, checkOut } = PoolHarness.ready();
    const controller = new AbortController();
    events.emitter.once('connectionCheckedOut', () => controller.abort());

    const connection = await checkOut(undefined, controller.signal);

    assert.equal(connection.id, 1);
    assert.equal(events.count('connectionCheckOutFailed'), 0);
    assert.equal(pool.snapshot().inUse, 1);
  });

  it('tells once that a check-out failed when a listener aborts the operation too', async () => {
    const { pool, server, events, checkOut } = PoolHarness.ready();
    server.accepts = false;
    const controller = new AbortController();
    events.emitter.once('connectionCheckOutFailed', () => controller.abort());
    const failed = assert.rejects(checkOut(undefined, controller.signal), MongoPoolClearedError);

    pool.clear(new Error('the server went away'));

    await failed;
    assert.equal(events.count('connectionCheckOutFailed'), 1);
  });

  it('opens a connection for the operation that a listener starts when pending connections are closed', async () => {
    const { pool, server, clock, events, checkOut } = PoolHarness.ready();
    const lent = await checkOut();
    server.accepts = false;
    const first = checkOut();
    const failed = assert.rejects(checkOut(100), { name: 'MongoOperationTimeoutError' });
    await quiet();
    pool.checkIn(lent);
    await first;
    assert.equal(pool.snapshot().pending, 2);
    let last: Promise<unknown> = Promise.resolve();
    events.emitter.once('connectionClosed', () => {
      server.accepts = true;
      last = checkOut();
    });

    await clock.advance(100);

    await failed;
    await Promise.race([last, quiet()]);
    assert.equal(pool.snapshot().waitQueueLength, 0);
  });
});
