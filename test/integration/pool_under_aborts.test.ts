import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TestCluster } from 'mongotempo-server';
import { MongoClient } from '../support/checked_source_client.js';

describe('100 finds that are aborted, on a pool of 10', () => {
  for (const [when, abortAfter] of [
    ['at once', () => Promise.resolve()],
    ['as soon as they are sent', () => new Promise<void>(resolve => setImmediate(resolve))],
    ['while the server works on them', () => new Promise<void>(resolve => setTimeout(resolve, 15).unref())],
  ] as const) {
    it(`close no healthy connection when it happens ${when}`, async () => {
      await using cluster = await TestCluster.start({ seed: 1 });
      await using client = new MongoClient(cluster.uri, { maxPoolSize: 10, minPoolSize: 10, maxConnecting: 10 });
      const orders = client.db('shop').collection('orders');
      await orders.insertMany(Array.from({ length: 20 }, () => ({ item: 'tea' })));
      while (client.poolStats()[0]?.idle !== 10) await new Promise(resolve => setTimeout(resolve, 5));
      const slow = { failCommands: ['find'], blockConnection: true, blockTimeMS: 30 };
      await client.db('admin').command({ configureFailPoint: 'failCommand', mode: 'alwaysOn', data: slow });
      const closed: unknown[] = [];
      const created: unknown[] = [];
      client.on('connectionClosed', event => closed.push(event));
      client.on('connectionCreated', event => created.push(event));
      const controllers = Array.from({ length: 100 }, () => new AbortController());
      const reason = new Error('no longer wanted');

      const finds = controllers.map(({ signal }) => orders.find({}, { signal }).toArray());
      const settled = Promise.allSettled(finds);
      await abortAfter();
      for (const controller of controllers) controller.abort(reason);

      for (const result of await settled) assert.equal(result.status === 'rejected' && result.reason, reason);
      await client.db('admin').command({ configureFailPoint: 'failCommand', mode: 'off' });
      assert.equal((await orders.find().toArray()).length, 20);
      while (client.poolStats()[0]?.idle !== 10) await new Promise(resolve => setTimeout(resolve, 5));
      assert.deepEqual([closed, created], [[], []]);
      assert.deepEqual(client.poolStats(), [
        {
          address: cluster.node(0).address,
          state: 'ready',
          generation: 0,
          maxPoolSize: 10,
          total: 10,
          idle: 10,
          inUse: 0,
          inUseByCursors: 0,
          inUseByTransactions: 0,
          pending: 0,
          draining: 0,
          waitQueueLength: 0,
        },
      ]);
      await client.close();
      assert.deepEqual(client.poolStats(), []);
    });
  }
});
