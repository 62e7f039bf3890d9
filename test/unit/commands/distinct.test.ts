import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { distinct } from '../../../src/commands/distinct.js';
import { MongoInvalidArgumentError, MongoUnexpectedServerResponseError } from '../../../src/errors/driver.js';
import { commandOf, contextWith, resultOf } from './support.js';

const context = contextWith();

describe('distinct', () => {
  it('sends the field, the filter and the options that are fields of the command', () => {
    const options = { hint: 'a_1', collation: { locale: 'en' }, comment: 'why' };

    assert.deepEqual(commandOf(distinct(context, 'a', { b: 1 }, options)), {
      distinct: 'orders',
      key: 'a',
      query: { b: 1 },
      ...options,
    });
  });

  it('gives the values', () => {
    const operation = distinct(context, 'a', {}, {});

    assert.deepEqual(resultOf(operation, { values: [1, 'x', null] }), [1, 'x', null]);
    assert.throws(() => resultOf(operation, { values: 5 }), MongoUnexpectedServerResponseError);
  });

  it('refuses a field that is no name', () => {
    assert.throws(() => distinct(context, undefined, {}, {}), MongoInvalidArgumentError);
  });
});
