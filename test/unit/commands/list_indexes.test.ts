import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { listCollections } from '../../../src/commands/list_collections.js';
import { listIndexes } from '../../../src/commands/list_indexes.js';
import { ReadPreference } from '../../../src/concern/read_preference.js';
import { commandOf, contextWith } from './support.js';

const context = contextWith();

describe('listIndexes', () => {
  it('names the collection and gives the batch size to the cursor', () => {
    assert.deepEqual(commandOf(listIndexes(context, { batchSize: 3, comment: 'c', maxTimeMS: 50 })), {
      listIndexes: 'orders',
      cursor: { batchSize: 3 },
      maxTimeMS: 50,
      comment: 'c',
    });
  });

  it('selects the primary, even if the collection has another read preference', () => {
    const inherited = contextWith({ readPreference: ReadPreference.secondary });

    assert.equal(listIndexes(inherited, {}).readPreference.mode, 'primary');
    assert.equal(listCollections(inherited, {}, {}).readPreference.mode, 'primary');
  });

  it('selects another member if the call has a read preference', () => {
    const ofCall = contextWith({ readPreference: ReadPreference.secondary });

    assert.equal(listIndexes(ofCall, { readPreference: 'secondary' }).readPreference.mode, 'secondary');
  });
});
