import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MongoInvalidArgumentError, MongoServerError, ObjectId } from 'mongotempo';
import { documents, rejection, withServer } from '../support/cluster.js';

describe('CRUD', () => {
  it('inserts, finds, changes, counts and deletes documents', async () => {
    await withServer({}, async ({ collection }) => {
      const { acknowledged, insertedId } = await collection.insertOne({ item: 'tea', quantity: 2 });
      assert.equal(acknowledged, true);
      assert.ok(insertedId instanceof ObjectId);
      assert.deepEqual(await collection.findOne({ _id: insertedId }), { _id: insertedId, item: 'tea', quantity: 2 });

      assert.deepEqual(await collection.updateOne({ item: 'tea' }, { $inc: { quantity: 1 } }), {
        acknowledged: true,
        matchedCount: 1,
        modifiedCount: 1,
        upsertedCount: 0,
        upsertedId: null,
      });
      const upserted = await collection.updateMany({ item: 'cake' }, { $set: { quantity: 9 } }, { upsert: true });
      assert.equal(upserted.matchedCount, 0);
      assert.equal(upserted.upsertedCount, 1);
      assert.ok(upserted.upsertedId instanceof ObjectId);
      assert.equal((await collection.replaceOne({ item: 'cake' }, { item: 'pie' })).modifiedCount, 1);
      assert.equal(await collection.countDocuments({ item: 'pie' }), 1);
      assert.deepEqual(await collection.deleteMany({}), { acknowledged: true, deletedCount: 2 });
      assert.equal(await collection.findOne(), null);
    });
  });

  it('puts a missing _id on the document of the user, and first into what is sent', async () => {
    await withServer({}, async ({ collection, log }) => {
      const document: Record<string, unknown> = { item: 'tea' };

      await collection.insertOne(document);

      assert.ok(document['_id'] instanceof ObjectId);
      const sent = log.started('insert')[0]!.command['documents'] as object[];
      assert.deepEqual(Object.keys(sent[0]!), ['_id', 'item']);
    });
  });

  it('leaves the making of an _id to the server when asked', async () => {
    await withServer({}, async ({ collection, log }) => {
      await collection.insertOne({ item: 'tea' }, { forceServerObjectId: true });

      const sent = log.started('insert')[0]!.command['documents'] as object[];
      assert.deepEqual(Object.keys(sent[0]!), ['item']);
      assert.ok((await collection.findOne({}))?._id instanceof ObjectId);
    });
  });

  it('rejects a duplicate with the code, the place and the reply of the server', async () => {
    await withServer({}, async ({ collection, cluster }) => {
      await collection.insertOne({ _id: 1 as never });

      const error = await rejection<MongoServerError>(collection.insertOne({ _id: 1 as never }));

      assert.ok(error instanceof MongoServerError);
      assert.equal(error.code, 11000);
      assert.equal(error.host, cluster.node(0).address);
      assert.equal(error.namespace, 'shop.orders');
      assert.deepEqual(error['keyValue'], { _id: 1 });
    });
  });

  it('refuses what can be no document, filter or change before anything is sent', async () => {
    await withServer({}, async ({ collection, log }) => {
      for (const work of [
        collection.insertOne([] as never),
        collection.insertMany('x' as never),
        collection.insertMany([]),
        collection.updateOne({}, { item: 'tea' }),
        collection.updateMany({}, []),
        collection.replaceOne({}, { $set: {} }),
        collection.deleteOne(3 as never),
        collection.findOne('x' as never),
        collection.countDocuments([] as never),
      ]) {
        await assert.rejects(work, MongoInvalidArgumentError);
      }
      assert.throws(() => collection.find(1 as never), MongoInvalidArgumentError);
      assert.throws(() => collection.aggregate({} as never), MongoInvalidArgumentError);
      assert.equal(log.started().length, 0);
    });
  });

  it('does not wait for the answer of an unacknowledged write', async () => {
    await withServer({}, async ({ collection, log }) => {
      const result = await collection.insertOne({ _id: 1 as never }, { writeConcern: { w: 0 } });

      assert.deepEqual(result, { acknowledged: false, insertedId: 1 });
      const [event] = log.started('insert');
      assert.deepEqual(event!.command['writeConcern'], { w: 0 });
      assert.equal(event!.command['lsid'], undefined);
      assert.deepEqual(log.named('commandSucceeded')[0]!.reply, { ok: 1 });
      assert.equal(await collection.countDocuments(), 1);
    });
  });

  it('drops a collection, and says true when there was none', async () => {
    await withServer({ cluster: { version: '6.0' } }, async ({ collection, db }) => {
      await collection.insertOne({});
      assert.deepEqual(
        (await db.listCollections().toArray()).map(({ name }) => name),
        ['orders'],
      );

      assert.equal(await collection.drop(), true);
      assert.equal(await collection.drop(), true);

      assert.deepEqual(await db.listCollections().toArray(), []);
      assert.equal(await db.dropDatabase(), true);
    });
  });

  it('aggregates on a collection', async () => {
    await withServer({}, async ({ collection }) => {
      await collection.insertMany(documents(6, { price: 2 }));

      const totals = await collection.aggregate([{ $group: { _id: null, sum: { $sum: '$price' } } }]).toArray();

      assert.deepEqual(totals, [{ _id: null, sum: 12 }]);
    });
  });

  it('works for many operations at once', async () => {
    await withServer({ client: { maxPoolSize: 5 } }, async ({ collection }) => {
      await Promise.all(documents(200).map(document => collection.insertOne(document as never)));

      const found = await Promise.all(documents(200).map(document => collection.findOne(document)));

      assert.deepEqual(found, documents(200));
    });
  });

  it('keeps both documents when a getter of one inserts the other while the first is encoded', async () => {
    await withServer({}, async ({ collection }) => {
      await Promise.all([collection.findOne(), collection.findOne(), collection.findOne()]);
      const nested: Promise<unknown>[] = [];
      const outer = {
        _id: 'outer' as never,
        before: 'x'.repeat(50),
        get audited() {
          nested.push(collection.insertOne({ text: 'y'.repeat(200) }));
          return true;
        },
      };

      await collection.insertOne(outer);
      await Promise.all(nested);

      assert.deepEqual(await collection.findOne({ _id: 'outer' as never }), {
        _id: 'outer',
        before: 'x'.repeat(50),
        audited: true,
      });
      assert.equal(await collection.countDocuments({ text: 'y'.repeat(200) }), nested.length);
    });
  });
});
