// The prose tests of "Server Selection", by their titles there.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Collection } from 'mongotempo';
import { MongoClient } from '../support/checked_client.js';
import { failCommand, withServer } from '../support/cluster.js';
import { EventLog } from '../support/event_log.js';
import { paced } from '../support/pace.js';

const appName = 'loadBalancingTest';

/** The share of one server in the reads of ten callers. */
async function shareOf(address: string, collection: Collection, log: EventLog, timesEach: number): Promise<number> {
  log.clear();
  const caller = async () => {
    for (let time = 0; time < timesEach; time++) await collection.findOne();
  };
  await Promise.all(Array.from({ length: 10 }, caller));
  const started = log.started('find');
  assert.equal(started.length, 10 * timesEach);
  return started.filter(event => event.address === address).length / started.length;
}

describe('operationCount-based Selection Within Latency Window', () => {
  it(
    'few operations go to a mongos that is slow, and as many as to the other when it is not',
    paced(ms =>
      withServer({ cluster: { topology: 'sharded', nodes: 2 } }, async ({ cluster }) => {
        await using client = new MongoClient(cluster.uri, { appName, localThresholdMS: 30_000, minPoolSize: 10 });
        const log = new EventLog(client);
        await client.connect();
        await log.some('connectionReady', () => log.named('connectionReady').length >= 20);
        const collection = client.db('shop').collection('orders');
        await collection.insertOne({});
        const slow = cluster.node(0).address;
        const failure = { failCommands: ['find'], blockConnection: true, blockTimeMS: ms(500), appName };
        await failCommand(slow, failure, { times: 10_000 });

        const whileSlow = await shareOf(slow, collection, log, 10);
        await failCommand(slow, failure, 'off');
        const afterwards = await shareOf(slow, collection, log, 100);

        assert.ok(whileSlow < 0.25, `${100 * whileSlow} % went to the slow one`);
        assert.ok(afterwards >= 0.4 && afterwards <= 0.6, `${100 * afterwards} % went to the one that had been slow`);
      }),
    ),
  );
});

describe('Application-Provided Server Selector', () => {
  it('all operations go to the server that it chooses', () =>
    withServer({ cluster: { nodes: 3 } }, async ({ cluster }) => {
      const highest = Math.max(...cluster.nodes.map(({ port }) => port));
      await using client = new MongoClient(cluster.uri, {
        readPreference: 'nearest',
        minHeartbeatFrequencyMS: 20,
        serverSelector: (_topology, servers) =>
          servers.filter(({ port }) => port === Math.max(...servers.map(server => server.port))),
      });
      const log = new EventLog(client);
      await client.connect();
      await log.some('connectionPoolReady', () => log.named('connectionPoolReady').length === 3);
      log.clear();

      for (let time = 0; time < 10; time++) await client.db('shop').collection('orders').findOne();

      assert.deepEqual(
        log.started('find').map(({ address }) => Number(address.split(':')[1])),
        Array.from({ length: 10 }, () => highest),
      );
    }));
});
