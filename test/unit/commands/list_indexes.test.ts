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

  it('asks the primary, whatever the collection reads from', () => {
    const inherited = contextWith({ readPreference: ReadPreference.secondary });

    assert.equal(listIndexes(inherited, {}).readPreference.mode, 'primary');
    assert.equal(listCollections(inherited, {}, {}).readPreference.mode, 'primary');
  });

  it('asks another member when the call says so', () => {
    const ofCall = contextWith({ readPreference: ReadPreference.secondary });

    assert.equal(listIndexes(ofCall, { readPreference: 'secondary' }).readPreference.mode, 'secondary');
  });
});
