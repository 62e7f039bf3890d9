import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MongoOperationTimeoutError } from '../../../src/errors/timeout.js';
import { attempt, deadline, PoolHarness } from '../../support/pool_harness.js';
import { quiet, STANDALONE } from '../../support/scripted_server.js';

describe('the record of time of a check-out', () => {
  it('names the steps of the connection that was established for it', async () => {
    const harness = PoolHarness.ready();
    const { pool, server, clock } = harness;
    server.accepts = false;
    server.hello = () => {
      clock.skip(30);
      return STANDALONE;
    };
    const within = deadline(clock, 500);

    const checkingOut = pool.checkOut(attempt(within));
    const peer = await server.nextPeer();
    clock.skip(20);
    peer.accept();
    await checkingOut;

    assert.deepEqual(within.timings, [
      { stage: 'connect', durationMS: 20 },
      { stage: 'hello', durationMS: 30 },
      { stage: 'checkOut', durationMS: 0 },
    ]);
  });

  it('is the wait for its turn, for a connection that another check-out had', async () => {
    const { pool, clock, checkOut } = PoolHarness.ready({ pool: { maxPoolSize: 1 } });
    const connection = await checkOut();
    const within = deadline(clock, 500);

    const checkingOut = pool.checkOut(attempt(within));
    clock.skip(40);
    pool.checkIn(connection);
    await checkingOut;

    assert.deepEqual(within.timings, [{ stage: 'checkOut', durationMS: 40 }]);
  });

  for (const [step, prepare, hint] of [
    ['connect', (server: PoolHarness['server']) => (server.accepts = false), 'does not take new connections'],
    ['hello', (server: PoolHarness['server']) => (server.hello = () => null), 'takes connections and does not answer'],
  ] as const) {
    it(`ends in the step that the new connection waits for: ${step}`, async () => {
      const { server, clock, checkOut } = PoolHarness.ready();
      prepare(server);
      const failed = assert.rejects(checkOut(100), (error: unknown) => {
        assert.ok(error instanceof MongoOperationTimeoutError);
        assert.equal(error.phase, step);
        assert.equal(error.maybeApplied, false);
        assert.deepEqual(error.timings.at(-1), { stage: step, durationMS: 100 });
        assert.match(error.message, new RegExp(hint));
        return true;
      });
      await quiet();

      await clock.advance(100);

      await failed;
    });
  }
});
