import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deleteDocuments } from '../../../src/commands/delete.js';
import { WriteConcern } from '../../../src/concern/write_concern.js';
import { MongoCompatibilityError, MongoInvalidArgumentError } from '../../../src/errors/driver.js';
import { MongoServerError } from '../../../src/errors/server.js';
import { commandOf, contextWith, resultOf, targetWith } from './support.js';

const context = contextWith();
const unacknowledged = contextWith({ writeConcern: new WriteConcern(0) });

describe('deleteDocuments', () => {
  it('sends one statement beside the command', () => {
    const operation = deleteDocuments(
      'deleteOne',
      context,
      { a: 1 },
      {
        hint: 'a_1',
        collation: { locale: 'en' },
        let: { x: 1 },
        comment: 'why',
      },
    );

    assert.deepEqual(commandOf(operation), { delete: 'orders', ordered: true, comment: 'why', let: { x: 1 } });
    assert.deepEqual(operation.sequence, {
      field: 'deletes',
      documents: [{ q: { a: 1 }, limit: 1, hint: 'a_1', collation: { locale: 'en' } }],
      from: 0,
    });
  });

  it('is retried unless it deletes all documents that match', () => {
    const one = deleteDocuments('deleteOne', context, {}, {});
    const many = deleteDocuments('deleteMany', context, {}, {});

    assert.deepEqual([one.retryable, many.retryable], [true, false]);
    assert.deepEqual(many.sequence?.documents, [{ q: {}, limit: 0 }]);
  });

  it('counts the documents, and none under an unacknowledged write concern', () => {
    const operation = deleteDocuments('deleteMany', context, {}, {});

    assert.deepEqual(resultOf(operation, { n: 3 }, 1), { acknowledged: true, deletedCount: 3 });
    assert.deepEqual(resultOf(operation, {}, 1), { acknowledged: true, deletedCount: 0 });
    assert.deepEqual(operation.unacknowledgedResult?.(1), { acknowledged: false, deletedCount: 0 });
    assert.equal(deleteDocuments('deleteOne', unacknowledged, {}, {}).unacknowledged, true);
  });

  it('throws the error of the write', () => {
    const reply = { n: 0, writeErrors: [{ index: 0, code: 9, errmsg: 'no' }] };

    assert.throws(() => resultOf(deleteDocuments('deleteOne', context, {}, {}), reply, 1), MongoServerError);
  });

  it('refuses a hint of an unacknowledged delete that an old server does not know', () => {
    const options = { hint: 'a_1' };

    assert.throws(
      () => commandOf(deleteDocuments('deleteOne', unacknowledged, {}, options), targetWith(8)),
      MongoCompatibilityError,
    );
    assert.doesNotThrow(() => commandOf(deleteDocuments('deleteOne', unacknowledged, {}, options), targetWith(9)));
    assert.doesNotThrow(() => commandOf(deleteDocuments('deleteOne', context, {}, options), targetWith(8)));
  });

  it('refuses a filter that is no object, or that would match every document when it is encoded', () => {
    const ignoring = contextWith({ bsonOptions: { ignoreUndefined: true } });

    assert.throws(() => deleteDocuments('deleteOne', context, null, {}), MongoInvalidArgumentError);
    assert.throws(() => deleteDocuments('deleteMany', ignoring, { a: undefined }, {}), /would match every document/);
  });
});
