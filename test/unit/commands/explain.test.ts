import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deleteDocuments } from '../../../src/commands/delete.js';
import { explained } from '../../../src/commands/explain.js';
import { find } from '../../../src/commands/find.js';
import { MongoInvalidArgumentError } from '../../../src/errors/driver.js';
import { commandOf, contextWith } from './support.js';

const context = contextWith();

describe('explain', () => {
  it('takes a verbosity, a boolean, or a verbosity with a time', () => {
    const command = (explain: never) => commandOf(explained(find(context, { a: 1 }, {}), context, explain));
    const inner = { find: 'orders', filter: { a: 1 } };

    assert.deepEqual(command('queryPlanner' as never), { explain: inner, verbosity: 'queryPlanner' });
    assert.deepEqual(command(true as never), { explain: inner, verbosity: 'allPlansExecution' });
    assert.deepEqual(command(false as never), { explain: inner, verbosity: 'queryPlanner' });
    assert.deepEqual(command({ verbosity: 'executionStats', maxTimeMS: 7 } as never), {
      explain: inner,
      verbosity: 'executionStats',
      maxTimeMS: 7,
    });
    for (const wrong of [7, { verbosity: 1 }, { verbosity: 'x', maxTimeMS: '1' }]) {
      assert.throws(() => command(wrong as never), MongoInvalidArgumentError);
    }
  });

  it('holds the statements of a write, which is otherwise sent beside its command', () => {
    const operation = explained(deleteDocuments('deleteOne', context, { a: 1 }, {}), context, 'queryPlanner');

    assert.deepEqual(commandOf(operation), {
      explain: { delete: 'orders', ordered: true, deletes: [{ q: { a: 1 }, limit: 1 }] },
      verbosity: 'queryPlanner',
    });
    assert.equal(operation.retryable, false);
  });

  it('limits the explained command and the explaining on their own', () => {
    const operation = explained(find(context, {}, { maxTimeMS: 5 }), context, { verbosity: 'x', maxTimeMS: 7 });

    assert.deepEqual(commandOf(operation), {
      explain: { find: 'orders', filter: {}, maxTimeMS: 5 },
      verbosity: 'x',
      maxTimeMS: 7,
    });
  });
});
