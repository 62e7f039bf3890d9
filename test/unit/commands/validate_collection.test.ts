import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { validateCollection } from '../../../src/commands/validate_collection.js';
import { MongoUnexpectedServerResponseError } from '../../../src/errors/driver.js';
import { commandOf, contextWith, resultOf } from './support.js';

const context = contextWith();

describe('validateCollection', () => {
  it('sends the options that are fields of the command, and unknown ones', () => {
    const options = { full: true, background: false, fieldOfANewerServer: 1 } as object;

    assert.deepEqual(commandOf(validateCollection(context, 'orders', options)), { validate: 'orders', ...options });
  });

  it('results in the reply, unless the collection is not valid', () => {
    const operation = validateCollection(context, 'orders', {});

    assert.deepEqual(resultOf(operation, { valid: true }), { ok: 1, valid: true });
    assert.throws(() => resultOf(operation, { valid: false }), /Invalid collection orders/);
    assert.throws(() => resultOf(operation, { valid: false }), MongoUnexpectedServerResponseError);
  });
});
