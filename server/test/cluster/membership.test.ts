import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { type Document, MongoClient } from 'mongodb';
import { type TestCluster } from '../../src/index.js';
import { serverError, withCluster } from '../support/with_cluster.js';

async function helloOf(cluster: TestCluster, index: number): Promise<Document> {
  await using client = new MongoClient(`mongodb://${cluster.node(index).address}/?directConnection=true`);
  return await client.db('admin').command({ hello: 1 });
}

describe('the members of a replica set', () => {
  it('follow a new configuration: a higher setVersion, and one outside of it that says so', () =>
    withCluster({ topology: 'replicaset' }, async (client, cluster) => {
      await client.connect();
      cluster.reconfig([0, 1]);
      const [inside, outside] = [await helloOf(cluster, 0), await helloOf(cluster, 2)];

      assert.deepEqual(inside['hosts'], [cluster.node(0).address, cluster.node(1).address]);
      assert.equal(inside['setVersion'], 2);
      assert.equal(outside['isreplicaset'], true);
      assert.equal(outside['setName'], undefined);
      assert.equal(outside['isWritablePrimary'], false);
      await using removed = new MongoClient(`mongodb://${cluster.node(2).address}/?directConnection=true`, {
        retryReads: false,
      });
      assert.equal((await serverError(removed.db('db').command({ count: 'c' }))).codeName, 'NotPrimaryOrSecondary');
    }));

  it('elect another primary when theirs is removed', () =>
    withCluster({ topology: 'replicaset' }, async (client, cluster) => {
      cluster.reconfig([1, 2]);
      await cluster.whenPrimary();
      await client.db('db').collection('c').insertOne({});

      assert.equal(cluster.primary?.address, cluster.node(1).address);
    }));

  it('take in a node that is started later', () =>
    withCluster({ topology: 'replicaset' }, async (client, cluster) => {
      await client.db('db').collection<{ _id: number }>('c').insertOne({ _id: 1 });
      const node = await cluster.addNode();
      const hello = await helloOf(cluster, 0);
      await using direct = new MongoClient(`mongodb://${node.address}/?directConnection=true`);

      assert.equal((hello['hosts'] as string[]).at(-1), node.address);
      assert.deepEqual(await direct.db('db').collection('c').findOne({}, { readPreference: 'secondary' }), { _id: 1 });
    }));

  it('replace a primary that is cut off, which comes back as a secondary', () =>
    withCluster({ topology: 'replicaset' }, async (_client, cluster) => {
      cluster.partition(0);
      await cluster.whenPrimary();
      const primary = cluster.primary?.address;
      cluster.heal(0);

      assert.equal(primary, cluster.node(1).address);
      assert.equal(cluster.node(0).role, 'secondary');
      assert.equal((await helloOf(cluster, 0))['primary'], primary);
    }));

  it('have no primary while a majority is cut off', () =>
    withCluster({ topology: 'replicaset' }, async (_client, cluster) => {
      cluster.partition(0);
      cluster.partition(1);

      assert.equal(cluster.primary, undefined);
      assert.throws(() => cluster.elect(2), RangeError);
      cluster.heal(1);
      await cluster.whenPrimary();
    }));

  it('make the node primary that the test wants, with a higher electionId', () =>
    withCluster({ topology: 'replicaset' }, async (_client, cluster) => {
      const before = await helloOf(cluster, 0);
      cluster.elect(2);
      const after = await helloOf(cluster, 2);

      assert.equal(after['isWritablePrimary'], true);
      assert.ok(String(after['electionId']) > String(before['electionId']));
    }));

  it('do not elect one that is frozen', () =>
    withCluster({ topology: 'replicaset' }, async (_client, cluster) => {
      cluster.freeze(1, 60_000);
      await cluster.stepDown();

      assert.equal(cluster.primary?.address, cluster.node(2).address);
    }));

  it('take replSetFreeze on a secondary only', () =>
    withCluster({ topology: 'replicaset' }, async (client, cluster) => {
      const error = await serverError(client.db('admin').command({ replSetFreeze: 60 }));
      await using secondary = new MongoClient(`mongodb://${cluster.node(1).address}/?directConnection=true`);
      await secondary.db('admin').command({ replSetFreeze: 60 });
      await cluster.stepDown();

      assert.equal(error.codeName, 'NotSecondary');
      assert.equal(cluster.primary?.address, cluster.node(2).address);
    }));

  it('show what was there so long ago when they lag behind', () =>
    withCluster({ topology: 'replicaset', client: { readPreference: 'secondary' } }, async (client, cluster) => {
      const collection = client.db('db').collection('c');
      await client.db('db').createCollection('c');
      cluster.lag(1, 60_000);
      cluster.lag(2, 60_000);
      await collection.insertOne({});
      const seen = await collection.countDocuments();
      const { lastWrite } = await helloOf(cluster, 1);
      cluster.lag(1, 0);
      cluster.lag(2, 0);

      assert.equal(seen, 0);
      assert.ok(Date.now() - (lastWrite as { lastWriteDate: Date }).lastWriteDate.getTime() >= 60_000);
      assert.equal(await collection.countDocuments(), 1);
    }));

  it('tell clients that stream hello of a partition that has healed', () =>
    withCluster({ topology: 'replicaset', client: { heartbeatFrequencyMS: 500 } }, async (client, cluster) => {
      await client.connect();
      cluster.partition(0);
      await cluster.whenPrimary();
      const changed = once(client, 'topologyDescriptionChanged');
      cluster.heal(0);

      await changed;
    }));
});
