import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createCollection } from '../../../src/commands/create_collection.js';
import { WriteConcern } from '../../../src/concern/write_concern.js';
import { MongoCompatibilityError, MongoInvalidArgumentError } from '../../../src/errors/driver.js';
import { MongoWriteConcernError } from '../../../src/errors/server.js';
import { commandOf, contextWith, resultOf } from './support.js';

const context = contextWith();

describe('createCollection', () => {
  it('sends the options that are fields of the command', () => {
    const fields = { capped: true, size: 4096, max: 5, validator: { a: 1 }, collation: { locale: 'en' } };
    const own = contextWith({ writeConcern: new WriteConcern('majority') });

    assert.deepEqual(commandOf(createCollection(own, 'items', { ...fields, comment: 'why' })), {
      create: 'items',
      ...fields,
      writeConcern: { w: 'majority' },
      comment: 'why',
    });
  });

  it('sends options that no version of the driver knows, and leaves those of other methods and the driver out', () => {
    const options = {
      fieldOfANewerServer: 1,
      limit: 3,
      maxPoolSize: 5,
      capped: undefined,
      callback: () => 1,
    } as object;

    assert.deepEqual(commandOf(createCollection(context, 'items', options)), {
      create: 'items',
      fieldOfANewerServer: 1,
    });
  });

  it('throws the write concern error', () => {
    const reply = { writeConcernError: { code: 64, errmsg: 'late' } };

    assert.throws(() => resultOf(createCollection(context, 'items', {}), reply), MongoWriteConcernError);
  });

  it('refuses a pipeline that is none, and encrypted fields', () => {
    assert.throws(
      () => createCollection(context, 'items', { viewOn: 'orders', pipeline: {} as never }),
      MongoInvalidArgumentError,
    );
    assert.throws(() => createCollection(context, 'items', { encryptedFields: {} }), MongoCompatibilityError);
  });
});
