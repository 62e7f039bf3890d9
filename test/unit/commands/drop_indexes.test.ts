import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dropIndexes } from '../../../src/commands/drop_indexes.js';
import { MongoWriteConcernError } from '../../../src/errors/server.js';
import { commandOf, contextWith, resultOf } from './support.js';

const context = contextWith();

describe('dropIndexes', () => {
  it('names the index by its name or its keys', () => {
    for (const index of ['a_1', '*', { a: 1 }]) {
      assert.deepEqual(commandOf(dropIndexes(context, index, { comment: 'why' })), {
        dropIndexes: 'orders',
        index,
        comment: 'why',
      });
    }
  });

  it('results in the reply, or throws the write concern error', () => {
    const operation = dropIndexes(context, '*', {});

    assert.deepEqual(resultOf(operation, { nIndexesWas: 3 }), { ok: 1, nIndexesWas: 3 });
    assert.throws(
      () => resultOf(operation, { writeConcernError: { code: 64, errmsg: 'late' } }),
      MongoWriteConcernError,
    );
  });
});
