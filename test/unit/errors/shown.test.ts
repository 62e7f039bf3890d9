import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { shown } from '../../../src/errors/shown.js';

describe('a wrong value in a message', () => {
  it('is shown as JSON, and by its type where there is none, so that the error is not a TypeError', () => {
    const circle: Record<string, unknown> = {};
    circle['circle'] = circle;
    assert.deepEqual(['x', { a: 1 }, undefined, 5n, Symbol('x'), () => 1, { a: 5n }, circle].map(shown), [
      '"x"',
      '{"a":1}',
      'a undefined',
      'a bigint',
      'a symbol',
      'a function',
      'an object that is no JSON',
      'an object that is no JSON',
    ]);
  });
});
