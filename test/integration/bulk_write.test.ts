import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type AnyBulkWriteOperation,
  BatchType,
  MongoBatchReExecutionError,
  MongoBulkWriteError,
  MongoInvalidArgumentError,
  MongoOperationTimeoutError,
} from 'mongotempo';
import { failCommand, rejection, type SetupWithCluster, withServer } from '../support/cluster.js';
import { paced } from '../support/pace.js';

const insert = (_id: unknown, more = {}): AnyBulkWriteOperation => ({
  insertOne: { document: { _id, ...more } as never },
});

const ALL: AnyBulkWriteOperation[] = [
  insert(1, { x: 1 }),
  insert(2, { x: 1 }),
  { updateOne: { filter: { _id: 1 as never }, update: { $set: { x: 2 } } } },
  { updateMany: { filter: {}, update: [{ $set: { y: 1 } }] } },
  { replaceOne: { filter: { _id: 9 as never }, replacement: { z: 1 }, upsert: true } },
  { deleteOne: { filter: { _id: 2 as never } } },
  { deleteMany: { filter: { x: 77 } } },
  insert(3),
];

function commands({ log }: SetupWithCluster): unknown[] {
  return log.started().map(({ commandName, command }) => {
    const field = { insert: 'documents', update: 'updates', delete: 'deletes' }[commandName] ?? '';
    return [commandName, (command[field] as unknown[]).length];
  });
}

describe('Collection.bulkWrite', () => {
  it('does all kinds of writes in order, with as few commands as that takes', () =>
    withServer({}, async setup => {
      const result = await setup.collection.bulkWrite(ALL);

      assert.deepEqual(commands(setup), [
        ['insert', 2],
        ['update', 3],
        ['delete', 2],
        ['insert', 1],
      ]);
      const { insertedCount, matchedCount, modifiedCount, deletedCount, upsertedCount } = result;
      assert.deepEqual([insertedCount, matchedCount, modifiedCount, deletedCount, upsertedCount], [3, 3, 3, 1, 1]);
      assert.deepEqual([result.insertedIds, result.upsertedIds], [{ 0: 1, 1: 2, 7: 3 }, { 4: 9 }]);
      assert.deepEqual(
        [result.isOk(), result.hasWriteErrors(), result.getUpsertedIdAt(0)],
        [true, false, { index: 4, _id: 9 }],
      );
    }));

  it('sends one command of each kind when order does not matter', () =>
    withServer({}, async setup => {
      const result = await setup.collection.bulkWrite(ALL, { ordered: false });

      assert.deepEqual(commands(setup), [
        ['insert', 3],
        ['update', 3],
        ['delete', 2],
      ]);
      assert.deepEqual([result.insertedIds, result.upsertedIds], [{ 0: 1, 1: 2, 7: 3 }, { 4: 9 }]);
    }));

  it('has one operationId and one session over all commands', () =>
    withServer({}, async ({ collection, log }) => {
      await collection.bulkWrite(ALL);

      assert.equal(new Set(log.started().map(({ operationId }) => operationId)).size, 1);
      assert.equal(new Set(log.started().map(({ command }) => JSON.stringify(command['lsid']))).size, 1);
    }));

  it('stops at the first error when ordered, and the error tells what was done', () =>
    withServer({}, async setup => {
      const error = await rejection<MongoBulkWriteError>(
        setup.collection.bulkWrite([
          { updateOne: { filter: { _id: 'u' as never }, update: { $set: { a: 1 } }, upsert: true } },
          insert(1),
          insert(1),
          insert(2),
          { deleteMany: { filter: {} } },
        ]),
      );

      assert.ok(error instanceof MongoBulkWriteError);
      assert.deepEqual(commands(setup), [
        ['update', 1],
        ['insert', 3],
      ]);
      assert.deepEqual(
        [error.code, error.insertedCount, error.upsertedCount, error.insertedIds, error.upsertedIds],
        [11000, 1, 1, { 1: 1 }, { 0: 'u' }],
      );
      assert.deepEqual(
        error.writeErrors.map(({ index, code }) => [index, code]),
        [[2, 11000]],
      );
    }));

  it('goes on after errors when unordered, and names them by their positions', () =>
    withServer({}, async ({ collection }) => {
      const error = await rejection<MongoBulkWriteError>(
        collection.bulkWrite(
          [
            { updateOne: { filter: { _id: 'u' as never }, update: { $bad: { a: 1 } }, upsert: true } },
            insert(1),
            { deleteOne: { filter: { _id: 1 as never } } },
            insert(1),
          ],
          { ordered: false },
        ),
      );

      assert.deepEqual(
        error.writeErrors.map(({ index }) => index),
        [0, 3],
      );
      assert.deepEqual([error.insertedIds, error.deletedCount], [{ 1: 1 }, 1]);
      assert.deepEqual(error.writeErrors[1]!.getOperation(), { _id: 1 });
    }));

  it('tells what earlier commands did when a later one fails as a whole, or does not arrive', () =>
    withServer({ client: { retryWrites: false } }, async ({ collection, uri }) => {
      await failCommand(uri, { failCommands: ['delete'], errorCode: 8 });
      const writes = [insert(1), { deleteOne: { filter: {} } }] satisfies AnyBulkWriteOperation[];

      const refused = await rejection<MongoBulkWriteError>(collection.bulkWrite(writes));
      await collection.deleteMany();
      await failCommand(uri, { failCommands: ['delete'], closeConnection: true });
      const lost = await rejection<MongoBulkWriteError>(collection.bulkWrite(writes));

      for (const error of [refused, lost]) {
        assert.ok(error instanceof MongoBulkWriteError);
        assert.deepEqual([error.insertedIds, error.deletedCount, error.writeErrors], [{ 0: 1 }, 0, []]);
      }
      assert.equal(refused.code, 8);
      assert.equal(lost.cause?.name, 'MongoNetworkError');
    }));

  it(
    'keeps the class of a timeout, with the result of what was done',
    paced(ms =>
      withServer({}, async ({ collection, uri }) => {
        await collection.countDocuments();
        await failCommand(uri, { failCommands: ['delete'], blockConnection: true, blockTimeMS: ms(300) });

        const error = await rejection<MongoOperationTimeoutError>(
          collection.bulkWrite([insert(1), { deleteOne: { filter: {} } }], { timeoutMS: ms(100) }),
        );

        assert.ok(error instanceof MongoOperationTimeoutError);
        assert.equal(error.result?.insertedCount, 1);
        const { insertedCount, deletedCount, matchedCount, upsertedCount, insertedIds, upsertedIds } = error;
        assert.deepEqual([insertedCount, deletedCount, matchedCount, upsertedCount], [1, 0, 0, 0]);
        assert.deepEqual([insertedIds, upsertedIds, error.writeErrors], [{ 0: 1 }, {}, []]);
        assert.equal(error.maybeApplied, true);
      }),
    ),
  );

  it('sends the batches that follow a write concern error, and reports it at the end', () =>
    withServer({}, async setup => {
      const { collection, uri } = setup;
      await failCommand(uri, { failCommands: ['insert'], writeConcernError: { code: 100, errmsg: 'not enough' } });

      const error = await rejection<MongoBulkWriteError>(
        collection.bulkWrite([insert(1), { updateOne: { filter: {}, update: { $set: { a: 1 } } } }]),
      );

      assert.ok(error instanceof MongoBulkWriteError);
      assert.deepEqual([error.code, error.message], [100, 'not enough']);
      assert.deepEqual([error.insertedCount, error.modifiedCount], [1, 1]);
      assert.equal(error.result.getWriteConcernError()?.errmsg, 'not enough');
    }));

  it('repeats a command of single writes, and never one that writes many documents', () =>
    withServer({ cluster: { topology: 'replicaset' } }, async ({ collection, log, cluster }) => {
      await failCommand(
        cluster.primary!.address,
        { failCommands: ['insert', 'update'], closeConnection: true },
        { times: 1 },
      );
      await collection.bulkWrite([insert(1)]);
      assert.deepEqual(
        log.started('insert').map(({ command }) => String(command['txnNumber'])),
        ['1', '1'],
      );

      await collection.bulkWrite([
        { updateOne: { filter: {}, update: { $set: { a: 1 } } } },
        { updateMany: { filter: {}, update: { $set: { a: 1 } } } },
      ]);
      assert.equal(log.started('update')[0]!.command['txnNumber'], undefined);
    }));

  it('splits updates by the bytes that one message may have', () =>
    withServer({}, async setup => {
      const text = 'x'.repeat(10 * 1024 * 1024);
      const one = { updateOne: { filter: { _id: 1 as never }, update: { $set: { text } } } };

      const result = await setup.collection.bulkWrite([insert(1), one, one, one, one, one, one]);

      assert.deepEqual(commands(setup), [
        ['insert', 1],
        ['update', 4],
        ['update', 2],
      ]);
      assert.equal(result.matchedCount, 6);
    }));

  it('counts nothing when the server is not asked to answer', () =>
    withServer({}, async ({ collection }) => {
      const result = await collection.bulkWrite([insert(1), { deleteOne: { filter: {} } }], {
        writeConcern: { w: 0 },
      });

      assert.deepEqual([result.insertedCount, result.deletedCount, result.insertedIds], [0, 0, { 0: 1 }]);
    }));

  it('refuses what cannot be a write before anything is sent', () =>
    withServer({}, async ({ collection, log }) => {
      const bad: [unknown, RegExp][] = [
        [{}, /^Argument "operations" must be an array of documents$/],
        [[], /^Invalid BulkOperation, Batch cannot be empty$/],
        [[null], /^Operation must be an object with an operation key$/],
        [[{}], /^Operation must be an object with an operation key$/],
        [[{ frob: {} }], /^bulkWrite only supports insertOne, updateOne/],
        [[insert(1), { updateOne: { filter: {}, update: { a: 1 } } }], /^Update document requires atomic operators$/],
        [[{ updateMany: { filter: {}, update: [] } }], /^Update document requires atomic operators$/],
        [[{ updateOne: { filter: {} } }], /^Document must be a valid JavaScript object$/],
        [[{ replaceOne: { filter: {}, replacement: { $set: {} } } }], /^Replacement document must not use atomic/],
        [[{ deleteOne: {} }], /^Selector must be a valid JavaScript object$/],
        [[{ updateOne: { update: { $set: { a: 1 } } } }], /^Selector must be a valid JavaScript object$/],
        [[{ updateOne: { q: {}, u: {} } }], /^Raw operations are not allowed$/],
        [[{ insertOne: { document: null } }], /^A document to insert must be an object, got null$/],
      ];
      for (const [operations, message] of bad) {
        const error = await rejection(collection.bulkWrite(operations as never));
        assert.ok(error instanceof MongoInvalidArgumentError, String(error));
        assert.match(error.message, message);
      }
      assert.equal(log.started().length, 0);
    }));
});

describe('bulk operations that are built', () => {
  it('gather writes and send them by execute', () =>
    withServer({}, async setup => {
      const bulk = setup.collection.initializeOrderedBulkOp();
      bulk.insert({ _id: 1 as never, list: [1, 5] });
      bulk
        .find({ _id: 1 })
        .arrayFilters([{ 'e.x': 1 }])
        .hint('_id_')
        .collation({ locale: 'en' })
        .updateOne({ $set: { a: 1 } });
      bulk.find({ _id: 2 }).upsert().replaceOne({ b: 1 });
      bulk.find({}).update({ $inc: { n: 1 } });
      bulk.find({ _id: 2 }).deleteOne();
      bulk.find({ _id: 3 }).delete();
      bulk.raw({ insertOne: { document: { _id: 4 } } });

      assert.deepEqual([bulk.length, bulk.isOrdered, bulk.batches.length], [7, true, 4]);
      assert.deepEqual(bulk.batches[1]?.originalIndexes, [1, 2, 3]);
      assert.equal(bulk.batches[2]?.batchType, BatchType.DELETE);
      const result = await bulk.execute();

      const { insertedCount, modifiedCount, deletedCount, upsertedIds } = result;
      assert.deepEqual([insertedCount, modifiedCount, deletedCount, upsertedIds], [2, 3, 1, { 2: 2 }]);
      const [first] = setup.log.started('update')[0]!.command['updates'] as unknown[];
      assert.deepEqual(first, {
        q: { _id: 1 },
        u: { $set: { a: 1 } },
        hint: '_id_',
        arrayFilters: [{ 'e.x': 1 }],
        collation: { locale: 'en' },
      });
    }));

  it('are executed once', () =>
    withServer({}, async ({ collection }) => {
      const bulk = collection.initializeUnorderedBulkOp().insert({ _id: 1 as never });
      await bulk.execute();

      assert.ok((await rejection(bulk.execute())) instanceof MongoBatchReExecutionError);
    }));

  it('ask for a selector', () =>
    withServer({}, async ({ collection }) => {
      const bulk = collection.initializeUnorderedBulkOp();

      assert.throws(
        () => bulk.find(undefined as never),
        /^MongoInvalidArgumentError: Bulk find operation must specify a selector/,
      );
      assert.throws(() => bulk.find({}).update({ a: 1 }), /Update document requires atomic operators/);
      assert.match(String(await rejection(bulk.execute())), /Batch cannot be empty/);
    }));
});
