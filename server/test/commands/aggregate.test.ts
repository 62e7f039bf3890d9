import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { withCluster } from '../support/with_cluster.js';

describe('aggregate with the official driver', () => {
  it('answers groups, and pages through a long result', () =>
    withCluster({}, async client => {
      const sales = client.db('shop').collection<{ _id: number; item: number }>('sales');
      await sales.insertMany(Array.from({ length: 400 }, (_, _id) => ({ _id, item: _id % 2 })));

      const groups = await sales
        .aggregate([
          { $match: { _id: { $lt: 10 } } },
          { $group: { _id: '$item', n: { $sum: 1 } } },
          { $sort: { _id: 1 } },
        ])
        .toArray();
      const all = await sales.aggregate([{ $project: { item: 1 } }], { batchSize: 150 }).toArray();

      assert.deepEqual(groups, [
        { _id: 0, n: 5 },
        { _id: 1, n: 5 },
      ]);
      assert.equal(all.length, 400);
    }));

  it('writes the result with $out', () =>
    withCluster({}, async client => {
      const db = client.db('shop');
      await db.collection<{ _id: number }>('a').insertMany([{ _id: 1 }, { _id: 2 }]);
      await db.collection<{ _id: number }>('b').insertOne({ _id: 9 });

      await db
        .collection('a')
        .aggregate([{ $match: { _id: { $gt: 1 } } }, { $out: 'b' }])
        .toArray();

      assert.deepEqual(await db.collection('b').find().toArray(), [{ _id: 2 }]);
    }));

  it('runs a pipeline of the database', () =>
    withCluster({}, async client => {
      const result = await client
        .db('shop')
        .aggregate([{ $documents: [{ a: 1 }, { a: 2 }] }, { $match: { a: 2 } }])
        .toArray();

      assert.deepEqual(result, [{ a: 2 }]);
    }));
});
