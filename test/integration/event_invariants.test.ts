import { describe, it } from 'node:test';
import type { Collection, MongoClientOptions } from 'mongotempo';
import { failCommand, withServer } from '../support/cluster.js';

const SETTINGS: MongoClientOptions = { maxPoolSize: 4, heartbeatFrequencyMS: 500, timeoutMS: 1500 };

/** Many operations at once, of which some fail; how does not matter here. */
async function load(collection: Collection, rounds: number): Promise<void> {
  await Promise.allSettled(
    Array.from({ length: rounds }, async (_, round) => {
      await collection.insertOne({ round });
      await collection.findOne({ round }, { timeoutMS: round % 5 === 0 ? 3 : 1500 });
      await collection.updateMany({}, { $inc: { seen: 1 } });
      for await (const _document of collection.find({}, { batchSize: 2 })) if (round % 3 === 0) break;
      await collection.countDocuments({}, { readPreference: 'secondaryPreferred' });
    }),
  );
}

// `withServer` checks the invariants of all events when the client is closed (`support/event_checker.ts`).
describe('the invariants of events hold', () => {
  it('for a busy client of a standalone', async () => {
    await withServer({ client: SETTINGS }, async ({ client, collection }) => {
      await load(collection, 20);
      await client.close();
    });
  });

  it('when connections break and commands fail', async () => {
    await withServer({ client: SETTINGS }, async ({ client, collection, uri }) => {
      for (const data of [{ closeConnection: true }, { errorCode: 91 }, { errorCode: 10107 }]) {
        await failCommand(uri, { failCommands: ['find', 'insert', 'update', 'getMore'], ...data }, { times: 5 });
        await load(collection, 10);
      }
      await client.close();
    });
  });

  it('when operations time out while the server is slow', async () => {
    await withServer({ client: { ...SETTINGS, timeoutMS: 60, pendingResponseTimeoutMS: 30 } }, async setup => {
      const { client, collection, uri } = setup;
      await failCommand(
        uri,
        { failCommands: ['find', 'getMore'], blockConnection: true, blockTimeMS: 80 },
        { times: 12 },
      );
      await load(collection, 15);
      await client.close();
    });
  });

  it('over a step-down and the death of a member', async () => {
    await withServer(
      { cluster: { topology: 'replicaset' }, client: SETTINGS },
      async ({ client, collection, cluster }) => {
        const work = load(collection, 15);
        await cluster.stepDown();
        await work;
        const more = load(collection, 15);
        await cluster.primary!.kill();
        await more;
        await client.close();
      },
    );
  });

  it('when the client is closed in the middle of its work', async () => {
    await withServer({ cluster: { topology: 'replicaset' }, client: SETTINGS }, async ({ client, collection, log }) => {
      const work = load(collection, 15);
      await log.some('commandSucceeded');
      await client.close();
      await work;
    });
  });
});
