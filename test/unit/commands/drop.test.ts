import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dropCollection, dropDatabase, isMissingNamespace } from '../../../src/commands/drop.js';
import { WriteConcern } from '../../../src/concern/write_concern.js';
import { MongoServerError, MongoWriteConcernError } from '../../../src/errors/server.js';
import { commandOf, contextWith, resultOf } from './support.js';

const context = contextWith();

describe('dropCollection and dropDatabase', () => {
  it('send the write concern, and are never retried', () => {
    const own = contextWith({ writeConcern: new WriteConcern('majority') });
    const collection = dropCollection(own, { comment: 'why' });
    const database = dropDatabase(own, {});

    assert.deepEqual(commandOf(collection), { drop: 'orders', writeConcern: { w: 'majority' }, comment: 'why' });
    assert.deepEqual(commandOf(database), { dropDatabase: 1, writeConcern: { w: 'majority' } });
    assert.deepEqual([collection.retryable, database.retryable], [false, false]);
  });

  it('result in true, or throw the write concern error', () => {
    assert.equal(resultOf(dropCollection(context, {}), {}), true);
    assert.throws(
      () => resultOf(dropDatabase(context, {}), { writeConcernError: { code: 64, errmsg: 'late' } }),
      MongoWriteConcernError,
    );
  });
});

describe('isMissingNamespace', () => {
  it('is true for NamespaceNotFound only', () => {
    assert.equal(isMissingNamespace(new MongoServerError({ code: 26 })), true);
    for (const other of [new MongoServerError({ code: 13 }), null, 'x']) assert.equal(isMissingNamespace(other), false);
  });
});
