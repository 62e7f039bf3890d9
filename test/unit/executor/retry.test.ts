import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MongoErrorLabel } from '../../../src/errors/codes.js';
import { MongoNetworkError } from '../../../src/errors/network.js';
import { MongoServerError } from '../../../src/errors/server.js';
import { pauseBeforeRetry, shouldRetry } from '../../../src/executor/retry.js';

const broken = new MongoNetworkError('closed');
const OVERLOAD = [MongoErrorLabel.SystemOverloadedError, MongoErrorLabel.RetryableError];
const overloaded = new MongoNetworkError('refused', { labels: OVERLOAD });
const tooMuch = (more: object = {}) =>
  new MongoServerError({ ok: 0, code: 462, errmsg: 'too much', errorLabels: OVERLOAD, ...more });

describe('pauseBeforeRetry', () => {
  it('lets the first retries follow at once, as the recorded drivers do', () => {
    assert.deepEqual(
      [1, 2, 3, 4].map(attempt => pauseBeforeRetry(broken, attempt, true, 0.5, Infinity)),
      [0, 0, 0, 0],
    );
  });

  it('grows from then on, up to 100 ms', () => {
    assert.deepEqual(
      [5, 6, 9, 30].map(attempt => pauseBeforeRetry(broken, attempt, true, 1, Infinity)),
      [2, 4, 32, 100],
    );
  });

  it('is at most half of what remains, so that there is time for the attempt after it', () => {
    assert.deepEqual(
      [400, 100, 10, 1, 0].map(remainingMS => pauseBeforeRetry(broken, 30, true, 1, remainingMS)),
      [100, 50, 5, 1, 1],
    );
  });

  it('is that of the specification after overload, however little remains', () => {
    assert.equal(pauseBeforeRetry(overloaded, 1, true, 1, 10), 200);
  });

  it('is longer from the first on for a server that is overloaded or refuses connections', () => {
    assert.deepEqual(
      [1, 2, 30].map(attempt => pauseBeforeRetry(overloaded, attempt, true, 0.5, Infinity)),
      [100, 200, 5000],
    );
  });

  it('is none without timeoutMS, where there is one retry, but for overload', () => {
    assert.equal(pauseBeforeRetry(broken, 1, false, 1, Infinity), 0);
    assert.equal(pauseBeforeRetry(overloaded, 1, false, 1, Infinity), 200);
  });

  it('takes its measure from the server that says one', () => {
    assert.equal(pauseBeforeRetry(tooMuch({ baseBackoffMS: 10 }), 1, false, 1, Infinity), 20);
    for (const baseBackoffMS of [0, -5, 'x', null]) {
      assert.equal(pauseBeforeRetry(tooMuch({ baseBackoffMS }), 1, false, 1, Infinity), 200);
    }
  });
});

describe('shouldRetry', () => {
  const usual = {
    error: overloaded as unknown,
    attempt: 1,
    access: 'read',
    retryable: true,
    yieldsToOverload: true,
    overloaded: false,
    maxAdaptiveRetries: 2,
    untilDeadline: false,
  } as const;

  it('tries a read once more, and under timeoutMS as often as there is time', () => {
    const attempts = [1, 2, 3, 50];
    const times = (untilDeadline: boolean) =>
      attempts.map(attempt => shouldRetry({ ...usual, error: broken, attempt, untilDeadline }));

    assert.deepEqual(times(false), [true, false, false, false]);
    assert.deepEqual(times(true), [true, true, true, true]);
  });

  it('counts with maxAdaptiveRetries from the first overload on, timeoutMS or not', () => {
    for (const error of [broken, overloaded]) {
      for (const untilDeadline of [true, false]) {
        const failed = { ...usual, error, overloaded: true, untilDeadline };
        assert.deepEqual(
          [1, 2, 3].map(attempt => shouldRetry({ ...failed, attempt })),
          [true, true, false],
        );
        assert.equal(shouldRetry({ ...failed, maxAdaptiveRetries: 0 }), false);
      }
    }
  });

  it('repeats what is not retryable after overload only, and if the options allow it', () => {
    const failed = { ...usual, access: 'write', retryable: false, overloaded: true } as const;

    assert.equal(shouldRetry(failed), true);
    assert.equal(shouldRetry({ ...failed, error: broken }), false);
    assert.equal(shouldRetry({ ...failed, yieldsToOverload: false }), false);
  });

  it('needs both labels', () => {
    for (const label of OVERLOAD) {
      const error = new MongoNetworkError('refused', { labels: [label] });
      assert.equal(shouldRetry({ ...usual, error, retryable: false }), false);
    }
  });
});
