import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Document } from '../../../src/bson/index.js';
import type { BulkWriteOptions } from '../../../src/bulk/batch.js';
import {
  BatchType,
  type BulkPort,
  OrderedBulkOperation,
  UnorderedBulkOperation,
} from '../../../src/bulk/bulk_operation.js';
import { MongoBulkWriteError } from '../../../src/bulk/errors.js';
import { BulkWriteResult, emptyState, WriteError } from '../../../src/bulk/result.js';
import type { Write } from '../../../src/bulk/runs.js';
import { WriteConcern } from '../../../src/concern/write_concern.js';
import { MongoBatchReExecutionError, MongoInvalidArgumentError } from '../../../src/errors/driver.js';
import { errorOf } from '../../support/engine_harness.js';

const result = new BulkWriteResult(emptyState());

/** The collection of a bulk operation: keeps what it is asked to send. */
class Port implements BulkPort {
  readonly bsonOptions = { ignoreUndefined: true };
  readonly writeConcern = new WriteConcern('majority');
  readonly sent: [readonly Write[], BulkWriteOptions][] = [];

  prepare(document: unknown, { forceServerObjectId }: BulkWriteOptions): Document {
    return forceServerObjectId === true ? (document as Document) : { _id: 'made', ...(document as Document) };
  }

  execute(writes: readonly Write[], options: BulkWriteOptions): Promise<BulkWriteResult> {
    this.sent.push([[...writes], options]);
    return Promise.resolve(result);
  }
}

const statements = ([writes]: readonly [readonly Write[], unknown]) => writes.map(({ statement }) => statement);

describe('a bulk operation', () => {
  it('gathers writes of all kinds, and sends them by execute', async () => {
    const port = new Port();
    const bulk = new OrderedBulkOperation(port);

    bulk.insert({ x: 1 });
    bulk.find({ a: 1 }).updateOne({ $set: { b: 1 } });
    bulk.find({ a: 2 }).update([{ $set: { b: 1 } }]);
    bulk.find({ a: 3 }).replaceOne({ b: 1 });
    bulk.find({ a: 4 }).deleteOne();
    bulk.find({ a: 5 }).delete();
    bulk.raw({ deleteMany: { filter: { a: 6 } } });
    assert.equal(bulk.length, 7);
    assert.deepEqual(port.sent, []);

    assert.equal(await bulk.execute(), result);
    assert.deepEqual(statements(port.sent[0]!), [
      { _id: 'made', x: 1 },
      { q: { a: 1 }, u: { $set: { b: 1 } } },
      { q: { a: 2 }, u: [{ $set: { b: 1 } }], multi: true },
      { q: { a: 3 }, u: { b: 1 } },
      { q: { a: 4 }, limit: 1 },
      { q: { a: 5 }, limit: 0 },
      { q: { a: 6 }, limit: 0 },
    ]);
  });

  it('adds to the writes of a filter what is said of it before', () => {
    const port = new Port();
    const bulk = new UnorderedBulkOperation(port);

    bulk
      .find({ a: 1 })
      .upsert()
      .collation({ locale: 'en' })
      .arrayFilters([{ 'e.x': 1 }])
      .hint('a_1')
      .updateOne({ $set: { b: 1 } });

    assert.deepEqual(bulk.batches[0]!.operations[0], {
      q: { a: 1 },
      u: { $set: { b: 1 } },
      upsert: true,
      hint: 'a_1',
      arrayFilters: [{ 'e.x': 1 }],
      collation: { locale: 'en' },
    });
  });

  it('keeps what is said of one filter apart from the writes before', () => {
    const bulk = new OrderedBulkOperation(new Port());
    const found = bulk.find({ a: 1 });

    found.updateOne({ $set: { b: 1 } });
    found.upsert().updateOne({ $set: { b: 2 } });

    assert.equal('upsert' in bulk.batches[0]!.operations[0]!, false);
    assert.equal(bulk.batches[0]!.operations[1]!['upsert'], true);
  });

  it('shows its batches, ordered by runs and unordered by kinds', () => {
    const build = (bulk: OrderedBulkOperation | UnorderedBulkOperation) =>
      bulk.insert({ _id: 1 }).find({}).deleteOne().insert({ _id: 2 }).batches;

    const ordered = build(new OrderedBulkOperation(new Port()));
    const unordered = build(new UnorderedBulkOperation(new Port()));

    assert.deepEqual(
      ordered.map(({ batchType, originalZeroIndex, originalIndexes }) => [
        batchType,
        originalZeroIndex,
        originalIndexes,
      ]),
      [
        [BatchType.INSERT, 0, [0]],
        [BatchType.DELETE, 1, [1]],
        [BatchType.INSERT, 2, [2]],
      ],
    );
    assert.deepEqual(
      unordered.map(({ batchType, originalIndexes }) => [batchType, originalIndexes]),
      [
        [BatchType.INSERT, [0, 2]],
        [BatchType.DELETE, [1]],
      ],
    );
    const { size, sizeBytes, currentIndex, operations } = unordered[0]!;
    assert.deepEqual([size, sizeBytes, currentIndex], [2, 28, 0]);
    assert.deepEqual(operations, [{ _id: 1 }, { _id: 2 }]);
  });

  it('takes statements by the numbers of their kinds', () => {
    const bulk = new OrderedBulkOperation(new Port(), { forceServerObjectId: true });

    bulk
      .addToOperationsList(BatchType.INSERT, { x: 1 })
      .addToOperationsList(BatchType.UPDATE, { q: {}, u: { $set: { a: 1 } } })
      .addToOperationsList(BatchType.DELETE, { q: {}, limit: 1 });

    assert.deepEqual(
      bulk.batches.map(({ batchType, operations }) => [batchType, operations[0]]),
      [
        [1, { x: 1 }],
        [2, { q: {}, u: { $set: { a: 1 } } }],
        [3, { q: {}, limit: 1 }],
      ],
    );
    assert.throws(() => bulk.addToOperationsList(4 as BatchType, {}), /There is no batch type 4/);
  });

  it('overrides the option ordered by its own kind', async () => {
    const port = new Port();

    await new OrderedBulkOperation(port, { ordered: false, comment: 'first' }).insert({}).execute();
    await new UnorderedBulkOperation(port, { ordered: true }).insert({}).execute({ ordered: true, comment: 'own' });

    assert.deepEqual(
      port.sent.map(([, options]) => options),
      [
        { ordered: true, comment: 'first' },
        { ordered: false, comment: 'own' },
      ],
    );
  });

  it('is executed once', async () => {
    const port = new Port();
    const bulk = new OrderedBulkOperation(port).insert({});
    await bulk.execute();

    await errorOf(bulk.execute(), MongoBatchReExecutionError);
    assert.equal(port.sent.length, 1);
  });

  it('refuses a filter that is none', () => {
    for (const filter of [undefined, null, 5, []]) {
      assert.throws(
        () => new OrderedBulkOperation(new Port()).find(filter as unknown as Document),
        (error: Error) =>
          error instanceof MongoInvalidArgumentError && error.message === 'Bulk find operation must specify a selector',
      );
    }
  });

  it('adds no write that it refuses', () => {
    const bulk = new OrderedBulkOperation(new Port());

    assert.throws(() => bulk.find({}).updateOne({ a: 1 }), MongoInvalidArgumentError);
    assert.equal(bulk.length, 0);
  });

  it('shows the settings of its collection', () => {
    const port = new Port();
    const bulk = new OrderedBulkOperation(port);

    assert.equal(bulk.bsonOptions, port.bsonOptions);
    assert.equal(bulk.writeConcern, port.writeConcern);
    assert.deepEqual([bulk.isOrdered, new UnorderedBulkOperation(port).isOrdered], [true, false]);
  });
});

describe('handleWriteError', () => {
  it('throws the first error of a result', () => {
    const bulk = new UnorderedBulkOperation(new Port());
    const error = new WriteError({ index: 3, code: 7, errmsg: 'no', errInfo: undefined, op: {} });
    const failed = new BulkWriteResult({ ...emptyState(), writeErrors: [error] });

    assert.doesNotThrow(() => bulk.handleWriteError(result));
    assert.throws(
      () => bulk.handleWriteError(failed),
      (thrown: Error) => thrown instanceof MongoBulkWriteError && thrown.code === 7 && thrown.result === failed,
    );
  });
});
