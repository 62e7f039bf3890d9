import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MongoError } from '../../../src/errors/base.js';
import {
  isMaxTimeMSExpired,
  isNetworkError,
  isNetworkTimeout,
  isRetryableRead,
  isRetryableWrite,
  type StateChange,
  serverErrorCode,
  shouldLabelRetryableWrite,
  stateChangeOf,
} from '../../../src/errors/classify.js';
import { MongoRuntimeError } from '../../../src/errors/driver.js';
import { MongoNetworkError, MongoNetworkTimeoutError } from '../../../src/errors/network.js';
import { MongoServerError, MongoWriteConcernError } from '../../../src/errors/server.js';
import { MongoOperationTimeoutError } from '../../../src/errors/timeout.js';

// Written out again from the specifications, so that a slip in the tables of src/errors/codes.ts shows.
const STATE_CHANGES: Readonly<Record<number, StateChange>> = {
  10107: 'notWritablePrimary',
  13435: 'notWritablePrimary',
  10058: 'notWritablePrimary',
  11602: 'nodeIsRecovering',
  13436: 'nodeIsRecovering',
  189: 'nodeIsRecovering',
  11600: 'nodeIsShuttingDown',
  91: 'nodeIsShuttingDown',
};
const RETRYABLE_READS = [6, 7, 89, 91, 134, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436];
const RETRYABLE_WRITES = RETRYABLE_READS.filter(code => code !== 134);
const EVERY_CODE = Array.from({ length: 14_000 }, (_, code) => code);

const failed = (code: number) => new MongoServerError({ ok: 0, code, errmsg: 'x' });
const codesWhere = (test: (error: MongoError) => boolean) => EVERY_CODE.filter(code => test(failed(code)));
const nested = (code: number) => new MongoWriteConcernError({ ok: 1, writeConcernError: { code, errmsg: 'x' } });
const labelled = (label: string) => new MongoError('x', { labels: [label] });
const byNumber = (a: number, b: number) => a - b;

describe('serverErrorCode', () => {
  it('is the code of the reply before that of its write concern error', () => {
    assert.equal(serverErrorCode(failed(5)), 5);
    assert.equal(serverErrorCode(nested(64)), 64);
    assert.equal(serverErrorCode(new MongoServerError({ ok: 0, writeConcernError: { code: 91 } })), 91);
    assert.equal(serverErrorCode(new MongoServerError({ code: 5, writeConcernError: { code: 91 } })), 5);
  });

  it('is unknown where no server said one', () => {
    for (const error of [new MongoServerError({}), new MongoNetworkError('x'), new Error('x'), null, undefined]) {
      assert.equal(serverErrorCode(error), undefined);
    }
  });
});

describe('stateChangeOf', () => {
  it('knows each code of the table and no other', () => {
    for (const code of EVERY_CODE) assert.equal(stateChangeOf(failed(code)), STATE_CHANGES[code] ?? null, String(code));
  });

  it('looks into the write concern error', () => assert.equal(stateChangeOf(nested(11600)), 'nodeIsShuttingDown'));

  for (const [errmsg, expected] of [
    ['not master', 'notWritablePrimary'],
    ['Not Master and slaveOk=false', 'notWritablePrimary'],
    ['not master or secondary', 'nodeIsRecovering'],
    ['node is recovering', 'nodeIsRecovering'],
    ['something else', null],
  ] as const) {
    it(`reads '${errmsg}' only where there is no code`, () => {
      assert.equal(stateChangeOf(new MongoServerError({ ok: 0, errmsg })), expected);
      assert.equal(stateChangeOf(new MongoServerError({ ok: 0, errmsg, code: 1 })), null);
    });
  }

  it('is about servers only', () => {
    assert.equal(stateChangeOf(new MongoRuntimeError('not master')), null);
    assert.equal(stateChangeOf(new Error('not master')), null);
  });
});

describe('network errors', () => {
  it('are told by class', () => {
    assert.deepEqual(
      [isNetworkError(new MongoNetworkError('x')), isNetworkTimeout(new MongoNetworkError('x'))],
      [true, false],
    );
    assert.deepEqual(
      [isNetworkError(new MongoNetworkTimeoutError('x')), isNetworkTimeout(new MongoNetworkTimeoutError('x'))],
      [true, true],
    );
    assert.equal(isNetworkError(new MongoOperationTimeoutError('x')), false);
  });
});

describe('isMaxTimeMSExpired', () => {
  for (const [title, reply] of [
    ['at the top', { ok: 0, code: 50 }],
    ['in a write error', { ok: 1, writeErrors: [{ code: 11000 }, { code: 50 }] }],
    ['in the write concern error', { ok: 1, writeConcernError: { code: 50 } }],
  ] as const) {
    it(`finds code 50 ${title}`, () => assert.equal(isMaxTimeMSExpired(new MongoServerError(reply)), true));
  }

  it('goes by code alone, not by name or message', () => {
    const reply = { ok: 0, code: 51, codeName: 'MaxTimeMSExpired', errmsg: 'operation exceeded time limit' };

    assert.equal(isMaxTimeMSExpired(new MongoServerError(reply)), false);
    assert.equal(isMaxTimeMSExpired(new MongoServerError({ writeErrors: [{ code: 11000 }] })), false);
    assert.equal(isMaxTimeMSExpired(new Error('x')), false);
  });
});

describe('isRetryableRead', () => {
  it('knows each code of the table and no other', () =>
    assert.deepEqual(codesWhere(isRetryableRead), RETRYABLE_READS.toSorted(byNumber)));

  it('takes network errors and cleared pools', () => {
    assert.equal(isRetryableRead(new MongoNetworkError('x')), true);
    assert.equal(isRetryableRead(labelled('PoolRequestedRetry')), true);
    assert.equal(isRetryableRead(new MongoServerError({ errmsg: 'not master' })), true);
  });

  it('takes nothing else', () => {
    for (const error of [
      new MongoOperationTimeoutError('x'),
      new MongoRuntimeError('x'),
      new Error('x'),
      labelled('A'),
    ]) {
      assert.equal(isRetryableRead(error), false);
    }
  });
});

describe('isRetryableWrite', () => {
  it('goes by the label alone', () => {
    assert.equal(isRetryableWrite(labelled('RetryableWriteError')), true);
    assert.equal(isRetryableWrite(failed(11600)), false);
    assert.equal(isRetryableWrite(new MongoNetworkError('x')), false);
    assert.equal(isRetryableWrite(Object.assign(new Error('x'), { errorLabels: ['RetryableWriteError'] })), false);
  });
});

describe('shouldLabelRetryableWrite', () => {
  const BEFORE_4_4 = 8;
  const FROM_4_4 = 9;

  it('knows each code for servers before 4.4 and no other', () => {
    assert.deepEqual(
      codesWhere(error => shouldLabelRetryableWrite(error, BEFORE_4_4, false)),
      RETRYABLE_WRITES.toSorted(byNumber),
    );
  });

  it('leaves it to servers from 4.4 on', () => {
    assert.equal(shouldLabelRetryableWrite(failed(11600), FROM_4_4, false), false);
    assert.equal(shouldLabelRetryableWrite(failed(11600), undefined, false), false);
  });

  it('labels network errors and cleared pools whatever the server', () => {
    for (const wireVersion of [BEFORE_4_4, FROM_4_4, undefined]) {
      assert.equal(shouldLabelRetryableWrite(new MongoNetworkError('x'), wireVersion, true), true);
      assert.equal(shouldLabelRetryableWrite(labelled('PoolRequestedRetry'), wireVersion, true), true);
    }
  });

  it('looks into the write concern error, but not into that of a mongos', () => {
    const error = new MongoServerError({ ok: 1, writeConcernError: { code: 91 } });

    assert.equal(shouldLabelRetryableWrite(error, BEFORE_4_4, false), true);
    assert.equal(shouldLabelRetryableWrite(error, BEFORE_4_4, true), false);
  });

  it('never labels the timeout of an operation', () => {
    assert.equal(shouldLabelRetryableWrite(new MongoOperationTimeoutError('x'), BEFORE_4_4, false), false);
  });
});
