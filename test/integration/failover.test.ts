import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { failOver } from '../failover/failover.js';

describe('a replica set whose primary is disrupted under load', () => {
  it('loses no acknowledged write, and takes writes within a heartbeat of having a primary', async () => {
    const { acknowledged, rounds, complaints } = await failOver(5);

    assert.deepEqual(complaints, []);
    assert.equal(rounds.length, 5);
    assert.ok(acknowledged > 0);
  });
});
