import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { serverError, withCluster } from '../support/with_cluster.js';

describe('collections and databases', () => {
  it('lists what was created, and forgets what was dropped', () =>
    withCluster({}, async client => {
      const db = client.db('shop');
      await db.createCollection('a');
      await db.collection('b').insertOne({});

      assert.deepEqual((await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name).sort(), [
        'a',
        'b',
      ]);
      const [info] = await db.listCollections({ name: 'a' }).toArray();
      assert.ok(info !== undefined && 'info' in info && info.info.uuid !== undefined);
      assert.deepEqual((await db.admin().listDatabases({ nameOnly: true })).databases, [{ name: 'shop' }]);

      await db.collection('a').drop();
      assert.equal(await db.collection('never').drop(), true);
      await db.dropDatabase();
      assert.deepEqual((await db.admin().listDatabases()).databases, []);
    }));

  it('refuses to create what exists with other options, and accepts the same', () =>
    withCluster({}, async client => {
      const db = client.db('shop');
      await db.createCollection('a');
      await db.createCollection('a');

      const error = await serverError(db.createCollection('a', { capped: true, size: 1000 }));

      assert.deepEqual([error.code, error.codeName], [48, 'NamespaceExists']);
    }));

  it('refuses names that MongoDB refuses', () =>
    withCluster({}, async client => {
      assert.equal((await serverError(client.db('shop').command({ insert: '', documents: [{}] }))).code, 73);
      assert.equal((await serverError(client.db('shop').command({ create: 'a$b' }))).code, 73);
    }));
});

describe('indexes', () => {
  it('creates, lists and drops', () =>
    withCluster({}, async client => {
      const things = client.db('shop').collection('things');

      assert.equal(await things.createIndex({ a: 1, b: -1 }), 'a_1_b_-1');
      await things.createIndex({ c: 1 }, { unique: true, name: 'c' }, {});

      assert.deepEqual(await things.indexes(), [
        { v: 2, key: { _id: 1 }, name: '_id_' },
        { v: 2, key: { a: 1, b: -1 }, name: 'a_1_b_-1' },
        { v: 2, key: { c: 1 }, name: 'c', unique: true },
      ]);
      await things.dropIndex('c');
      assert.equal((await things.indexes()).length, 2);
      assert.equal((await serverError(things.dropIndex('c'))).codeName, 'IndexNotFound');
    }));

  it('enforces a unique index on inserts, updates and building', () =>
    withCluster({}, async client => {
      const things = client.db('shop').collection<{ _id: number; a?: number; b?: number }>('things');
      await things.insertMany([
        { _id: 1, a: 1, b: 5 },
        { _id: 2, a: 2, b: 5 },
      ]);
      await things.createIndex({ a: 1 }, { unique: true }, {});

      const inserted = await serverError(things.insertOne({ _id: 3, a: 1 }));
      const updated = await serverError(things.updateOne({ _id: 2 }, { $set: { a: 1 } }));
      const built = await serverError(things.createIndex({ b: 1 }, { unique: true }, {}));

      assert.equal(inserted.message, 'E11000 duplicate key error collection: shop.things index: a_1 dup key: { a: 1 }');
      assert.equal(updated.code, 11000);
      assert.equal(built.code, 11000);
      assert.deepEqual(await things.findOne({ a: 2 }), { _id: 2, a: 2, b: 5 });
    }));

  it('lets a sparse or partial unique index skip documents', () =>
    withCluster({}, async client => {
      const things = client.db('shop').collection<{ a?: number; b?: number; live?: boolean }>('things');
      await things.createIndex({ a: 1 }, { unique: true, sparse: true }, {});
      await things.createIndex({ b: 1 }, { unique: true, partialFilterExpression: { live: true } }, {});

      await things.insertMany([{ b: 1 }, { b: 1 }, { b: 1, live: true }]);

      assert.equal((await serverError(things.insertOne({ b: 1, live: true }))).code, 11000);
    }));

  it('finds by an index what a scan finds, after updates and deletes', () =>
    withCluster({}, async client => {
      const things = client.db('shop').collection<{ _id: number; tags: string[] }>('things');
      await things.createIndex({ tags: 1 });
      await things.insertMany([
        { _id: 1, tags: ['a', 'b'] },
        { _id: 2, tags: ['b'] },
        { _id: 3, tags: [] },
      ]);
      await things.updateOne({ _id: 1 }, { $pull: { tags: 'b' } });
      await things.deleteOne({ _id: 3 });

      assert.deepEqual(await things.find({ tags: 'b' }).toArray(), [{ _id: 2, tags: ['b'] }]);
      assert.deepEqual(await things.find({ tags: { $in: ['a', 'x'] } }).toArray(), [{ _id: 1, tags: ['a'] }]);
    }));

  it('answers NamespaceNotFound for the indexes of no collection', () =>
    withCluster({}, async client => {
      const error = await serverError(client.db('shop').command({ listIndexes: 'none' }));

      assert.deepEqual([error.code, error.message], [26, 'ns does not exist: shop.none']);
    }));
});
