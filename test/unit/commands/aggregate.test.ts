import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Document } from '../../../src/bson/index.js';
import { aggregate, checkPipeline, countDocuments, writesOutput } from '../../../src/commands/aggregate.js';
import { ReadConcern } from '../../../src/concern/read_concern.js';
import { WriteConcern } from '../../../src/concern/write_concern.js';
import { MongoInvalidArgumentError, MongoUnexpectedServerResponseError } from '../../../src/errors/driver.js';
import { commandOf, contextWith, resultOf } from './support.js';

const context = contextWith();
const MATCH = { $match: { a: 1 } };
const OUT = { $out: 'copy' };
const concerned = contextWith({ readConcern: new ReadConcern('local'), writeConcern: new WriteConcern('majority') });

describe('aggregate', () => {
  it('sends the pipeline and the options that are fields of the command', () => {
    const options = { allowDiskUse: true, bypassDocumentValidation: true, hint: 'a_1', let: { x: 1 }, comment: 'why' };
    const collation = { locale: 'en' };

    assert.deepEqual(commandOf(aggregate(context, [MATCH], { ...options, collation, batchSize: 5 })), {
      aggregate: 'orders',
      pipeline: [MATCH],
      cursor: { batchSize: 5 },
      collation,
      ...options,
    });
  });

  it('runs on a database if the context has no collection, and knows the namespace of its cursor', () => {
    const operation = aggregate(contextWith({ collection: '', namespace: 'shop' }), [{ $listLocalSessions: {} }], {});

    assert.equal(commandOf(operation)['aggregate'], 1);
    const reply = { cursor: { id: 5, firstBatch: [] } };
    assert.equal(resultOf(operation, reply).namespace, 'shop.$cmd.aggregate');
    assert.equal(resultOf(aggregate(context, [], {}), reply).namespace, 'shop.orders');
  });

  it('is retried and has only a read concern if it writes nothing', () => {
    const operation = aggregate(concerned, [MATCH], {});

    const { readConcern, writeConcern } = commandOf(operation);
    assert.deepEqual([readConcern, writeConcern], [{ level: 'local' }, undefined]);
    assert.deepEqual([operation.retryable, operation.writes, operation.readPreferenceSince], [true, false, 0]);
  });

  it('is never retried, has both concerns and no batch size if it writes its output', () => {
    for (const last of [OUT, { $merge: { into: 'copy' } }]) {
      const operation = aggregate(concerned, [MATCH, last], { batchSize: 5 });

      const { readConcern, writeConcern, cursor } = commandOf(operation);
      assert.deepEqual([readConcern, writeConcern, cursor], [{ level: 'local' }, { w: 'majority' }, {}]);
      assert.deepEqual([operation.retryable, operation.writes, operation.access], [false, true, 'read']);
      assert.ok(operation.readPreferenceSince > 0);
    }
  });
});

describe('writesOutput', () => {
  it('looks at the last stage only', () => {
    assert.equal(writesOutput([MATCH, OUT]), true);
    assert.equal(writesOutput([OUT, MATCH]), false);
    assert.equal(writesOutput([]), false);
    assert.equal(writesOutput([null as unknown as Document]), false);
  });
});

describe('countDocuments', () => {
  it('counts by an aggregation, after skip and limit', () => {
    const group = { $group: { _id: 1, n: { $sum: 1 } } };

    const { pipeline, skip, limit, hint } = commandOf(
      countDocuments(context, { a: 1 }, { skip: 2, limit: 3, hint: 'a_1' }),
    );
    assert.deepEqual(pipeline, [MATCH, { $skip: 2 }, { $limit: 3 }, group]);
    assert.deepEqual([skip, limit, hint], [undefined, undefined, 'a_1']);
    assert.deepEqual(commandOf(countDocuments(context, {}, {}))['pipeline'], [{ $match: {} }, group]);
  });

  it('gives the count, and 0 if no document matches', () => {
    const countOf = (firstBatch: unknown[]) =>
      resultOf(countDocuments(context, {}, {}), { cursor: { id: 0, ns: 'shop.orders', firstBatch } });

    assert.deepEqual([countOf([{ _id: 1, n: 7 }]), countOf([]), countOf([{}])], [7, 0, 0]);
    assert.throws(() => countOf([{ n: -1 }]), MongoUnexpectedServerResponseError);
  });
});

describe('checkPipeline', () => {
  it('refuses a pipeline that is no array, and names a stage that is no object', () => {
    assert.throws(() => checkPipeline({}), MongoInvalidArgumentError);
    assert.throws(() => checkPipeline([MATCH, null]), /Stage 1 of an aggregation pipeline must be an object, got null/);
    assert.throws(() => checkPipeline([MATCH, , OUT]), /Stage 1 .* got undefined/);
    assert.doesNotThrow(() => checkPipeline([]));
  });
});
