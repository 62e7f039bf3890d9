import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Timestamp } from '../../../src/bson/index.js';
import {
  afterBatch,
  afterChange,
  isResumable,
  isResumeRepeatable,
  resumeAt,
  type StreamPosition,
  startOf,
} from '../../../src/cursor/resume.js';
import {
  MongoChangeStreamError,
  MongoClientClosedError,
  MongoInvalidArgumentError,
  MongoUnexpectedServerResponseError,
} from '../../../src/errors/driver.js';
import { MongoNetworkError, MongoNetworkTimeoutError } from '../../../src/errors/network.js';
import { MongoServerError } from '../../../src/errors/server.js';

/** MongoDB 4.2 and 4.4. */
const WITHOUT_LABELS = 8;
const WITH_LABELS = 9;

const RESUMABLE = 'ResumableChangeStreamError';
const NON_RESUMABLE = 'NonResumableChangeStreamError';

/** The list of the specification. */
const CODES = [6, 7, 63, 89, 91, 133, 150, 189, 234, 262, 9001, 10107, 11600, 11602, 13388, 13435, 13436];

const serverError = (code: number, ...labels: string[]) =>
  new MongoServerError({ ok: 0, code, errmsg: 'failed' }, { labels });

const token = (name: string) => ({ _data: name });
const TIME = new Timestamp({ t: 10, i: 1 });
const LATER = new Timestamp({ t: 20, i: 1 });

const NO_START = {};
const BATCH = { opensStream: true, isEmpty: true, token: undefined, operationTime: undefined };

describe('the errors of a getMore after which a change stream is resumed', () => {
  it('are network errors, on any server', () => {
    for (const wireVersion of [WITHOUT_LABELS, WITH_LABELS, undefined]) {
      assert.equal(isResumable(new MongoNetworkError('reset'), wireVersion), true);
      assert.equal(isResumable(new MongoNetworkTimeoutError('silence'), wireVersion), true);
    }
  });

  it('are those that say that the cursor is not there', () => {
    assert.equal(isResumable(serverError(43), WITH_LABELS), true);
    assert.equal(isResumable(serverError(43), WITHOUT_LABELS), true);
  });

  it('are those that the server has labelled', () => {
    assert.equal(isResumable(serverError(1, RESUMABLE), WITH_LABELS), true);
    assert.equal(isResumable(serverError(1, RESUMABLE), undefined), true);
  });

  it('are those of the list from a server that knows no labels', () => {
    for (const code of CODES) {
      assert.equal(isResumable(serverError(code), WITHOUT_LABELS), true, String(code));
      assert.equal(isResumable(serverError(code), WITH_LABELS), false, String(code));
      assert.equal(isResumable(serverError(code), undefined), false, String(code));
    }
    assert.equal(isResumable(serverError(1), WITHOUT_LABELS), false);
  });

  it('are none that the server says cannot be resumed', () => {
    assert.equal(isResumable(serverError(6, NON_RESUMABLE), WITHOUT_LABELS), false);
    assert.equal(isResumable(serverError(43, NON_RESUMABLE), WITH_LABELS), false);
    assert.equal(isResumable(serverError(286, NON_RESUMABLE, RESUMABLE), WITH_LABELS), false);
  });

  it("are no mistakes of the caller, no malformed replies and none of the driver's own errors", () => {
    const errors = [
      new MongoInvalidArgumentError('wrong'),
      new MongoUnexpectedServerResponseError('malformed'),
      new MongoChangeStreamError('no token'),
      new MongoClientClosedError(),
      new TypeError('a defect'),
      'aborted',
      undefined,
    ];
    for (const error of errors) assert.equal(isResumable(error, WITH_LABELS), false, String(error));
  });
});

describe('a resume that failed', () => {
  it('is repeated after whatever a getMore or a read is repeated after', () => {
    assert.equal(isResumeRepeatable(new MongoNetworkError('reset'), WITH_LABELS), true);
    assert.equal(isResumeRepeatable(serverError(10107), WITH_LABELS), true);
    assert.equal(isResumeRepeatable(serverError(134), WITH_LABELS), true);
    assert.equal(isResumeRepeatable(serverError(1, RESUMABLE), WITH_LABELS), true);
  });

  it('is not repeated when its start is gone or the server refuses it', () => {
    assert.equal(isResumeRepeatable(serverError(286, NON_RESUMABLE), WITH_LABELS), false);
    assert.equal(isResumeRepeatable(serverError(10107, NON_RESUMABLE), WITH_LABELS), false);
    assert.equal(isResumeRepeatable(serverError(18), WITH_LABELS), false);
    assert.equal(isResumeRepeatable(new MongoInvalidArgumentError('wrong'), WITH_LABELS), false);
  });
});

describe('the position of a change stream', () => {
  it('begins with the token that the caller gave', () => {
    assert.deepEqual(startOf({ resumeAfter: token('r') }).token, token('r'));
    assert.deepEqual(startOf({ startAfter: token('s') }).token, token('s'));
    assert.deepEqual(startOf({ startAfter: token('s'), resumeAfter: token('r') }).token, token('s'));
    assert.equal(startOf({ startAtOperationTime: TIME }).token, undefined);
    assert.equal(startOf({ resumeAfter: null }).token, undefined);
  });

  it('moves to the token of an empty batch', () => {
    const after = afterBatch(startOf(NO_START), { ...BATCH, token: token('b') }, NO_START);

    assert.deepEqual(after.token, token('b'));
    assert.equal(after.hasReturned, false);
  });

  it('stays where it is when a batch with changes comes', () => {
    const before = startOf({ resumeAfter: token('r') });

    assert.deepEqual(afterBatch(before, { ...BATCH, isEmpty: false, token: token('b') }, NO_START), before);
  });

  it('moves to the token of a change, and after the last of a batch to that of the batch', () => {
    const before = startOf(NO_START);

    assert.deepEqual(afterChange(before, token('c'), undefined).token, token('c'));
    assert.deepEqual(afterChange(before, token('c'), token('b')).token, token('b'));
    assert.equal(afterChange(before, token('c'), undefined).hasReturned, true);
  });

  it('keeps the operation time of the opening aggregate only if there is nothing better', () => {
    const timed = { ...BATCH, operationTime: TIME };
    const timeAfter = (batch: typeof timed, given: object) => afterBatch(startOf(given), batch, given).operationTime;

    assert.equal(timeAfter(timed, NO_START), TIME);
    assert.equal(timeAfter(timed, { resumeAfter: null }), TIME);
    assert.equal(timeAfter({ ...timed, isEmpty: false }, NO_START), undefined);
    assert.equal(timeAfter({ ...timed, opensStream: false }, NO_START), undefined);
    assert.equal(timeAfter({ ...timed, token: token('b') as never }, NO_START), undefined);
    for (const given of [{ resumeAfter: token('r') }, { startAfter: token('s') }, { startAtOperationTime: LATER }]) {
      assert.equal(timeAfter(timed, given), undefined);
    }
  });
});

describe('the aggregate that resumes a change stream', () => {
  const at = (given: object, position: Partial<StreamPosition>) => resumeAt(given, { ...startOf(given), ...position });

  it('resumes after the token, whatever the caller began with', () => {
    const known = { token: token('t'), hasReturned: true };

    assert.deepEqual(at(NO_START, known), { resumeAfter: token('t') });
    assert.deepEqual(at({ resumeAfter: token('r') }, known), { resumeAfter: token('t') });
    assert.deepEqual(at({ startAfter: token('s') }, known), { resumeAfter: token('t') });
    assert.deepEqual(at({ startAtOperationTime: TIME }, known), { resumeAfter: token('t') });
  });

  it('starts after the token while a stream that was started after one has returned nothing: it may be that of an invalidate', () => {
    assert.deepEqual(at({ startAfter: token('s') }, {}), { startAfter: token('s') });
    assert.deepEqual(at({ startAfter: token('s') }, { token: token('b') }), { startAfter: token('b') });
    assert.deepEqual(at({ resumeAfter: token('r') }, {}), { resumeAfter: token('r') });
  });

  it('starts at the operation time where there is no token', () => {
    assert.deepEqual(at(NO_START, { operationTime: TIME }), { startAtOperationTime: TIME });
  });

  it("begins where the caller's did if nothing is known", () => {
    const given = { startAtOperationTime: TIME };

    assert.equal(at(given, {}), given);
  });
});
