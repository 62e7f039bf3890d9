import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Long } from '../../../src/bson/index.js';
import { deleteDocuments } from '../../../src/commands/delete.js';
import { explained } from '../../../src/commands/explain.js';
import { find } from '../../../src/commands/find.js';
import { listCollections } from '../../../src/commands/list_collections.js';
import { listIndexes } from '../../../src/commands/list_indexes.js';
import { runCursorCommand } from '../../../src/commands/run_command.js';
import {
  createSearchIndexes,
  dropSearchIndex,
  isMissingCollection,
  listSearchIndexesPipeline,
  updateSearchIndex,
} from '../../../src/commands/search_indexes.js';
import { ReadPreference } from '../../../src/concern/read_preference.js';
import { MongoInvalidArgumentError, MongoUnexpectedServerResponseError } from '../../../src/errors/driver.js';
import { MongoServerError } from '../../../src/errors/server.js';
import { commandOf, contextWith, resultOf, targetWith } from './support.js';

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

  it('are not missed when their collection is missing', () => {
    assert.ok(isMissingCollection(new MongoServerError({ message: 'ns not found', code: 26 })));
    assert.ok(!isMissingCollection(new MongoServerError({ message: 'no search', code: 31082 })));
  });

  it('are listed by an aggregation', () => {
    assert.deepEqual(listSearchIndexesPipeline('s'), [{ $listSearchIndexes: { name: 's' } }]);
    assert.deepEqual(listSearchIndexesPipeline(undefined), [{ $listSearchIndexes: {} }]);
  });
});

describe('runCursorCommand', () => {
  it('sends a copy of the command and inherits nothing', () => {
    const given = { checkMetadataConsistency: 1 };
    const operation = runCursorCommand(contextWith({ readPreference: ReadPreference.secondary }), given, {});
    const command = commandOf(operation);

    command['$db'] = 'shop';

    assert.deepEqual(given, { checkMetadataConsistency: 1 });
    assert.equal(operation.name, 'checkMetadataConsistency');
    assert.equal(operation.readPreference.mode, 'primary');
  });

  it('refuses a reply without a cursor', () => {
    assert.throws(() => resultOf(runCursorCommand(context, { ping: 1 }, {}), {}), MongoUnexpectedServerResponseError);
    const reply = { cursor: { id: Long.fromNumber(5), ns: 'shop.orders', firstBatch: [] } };
    assert.equal(resultOf(runCursorCommand(context, { find: 'orders' }, {}), reply).id, 5n);
  });

  it('refuses what is no command', () => {
    for (const command of [null, 'ping', [], {}]) {
      assert.throws(() => runCursorCommand(context, command, {}), MongoInvalidArgumentError);
    }
  });
});

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

describe('rawData', () => {
  it('is sent to servers that know it', () => {
    assert.equal(commandOf(find(context, {}, { rawData: true }), targetWith(27))['rawData'], true);
    assert.equal('rawData' in commandOf(find(context, {}, { rawData: true }), targetWith(26)), false);
  });
});
