import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Collection, type Document, type Long, MongoClient } from 'mongodb';
import { TestCluster } from '../../src/index.js';

interface Item {
  _id: number;
  group: number;
  name: string;
}

const total = 100_000;

describe('a collection of 100,000 documents', () => {
  let cluster: TestCluster;
  let client: MongoClient;
  let items: Collection<Item>;

  before(async () => {
    cluster = await TestCluster.start({ topology: 'standalone', seed: 1 });
    client = new MongoClient(cluster.uri);
    items = client.db('shop').collection<Item>('items');
    const documents = Array.from({ length: total }, (_, _id) => ({ _id, group: _id % 5000, name: `n${_id}` }));
    await items.insertMany(documents);
  });

  after(async () => {
    await client.close();
    await cluster.stop();
  });

  async function examined(work: () => Promise<unknown>): Promise<number> {
    const count = async (): Promise<number> => {
      const { metrics } = (await client.db('admin').command({ serverStatus: 1 })) as {
        metrics: { queryExecutor: { scannedObjects: number | Long } };
      };
      return Number(metrics.queryExecutor.scannedObjects);
    };
    const start = await count();
    await work();
    return (await count()) - start;
  }

  it('is not scanned to read, change or remove by _id', async () => {
    assert.equal(await examined(async () => items.findOne({ _id: 77_777 })), 1);
    assert.equal(await examined(async () => items.findOne({ _id: -1 })), 0);
    assert.equal(await examined(async () => items.find({ _id: { $in: [5, 99_999, 50_000] } }).toArray()), 3);
    assert.equal(await examined(async () => items.updateOne({ _id: 4 }, { $set: { name: 'x' } })), 1);
    assert.equal(await examined(async () => items.findOneAndUpdate({ _id: 5 }, { $set: { name: 'y' } })), 1);
    assert.equal(await examined(async () => items.deleteOne({ _id: 6 })), 1);
    assert.equal(await examined(async () => items.aggregate([{ $match: { _id: 7 } }]).toArray()), 1);
    assert.equal(await examined(async () => items.countDocuments({ _id: 8 })), 1);
  });

  it('is scanned where nothing helps, and with an index no longer', async () => {
    const read = async (): Promise<unknown> => items.find({ group: 17 }).toArray();
    assert.equal(await examined(read), await items.estimatedDocumentCount());
    await items.createIndex({ group: 1 });
    assert.equal(await examined(read), 20);
  });

  it('is explained so', async () => {
    const byId = await items.find({ _id: 9 }).explain('executionStats');
    assert.deepEqual((byId['queryPlanner'] as Document)['winningPlan'], { stage: 'IDHACK' });
    const { nReturned, totalDocsExamined } = byId['executionStats'] as Document;
    assert.deepEqual([nReturned, totalDocsExamined], [1, 1]);

    const byName = await items.find({ name: 'n10' }).explain('queryPlanner');
    assert.deepEqual((byName['queryPlanner'] as Document)['winningPlan'], { stage: 'COLLSCAN', direction: 'forward' });

    await items.createIndex({ group: 1 });
    const byGroup = await items.find({ group: 17 }).limit(3).explain('executionStats');
    assert.deepEqual((byGroup['queryPlanner'] as Document)['winningPlan'], {
      stage: 'FETCH',
      inputStage: { stage: 'IXSCAN', indexName: 'group_1', direction: 'forward' },
    });
    assert.equal((byGroup['executionStats'] as Document)['totalDocsExamined'], 3);
  });
});
