import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { systemRandom } from '../../../src/runtime/random.js';

describe('systemRandom', () => {
  it('gives numbers from 0 to 1 that differ', () => {
    const numbers = Array.from({ length: 1000 }, () => systemRandom.next());

    assert.ok(numbers.every(number => number >= 0 && number < 1));
    assert.ok(new Set(numbers).size > 990);
  });

  it('gives as many bytes as asked for', () => {
    assert.equal(systemRandom.bytes(24).length, 24);
    assert.notDeepEqual(systemRandom.bytes(24), systemRandom.bytes(24));
  });
});
