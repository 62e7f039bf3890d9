import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Document } from '../../../src/bson/index.js';
import { update } from '../../../src/commands/update.js';
import { WriteConcern } from '../../../src/concern/write_concern.js';
import { MongoInvalidArgumentError } from '../../../src/errors/driver.js';
import { MongoServerError, MongoWriteConcernError } from '../../../src/errors/server.js';
import { commandOf, contextWith, resultOf } from './support.js';

const context = contextWith();
const filter = { a: 1 };
const change = { $set: { b: 1 } };

const statementOf = (operation: ReturnType<typeof update>) => operation.sequence?.documents[0];

describe('update', () => {
  it('sends one statement beside the command', () => {
    const operation = update('updateOne', contextWith({ writeConcern: new WriteConcern(2) }), filter, change, {
      bypassDocumentValidation: true,
      let: { x: 1 },
      comment: 'why',
      upsert: true,
      hint: 'a_1',
      collation: { locale: 'en' },
      arrayFilters: [{ e: 1 }],
      sort: { a: -1 },
    });

    assert.deepEqual(commandOf(operation), {
      update: 'orders',
      ordered: true,
      writeConcern: { w: 2 },
      comment: 'why',
      bypassDocumentValidation: true,
      let: { x: 1 },
    });
    assert.equal(operation.sequence?.field, 'updates');
    assert.deepEqual(statementOf(operation), {
      q: filter,
      u: change,
      upsert: true,
      hint: 'a_1',
      collation: { locale: 'en' },
      arrayFilters: [{ e: 1 }],
      sort: new Map([['a', -1]]),
    });
  });

  it('is retried unless it changes many documents, which have no first one either', () => {
    const many = update('updateMany', context, filter, change, { sort: { a: 1 } });

    assert.deepEqual(statementOf(many), { q: filter, u: change, multi: true });
    assert.equal(many.retryable, false);
    assert.equal(update('updateOne', context, filter, change, {}).retryable, true);
    assert.equal(update('replaceOne', context, filter, { b: 1 }, {}).retryable, true);
  });

  it('counts an upsert apart from matches', () => {
    const operation = update('updateOne', context, filter, change, { upsert: true });

    assert.deepEqual(resultOf(operation, { n: 1, nModified: 0, upserted: [{ index: 0, _id: 'u' }] }, 1), {
      acknowledged: true,
      matchedCount: 0,
      modifiedCount: 0,
      upsertedCount: 1,
      upsertedId: 'u',
    });
    assert.deepEqual(resultOf(operation, { n: 1, nModified: 1 }, 1), {
      acknowledged: true,
      matchedCount: 1,
      modifiedCount: 1,
      upsertedCount: 0,
      upsertedId: null,
    });
  });

  it('throws the error of the write or of the write concern', () => {
    const operation = update('updateOne', context, filter, change, {});
    const writeErrors = [{ index: 0, code: 121, errmsg: 'not valid' }];

    assert.throws(
      () => resultOf(operation, { n: 0, writeErrors }, 1),
      (error: Error) => error instanceof MongoServerError && error.code === 121,
    );
    assert.throws(
      () => resultOf(operation, { n: 1, writeConcernError: { code: 64, errmsg: 'late' } }, 1),
      MongoWriteConcernError,
    );
  });

  it('counts nothing under an unacknowledged write concern', () => {
    const operation = update('updateOne', contextWith({ writeConcern: new WriteConcern(0) }), filter, change, {});

    assert.equal(operation.unacknowledged, true);
    assert.deepEqual(operation.unacknowledgedResult?.(1), {
      acknowledged: false,
      matchedCount: 0,
      modifiedCount: 0,
      upsertedCount: 0,
      upsertedId: null,
    });
  });

  it('refuses a filter that is no object, an update without operators and a replacement with them', () => {
    const refused: [Parameters<typeof update>[0], unknown, unknown][] = [
      ['updateOne', null, change],
      ['updateMany', [], change],
      ['updateOne', filter, { b: 1 }],
      ['updateMany', filter, []],
      ['replaceOne', filter, change],
      ['replaceOne', filter, [change]],
    ];
    for (const [kind, wrongFilter, wrongChange] of refused) {
      assert.throws(() => update(kind, context, wrongFilter, wrongChange, {}), MongoInvalidArgumentError);
    }
  });

  it('refuses what becomes another write when it is encoded', () => {
    const ignoring = contextWith({ bsonOptions: { ignoreUndefined: true } });
    const vanishing: Document = { owner: undefined };

    assert.throws(() => update('updateMany', ignoring, vanishing, change, {}), /would match every document/);
    assert.throws(() => update('replaceOne', ignoring, filter, vanishing, {}), /the document would be emptied/);
  });
});
