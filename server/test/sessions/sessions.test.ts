import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Binary, type Document, type MongoClient, type Timestamp } from 'mongodb';
import { serverError, withCluster } from '../support/with_cluster.js';

const set = { topology: 'replicaset', nodes: 1 } as const;

async function sessionIds(client: MongoClient): Promise<Set<string>> {
  const found = await client
    .db('admin')
    .aggregate([{ $listLocalSessions: {} }])
    .toArray();
  return new Set(found.map(({ _id }) => (_id as { id: Binary }).id.toString('hex')));
}

describe('sessions', () => {
  it('are started, listed and ended', () =>
    withCluster(set, async client => {
      const session = client.startSession();
      await client.db('d').collection('c').findOne({}, { session });
      const id = (session.id?.id as Binary).toString('hex');
      assert.ok((await sessionIds(client)).has(id));
      await client.db('admin').command({ endSessions: [session.id] });
      assert.equal((await sessionIds(client)).has(id), false);
      await session.endSession();
      const started = await client.db('admin').command({ startSession: 1 });
      assert.equal(started['timeoutMinutes'], 30);
    }));

  it('take their cursors and transactions with them', () =>
    withCluster(set, async client => {
      const collection = client.db('d').collection<{ _id: number }>('c');
      await collection.insertMany([{ _id: 1 }, { _id: 2 }, { _id: 3 }]);
      for (const command of ['endSessions', 'killSessions']) {
        const session = client.startSession();
        const cursor = collection.find({}, { session, batchSize: 1 });
        await cursor.next();
        await client.db('admin').command({ [command]: [session.id] });
        assert.equal((await serverError(cursor.toArray())).code, 43);
        await session.endSession();

        const other = client.startSession();
        other.startTransaction();
        await collection.insertOne({ _id: 9 }, { session: other });
        await client.db('admin').command({ [command]: [other.id] });
        assert.equal((await serverError(other.commitTransaction())).code, 251);
        await other.endSession();
      }
    }));

  it('own their cursors: another session may not go on with one', () =>
    withCluster(set, async client => {
      const collection = client.db('d').collection<{ _id: number }>('c');
      await collection.insertMany([{ _id: 1 }, { _id: 2 }]);
      const session = client.startSession();
      const { cursor } = await client.db('d').command({ find: 'c', batchSize: 1 }, { session });
      const { id } = cursor as { id: unknown };
      const error = await serverError(client.db('d').command({ getMore: id, collection: 'c' }));
      assert.equal(error.code, 50_738);
      await session.endSession();
    }));
});

describe('cluster time', () => {
  it('rises with every write, and is told with every reply', () =>
    withCluster(set, async client => {
      const insert = async (): Promise<Timestamp> => {
        const reply = await client.db('d').command({ insert: 'c', documents: [{}] });
        assert.ok('$clusterTime' in reply);
        return reply['operationTime'] as Timestamp;
      };
      const [first, second] = [await insert(), await insert()];
      assert.ok(second.greaterThan(first));
    }));

  it('is not there on a standalone', () =>
    withCluster({ topology: 'standalone' }, async client => {
      const reply = await client.db('d').command({ insert: 'c', documents: [{}] });
      assert.equal('$clusterTime' in reply || 'operationTime' in reply, false);
    }));

  it('lets a snapshot be read again after it has passed', () =>
    withCluster(set, async client => {
      const collection = client.db('d').collection<{ _id: number }>('c');
      await collection.insertOne({ _id: 1 });
      const session = client.startSession({ snapshot: true });
      assert.equal((await collection.find({}, { session }).toArray()).length, 1);
      await collection.insertOne({ _id: 2 });
      assert.equal((await collection.find({}, { session }).toArray()).length, 1);
      assert.deepEqual(await collection.distinct('_id', {}, { session }), [1]);
      await session.endSession();
      assert.equal(await collection.countDocuments(), 2);
    }));

  it('is wanted of a read concern that needs one, where there is none', async () => {
    await withCluster({ topology: 'standalone' }, async client => {
      const read: Document = { find: 'c', readConcern: { level: 'snapshot' } };
      assert.equal((await serverError(client.db('d').command(read))).code, 123);
      assert.equal((await serverError(client.db('d').command({ find: 'c', readConcern: { level: 'x' } }))).code, 9);
    });
  });
});
