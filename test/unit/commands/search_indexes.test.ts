import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  createSearchIndexes,
  dropSearchIndex,
  isMissingCollection,
  listSearchIndexesPipeline,
  updateSearchIndex,
} from '../../../src/commands/search_indexes.js';
import { MongoServerError } from '../../../src/errors/server.js';
import { commandOf, contextWith, resultOf } from './support.js';

const context = contextWith();

describe('search indexes', () => {
  it('are created, and their names returned', () => {
    const operation = createSearchIndexes(context, [{ name: 's', definition: { mappings: {} } }]);

    assert.deepEqual(commandOf(operation), {
      createSearchIndexes: 'orders',
      indexes: [{ name: 's', definition: { mappings: {} } }],
    });
    assert.deepEqual(resultOf(operation, { indexesCreated: [{ id: '1', name: 's' }] }), ['s']);
  });

  it('are updated and dropped by name', () => {
    assert.deepEqual(commandOf(updateSearchIndex(context, 's', { a: 1 })), {
      updateSearchIndex: 'orders',
      name: 's',
      definition: { a: 1 },
    });
    assert.deepEqual(commandOf(dropSearchIndex(context, 's')), { dropSearchIndex: 'orders', name: 's' });
  });

  it('are dropped with success if their collection is missing', () => {
    assert.ok(isMissingCollection(new MongoServerError({ message: 'ns not found', code: 26 })));
    assert.ok(!isMissingCollection(new MongoServerError({ message: 'no search', code: 31082 })));
  });

  it('are listed by an aggregation', () => {
    assert.deepEqual(listSearchIndexesPipeline('s'), [{ $listSearchIndexes: { name: 's' } }]);
    assert.deepEqual(listSearchIndexesPipeline(undefined), [{ $listSearchIndexes: {} }]);
  });
});
