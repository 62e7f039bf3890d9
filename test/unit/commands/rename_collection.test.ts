import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { renameCollection } from '../../../src/commands/rename_collection.js';
import { MongoWriteConcernError } from '../../../src/errors/server.js';
import { commandOf, contextWith, resultOf } from './support.js';

const context = contextWith();

describe('renameCollection', () => {
  it('sends both namespaces to the database admin', () => {
    const operation = renameCollection(context, 'old', { dropTarget: true });

    assert.deepEqual(commandOf(operation), { renameCollection: 'shop.orders', to: 'shop.old', dropTarget: true });
    assert.deepEqual([operation.database, operation.namespace], ['admin', 'shop.orders']);
    assert.equal(commandOf(renameCollection(context, 'old', {}))['dropTarget'], false);
  });

  it('throws the write concern error', () => {
    const reply = { writeConcernError: { code: 64, errmsg: 'late' } };

    assert.throws(() => resultOf(renameCollection(context, 'old', {}), reply), MongoWriteConcernError);
  });
});
