import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { failOver } from '../failover/failover.js';
import { paced } from '../support/pace.js';

describe('a replica set whose primary is disrupted under load', () => {
  it('loses no acknowledged write, and takes writes within a heartbeat of having a primary', async () => {
    const losses: string[] = [];
    await paced(async ms => {
      const { acknowledged, rounds, lost, late } = await failOver(5, undefined, ms);

      losses.push(...lost);
      assert.deepEqual(late, []);
      assert.equal(rounds.length, 5);
      assert.ok(acknowledged > 0);
    })();

    assert.deepEqual(losses, []);
  });
});
