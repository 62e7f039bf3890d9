import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { MongoClientOptions } from 'mongotempo';
import { TestCluster } from 'mongotempo-server';
import { MongoClient } from '../support/checked_client.js';
import { failCommand, rejection, withServer } from '../support/cluster.js';
import { EventLog } from '../support/event_log.js';

// Connection Monitoring and Pooling, "Tests" (README): what its JSON files cannot say.
describe('Connection Monitoring and Pooling, prose tests', () => {
  const options = {
    maxPoolSize: 7,
    minPoolSize: 2,
    maxIdleTimeMS: 5000,
    maxConnecting: 3,
    waitQueueTimeoutMS: 15_000,
  } satisfies MongoClientOptions;

  it('1. all options of a pool are options of the client, and the same for all its pools', async () => {
    await using cluster = await TestCluster.start({ nodes: 3 });
    await using client = new MongoClient(cluster.uri, options);
    const log = new EventLog(client);
    await client.connect();
    while (log.named('connectionPoolCreated').length < 3) await log.next('connectionPoolCreated');

    const created = log.named('connectionPoolCreated');
    assert.equal(new Set(created.map(({ address }) => address)).size, 3);
    for (const event of created) assert.deepEqual({ ...event.options, ...options }, { ...event.options });
  });

  it('2. all options of a pool can be given in the connection string', () => {
    const query = Object.entries(options).map(([name, value]) => `${name}=${value}`);
    const client = new MongoClient(`mongodb://db1:27017/?${query.join('&')}`);

    for (const [name, value] of Object.entries(options)) {
      assert.equal(client.options[name as keyof typeof options], value);
    }
  });

  it('3. users can subscribe to all events of a pool before it does anything', async () => {
    await withServer({}, async ({ client, collection, log }) => {
      await collection.insertOne({});
      await client.close();

      const seen = new Set(log.events.map(({ name }) => name));
      for (const name of [
        'connectionPoolCreated',
        'connectionPoolReady',
        'connectionCheckOutStarted',
        'connectionCreated',
        'connectionReady',
        'connectionCheckedOut',
        'connectionCheckedIn',
        'connectionClosed',
        'connectionPoolClosed',
      ] as const) {
        assert.ok(seen.has(name), name);
      }
    });
  });

  it('4. a connection that cannot be set up ends the check-out with connectionError, after it is closed', async () => {
    // The first connection of the pool is to be that of the insert.
    const options = { retryWrites: false, __skipPingOnConnect: true };
    await withServer({ client: options }, async ({ client, collection, log, uri }) => {
      await client.connect();
      log.clear();
      await failCommand(uri, { failCommands: ['hello', 'isMaster', 'ismaster'], closeConnection: true }, 'alwaysOn');

      await rejection(collection.insertOne({}));

      const { reason, error } = await log.some('connectionCheckOutFailed');
      assert.equal(reason, 'connectionError');
      assert.ok(error instanceof Error);
      const names = log.events.map(({ name }) => name);
      const created = names.indexOf('connectionCreated');
      const closed = names.indexOf('connectionClosed');
      assert.ok(created >= 0 && closed > created && closed < names.indexOf('connectionCheckOutFailed'), names.join());
      assert.equal(log.named('connectionClosed')[0]!.reason, 'error');
    });
  });
});
