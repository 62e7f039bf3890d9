import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MongoOperationTimeoutError } from '../../../src/errors/timeout.js';
import { MongoPoolClearedError, MongoWaitQueueTimeoutError } from '../../../src/pool/errors.js';
import { PoolHarness } from '../../support/pool_harness.js';
import type { ReceivedCommand } from '../../support/scripted_peer.js';
import { quiet, STANDALONE } from '../../support/scripted_server.js';

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

  it('goes on with the connection that it waited for, which the next check-out gets', async () => {
    const { pool, server, clock, story, checkOut } = PoolHarness.ready();
    server.accepts = false;
    const failed = assert.rejects(checkOut(100), { name: 'MongoOperationTimeoutError', phase: 'connect' });
    await quiet();
    await clock.advance(100);
    await failed;
    await quiet();
    assert.equal(pool.snapshot().pending, 1);

    server.peers[0]?.accept();
    await quiet();

    assert.equal((await checkOut(100)).id, 1);
    assert.deepEqual(story(), [
      ...['CheckOutStarted', 'Created', 'CheckOutFailed', 'Ready', 'CheckOutStarted', 'CheckedOut'],
    ]);
  });

  it('does so too when the operation is aborted', async () => {
    const { pool, server, checkOut } = PoolHarness.ready();
    server.accepts = false;
    const controller = new AbortController();
    const failed = assert.rejects(checkOut(undefined, controller.signal), error => error === 'enough');
    await quiet();

    controller.abort('enough');
    await failed;
    server.peers[0]?.accept();
    await quiet();

    assert.equal(pool.snapshot().idle, 1);
  });

  it('closes the connection when its step takes longer than connectTimeoutMS, and the pool has no timer left', async () => {
    const { pool, server, clock, events, checkOut } = PoolHarness.ready({ connectTimeoutMS: 500 });
    server.accepts = false;
    const failed = assert.rejects(checkOut(100), { name: 'MongoOperationTimeoutError' });
    await quiet();

    await clock.advance(500);
    await failed;
    await quiet();

    assert.ok(server.peers[0]?.closed);
    assert.equal(events.last('connectionClosed').reason, 'error');
    assert.equal(pool.snapshot().total, 0);
    assert.equal(clock.pendingTimers, 0);
  });

  it('does not open a connection for each operation whose time is shorter than a handshake, and so fills at last', async () => {
    const { server, clock, checkOut } = PoolHarness.ready();
    server.hello = () => null;
    const outcomes: string[] = [];

    for (let number = 0; number < 5; number++) {
      const waiting = checkOut(100).then(
        () => outcomes.push('served'),
        () => outcomes.push('timed out'),
      );
      await quiet();
      // The server needs 250 ms for a handshake.
      if (number === 2) {
        await clock.advance(50);
        const hello = await server.peers[0]?.nextCommand();
        hello?.reply(STANDALONE);
        await quiet();
      }
      await clock.advance(100);
      await waiting;
    }

    assert.deepEqual(outcomes, ['timed out', 'timed out', 'served', 'timed out', 'timed out']);
    // The fourth needs a connection too, since the third keeps the first one.
    assert.equal(server.peers.length, 2);
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
});

describe('ConnectionPool, when a connection that is being established is stuck', () => {
  /** Check-outs of 100 ms, one after the other, for so long. */
  async function fail({ clock, checkOut }: PoolHarness, ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 100) {
      const failed = assert.rejects(checkOut(100), { name: 'MongoOperationTimeoutError' });
      await quiet();
      await clock.advance(100);
      await failed;
    }
  }

  it('opens another for a check-out that begins after a second', async () => {
    const harness = PoolHarness.ready();
    const { server, checkOut } = harness;
    server.accepts = false;
    await fail(harness, 1100);
    server.accepts = true;

    assert.equal((await checkOut(100)).id, 2);
    assert.equal(server.openPeers.length, 2);
  });

  it('replaces it where no other may be opened', async () => {
    const harness = PoolHarness.ready({ pool: { maxConnecting: 1 } });
    const { server, events, checkOut } = harness;
    server.accepts = false;
    await fail(harness, 1100);
    server.accepts = true;

    assert.equal((await checkOut(100)).id, 2);
    assert.equal(server.openPeers.length, 1);
    const { reason, error } = events.last('connectionClosed');
    assert.equal(reason, 'error');
    assert.match(
      error?.message ?? '',
      /^connection 1 to db1:27017 was not established within 1100\.0 ms \(connect\), and another one takes its place$/,
    );
  });

  it('has twice the patience after each, so that a server that needs 3 s for a handshake is waited for', async () => {
    const harness = PoolHarness.ready({ pool: { maxConnecting: 1 } });
    const { server, clock, checkOut } = harness;
    const hellos: { readonly command: ReceivedCommand; readonly at: number }[] = [];
    server.hello = command => {
      hellos.push({ command, at: clock.now() });
      return null;
    };
    let ready = false as boolean;
    for (let passed = 0; passed < 20_000 && !ready; passed += 100) {
      const waiting = checkOut(100).then(
        () => (ready = true),
        () => undefined,
      );
      await quiet();
      await clock.advance(99);
      for (const { command, at } of hellos) {
        if (!command.peer.closed && at + 3000 <= clock.now()) command.reply(STANDALONE);
      }
      await quiet();
      await clock.advance(1);
      await waiting;
    }

    assert.ok(ready);
    assert.equal(server.peers.length, 3);
  });

  it('fails no check-out that began later with its error: that one has a connection of its own', async () => {
    const harness = PoolHarness.ready({ connectTimeoutMS: 500 });
    const { server, clock, events, checkOut } = harness;
    server.accepts = false;
    const first = assert.rejects(checkOut(100), { name: 'MongoOperationTimeoutError' });
    await quiet();
    await clock.advance(400);
    await first;
    const second = checkOut(1000);
    await quiet();

    await clock.advance(100);
    assert.equal(events.last('connectionClosed').reason, 'error');
    server.peers[1]?.accept();

    assert.equal((await second).id, 2);
  });
});
