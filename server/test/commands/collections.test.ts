import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Document, MongoServerError } from 'mongodb';
import { serverError, withCluster } from '../support/with_cluster.js';

interface Item {
  _id: number;
  a?: number;
  name?: string;
}

const set = { topology: 'replicaset', nodes: 1 } as const;

describe('capped collections', () => {
  it('keep the newest documents, by number and by size', () =>
    withCluster(set, async client => {
      const byNumber = await client.db('d').createCollection<Item>('n', { capped: true, size: 10_000, max: 3 });
      await byNumber.insertMany([{ _id: 1 }, { _id: 2 }, { _id: 3 }, { _id: 4 }]);
      assert.deepEqual(await byNumber.distinct('_id'), [2, 3, 4]);

      const bySize = await client.db('d').createCollection<Item>('s', { capped: true, size: 4096 });
      await bySize.insertMany([1, 2, 3].map(_id => ({ _id, name: 'x'.repeat(2000) })));
      assert.deepEqual(await bySize.distinct('_id'), [2, 3]);
    }));

  it('have an end at which a cursor waits for what is inserted next', () =>
    withCluster(set, async client => {
      const collection = await client.db('d').createCollection<Item>('c', { capped: true, size: 10_000 });
      await collection.insertOne({ _id: 1, a: 1 });
      const cursor = collection.find({ a: { $gt: 0 } }, { tailable: true, awaitData: true, maxAwaitTimeMS: 10_000 });
      assert.equal((await cursor.next())?._id, 1);
      const next = cursor.next();
      await collection.insertMany([
        { _id: 2, a: 0 },
        { _id: 3, a: 1 },
      ]);
      assert.equal((await next)?._id, 3);
      await cursor.close();
    }));

  it('are wanted for that', () =>
    withCluster(set, async client => {
      const collection = client.db('d').collection<Item>('c');
      await collection.insertOne({ _id: 1 });
      const refused = await serverError(collection.find({}, { tailable: true }).toArray());
      assert.equal(refused.code, 2);
    }));
});

describe('views', () => {
  it('show what their pipeline makes of their collection, also one upon another', () =>
    withCluster(set, async client => {
      const database = client.db('d');
      await database.collection<Item>('c').insertMany([1, 2, 3, 4].map(_id => ({ _id, a: _id % 2 })));
      await database.createCollection('odd', { viewOn: 'c', pipeline: [{ $match: { a: 1 } }] });
      await database.createCollection('ids', { viewOn: 'odd', pipeline: [{ $project: { _id: 1 } }] });

      assert.deepEqual(await database.collection('ids').find().toArray(), [{ _id: 1 }, { _id: 3 }]);
      assert.equal(await database.collection<Item>('odd').countDocuments({ _id: { $gt: 1 } }), 1);
      const infos = (await database.listCollections({ type: 'view' }).toArray()) as Document[];
      assert.deepEqual(infos.map(({ name }): unknown => name).sort(), ['ids', 'odd']);
    }));

  it('are not written to', () =>
    withCluster(set, async client => {
      await client.db('d').createCollection('v', { viewOn: 'c', pipeline: [] });
      const view = client.db('d').collection<Item>('v');
      for (const write of [
        async () => view.insertOne({ _id: 1 }),
        async () => view.updateOne({}, { $set: { a: 1 } }),
        async () => view.deleteOne({}),
      ]) {
        assert.equal((await serverError(write())).code, 166);
      }
    }));

  it('that show each other are refused when they are read', () =>
    withCluster(set, async client => {
      await client.db('d').createCollection('v', { viewOn: 'w', pipeline: [] });
      await client.db('d').createCollection('w', { viewOn: 'v', pipeline: [] });
      assert.equal((await serverError(client.db('d').collection('v').find().toArray())).code, 165);
    }));
});

describe('validators', () => {
  const validator = { $jsonSchema: { required: ['a'], properties: { a: { bsonType: 'int', minimum: 1 } } } };

  it('refuse documents, and say why', () =>
    withCluster(set, async client => {
      const collection = await client.db('d').createCollection<Item>('c', { validator });
      await collection.insertOne({ _id: 1, a: 1 });
      const error = await collection.insertOne({ _id: 2, a: 0 }).catch((reason: unknown) => reason);
      assert.ok(error instanceof MongoServerError);
      assert.equal(error.code, 121);
      const { failingDocumentId, details } = error.errInfo as { failingDocumentId: unknown; details: Document };
      assert.equal(failingDocumentId, 2);
      assert.equal(details['operatorName'], '$jsonSchema');
      assert.equal((await serverError(collection.updateOne({ _id: 1 }, { $unset: { a: '' } }))).code, 121);
      assert.deepEqual(await collection.find().toArray(), [{ _id: 1, a: 1 }]);
    }));

  it('let pass what is told to bypass them, and what a level or an action excuses', () =>
    withCluster(set, async client => {
      const database = client.db('d');
      const collection = await database.createCollection<Item>('c', { validator });
      await collection.insertOne({ _id: 1 }, { bypassDocumentValidation: true });
      await database.command({ collMod: 'c', validationLevel: 'moderate' });
      await collection.updateOne({ _id: 1 }, { $set: { name: 'x' } });
      assert.equal((await serverError(collection.insertOne({ _id: 2 }))).code, 121);
      await database.command({ collMod: 'c', validationAction: 'warn' });
      await collection.insertOne({ _id: 2 });
      await database.command({ collMod: 'c', validator: {}, validationAction: 'error' });
      await collection.insertOne({ _id: 3 });
    }));

  it('that are none are refused at once', () =>
    withCluster(set, async client => {
      for (const $jsonSchema of [{ bsonType: 'number-ish' }, { type: 'integer' }, { minimum: 'x' }, { foo: 1 }]) {
        await serverError(client.db('d').createCollection('c', { validator: { $jsonSchema } }));
      }
      assert.deepEqual(await client.db('d').listCollections().toArray(), []);
    }));
});

describe('other collections', () => {
  it('are renamed with what they hold', () =>
    withCluster(set, async client => {
      const database = client.db('d');
      const collection = database.collection<Item>('c');
      await collection.insertOne({ _id: 1, a: 1 });
      await collection.createIndex({ a: 1 });
      await database.collection<Item>('other').insertOne({ _id: 9 });

      assert.equal((await serverError(collection.rename('other'))).code, 48);
      const renamed = await collection.rename('other', { dropTarget: true });
      assert.deepEqual(await renamed.distinct('_id'), [1]);
      assert.deepEqual(Object.keys(await renamed.indexInformation()), ['_id_', 'a_1']);
      assert.equal(await collection.countDocuments(), 0);
      assert.equal((await serverError(database.collection('missing').rename('x'))).code, 26);
    }));

  it('are clustered or time series, as they are listed', () =>
    withCluster(set, async client => {
      const database = client.db('d');
      await database.createCollection('k', { clusteredIndex: { key: { _id: 1 }, unique: true } });
      await database.createCollection('t', { timeseries: { timeField: 'at' } });
      const infos = (await database.listCollections().toArray()) as Document[];
      const typeOf = (name: string): unknown => infos.find(info => info['name'] === name)?.['type'];
      assert.deepEqual([typeOf('k'), typeOf('t')], ['collection', 'timeseries']);
      const indexes = (await database.collection('k').listIndexes().toArray()) as Document[];
      assert.equal(indexes[0]?.['clustered'], true);
      await database.collection('t').insertMany([{ at: new Date(0) }, { at: new Date(0) }]);
      assert.equal(await database.collection('t').countDocuments(), 2);
    }));

  it('compare text as their collation says, where a command gives one', () =>
    withCluster(set, async client => {
      const collection = client.db('d').collection<Item>('c');
      await collection.insertMany([
        { _id: 1, name: 'Café' },
        { _id: 2, name: 'cafe' },
        { _id: 3, name: 'cafz' },
      ]);
      const found = async (strength: 1 | 2 | 3): Promise<number[]> => {
        const items = await collection.find({ name: 'CAFÉ' }, { collation: { locale: 'en', strength } }).toArray();
        return items.map(({ _id }) => _id);
      };
      assert.deepEqual([await found(1), await found(2), await found(3)], [[1, 2], [1], []]);
    }));
});
