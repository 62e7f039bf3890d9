import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ObjectId } from '../../../src/bson/index.js';
import { MongoCompatibilityError } from '../../../src/errors/driver.js';
import { MongoWaitQueueTimeoutError } from '../../../src/pool/errors.js';
import { PoolHarness, type PoolHarnessOptions } from '../../support/pool_harness.js';
import { quiet, STANDALONE } from '../../support/scripted_server.js';

const ONE = new ObjectId('000000000000000000000001');
const OTHER = new ObjectId('000000000000000000000002');
const cause = new Error('the mongos went away');

/** A pool whose connections lead to the two services in turn. */
function balanced(pool: PoolHarnessOptions['pool'] = {}): PoolHarness {
  const harness = PoolHarness.ready({ pool, handshake: { useHello: true, loadBalanced: true } });
  let connections = 0;
  harness.server.hello = () => ({
    ...STANDALONE,
    msg: 'isdbgrid',
    serviceId: connections++ % 2 === 0 ? ONE : OTHER,
  });
  return harness;
}

describe('ConnectionPool behind a load balancer', () => {
  it('makes only the connections to the cleared service stale, and stays ready', async () => {
    const { pool, checkOut, story, events } = balanced();
    const [first, second, third] = [await checkOut(), await checkOut(), await checkOut()];
    pool.checkIn(first);
    pool.checkIn(second);
    const before = story().length;

    pool.clearService(ONE, cause);
    pool.checkIn(third);

    assert.equal(pool.state, 'ready');
    assert.deepEqual(story().slice(before), ['PoolCleared', 'Closed', 'CheckedIn', 'Closed']);
    const cleared = await events.next('connectionPoolCleared');
    assert.ok(cleared.serviceId?.equals(ONE));
    assert.equal(cleared.error, cause);
    const closed = await events.next('connectionClosed');
    assert.deepEqual([closed.connectionId, closed.reason, String(closed.serviceId)], [first.id, 'stale', String(ONE)]);
    assert.equal(second.error, null);
    assert.deepEqual([pool.generationOf(OTHER), pool.generation], [0, 0]);
    pool.close();
  });

  it('applies a clear to the connections of that moment, and not to later ones', async () => {
    const { pool, checkOut } = balanced();
    const old = await checkOut();
    pool.clearService(ONE, cause);
    assert.ok(old.isStale);
    assert.equal(pool.generationOf(ONE), 1);

    const [, later] = [await checkOut(), await checkOut()];

    assert.equal(later.generation, 1);
    assert.ok(!later.isStale);
    pool.close();
  });

  it('forgets a service with its last connection', async () => {
    const { pool, checkOut } = balanced();
    const connection = await checkOut();
    pool.clearService(ONE, cause);

    pool.checkIn(connection);

    assert.equal(pool.generationOf(ONE), 0);
    pool.close();
  });

  it('closes a draining connection to the cleared service', async () => {
    const harness = balanced();
    const { pool, clock, checkOut, events } = harness;
    const connection = await checkOut();
    const timedOut = assert.rejects(harness.run(connection, { find: 'orders' }, 10));
    await clock.advance(10);
    await timedOut;
    pool.checkIn(connection);

    pool.clearService(ONE, cause);

    assert.equal((await events.next('connectionPendingResponseFailed')).reason, 'stale');
    assert.equal(pool.snapshot().total, 0);
    pool.close();
  });

  it('discards a connection whose service is cleared while a cursor is closed on it', async () => {
    const harness = balanced();
    const { pool, clock, server, checkOut, events } = harness;
    const connection = await checkOut();
    const timedOut = assert.rejects(harness.run(connection, { find: 'orders' }, 10));
    const find = await server.peers[0]!.nextCommand();
    await clock.advance(10);
    await timedOut;
    pool.checkIn(connection);
    find.reply({ ok: 1, cursor: { id: 77n, ns: 'shop.orders', firstBatch: [] } });
    const kill = await server.peers[0]!.nextCommand();

    pool.clearService(ONE, cause);
    assert.deepEqual([kill.name, pool.snapshot().pending], ['killCursors', 1]);
    kill.reply();
    await quiet();

    assert.equal(events.last('connectionClosed').reason, 'stale');
    assert.equal(pool.snapshot().total, 0);
    pool.close();
  });

  it('keeps check-outs waiting, and serves them', async () => {
    const { pool, checkOut } = balanced({ maxPoolSize: 1 });
    const connection = await checkOut();
    const waiting = checkOut();

    pool.clearService(ONE, cause);
    pool.checkIn(connection);

    assert.ok((await waiting).service?.id.equals(OTHER));
    pool.close();
  });

  it('refuses a server that names no service', async () => {
    const { server, checkOut, errors, pool } = balanced();
    server.hello = () => STANDALONE;

    await assert.rejects(checkOut(), (error: unknown) => {
      assert.ok(error instanceof MongoCompatibilityError);
      assert.match(
        error.message,
        /^Driver attempted to initialize in load balancing mode, but the server does not support this mode\. db1:27017/,
      );
      return true;
    });

    assert.equal(errors.length, 1);
    pool.close();
  });

  it('tells whose the connections are when one waits in vain, in the words of the specification', async () => {
    const { pool, clock, checkOut } = balanced({ maxPoolSize: 2, waitQueueTimeoutMS: 50 });
    const [first] = [await checkOut(), await checkOut()];
    first.pin('cursor');
    const waiting = checkOut();
    const failed = assert.rejects(waiting, (error: unknown) => {
      assert.ok(error instanceof MongoWaitQueueTimeoutError);
      assert.match(
        error.message,
        /maxPoolSize: 2, connections in use by cursors: 1, connections in use by transactions: 0, connections in use by other operations: 1/,
      );
      assert.equal(error.pool.inUseByCursors, 1);
      return true;
    });

    await clock.advance(50);

    await failed;
    pool.checkIn(first);
    assert.equal(pool.counts().inUseByCursors, 0);
    pool.close();
    await quiet();
  });
});
