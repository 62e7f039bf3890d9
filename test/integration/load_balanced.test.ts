import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { TestCluster } from 'mongotempo-server';
import { MongoCompatibilityError } from '../../src/errors/driver.js';
import type { CommandStartedEvent } from '../../src/events/command.js';
import { MongoClient } from '../support/checked_source_client.js';

describe('a client behind a load balancer', () => {
  it('tells of its topology as specified, without any heartbeat, and of the service with each command', async () => {
    await using cluster = await TestCluster.start({ seed: 1, topology: 'load-balanced' });
    const client = new MongoClient(cluster.uri, { serverSelectionTimeoutMS: 5000 });
    const seen: string[] = [];
    const services = new Set<string>();
    client.on('topologyOpening', () => seen.push('topologyOpening'));
    client.on('topologyDescriptionChanged', ({ newDescription: { type, candidates } }) =>
      seen.push(`${type}[${candidates.map(server => server.type).join()}]`),
    );
    client.on('serverOpening', () => seen.push('serverOpening'));
    client.on('serverDescriptionChanged', ({ newDescription }) => seen.push(newDescription.type));
    client.on('serverHeartbeatStarted', () => seen.push('heartbeat'));
    client.on('serverClosed', () => seen.push('serverClosed'));
    client.on('topologyClosed', () => seen.push('topologyClosed'));
    client.on('commandSucceeded', ({ serviceId }) => services.add(String(serviceId)));

    await client.db('shop').collection('orders').insertOne({ item: 'tea' });
    await client.close();

    assert.deepEqual(seen, [
      'topologyOpening',
      'LoadBalanced[Unknown]',
      'serverOpening',
      'LoadBalancer',
      'LoadBalanced[LoadBalancer]',
      'serverClosed',
      'Unknown[]',
      'topologyClosed',
    ]);
    assert.equal(services.size, 1);
    assert.match([...services].join(), /^[0-9a-f]{24}$/);
  });

  it('describes its server with the service that its newest connection reached', async () => {
    await using cluster = await TestCluster.start({ seed: 1, topology: 'load-balanced' });
    await using client = new MongoClient(cluster.uri, { serverSelectionTimeoutMS: 5000 });
    const started = once(client, 'commandStarted');
    const before = new Promise<unknown>(resolve => {
      client.once('serverDescriptionChanged', ({ newDescription }) => resolve(newDescription.serviceId));
    });

    await client.db('shop').collection('orders').insertOne({ item: 'tea' });

    const [{ serviceId }] = (await started) as [CommandStartedEvent];
    const [server] = client.topologyDescription!.servers.values();
    assert.equal(await before, null);
    assert.ok(serviceId !== undefined);
    assert.deepEqual([server!.type, server!.serviceId], ['LoadBalancer', serviceId]);
  });

  it('retries a write whose connection broke, on another connection', async () => {
    await using cluster = await TestCluster.start({ seed: 1, topology: 'load-balanced' });
    await using client = new MongoClient(cluster.uri, { serverSelectionTimeoutMS: 5000 });
    const seen: string[] = [];
    client.on('connectionPoolCleared', ({ serviceId }) => seen.push(`cleared ${typeof serviceId}`));
    client.on('serverDescriptionChanged', () => seen.push('server changed'));
    const orders = client.db('shop').collection('orders');
    await orders.insertOne({ item: 'tea' });
    seen.length = 0;
    await client.db('admin').command({
      configureFailPoint: 'failCommand',
      mode: { times: 1 },
      data: { failCommands: ['insert'], closeConnection: true },
    });

    await orders.insertOne({ item: 'coffee' });

    assert.equal(await orders.countDocuments(), 2);
    assert.deepEqual(seen, ['cleared object']);
  });

  it('fails at once when the server is none', async () => {
    await using cluster = await TestCluster.start({ seed: 1, topology: 'standalone' });
    const uri = new URL(cluster.uri);
    uri.searchParams.set('loadBalanced', 'true');
    await using client = new MongoClient(uri.href, { serverSelectionTimeoutMS: 5000 });

    await assert.rejects(client.db('shop').collection('orders').findOne(), MongoCompatibilityError);
  });
});
