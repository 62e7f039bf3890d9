import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { listCollections } from '../../../src/commands/list_collections.js';
import { commandOf, contextWith, resultOf } from './support.js';

const context = contextWith();

describe('listCollections', () => {
  it('sends the filter, with defaults for the options', () => {
    const common = { listCollections: 1, filter: { name: 'a' } };

    assert.deepEqual(commandOf(listCollections(context, { name: 'a' }, {})), {
      ...common,
      cursor: {},
      nameOnly: false,
      authorizedCollections: false,
    });
    const options = { nameOnly: true, authorizedCollections: true, batchSize: 5 };
    assert.deepEqual(commandOf(listCollections(context, { name: 'a' }, options)), {
      ...common,
      cursor: { batchSize: 5 },
      nameOnly: true,
      authorizedCollections: true,
    });
  });

  it('knows the namespace of its cursor if the server names none', () => {
    const reply = { cursor: { id: 5, firstBatch: [] } };

    assert.equal(resultOf(listCollections(context, {}, {}), reply).namespace, 'shop.$cmd.listCollections');
  });
});
