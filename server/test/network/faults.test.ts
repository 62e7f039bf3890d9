import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { MongoClient, MongoNetworkError, MongoNetworkTimeoutError } from 'mongodb';
import { launch, type ReplyFault, TestCluster } from '../../src/index.js';
import { opMsg, RawClient } from '../support/raw_client.js';
import { withCluster } from '../support/with_cluster.js';

const patient = { retryReads: false, maxPoolSize: 1, socketTimeoutMS: 1500 };
const ping = opMsg({ ping: 1, $db: 'admin' });

describe('the network of a node', () => {
  const broken: readonly [string, ReplyFault, new (...args: never[]) => Error][] = [
    ['resets a connection at a byte of a reply', { kind: 'cut', afterBytes: 20, then: 'reset' }, MongoNetworkError],
    ['closes a connection at a byte of a reply', { kind: 'cut', afterBytes: 0, then: 'close' }, MongoNetworkError],
    ['falls silent at a byte of a reply', { kind: 'cut', afterBytes: 7, then: 'silence' }, MongoNetworkTimeoutError],
    ['sends garbage in place of a reply', { kind: 'garbage' }, Error],
  ];
  for (const [what, fault, errorClass] of broken) {
    it(`${what}, once, to the command that is named`, () =>
      withCluster({ client: patient }, async (client, cluster) => {
        const collection = client.db('db').collection('c');
        await collection.insertOne({});
        cluster.node(0).network.failReplies(fault, { command: 'find' });

        await collection.insertOne({});
        await assert.rejects(collection.findOne(), errorClass);
        assert.notEqual(await collection.findOne(), null);
      }));
  }

  it('answers a request that was never made', async () => {
    await using cluster = await TestCluster.start();
    cluster.node(0).network.failReplies({ kind: 'wrongResponseTo' });
    const client = await RawClient.connect(cluster.node(0).port);
    client.send(ping);
    const wrong = await client.receive();
    client.send(ping);
    const right = await client.receive();
    client.close();

    assert.equal((wrong?.responseTo ?? 0) - (right?.responseTo ?? 0) > 1_000_000, true);
  });

  it('delays each direction by its own time, and keeps the order', async () => {
    await using cluster = await TestCluster.start();
    const client = await RawClient.connect(cluster.node(0).port);
    cluster.node(0).network.delay({ toServerMS: 30, toClientMS: 30 });
    const begin = performance.now();
    client.send(ping);
    client.send(ping);
    const first = await client.receive();
    const second = await client.receive();
    const elapsed = performance.now() - begin;
    client.close();

    assert.ok(elapsed >= 59, `it took ${elapsed} ms`);
    assert.ok((second?.requestId ?? 0) > (first?.requestId ?? 0));
  });

  it('lets nothing through while it is cut, and everything when it is whole again', async () => {
    await using cluster = await TestCluster.start();
    const { network, port } = cluster.node(0);
    const client = await RawClient.connect(port);
    network.cut();
    client.send(ping);
    const late = await RawClient.connect(port);
    late.send(ping);
    let answered = 0;
    const replies = [client.receive(), late.receive()].map(async reply => {
      await reply;
      answered++;
    });
    await new Promise(resolve => setTimeout(resolve, 40));
    const whileCut = answered;
    network.heal();
    await Promise.all(replies);
    client.close();
    late.close();

    assert.equal(whileCut, 0);
  });

  it('takes connections and says nothing, or listens to them only later', async () => {
    await using cluster = await TestCluster.start();
    const { network, port } = cluster.node(0);
    network.accept('silent');
    const silent = await RawClient.connect(port);
    silent.send(ping);
    network.accept({ afterMS: 30 });
    const begin = performance.now();
    const slow = await RawClient.connect(port);
    slow.send(ping);
    await slow.receive();
    const elapsed = performance.now() - begin;
    slow.close();
    silent.close();

    assert.ok(elapsed >= 29, `it took ${elapsed} ms`);
  });

  it('lets a stopped cluster go even if it never listened to a client', async () => {
    const cluster = await TestCluster.start();
    cluster.node(0).network.accept('silent');
    const socket = connect(cluster.node(0).port, '127.0.0.1');
    await once(socket, 'connect');
    const closed = once(socket, 'close');

    await cluster.stop();

    await closed;
  });

  it('refuses numbers that mean nothing', async () => {
    await using cluster = await TestCluster.start();
    const { network } = cluster.node(0);

    assert.throws(() => network.delay({ toClientMS: -1 }), RangeError);
    assert.throws(() => network.accept({ afterMS: Number.NaN }), RangeError);
    assert.throws(() => network.failReplies({ kind: 'cut', afterBytes: -1, then: 'reset' }), RangeError);
  });

  it('is whole again after a reset of the cluster', async () => {
    await using cluster = await TestCluster.start({ topology: 'replicaset' });
    cluster.partition(1);
    cluster.node(0).network.delay({ toClientMS: 60_000 });
    cluster.node(2).network.failReplies({ kind: 'garbage' });

    await cluster.reset();

    await using client = new MongoClient(cluster.uri, { serverSelectionTimeoutMS: 30_000 });
    const status = await client.db('admin').command({ replSetGetStatus: 1 });
    assert.deepEqual(
      (status['members'] as { health: number }[]).map(({ health }) => health),
      [1, 1, 1],
    );
  });

  it('is ruled over the control channel of a child process, too', async () => {
    const server = await launch();
    try {
      await server.call('failReplies', 0, { kind: 'cut', afterBytes: 5, then: 'reset' }, { command: 'ping' });
      await using client = new MongoClient(server.uri, { retryReads: false });

      await assert.rejects(client.db('admin').command({ ping: 1 }), MongoNetworkError);
      await client.db('admin').command({ ping: 1 });
    } finally {
      await server.stop();
    }
  });
});
