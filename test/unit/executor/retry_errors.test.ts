import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MongoError, type OperationPhase } from '../../../src/errors/base.js';
import { MongoErrorLabel } from '../../../src/errors/codes.js';
import { MongoNetworkError } from '../../../src/errors/network.js';
import { MongoServerError } from '../../../src/errors/server.js';
import { MongoOperationTimeoutError } from '../../../src/errors/timeout.js';
import {
  errorToReport,
  labelWriteError,
  maybeApplied,
  shouldRetry,
  withPrevious,
} from '../../../src/executor/retry.js';
import { failure } from '../../support/engine_harness.js';

const { NoWritesPerformed, RetryableWriteError } = MongoErrorLabel;

describe('maybeApplied', () => {
  const inPhase = (phase?: OperationPhase) => maybeApplied(new MongoError('', phase === undefined ? {} : { phase }));

  it('is false for an error from before the command was sent', () => {
    const phases = ['serverSelection', 'checkOut', 'resolve', 'connect', 'proxy', 'tls', 'hello', 'auth', 'preSend'];

    for (const phase of phases) assert.equal(inPhase(phase as OperationPhase), false, phase);
  });

  it('is true for an error from after that, of no known place, or of another kind', () => {
    for (const phase of ['write', 'read', 'server'] as const) assert.equal(inPhase(phase), true, phase);
    assert.equal(inPhase(), true);
    assert.equal(maybeApplied(new RangeError('')), true);
    assert.equal(maybeApplied('a reason'), true);
  });
});

describe('labelWriteError', () => {
  const labelled = (error: Error, wireVersion: number | undefined, isMongos = false) => {
    labelWriteError(error, wireVersion, isMongos);
    return error instanceof MongoError && error.hasErrorLabel(RetryableWriteError);
  };

  it('labels a broken connection to any server', () => {
    for (const wireVersion of [undefined, 8, 21]) {
      assert.equal(labelled(new MongoNetworkError('broken'), wireVersion), true);
    }
  });

  it('labels the errors of servers that do not do it themselves', () => {
    assert.equal(labelled(new MongoServerError(failure(91)), 8), true);
    assert.equal(labelled(new MongoServerError(failure(91)), 9), false);
    assert.equal(labelled(new MongoServerError(failure(2)), 8), false);
  });

  it('labels nothing else', () => {
    assert.equal(labelled(new MongoOperationTimeoutError('late'), 8), false);
    assert.equal(labelled(new RangeError('of a listener'), 8), false);
  });
});

describe('errorToReport', () => {
  const previous = new MongoNetworkError('first');
  const wroteNothing = new MongoServerError(failure(91, { errorLabels: [NoWritesPerformed] }));

  it('is the last error', () => {
    const latest = new MongoServerError(failure(2));

    assert.equal(errorToReport(previous, latest), latest);
    assert.equal(errorToReport(null, latest), latest);
    assert.equal(errorToReport(previous, 'a reason'), 'a reason');
  });

  it('is the one before if the last attempt has written nothing', () => {
    assert.equal(errorToReport(previous, wroteNothing), previous);
    assert.equal(errorToReport(null, wroteNothing), wroteNothing);
  });
});

describe('withPrevious', () => {
  const previous = new MongoNetworkError('first');

  it('adds to a timeout what the attempt before it met', () => {
    const timeout = new MongoOperationTimeoutError('late', { maybeApplied: false });

    assert.equal(withPrevious(timeout, previous, true), timeout);
    assert.equal(timeout.message, 'late. An earlier attempt had failed: first');
    assert.equal(timeout.cause, previous);
    assert.equal(timeout.maybeApplied, true);
  });

  it('is the cause of a timeout that has another cause too, which was applied to nothing if no attempt was sent', () => {
    const cause = new MongoError('no server');
    const timeout = new MongoOperationTimeoutError('late', { maybeApplied: false, cause });

    withPrevious(timeout, previous, false);

    assert.equal(timeout.cause, previous);
    assert.equal(timeout.maybeApplied, false);
    assert.match(timeout.message, /first$/);
  });

  it('adds nothing to a timeout that tells it already', () => {
    const timeout = new MongoOperationTimeoutError('late: first', { cause: previous });

    assert.equal(withPrevious(timeout, previous, true), timeout);

    assert.equal(timeout.message, 'late: first');
  });

  it('adds nothing to the first error, to an error that is no timeout, and to itself', () => {
    const timeout = new MongoOperationTimeoutError('late');
    const other = new MongoServerError(failure(2));

    assert.equal(withPrevious(timeout, null, true), timeout);
    assert.equal(withPrevious(timeout, timeout, true), timeout);
    assert.equal(withPrevious(other, previous, true), other);

    assert.equal(timeout.message, 'late');
    assert.equal(timeout.cause, undefined);
    assert.equal(other.cause, undefined);
  });
});

describe('shouldRetry', () => {
  const failed = (access: 'read' | 'write', error: unknown) =>
    shouldRetry({
      error,
      attempt: 1,
      access,
      retryable: true,
      yieldsToOverload: true,
      overloaded: false,
      maxAdaptiveRetries: 2,
      untilDeadline: false,
    });

  it('asks the code of a failed read, and the label of a failed write', () => {
    const labelled = new MongoServerError(failure(2, { errorLabels: [RetryableWriteError] }));
    const unreachable = new MongoServerError(failure(6));

    assert.equal(failed('read', unreachable), true);
    assert.equal(failed('write', unreachable), false);
    assert.equal(failed('read', labelled), false);
    assert.equal(failed('write', labelled), true);
  });

  it('does not retry what is no error of the driver', () => {
    for (const access of ['read', 'write'] as const) {
      assert.equal(failed(access, new RangeError('of a listener')), false);
      assert.equal(failed(access, 'a reason'), false);
    }
  });
});
