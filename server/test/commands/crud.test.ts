import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Decimal128, Double, Int32, Long, UUID } from 'bson';
import { withCluster } from '../support/with_cluster.js';

for (const topology of ['standalone', 'replicaset'] as const) {
  describe(`CRUD with the official driver on a ${topology}`, () => {
    it('inserts, finds, counts and deletes', () =>
      withCluster({ topology }, async client => {
        const things = client.db('shop').collection<{ _id: number; n: number }>('things');

        const { insertedCount } = await things.insertMany([1, 2, 3, 4, 5].map(n => ({ _id: n, n: n * 10 })));

        assert.equal(insertedCount, 5);
        assert.deepEqual(await things.find({ n: { $gt: 20 } }, { sort: { n: -1 }, skip: 1, limit: 1 }).toArray(), [
          { _id: 4, n: 40 },
        ]);
        assert.equal(await things.countDocuments({ n: { $lte: 20 } }), 2);
        assert.equal(await things.estimatedDocumentCount(), 5);
        assert.equal((await things.deleteMany({ n: { $gte: 40 } })).deletedCount, 2);
        assert.equal((await things.deleteOne({ _id: 1 })).deletedCount, 1);
        assert.deepEqual(await things.distinct('n'), [20, 30]);
      }));

    it('updates one, many, by replacement and by upsert', () =>
      withCluster({ topology }, async client => {
        const things = client.db('shop').collection<{ _id: number; n?: number; tag?: string }>('things');
        await things.insertMany([
          { _id: 1, n: 1 },
          { _id: 2, n: 1 },
        ]);

        const one = await things.updateOne({ n: 1 }, { $inc: { n: 5 } });
        const same = await things.updateOne({ _id: 1 }, { $set: { n: 6 } });
        const many = await things.updateMany({}, { $set: { tag: 'x' } });
        const replaced = await things.replaceOne({ _id: 2 }, { n: 9 });
        const upserted = await things.updateOne({ _id: 7, n: 3 }, { $set: { tag: 'new' } }, { upsert: true });

        assert.deepEqual([one.matchedCount, one.modifiedCount], [1, 1]);
        assert.deepEqual([same.matchedCount, same.modifiedCount], [1, 0]);
        assert.deepEqual([many.matchedCount, many.modifiedCount], [2, 2]);
        assert.equal(replaced.modifiedCount, 1);
        assert.equal(upserted.upsertedId, 7);
        assert.deepEqual(await things.find().toArray(), [
          { _id: 1, n: 6, tag: 'x' },
          { _id: 2, n: 9 },
          { _id: 7, n: 3, tag: 'new' },
        ]);
      }));

    it('finds and modifies', () =>
      withCluster({ topology }, async client => {
        const things = client.db('shop').collection<{ _id: number; n: number }>('things');
        await things.insertMany([
          { _id: 1, n: 1 },
          { _id: 2, n: 2 },
        ]);

        assert.deepEqual(await things.findOneAndUpdate({}, { $inc: { n: 1 } }, { sort: { n: -1 } }), { _id: 2, n: 2 });
        assert.deepEqual(
          await things.findOneAndUpdate(
            { _id: 2 },
            { $inc: { n: 1 } },
            { returnDocument: 'after', projection: { _id: 0 } },
          ),
          { n: 4 },
        );
        assert.deepEqual(
          await things.findOneAndReplace({ _id: 3 }, { n: 3 }, { upsert: true, returnDocument: 'after' }),
          { _id: 3, n: 3 },
        );
        assert.deepEqual(await things.findOneAndDelete({ _id: 1 }), { _id: 1, n: 1 });
        assert.equal(await things.findOneAndDelete({ _id: 1 }), null);
      }));

    it('runs a mixed bulk write', () =>
      withCluster({ topology }, async client => {
        const things = client.db('shop').collection<{ _id: number; n: number }>('things');

        const result = await things.bulkWrite([
          { insertOne: { document: { _id: 1, n: 1 } } },
          { updateOne: { filter: { _id: 2 }, update: { $set: { n: 2 } }, upsert: true } },
          { deleteOne: { filter: { _id: 1 } } },
        ]);

        assert.deepEqual([result.insertedCount, result.upsertedCount, result.deletedCount], [1, 1, 1]);
      }));
  });
}

describe('cursors', () => {
  it('answers 101 documents first, then the rest, with getMore in batches', () =>
    withCluster({ client: { monitorCommands: true } }, async client => {
      const sizes: number[] = [];
      client.on('commandSucceeded', ({ reply }) => {
        const { cursor } = reply as { cursor?: { firstBatch?: unknown[]; nextBatch?: unknown[] } };
        if (cursor !== undefined) sizes.push((cursor.firstBatch ?? cursor.nextBatch ?? []).length);
      });
      const things = client.db('shop').collection<{ _id: number }>('things');
      await things.insertMany(Array.from({ length: 150 }, (_, _id) => ({ _id })));

      assert.equal((await things.find().toArray()).length, 150);
      assert.equal((await things.find({}, { batchSize: 60 }).toArray()).length, 150);
      assert.deepEqual(sizes, [101, 49, 60, 60, 30]);
    }));

  it('keeps a batch within 16 MB', () =>
    withCluster({}, async client => {
      const things = client.db('shop').collection<{ _id: number; text: string }>('things');
      const text = 'x'.repeat(7 * 1024 * 1024);
      for (const _id of [1, 2, 3]) await things.insertOne({ _id, text });

      const { cursor } = await client.db('shop').command({ find: 'things' });

      assert.equal((cursor as { firstBatch: unknown[] }).firstBatch.length, 2);
      assert.equal((await things.find().toArray()).length, 3);
    }));

  it('closes a cursor on the server when the client closes it', () =>
    withCluster({}, async client => {
      const things = client.db('shop').collection<{ _id: number }>('things');
      await things.insertMany(Array.from({ length: 10 }, (_, _id) => ({ _id })));
      const open = async () =>
        ((await client.db().admin().serverStatus())['metrics'] as { cursor: { open: { total: number } } }).cursor.open
          .total;
      const cursor = things.find({}, { batchSize: 2 });
      await cursor.next();
      assert.equal(await open(), 1);

      await cursor.close();

      assert.equal(await open(), 0);
    }));

  it('reads a snapshot: what changes later is not seen', () =>
    withCluster({}, async client => {
      const things = client.db('shop').collection<{ _id: number; n?: number }>('things');
      await things.insertMany(Array.from({ length: 4 }, (_, _id) => ({ _id })));
      const cursor = things.find({}, { batchSize: 2 });
      await cursor.next();

      await things.updateMany({}, { $set: { n: 1 } });

      assert.ok((await cursor.toArray()).every(({ n }) => n === undefined));
    }));
});

describe('BSON types', () => {
  it('keeps the type of every number, through updates of other fields, too', () =>
    withCluster({ client: { promoteValues: false, promoteLongs: false } }, async client => {
      const things = client.db('shop').collection<{ _id: UUID }>('things');
      const numbers = {
        int: new Int32(1),
        double: new Double(1),
        long: Long.fromNumber(1),
        decimal: Decimal128.fromString('1.00'),
      };
      const _id = new UUID();
      await things.insertOne({ _id, ...numbers });

      await things.updateOne({ _id }, { $set: { other: true } });

      assert.deepEqual(await things.findOne({ _id }), { _id, ...numbers, other: true });
    }));

  it('finds an _id of another numeric type', () =>
    withCluster({}, async client => {
      const things = client.db('shop').collection<{ _id: Long | Double | number }>('things');
      await things.insertOne({ _id: Long.fromNumber(5) });

      assert.deepEqual(await things.findOne({ _id: new Double(5) }), { _id: 5 });
      assert.deepEqual(await things.find({ _id: { $in: [7, 5] } }).toArray(), [{ _id: 5 }]);
    }));
});
