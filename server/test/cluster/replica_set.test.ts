import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { MongoClient, type ServerHeartbeatSucceededEvent, type TopologyDescriptionChangedEvent } from 'mongodb';
import { type TestCluster } from '../../src/index.js';
import { bodyOf, opMsg, RawClient } from '../support/raw_client.js';
import { failCommand, serverError, withCluster } from '../support/with_cluster.js';

const direct = (cluster: TestCluster, index: number) =>
  new MongoClient(`mongodb://${cluster.node(index).address}/?directConnection=true`, {
    retryReads: false,
    retryWrites: false,
  });

/** Resolves when the client has seen a topology without (or with) the address as primary. */
async function primarySeen(client: MongoClient, accepts: (address: string | undefined) => boolean): Promise<void> {
  for (;;) {
    const [event] = (await once(client, 'topologyDescriptionChanged')) as [TopologyDescriptionChangedEvent];
    const primary = [...event.newDescription.servers.values()].find(({ type }) => type === 'RSPrimary');
    if (accepts(primary?.address)) return;
  }
}

describe('a replica set', () => {
  it('is discovered with one primary and two secondaries from any of its nodes', () =>
    withCluster({ topology: 'replicaset', setName: 'blue' }, async (_client, cluster) => {
      await using client = new MongoClient(`mongodb://${cluster.node(2).address}/?replicaSet=blue`);
      await client.db('db').command({ ping: 1 });
      const hello = await client.db('admin').command({ hello: 1 });

      assert.equal(hello['setName'], 'blue');
      assert.equal((hello['hosts'] as string[]).length, 3);
      assert.equal(hello['primary'], cluster.primary?.address);
      assert.equal(hello['me'], cluster.primary?.address);
      assert.equal(hello['maxWireVersion'], 25);
      assert.ok('$clusterTime' in hello && 'operationTime' in hello && 'lastWrite' in hello);
    }));

  it('answers reads from secondaries with the data of the primary', () =>
    withCluster({ topology: 'replicaset' }, async client => {
      await client.db('db').collection<{ _id: number }>('coll').insertOne({ _id: 1 });

      assert.deepEqual(await client.db('db').collection('coll').findOne({}, { readPreference: 'secondary' }), {
        _id: 1,
      });
    }));

  it('refuses writes, and reads without a read preference, on a secondary', () =>
    withCluster({ topology: 'replicaset' }, async (_client, cluster) => {
      const client = await RawClient.connect(cluster.node(1).port);
      client.send(opMsg({ insert: 'coll', documents: [{ _id: 1 }], $db: 'db' }));
      const write = bodyOf(await client.receive());
      client.send(opMsg({ find: 'coll', $db: 'db' }));
      const read = bodyOf(await client.receive());
      client.close();

      assert.deepEqual(
        [write['code'], write['codeName'], write['errmsg']],
        [10107, 'NotWritablePrimary', 'not primary'],
      );
      assert.ok('topologyVersion' in write);
      assert.deepEqual(
        [read['code'], read['codeName'], read['errmsg']],
        [13435, 'NotPrimaryNoSecondaryOk', 'not primary and secondaryOk=false'],
      );
    }));

  it('elects another primary with a higher electionId when the primary steps down', () =>
    withCluster({ topology: 'replicaset' }, async (client, cluster) => {
      const before = await client.db('admin').command({ hello: 1 });

      await cluster.stepDown();

      await using after = direct(cluster, 1);
      const hello = await after.db('admin').command({ hello: 1 });
      assert.equal(cluster.primary?.address, cluster.node(1).address);
      assert.equal(hello['isWritablePrimary'], true);
      assert.ok(String(hello['electionId']) > String(before['electionId']));
    }));

  it('has no primary between the step-down and the election', () =>
    withCluster({ topology: 'replicaset' }, async (_client, cluster) => {
      const stepping = cluster.stepDown();
      assert.equal(cluster.primary, undefined);

      await stepping;
      assert.notEqual(cluster.primary, undefined);
    }));

  it('steps down on command, and is not elected again for that time', () =>
    withCluster({ topology: 'replicaset', electionDelayMS: 1 }, async (client, cluster) => {
      const old = cluster.primary?.address;
      await client.db('admin').command({ replSetStepDown: 60, force: true });
      await cluster.whenPrimary();
      for (let round = 0; round < 3; round++) {
        await cluster.stepDown();
        assert.notEqual(cluster.primary?.address, old);
      }
    }));

  it('wakes streaming monitors at once when the primary changes', () =>
    withCluster({ topology: 'replicaset', client: { heartbeatFrequencyMS: 60_000 } }, async (client, cluster) => {
      const beats: ServerHeartbeatSucceededEvent[] = [];
      client.on('serverHeartbeatSucceeded', event => beats.push(event));
      await client.db('db').command({ ping: 1 });
      const next = cluster.node(1).address;

      const seen = primarySeen(client, address => address === next);
      await cluster.stepDown();
      await seen;

      assert.ok(beats.some(({ awaited, connectionId }) => awaited && connectionId.startsWith(next)));
    }));

  it('lets every write of a busy client succeed exactly once through step-downs', () =>
    withCluster({ topology: 'replicaset' }, async (client, cluster) => {
      const things = client.db('db').collection<{ _id: number }>('coll');
      let next = 0;
      let isDone = false;
      const writers = Array.from({ length: 4 }, async () => {
        while (!isDone) await things.insertOne({ _id: next++ });
      });

      for (let round = 0; round < 3; round++) await cluster.stepDown();
      isDone = true;
      await Promise.all(writers);

      assert.equal(await things.countDocuments(), next);
    }));

  it('goes on without a killed node and takes it back', () =>
    withCluster({ topology: 'replicaset' }, async (client, cluster) => {
      const things = client.db('db').collection<{ _id: number }>('coll');
      await things.insertOne({ _id: 1 });
      const [old] = cluster.nodes;
      const seen = primarySeen(client, address => address !== undefined && address !== old?.address);

      await old?.kill();
      await seen;
      await things.insertOne({ _id: 2 });
      await old?.restart();

      assert.equal(old?.role, 'secondary');
      await using back = direct(cluster, 0);
      assert.equal(await back.db('db').collection('coll').countDocuments(), 2);
    }));

  it('has no primary without a majority', () =>
    withCluster({ topology: 'replicaset' }, async (_client, cluster) => {
      await cluster.node(1).kill();
      assert.equal(cluster.primary, cluster.node(0));

      await cluster.node(2).kill();
      assert.equal(cluster.primary, undefined);

      await cluster.node(1).restart();
      await cluster.whenPrimary();
      assert.notEqual(cluster.primary, undefined);
    }));

  it('resets the connections of a killed node and closes its port', () =>
    withCluster({ topology: 'standalone', client: { retryReads: false } }, async (client, cluster) => {
      await client.db('db').command({ ping: 1 });
      assert.ok(cluster.node(0).connectionCount > 0);

      await cluster.node(0).kill();

      assert.equal(cluster.node(0).connectionCount, 0);
      const socket = connect(cluster.node(0).port, '127.0.0.1');
      const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
      assert.equal(error.code, 'ECONNREFUSED');
      await cluster.node(0).restart();
      await client.db('db').command({ ping: 1 });
    }));
});

describe('retryable writes', () => {
  it('are executed once and answered twice when they are sent twice', () =>
    withCluster({ topology: 'replicaset' }, async client => {
      const things = client.db('db').collection<{ _id: number; n: number }>('coll');
      await things.insertOne({ _id: 1, n: 0 });
      // The command is executed, its reply carries a retryable error, and the driver sends it again.
      await failCommand(
        client,
        { times: 1 },
        {
          failCommands: ['update'],
          writeConcernError: { code: 91, errmsg: 'Replication is being shut down' },
          errorLabels: ['RetryableWriteError'],
        },
      );

      const result = await things.updateOne({ _id: 1 }, { $inc: { n: 1 } });

      assert.equal(result.modifiedCount, 1);
      assert.deepEqual(await things.findOne({ _id: 1 }), { _id: 1, n: 1 });
    }));

  it('survive a closed connection', () =>
    withCluster({ topology: 'replicaset' }, async client => {
      const things = client.db('db').collection('coll');
      await failCommand(client, { times: 1 }, { failCommands: ['insert'], closeConnection: true });

      await things.insertOne({});

      assert.equal(await things.countDocuments(), 1);
    }));

  it('are refused by a standalone', () =>
    withCluster({}, async client => {
      const error = await serverError(client.db('db').command({ insert: 'coll', documents: [{}], txnNumber: 1n }));

      assert.equal(error.code, 20);
    }));
});
