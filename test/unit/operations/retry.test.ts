import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MongoErrorLabel } from '../../../src/errors/codes.js';
import { MongoNetworkError } from '../../../src/errors/network.js';
import { pauseBeforeRetry } from '../../../src/operations/retry.js';

const broken = new MongoNetworkError('closed');
const overloaded = new MongoNetworkError('refused', { labels: [MongoErrorLabel.SystemOverloadedError] });

describe('pauseBeforeRetry', () => {
  it('lets the first retries follow at once, as the recorded drivers do', () => {
    assert.deepEqual(
      [1, 2, 3, 4].map(attempt => pauseBeforeRetry(broken, attempt, true, 0.5)),
      [0, 0, 0, 0],
    );
  });

  it('grows from then on, up to 100 ms', () => {
    assert.deepEqual(
      [5, 6, 9, 30].map(attempt => pauseBeforeRetry(broken, attempt, true, 1)),
      [2, 4, 32, 100],
    );
  });

  it('is longer from the first on for a server that is overloaded or refuses connections', () => {
    assert.deepEqual(
      [1, 2, 30].map(attempt => pauseBeforeRetry(overloaded, attempt, true, 0.5)),
      [100, 200, 5000],
    );
  });

  it('is none without timeoutMS, where there is one retry', () => {
    assert.equal(pauseBeforeRetry(overloaded, 1, false, 1), 0);
  });
});
