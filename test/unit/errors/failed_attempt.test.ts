import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MongoError } from '../../../src/errors/base.js';
import { withShortJSON } from '../../../src/errors/failed_attempt.js';
import { MongoServerError } from '../../../src/errors/server.js';

const jsonOf = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('the attempts of an operation as JSON', () => {
  it('hold of each error its name, message, code and labels, and not its other fields', () => {
    const error = new MongoServerError({
      ...{ message: 'not primary', code: 10107, codeName: 'NotWritablePrimary', ok: 0 },
      errorLabels: ['RetryableWriteError'],
    });
    error.connectionId = 3;

    const attempts = withShortJSON([
      { host: 'a:27017', durationMS: 5, error },
      { host: 'b:27017', durationMS: 7, error: undefined },
    ]);

    const { name, message, code, codeName, connectionId, errorLabels } = error;
    assert.deepEqual(jsonOf(attempts), [
      { host: 'a:27017', durationMS: 5, error: { name, message, code, codeName, connectionId, errorLabels } },
      { host: 'b:27017', durationMS: 7 },
    ]);
    assert.equal(attempts[0]?.error, error);
  });

  it('hold the cause of an error as text', () => {
    const error = new MongoError('while sending', { cause: new Error('broken pipe'), phase: 'write' });

    assert.deepEqual(jsonOf(withShortJSON([{ host: undefined, durationMS: 5, error }])), [
      {
        durationMS: 5,
        error: { name: 'MongoError', message: 'while sending', phase: 'write', cause: 'Error: broken pipe' },
      },
    ]);
  });

  it('hold of an error that is not of the driver its name and message', () => {
    const error = Object.assign(new TypeError('no function'), { other: 5 });

    assert.deepEqual(jsonOf(withShortJSON([{ host: 'a:27017', durationMS: 5, error }])), [
      { host: 'a:27017', durationMS: 5, error: { name: 'TypeError', message: 'no function' } },
    ]);
  });
});
