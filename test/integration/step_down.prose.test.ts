import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { MongoServerError } from 'mongotempo';
import { documents, failCommand, rejection, type SetupWithCluster, withServer } from '../support/cluster.js';

/** Connections Survive Primary Step Down, "Tests": retries off, so that each error is seen. */
async function withReplicaSet(run: (setup: SetupWithCluster) => Promise<void>): Promise<void> {
  await withServer({ cluster: { nodes: 3 }, client: { retryWrites: false } }, async setup => {
    await setup.collection.insertMany(documents(5), { writeConcern: { w: 'majority' } });
    setup.log.clear();
    await run(setup);
  });
}

describe('Connections Survive Primary Step Down', () => {
  it('getMore iteration goes on over a step-down, and no pool is cleared', async () => {
    await withReplicaSet(async ({ collection, cluster, log }) => {
      const cursor = collection.find({}, { batchSize: 2 });
      await cursor.next();
      await cursor.next();
      await cluster.stepDown();

      assert.equal((await cursor.toArray()).length, 3);
      assert.equal(log.named('connectionPoolCleared').length, 0);
      assert.equal(new Set([...log.started('find'), ...log.started('getMore')].map(it => it.connectionId)).size, 1);
    });
  });

  const errors: readonly [string, number, 0 | 1][] = [
    ['Not Primary', 10107, 0],
    ['Shutdown in progress', 91, 1],
    ['Interrupted at shutdown', 11600, 1],
  ];
  for (const [what, errorCode, cleared] of errors) {
    it(`${what} (${errorCode}): the pool is ${cleared === 0 ? 'kept' : 'cleared'}`, async () => {
      await withReplicaSet(async ({ collection, cluster, log }) => {
        const { address } = cluster.primary!;
        await failCommand(address, { failCommands: ['insert'], errorCode });

        const error = await rejection<MongoServerError>(collection.insertOne({ test: 1 }));
        await collection.insertOne({ test: 2 });

        assert.equal(error.code, errorCode);
        assert.equal(log.named('connectionPoolCleared').filter(it => it.address === address).length, cleared);
        const [first, second] = log.started('insert').map(({ connectionId }) => connectionId);
        assert.equal(first === second, cleared === 0);
      });
    });
  }
});
