import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Long } from '../../../src/bson/index.js';
import { type GetMoreOptions, getMore, killCursors } from '../../../src/commands/get_more.js';
import { ReadPreference } from '../../../src/concern/read_preference.js';
import { MongoUnexpectedServerResponseError } from '../../../src/errors/driver.js';
import { commandOf, contextWith, resultOf, targetWith } from './support.js';

const context = contextWith({ readPreference: ReadPreference.secondary });
const cursor = { id: 5n, namespace: 'other.$cmd.list', address: 'db1:27017' };
const PLAIN: GetMoreOptions = {
  batchSize: undefined,
  comment: undefined,
  kind: 'nonTailable',
  maxAwaitTimeMS: undefined,
};

describe('getMore', () => {
  it('names the collection of the cursor, in the database of the cursor', () => {
    const operation = getMore(cursor, context, PLAIN);

    assert.deepEqual(commandOf(operation), { getMore: Long.fromNumber(5), collection: '$cmd.list' });
    assert.deepEqual([operation.database, operation.namespace], ['other', 'other.$cmd.list']);
    assert.equal(operation.readPreference.mode, 'secondary');
    assert.equal(operation.retryable, false);
  });

  it('sends the batch size, and a comment to servers that know it', () => {
    const operation = getMore(cursor, context, { ...PLAIN, batchSize: 3, comment: 'why' });

    const { batchSize, comment } = commandOf(operation, targetWith(9));
    assert.deepEqual([batchSize, comment], [3, 'why']);
    assert.equal('comment' in commandOf(operation, targetWith(8)), false);
  });

  it('has a time of its own only if the server waits for new documents', () => {
    const awaits = getMore(cursor, context, { ...PLAIN, kind: 'tailableAwait', maxAwaitTimeMS: 50 });
    const tailable = getMore(cursor, context, { ...PLAIN, kind: 'tailable', maxAwaitTimeMS: 50 });

    assert.deepEqual([awaits.maxTime, tailable.maxTime], [50, 'omit']);
    assert.equal(commandOf(awaits)['maxTimeMS'], 50);
    assert.equal(getMore(cursor, context, { ...PLAIN, kind: 'tailableAwait' }).maxTime, 'omit');
  });

  it('results in the next batch of the same cursor', () => {
    const reply = { cursor: { id: Long.fromNumber(5), nextBatch: [] } };

    assert.equal(resultOf(getMore(cursor, context, PLAIN), reply).namespace, 'other.$cmd.list');
  });

  it('refuses a cursor whose namespace cannot be used', () => {
    assert.throws(() => getMore({ ...cursor, namespace: '' }, context, PLAIN), MongoUnexpectedServerResponseError);
  });
});

describe('killCursors', () => {
  it('names the cursor, or all that are to be closed', () => {
    assert.deepEqual(commandOf(killCursors(cursor, context)), {
      killCursors: '$cmd.list',
      cursors: [Long.fromNumber(5)],
    });
    assert.deepEqual(commandOf(killCursors(cursor, context, [5n, 6n]))['cursors'], [
      Long.fromNumber(5),
      Long.fromNumber(6),
    ]);
  });
});
