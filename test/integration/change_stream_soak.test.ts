import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { soakChangeStreams } from '../changestream/soak.js';
import { paced } from '../support/pace.js';

describe('change streams of a replica set that is disrupted under load', () => {
  it('see each change exactly once and in order, in each way of reading', async () => {
    const wrong: string[] = [];
    await paced(async ms => {
      const { changes, faults, complaints, isComplete } = await soakChangeStreams(3, 1, ms);

      wrong.push(...complaints);
      assert.ok(isComplete);
      assert.ok(changes > 0);
      assert.ok(faults.size > 1);
    })();

    assert.deepEqual(wrong, []);
  });
});
