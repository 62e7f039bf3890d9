import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Int32 } from 'bson';
import { type ExpectedError, matchError, type ObservedError } from '../../spec/unified/expected_error.js';

const CONTEXT = { entities: new Map<string, unknown>(), lsidOf: () => undefined };

const ERROR: ObservedError = {
  messages: ['E11000 duplicate key', 'second'],
  codes: [11000, 91],
  codeNames: ['DuplicateKey', 'ShutdownInProgress'],
  labels: ['RetryableWriteError', 'NoWritesPerformed'],
  isClientError: false,
  isTimeoutError: false,
  response: { ok: 0, code: 11000, keyPattern: { x: 1 } },
  writeErrors: { 0: { code: 1, message: 'a' }, 2: { code: 2 } },
  writeConcernErrors: [{ code: 91, message: 'b' }],
  partialResult: { insertedCount: 2, deletedCount: 0 },
};

const accepts = (expected: ExpectedError, error: Partial<ObservedError> = {}) =>
  assert.equal(matchError(expected, { ...ERROR, ...error }, CONTEXT), null);
const refuses = (expected: ExpectedError, message: RegExp, error: Partial<ObservedError> = {}) =>
  assert.match(matchError(expected, { ...ERROR, ...error }, CONTEXT) ?? 'it matches', message);

describe('matchError', () => {
  it('needs an error', () => {
    accepts({ isError: true });
    assert.match(
      matchError({ isError: true }, undefined, CONTEXT) ?? '',
      /\{"isError":true\}, but the operation succeeded/,
    );
    assert.throws(() => matchError({ isError: false }, ERROR, CONTEXT), /can only be true/);
  });

  it('shows the error that it got', () => {
    refuses({ isClientError: true }, /; the error is "E11000 duplicate key"$/);
    refuses({ isClientError: true }, /; the error is ""$/, { messages: [] });
  });

  it('tells errors of the client from those of the server', () => {
    accepts({ isClientError: false });
    accepts({ isClientError: true }, { isClientError: true });
    refuses({ isClientError: true }, /^expected an error of the client/);
    refuses({ isClientError: false }, /^expected an error of the server/, { isClientError: true });
  });

  it('tells timeouts from other errors', () => {
    accepts({ isTimeoutError: false });
    accepts({ isTimeoutError: true }, { isTimeoutError: true });
    refuses({ isTimeoutError: true }, /^expected a timeout error/);
    refuses({ isTimeoutError: false }, /^expected an error that is no timeout/, { isTimeoutError: true });
  });

  it('looks for a text in any message, whatever its case', () => {
    accepts({ errorContains: 'e11000 DUP' });
    accepts({ errorContains: 'Second' });
    refuses({ errorContains: 'third' }, /^expected a message with "third", actual \["E11000 duplicate key","second"\]/);
  });

  it('looks for a code among all, of any type of number', () => {
    accepts({ errorCode: new Int32(11000) });
    accepts({ errorCode: 91 }, { codes: [11000, 91n] });
    refuses({ errorCode: 12 }, /^expected code 12, actual 11000, 91/);
    refuses({ errorCode: 12 }, /^expected code 12, actual none/, { codes: [] });
    refuses({ errorCode: 12 }, /^expected code 12, actual 12/, { codes: ['12'] });
    assert.throws(() => matchError({ errorCode: 'x' }, ERROR, CONTEXT), /errorCode takes a number/);
  });

  it('looks for the name of a code among all', () => {
    accepts({ errorCodeName: 'ShutdownInProgress' });
    refuses({ errorCodeName: 'duplicatekey' }, /^expected code name duplicatekey, actual DuplicateKey, Shutdown/);
  });

  it('needs every label that is to be there, and none that is not', () => {
    accepts({ errorLabelsContain: ['NoWritesPerformed', 'RetryableWriteError'], errorLabelsOmit: ['Other'] });
    refuses(
      { errorLabelsContain: ['RetryableWriteError', 'A', 'B'] },
      /^expected label A, B, actual RetryableWriteError/,
    );
    refuses({ errorLabelsOmit: ['A', 'NoWritesPerformed'] }, /^expected no label NoWritesPerformed, actual /);
    refuses({ errorLabelsContain: ['A'] }, /actual none;/, { labels: [] });
  });

  it('matches the reply of the server as a root document', () => {
    accepts({ errorResponse: { code: 11000 } });
    refuses({ errorResponse: { code: 8 } }, /^errorResponse differs at code: expected 8, actual 11000/);
    refuses({ errorResponse: { keyPattern: {} } }, /^errorResponse differs at keyPattern/);
    const { response: _, ...without } = ERROR;
    assert.match(matchError({ errorResponse: {} }, without, CONTEXT) ?? '', /actual nothing/);
  });

  it('needs a write error at each index that is named, and at no other', () => {
    accepts({ writeErrors: { 0: { code: 1 }, 2: { code: 2 } } });
    accepts({ writeErrors: {} }, { writeErrors: {} });
    refuses({ writeErrors: { 0: { code: 1 } } }, /^unexpected write errors at 2/);
    refuses({ writeErrors: { 0: { code: 7 }, 2: {} } }, /^writeErrors.0 differs at code: expected 7, actual 1/);
    refuses({ writeErrors: { 1: {} } }, /^writeErrors.1 differs at the root: expected \{\}, actual nothing/);
    const { writeErrors: _, ...without } = ERROR;
    assert.match(matchError({ writeErrors: { 0: {} } }, without, CONTEXT) ?? '', /^writeErrors.0 differs/);
  });

  it('needs the write concern errors in their order, and no more', () => {
    accepts({ writeConcernErrors: [{ code: 91 }] });
    refuses({ writeConcernErrors: [] }, /^writeConcernErrors differ .*0 elements expected, 1 found/);
    refuses({ writeConcernErrors: [{ code: 1 }] }, /^writeConcernErrors differ at \[0\]\.code/);
    const { writeConcernErrors: _, ...without } = ERROR;
    assert.match(matchError({ writeConcernErrors: [{}] }, without, CONTEXT) ?? '', /1 elements expected, 0 found/);
  });

  it('matches the partial result as a root document', () => {
    accepts({ expectResult: { insertedCount: 2 } });
    refuses({ expectResult: { insertedCount: 3 } }, /^the partial result differs at insertedCount/);
    const { partialResult: _, ...without } = ERROR;
    assert.equal(matchError({ expectResult: { $$unsetOrMatches: { a: 1 } } }, without, CONTEXT), null);
    assert.match(matchError({ expectResult: {} }, without, CONTEXT) ?? '', /actual nothing/);
  });
});
