import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { attempt, PoolHarness } from '../../support/pool_harness.js';
import { quiet } from '../../support/scripted_server.js';

/** A pool with idle connections, in a process that then stood still for a minute. */
async function thawed(connections: number, pool: object = {}) {
  const harness = PoolHarness.ready({ pool: { maxPoolSize: 10, maxConnecting: 10, ...pool } });
  const lent = await Promise.all(Array.from({ length: connections }, () => harness.checkOut()));
  for (const connection of lent) harness.pool.checkIn(connection);
  harness.clock.freeze(60_000);
  harness.events.clear();
  const pings: string[] = [];
  harness.server.answer = command => {
    pings.push(command.name);
    return { ok: 1 };
  };
  return { harness, lent, pings };
}

describe('ConnectionPool, after the process stood still', () => {
  it('probes an idle connection before check-out', async () => {
    const { harness, lent, pings } = await thawed(1);

    assert.equal(harness.pool.tryCheckOut(attempt()), null);
    const connection = await harness.checkOut();

    assert.deepEqual(pings, ['ping']);
    assert.equal(connection, lent[0]);
    assert.deepEqual(harness.story(), ['CheckOutStarted', 'CheckedOut']);
    harness.pool.checkIn(connection);
    assert.equal(harness.pool.tryCheckOut(attempt()), connection);
    harness.pool.close();
  });

  it('probes no more connections than check-outs wait for', async () => {
    const { harness, pings } = await thawed(5);

    await Promise.all([harness.checkOut(), harness.checkOut()]);

    assert.deepEqual(pings, ['ping', 'ping']);
    assert.deepEqual([harness.pool.snapshot().idle, harness.pool.snapshot().inUse], [3, 2]);
    harness.pool.close();
  });

  it('replaces a connection that the server closed without a word, and does not report an error', async () => {
    const { harness, lent } = await thawed(1);
    harness.server.answer = () => null;
    const waiting = harness.checkOut();
    await quiet();
    assert.equal(harness.pool.snapshot().pending, 1);

    await harness.clock.advance(1000);

    assert.notEqual(await waiting, lent[0]);
    assert.equal(harness.events.last('connectionClosed').reason, 'error');
    assert.deepEqual(harness.errors, []);
    harness.pool.close();
    assert.equal(harness.clock.pendingTimers, 0);
  });

  it('replaces a connection that is reset by the probe', async () => {
    const { harness, lent } = await thawed(1);
    harness.server.answer = command => {
      command.peer.reset();
      return null;
    };

    assert.notEqual(await harness.checkOut(), lent[0]);
    assert.deepEqual(harness.errors, []);
    harness.pool.close();
  });

  it('keeps a connection whose probe succeeds after the check-out has timed out', async () => {
    const { harness, lent } = await thawed(1);
    harness.server.answer = () => null;
    const failed = assert.rejects(harness.checkOut(100));
    await harness.clock.advance(100);
    await failed;
    const ping = await harness.server.peers[0]!.nextCommand();

    ping.reply();
    await quiet();

    assert.equal(harness.events.count('connectionClosed'), 0);
    assert.equal(harness.pool.tryCheckOut(attempt()), lent[0]);
    harness.pool.close();
  });

  it('ends a probe when the pool closes', async () => {
    const { harness } = await thawed(1);
    harness.server.answer = () => null;
    const failed = assert.rejects(harness.checkOut(), { name: 'MongoPoolClosedError' });
    await quiet();

    harness.pool.close();

    await failed;
    assert.equal(harness.events.last('connectionClosed').reason, 'poolClosed');
    assert.equal(harness.clock.pendingTimers, 0);
    assert.equal(harness.pool.snapshot().total, 0);
  });

  it('does not probe after time that passed on both clocks', async () => {
    const harness = PoolHarness.ready();
    const connection = await harness.checkOut();
    harness.pool.checkIn(connection);

    await harness.clock.advance(600_000);

    assert.equal(harness.pool.tryCheckOut(attempt()), connection);
    harness.pool.close();
  });
});
