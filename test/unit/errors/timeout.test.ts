import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MongoOperationTimeoutError } from '../../../src/errors/timeout.js';

describe('MongoOperationTimeoutError', () => {
  it('has only the fields that are known', () => {
    const error = new MongoOperationTimeoutError('late', { timeoutMS: 5, maybeApplied: false });

    assert.equal(error.timeoutMS, 5);
    assert.equal(error.maybeApplied, false);
    assert.deepEqual(error.timings, []);
    assert.equal('elapsedMS' in error, false);
    assert.equal('eventLoopDelayMS' in error, false);
  });
});
