import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Document, Long, MongoClient, UUID } from 'mongodb';
import { launch, TestCluster } from '../../src/index.js';
import { RawClient } from '../support/raw_client.js';
import { failCommand, serverError, withCluster } from '../support/with_cluster.js';

async function hello(uri: string): Promise<Document> {
  const client = new MongoClient(uri, { directConnection: true });
  try {
    return await client.db('admin').command({ hello: 1 });
  } finally {
    await client.close();
  }
}

describe('a sharded cluster', () => {
  it('has two mongos that show themselves as such and share their data', async () => {
    await withCluster({ topology: 'sharded' }, async (client, cluster) => {
      assert.equal(cluster.nodes.length, 2);
      await client.db('test').collection<{ _id: number }>('c').insertOne({ _id: 1 });

      for (const { address } of cluster.nodes) {
        const reply = await hello(`mongodb://${address}/`);
        const router = new MongoClient(`mongodb://${address}/`);
        const found = await router.db('test').collection('c').findOne();
        await router.close();

        assert.equal(reply['msg'], 'isdbgrid');
        assert.equal(reply['setName'], undefined);
        assert.equal(reply['logicalSessionTimeoutMinutes'], 30);
        assert.deepEqual(found, { _id: 1 });
      }
    });
  });

  it('sets fail points in one mongos only', async () => {
    await using cluster = await TestCluster.start({ topology: 'sharded' });
    const clients = cluster.nodes.map(({ address }) => new MongoClient(`mongodb://${address}/`));
    const [first, second] = clients as [MongoClient, MongoClient];
    try {
      await failCommand(first, 'alwaysOn', { failCommands: ['find'], errorCode: 11600 });

      assert.equal((await serverError(first.db('test').collection('c').find({}).toArray())).code, 11600);
      assert.deepEqual(await second.db('test').collection('c').find({}).toArray(), []);
    } finally {
      await Promise.all(clients.map(async client => client.close()));
    }
  });

  it('gives a recoveryToken in transactions, by which the other mongos finds out what became of one', async () => {
    await withCluster({ topology: 'sharded' }, async (client, cluster) => {
      const routers = await Promise.all(cluster.nodes.map(async ({ port }) => RawClient.connect(port)));
      const [first, second] = routers as [RawClient, RawClient];
      const transaction = { lsid: { id: new UUID() }, txnNumber: new Long(1), autocommit: false };
      await client.db('test').createCollection('c');

      const inserted = await first.command({
        insert: 'c',
        $db: 'test',
        documents: [{ _id: 1 }],
        startTransaction: true,
        ...transaction,
      });
      const { recoveryToken } = inserted;
      const commit = { commitTransaction: 1, $db: 'admin', recoveryToken, ...transaction };
      await first.command(commit);
      const committed = await second.command(commit);
      const open = { ...transaction, txnNumber: new Long(2) };
      await first.command({ insert: 'c', $db: 'test', documents: [{ _id: 2 }], startTransaction: true, ...open });
      const undecided = await second.command({ ...commit, ...open });
      for (const router of routers) router.close();

      assert.equal(typeof recoveryToken, 'object');
      assert.equal(committed['ok'], 1);
      assert.equal(undecided['codeName'], 'NoSuchTransaction');
      assert.deepEqual(await client.db('test').collection('c').find({}).toArray(), [{ _id: 1 }]);
    });
  });
});

describe('a load balancer', () => {
  it('gives connections in turn to two mongos, which tell their service ids', async () => {
    const services = new Set<string>();
    await withCluster({ topology: 'load-balanced', client: { minPoolSize: 4 } }, async client => {
      client.on('connectionReady', () => undefined);
      const replies = await Promise.all(
        Array.from({ length: 8 }, async () => client.db('admin').command({ ping: 1, comment: 'x' })),
      );
      assert.equal(replies.length, 8);
    });
    await using cluster = await TestCluster.start({ topology: 'load-balanced' });
    for (let index = 0; index < 4; index++) {
      const client = new MongoClient(cluster.uri, { monitorCommands: true });
      client.on('commandSucceeded', event => services.add(String(event.serviceId)));
      await client.db('admin').command({ ping: 1 });
      await client.close();
    }

    assert.equal(services.size, 2);
    assert.ok(!services.has('undefined'));
  });

  it('has a second front that leads to one mongos only', async () => {
    await using cluster = await TestCluster.start({ topology: 'load-balanced' });
    const services = new Set<string>();
    for (let index = 0; index < 3; index++) {
      const client = new MongoClient(cluster.singleRouterUri, { monitorCommands: true });
      client.on('commandSucceeded', event => services.add(String(event.serviceId)));
      await client.db('admin').command({ ping: 1 });
      await client.close();
    }

    assert.equal(services.size, 1);
  });

  it('refuses clients that do not know that they are behind one', async () => {
    await using cluster = await TestCluster.start({ topology: 'load-balanced' });
    const client = new MongoClient(cluster.uri.replace('loadBalanced', 'directConnection'), {
      serverSelectionTimeoutMS: 1500,
    });
    try {
      await assert.rejects(client.connect(), /load balancing/);
    } finally {
      await client.close();
    }
  });

  it('keeps cursors in the mongos that opened them', async () => {
    await withCluster({ topology: 'load-balanced' }, async client => {
      const collection = client.db('test').collection('c');
      await collection.insertMany(Array.from({ length: 7 }, (_, x) => ({ x })));

      const found = await collection.find({}, { batchSize: 2 }).toArray();

      assert.equal(found.length, 7);
    });
  });
});

describe('reset', () => {
  it('forgets data, fail points and cursors, and keeps connections', async () => {
    await withCluster({ topology: 'replicaset', client: { maxPoolSize: 1 } }, async (client, cluster) => {
      const collection = client.db('test').collection('c');
      await collection.insertMany([{ x: 1 }, { x: 2 }]);
      const cursor = collection.find({}, { batchSize: 1 });
      await cursor.next();
      await failCommand(client, 'alwaysOn', { failCommands: ['find'], errorCode: 2 });
      const before = cluster.nodes.map(node => node.connectionsCreated);

      await cluster.reset();

      assert.deepEqual(await collection.find({}).toArray(), []);
      assert.equal((await serverError(cursor.next())).code, 43);
      assert.deepEqual(
        cluster.nodes.map(node => node.connectionsCreated),
        before,
      );
    });
  });

  it('lets a node that stepped down be elected again', async () => {
    await withCluster({ topology: 'replicaset', nodes: 1 }, async (client, cluster) => {
      await client.db('admin').command({ replSetStepDown: 60, force: true });
      assert.equal(cluster.primary, undefined);

      await cluster.reset();

      assert.equal(cluster.primary, cluster.node(0));
    });
  });
});

describe('launch', () => {
  it('starts each topology in a process of its own and passes calls on', async () => {
    for (const topology of ['standalone', 'replicaset', 'sharded', 'load-balanced'] as const) {
      const server = await launch({ topology });
      const client = new MongoClient(server.uri);
      try {
        await client.db('test').collection('c').insertOne({});
        await server.call('reset');

        assert.equal(await client.db('test').collection('c').countDocuments(), 0);
        assert.equal(server.nodes.length, { standalone: 1, replicaset: 3, sharded: 2, 'load-balanced': 2 }[topology]);
      } finally {
        await client.close();
        await server.stop();
      }
    }
  });

  it('tells what a call has against its arguments, and that the process has ended', async () => {
    const server = await launch();
    await assert.rejects(server.call('kill', 7), /there is no node 7/);
    await server.stop();
    await assert.rejects(server.call('reset'), /has ended/);
  });
});
