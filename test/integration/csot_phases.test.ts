import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  MongoInvalidArgumentError,
  MongoOperationTimeoutError,
  MongoServerError,
  MongoServerSelectionError,
} from 'mongotempo';
import { TestCluster } from 'mongotempo-server';
import { MongoClient } from '../support/checked_client.js';
import { failCommand, rejection, withServer, withServerProcess } from '../support/cluster.js';
import { type Pace, paced } from '../support/pace.js';

/** What a timer may be late by; far less than what would be waited for without it. */
const SLACK_MS = 2000;
/** What never ends by itself while a test runs. */
const LONG_MS = 10_000;

/** The error of an operation that ends by its timeout, and neither before it nor long after it. */
async function timeout(work: Promise<unknown>, timeoutMS: number, ms: Pace): Promise<MongoOperationTimeoutError> {
  const begin = performance.now();
  const error = await rejection<MongoOperationTimeoutError>(work);
  const took = performance.now() - begin;
  assert.ok(error instanceof MongoOperationTimeoutError, String(error));
  assert.equal(error.timeoutMS, timeoutMS);
  assert.ok(error.elapsedMS! >= timeoutMS - 1, `elapsedMS ${error.elapsedMS}`);
  assert.ok(took < timeoutMS + ms(SLACK_MS), `took ${took} ms`);
  const sum = error.timings.reduce((total, { durationMS }) => total + durationMS, 0);
  assert.ok(Math.abs(sum - error.elapsedMS!) < ms(5), `timings ${sum} of ${error.elapsedMS}`);
  assert.match(error.message, new RegExp(`timeoutMS=${timeoutMS}`));
  return error;
}

describe('timeoutMS', () => {
  it(
    'ends an operation for which there is no server',
    paced(async ms => {
      const cluster = await TestCluster.start();
      await cluster.stop();
      await using client = new MongoClient(cluster.uri, { timeoutMS: ms(80) });

      const error = await timeout(client.db('shop').collection('orders').insertOne({ secret: 's3cret' }), ms(80), ms);

      assert.equal(error.phase, 'serverSelection');
      assert.equal(error.namespace, 'shop.orders');
      assert.equal(error.maybeApplied, false);
      assert.ok(error.cause instanceof MongoServerSelectionError);
      assert.match(error.message, /^Timed out during server selection: insert shop\.orders wanted .*ECONNREFUSED/);
      assert.equal(error.message.match(/timed out/gi)?.length, 1, error.message);
      assert.doesNotMatch(error.message, /s3cret/);
    }),
  );

  it(
    'ends connect',
    paced(async ms => {
      const cluster = await TestCluster.start();
      await cluster.stop();
      const client = new MongoClient(cluster.uri, { serverSelectionTimeoutMS: 10_000 });

      const error = await timeout(client.connect({ timeoutMS: ms(60) }), ms(60), ms);

      assert.equal(error.phase, 'serverSelection');
    }),
  );

  it('leaves serverSelectionTimeoutMS in force when that is shorter, or when it is 0', async () => {
    const cluster = await TestCluster.start();
    await cluster.stop();
    for (const timeoutMS of [60_000, 0]) {
      await using client = new MongoClient(cluster.uri, { timeoutMS, serverSelectionTimeoutMS: 50 });

      const error = await rejection<MongoOperationTimeoutError>(client.db().command({ ping: 1 }));

      assert.ok(error instanceof MongoOperationTimeoutError);
      assert.equal(error.phase, 'serverSelection');
      assert.ok(error.elapsedMS! < 5000);
    }
  });

  it(
    'ends an operation that waits for a connection',
    paced(async ms => {
      await withServerProcess(
        { client: { maxPoolSize: 1, waitQueueTimeoutMS: 1 } },
        async ({ collection, log, uri }) => {
          await collection.findOne({}, { timeoutMS: 5000 });
          await failCommand(uri, { failCommands: ['find'], blockConnection: true, blockTimeMS: LONG_MS });
          const blocked = log.next('commandStarted');
          const abort = new AbortController();
          const first = rejection(collection.findOne({}, { signal: abort.signal }));
          const { address } = await blocked;

          const error = await timeout(collection.insertOne({ secret: 's3cret' }, { timeoutMS: ms(100) }), ms(100), ms);

          assert.equal(error.phase, 'checkOut');
          assert.equal(error.host, address);
          assert.equal(error.namespace, 'shop.orders');
          assert.equal(error.maybeApplied, false);
          assert.match(error.message, /1 of 1 in use \(0 by cursors, 0 by transactions\), 1 waiting/);
          assert.doesNotMatch(error.message, /s3cret/);
          assert.equal(log.started('insert').length, 0);
          assert.equal(log.named('connectionCheckOutFailed')[0]!.reason, 'timeout');
          abort.abort();
          await first;
        },
      );
    }),
  );

  it(
    'is told to the server less the fastest round trip, whose own timeout becomes ours',
    paced(async ms => {
      await withServerProcess({ client: { timeoutMS: ms(150) } }, async ({ collection, log, uri }) => {
        await collection.findOne({}, { timeoutMS: 5000 });
        await failCommand(uri, { failCommands: ['insert'], errorCode: 50 });

        const error = await rejection<MongoOperationTimeoutError>(collection.insertOne({ secret: 's3cret' }));

        assert.ok(error instanceof MongoOperationTimeoutError);
        assert.equal(error.phase, 'server');
        assert.equal(error.maybeApplied, true);
        assert.ok(error.cause instanceof MongoServerError);
        assert.equal(error.cause.code, 50);
        assert.ok(error.message.includes(error.cause.message));
        assert.doesNotMatch(error.message, /s3cret/);
        const maxTimeMS = log.started('insert')[0]!.command['maxTimeMS'] as number;
        assert.ok(Number.isInteger(maxTimeMS) && maxTimeMS > ms(50) && maxTimeMS <= ms(150), `maxTimeMS ${maxTimeMS}`);
        assert.equal(log.named('connectionClosed').length, 0);
      });
    }),
  );

  it('leaves the error of the server as it is where it is not in use', async () => {
    await withServer({}, async ({ collection, uri }) => {
      await failCommand(uri, { failCommands: ['find'], errorCode: 50 });

      const error = await rejection<MongoServerError>(collection.findOne({}, { maxTimeMS: 5 }));

      assert.ok(error instanceof MongoServerError);
      assert.equal(error.code, 50);
    });
  });

  it(
    'ends a read to which the server does not answer; the connection is drained and used again',
    paced(async ms => {
      await withServerProcess(
        { client: { maxPoolSize: 1, pendingResponseTimeoutMS: 60_000 } },
        async ({ db, log, uri }) => {
          await db.command({ ping: 1 });
          // The server does not heed the maxTimeMS of a getMore, since there is none.
          await db.collection('orders').insertMany([{}, {}, {}, {}]);
          const cursor = db.collection('orders').find({}, { batchSize: 2, timeoutMS: ms(150) });
          await failCommand(uri, { failCommands: ['getMore'], blockConnection: true, blockTimeMS: ms(900) });
          await cursor.next();
          await cursor.next();

          const error = await timeout(cursor.next(), ms(150), ms);

          assert.equal(error.phase, 'read');
          assert.equal(error.maybeApplied, true);
          assert.equal(error.host, log.started('getMore')[0]!.address);
          assert.match(error.message, /while waiting for .* to answer getMore shop\.orders/);
          const [failed] = log.named('commandFailed');
          assert.equal(failed!.failure, error);
          await log.some('connectionPendingResponseSucceeded');
          assert.equal(log.named('connectionPendingResponseStarted').length, 1);
          assert.deepEqual(await db.command({ ping: 1 }), { ok: 1 });
          assert.equal(log.named('connectionClosed').length, 0);
          assert.equal(log.named('connectionCreated').length, 1);
          assert.equal(log.named('connectionPoolCleared').length, 0);
          await cursor.close();
        },
      );
    }),
  );

  it('closes the connection when the late reply does not come', async () => {
    await withServerProcess({ client: { pendingResponseTimeoutMS: 50 } }, async ({ db, log, uri }) => {
      await failCommand(uri, { failCommands: ['ping'], blockConnection: true, blockTimeMS: 5000 });
      const abort = new AbortController();
      const pinged = rejection(db.command({ ping: 1 }, { signal: abort.signal }));
      await log.some('commandStarted');

      abort.abort();
      await pinged;
      const { reason } = await log.some('connectionPendingResponseFailed');

      assert.equal(reason, 'timeout');
      assert.equal((await log.some('connectionClosed')).reason, 'error');
      assert.deepEqual(await db.command({ ping: 1 }), { ok: 1 });
    });
  });

  it('is that of the operation, else of the collection, the database, the client', async () => {
    await withServer({ client: { timeoutMS: 40_000 } }, async ({ client, log }) => {
      const db = client.db('shop', { timeoutMS: 30_000 });
      const collection = db.collection('orders', { timeoutMS: 20_000 });
      assert.deepEqual([client.timeoutMS, db.timeoutMS, collection.timeoutMS], [40_000, 30_000, 20_000]);

      await client.db('other').collection('a').findOne();
      await db.collection('b').findOne();
      await collection.findOne();
      await collection.findOne({}, { timeoutMS: 10_000 });
      await collection.findOne({}, { timeoutMS: 0, maxTimeMS: 77 });

      const sent = log.started('find').map(({ command }) => command['maxTimeMS'] as number | undefined);
      for (const [index, most] of [40_000, 30_000, 20_000, 10_000].entries()) {
        assert.ok(sent[index]! > most - 9000 && sent[index]! <= most, `${sent[index]} of ${most}`);
      }
      assert.equal(sent[4], undefined);
    });
  });

  it('of 0 lets an operation take as long as it takes', async () => {
    await withServerProcess(
      { client: { timeoutMS: 0, socketTimeoutMS: 20, waitQueueTimeoutMS: 1 } },
      async ({ collection, uri }) => {
        await failCommand(uri, { failCommands: ['find'], blockConnection: true, blockTimeMS: 150 });

        assert.equal(await collection.findOne({}, { maxTimeMS: 10 }), null);
      },
    );
  });

  it('is refused when it is none, before anything is sent', async () => {
    await withServer({}, async ({ client, db, collection, log, uri }) => {
      for (const timeoutMS of [-1, Number.NaN, '5', Infinity, {}] as never[]) {
        const options = { timeoutMS };
        assert.throws(() => client.db('a', options), MongoInvalidArgumentError);
        assert.throws(() => db.collection('a', options), MongoInvalidArgumentError);
        assert.throws(() => collection.find({}, options), MongoInvalidArgumentError);
        assert.throws(() => collection.aggregate([], options), MongoInvalidArgumentError);
        await assert.rejects(collection.insertOne({}, options), MongoInvalidArgumentError);
        await assert.rejects(collection.insertMany([{}], options), MongoInvalidArgumentError);
        await assert.rejects(db.command({ ping: 1 }, options), MongoInvalidArgumentError);
      }
      assert.throws(() => new MongoClient(uri, { timeoutMS: -1 }), /timeoutMS/);
      assert.throws(() => new MongoClient(uri, { timeoutMS: Number.NaN }), /timeoutMS/);
      assert.equal(log.started().length, 0);
    });
  });

  it('that is over before anything is sent sends nothing', async () => {
    await withServer({}, async ({ client, log }) => {
      // The program takes longer to make the _id than the operation has.
      const createPk = () => {
        const begin = performance.now();
        while (performance.now() - begin < 2);
        return 1;
      };
      const collection = client.db('slow', { pkFactory: { createPk } }).collection<{ _id: number }>('items');
      await collection.findOne();
      log.clear();

      const insert = collection.insertOne({} as { _id: number }, { timeoutMS: 1 });
      const error = await rejection<MongoOperationTimeoutError>(insert);

      assert.ok(error instanceof MongoOperationTimeoutError);
      assert.equal(error.maybeApplied, false);
      assert.equal(log.started().length, 0);
    });
  });

  it(
    'leaves the errors of old timeouts as they were where it is not in use',
    paced(async ms => {
      await withServerProcess(
        { client: { socketTimeoutMS: ms(60), retryReads: false } },
        async ({ collection, uri }) => {
          await failCommand(uri, { failCommands: ['find'], blockConnection: true, blockTimeMS: LONG_MS });

          const error = await rejection(collection.findOne());

          assert.equal(error.name, 'MongoNetworkTimeoutError');
        },
      );
      await withServerProcess(
        { client: { maxPoolSize: 1, waitQueueTimeoutMS: ms(40) } },
        async ({ collection, uri, log }) => {
          await failCommand(uri, { failCommands: ['find'], blockConnection: true, blockTimeMS: LONG_MS });
          const blocked = log.next('commandStarted');
          const abort = new AbortController();
          const first = rejection(collection.findOne({}, { signal: abort.signal }));
          await blocked;

          const error = await rejection(collection.findOne());

          assert.equal(error.name, 'MongoWaitQueueTimeoutError');
          abort.abort();
          await first;
        },
      );
    }),
  );
});
