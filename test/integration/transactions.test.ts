import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as official from 'mongodb';
import {
  type ClientSession,
  type Document,
  MongoInvalidArgumentError,
  MongoOperationTimeoutError,
  type MongoServerError,
  MongoTransactionError,
} from 'mongotempo';
import { failCommand, rejection, withServer, withServerProcess } from '../support/cluster.js';
import { paced } from '../support/pace.js';

/** Sessions do more on a replica set. */
const SET = { cluster: { nodes: 1 } } as const;

describe('a transaction', () => {
  it('is seen by others only when it is committed', async () => {
    await withServer(SET, async ({ client, collection, log }) => {
      await using session = client.startSession();
      session.startTransaction({ readConcern: { level: 'snapshot' }, writeConcern: { w: 'majority' } });
      await collection.insertOne({ a: 1 }, { session });
      await collection.insertOne({ a: 2 }, { session });
      const before = await collection.countDocuments();
      await session.commitTransaction();
      const after = await collection.countDocuments();

      assert.deepEqual([before, after], [0, 2]);
      const [first, second] = log.started('insert').map(({ command }) => command);
      assert.equal(first!['startTransaction'], true);
      assert.equal(first!['autocommit'], false);
      assert.deepEqual(first!['readConcern'], { level: 'snapshot' });
      assert.equal(first!['writeConcern'], undefined);
      assert.equal(second!['startTransaction'], undefined);
      assert.equal(second!['readConcern'], undefined);
      assert.deepEqual(second!['txnNumber'], first!['txnNumber']);
      const [commit] = log.started('commitTransaction');
      assert.deepEqual(commit!.command['writeConcern'], { w: 'majority' });
      assert.equal(commit!.command['$db'], 'admin');
      assert.deepEqual(commit!.command['txnNumber'], first!['txnNumber']);
    });
  });

  it('is undone by abortTransaction, by endSession and by client.close', async () => {
    await withServer(SET, async ({ client, collection, log }) => {
      const end: ((session: ClientSession) => Promise<void>)[] = [
        session => session.abortTransaction(),
        session => session.endSession(),
        async () => {
          await client.close();
          await client.connect();
        },
      ];
      for (const one of end) {
        const session = client.startSession();
        session.startTransaction();
        await collection.insertOne({}, { session });
        await one(session);
        assert.equal(session.inTransaction(), false);
        assert.equal(await collection.countDocuments(), 0);
        await session.endSession();
      }
      assert.equal(log.started('abortTransaction').length, 3);
    });
  });

  it('sends nothing for its end when nothing was sent in it', async () => {
    await withServer(SET, async ({ client, log }) => {
      await using session = client.startSession();
      session.startTransaction();
      await session.commitTransaction();
      session.startTransaction();
      await session.abortTransaction();

      assert.equal(log.started().length, 0);
    });
  });

  it('refuses a read preference that is not its own, before anything is sent', async () => {
    await withServer(SET, async ({ client, collection, log }) => {
      await using session = client.startSession();
      session.startTransaction();
      const error = await rejection(collection.findOne({}, { session, readPreference: 'secondary' }));
      assert.ok(error instanceof MongoTransactionError);
      assert.match(error.message, /Read preference in a transaction must be primary, not: secondary/);
      assert.throws(() => session.startTransaction(), /Transaction already in progress/);
      assert.equal(log.started().length, 0);
      await session.abortTransaction();
      assert.throws(() => session.startTransaction({ writeConcern: { w: 0 } }), /unacknowledged write concern/);
    });
  });

  it('leaves out the concerns of calls, cursors, collections and databases, as the official driver does', async () => {
    await withServer(SET, async ({ uri, log, client, collection: { collectionName, dbName } }) => {
      const theirs = new official.MongoClient(uri, { monitorCommands: true });
      const sent: Document[] = [];
      theirs.on('commandStarted', ({ command, commandName }) => commandName === 'endSessions' || sent.push(command));
      try {
        for (const driver of [client as unknown as official.MongoClient, theirs]) {
          const concerns = { readConcern: { level: 'majority' }, writeConcern: { w: 1, wtimeoutMS: 5 } } as const;
          const collection = driver
            .db(dbName, { readConcern: new official.ReadConcern('majority') })
            .collection<{ a: number }>(collectionName, {
              writeConcern: { w: 1 },
            });
          const session = driver.startSession();
          const early = collection.find({}, { session });
          session.startTransaction();
          const options = { session, ...concerns };
          await collection.insertOne({ a: 1 }, options);
          await assert.rejects(
            collection.insertOne({ a: 1 }, { session, writeConcern: { w: 0 } }),
            /Cannot have explicit session with unacknowledged writes/,
          );
          await collection.insertMany([{ a: 2 }, { a: 3 }], options);
          await collection.updateOne({ a: 1 }, { $set: { a: 4 } }, options);
          // The official driver sends its write concern, and the server refuses it.
          await collection.findOneAndDelete({ a: 2 }, driver === theirs ? { session } : options);
          await collection.bulkWrite([{ deleteOne: { filter: { a: 3 } } }], options);
          await collection.findOne({}, options);
          await collection.aggregate([], options).toArray();
          await collection.distinct('a', {}, options);
          await collection.countDocuments({}, options);
          await collection.find({}, { session }).withReadConcern({ level: 'local' }).toArray();
          await early.toArray();
          await session.commitTransaction();
          await session.endSession();
        }
      } finally {
        await theirs.close();
      }
      const ours = log.started().map(({ command }) => command);
      const parts = (command: Document): unknown[] => [
        Object.keys(command)[0],
        command['readConcern'],
        command['writeConcern'],
      ];
      assert.deepEqual(ours.map(parts), sent.map(parts));
      assert.ok(ours.every(({ readConcern, writeConcern }) => readConcern === undefined && writeConcern === undefined));
      assert.equal(ours.length, 12, 'eleven operations and the commit');
    });
  });

  it('refuses a write concern of client.bulkWrite', async () => {
    await withServer(SET, async ({ client }) => {
      await using session = client.startSession();
      session.startTransaction();
      const error = await rejection(
        client.bulkWrite([{ name: 'insertOne', namespace: 'a.b', document: {} }], { session, writeConcern: { w: 1 } }),
      );
      assert.ok(error instanceof MongoTransactionError);
      assert.match(error.message, /Cannot set write concern after starting a transaction/);
    });
  });

  it('labels a lost connection as transient, and a lost commit as unknown', async () => {
    await withServer(SET, async ({ client, collection, uri }) => {
      await using session = client.startSession();
      session.startTransaction();
      await failCommand(uri, { failCommands: ['insert'], closeConnection: true });
      const lost = await rejection<MongoServerError>(collection.insertOne({}, { session }));
      assert.ok(lost.hasErrorLabel('TransientTransactionError'));
      await session.abortTransaction();

      session.startTransaction();
      await collection.insertOne({}, { session });
      await failCommand(uri, { failCommands: ['commitTransaction'], closeConnection: true }, { times: 2 });
      const unknown = await rejection<MongoServerError>(session.commitTransaction());
      assert.ok(unknown.hasErrorLabel('UnknownTransactionCommitResult'));
      assert.ok(!unknown.hasErrorLabel('TransientTransactionError'));
      await session.commitTransaction();
      assert.equal(await collection.countDocuments(), 1);
    });
  });

  it('meets the write of another as a conflict that may be tried again', async () => {
    await withServer(SET, async ({ client, collection }) => {
      await collection.insertOne({ _id: 1 as never, n: 0 });
      await using one = client.startSession();
      await using other = client.startSession();
      one.startTransaction();
      other.startTransaction();
      await collection.updateOne({ _id: 1 as never }, { $inc: { n: 1 } }, { session: one });

      const error = await rejection<MongoServerError>(
        collection.updateOne({ _id: 1 as never }, { $inc: { n: 1 } }, { session: other }),
      );

      assert.equal(error.code, 112);
      assert.ok(error.hasErrorLabel('TransientTransactionError'));
    });
  });

  it('goes on through the mongos where it began', async () => {
    await withServer({ cluster: { topology: 'sharded' } }, async ({ client, collection, log }) => {
      await collection.insertOne({});
      await using session = client.startSession();
      for (let i = 0; i < 5; i++) {
        log.clear();
        session.startTransaction();
        await collection.insertOne({}, { session });
        assert.equal(session.isPinned, true);
        for (let j = 0; j < 4; j++) await collection.findOne({}, { session });
        await session.commitTransaction();
        assert.equal(new Set(log.started().map(({ address }) => address)).size, 1);
        assert.ok(log.started('commitTransaction')[0]!.command['recoveryToken']);
      }
      await collection.findOne({}, { session });
      assert.equal(session.isPinned, false);
    });
  });

  it('keeps its connection behind a load balancer until its end is acknowledged', async () => {
    await withServer({ cluster: { topology: 'load-balanced' } }, async ({ client, collection, log }) => {
      await using session = client.startSession();
      session.startTransaction();
      await collection.insertOne({}, { session });
      await collection.insertOne({}, { session });
      const [stats] = client.poolStats();
      assert.equal(stats!.inUse, 1);
      await session.commitTransaction();
      await collection.insertOne({}, { session });

      const connections = log.started().map(({ connectionId }) => connectionId);
      assert.equal(new Set(connections.slice(0, 3)).size, 1);
      assert.equal(client.poolStats()[0]!.inUse, 0);
    });
  });

  it(
    'tells who holds the connections when the pool is used up by transactions',
    paced(async ms => {
      await withServer(
        { cluster: { topology: 'load-balanced' }, client: { maxPoolSize: 1, waitQueueTimeoutMS: ms(50) } },
        async ({ client, collection }) => {
          await using session = client.startSession();
          session.startTransaction();
          await collection.insertOne({}, { session });

          const error = await rejection(collection.insertOne({}));

          assert.match(error.message, /connections in use by transactions: 1,/);
        },
      );
    }),
  );
});

describe('withTransaction', () => {
  it('gives what its function gives', async () => {
    await withServer(SET, async ({ client, collection }) => {
      const result = await client.withSession(session =>
        session.withTransaction(async it => {
          await collection.insertOne({}, { session: it });
          return 'done';
        }),
      );

      assert.equal(result, 'done');
      assert.equal(await collection.countDocuments(), 1);
    });
  });

  it('runs the function again after a transient error, and the commit again when its result is unknown', async () => {
    await withServer(SET, async ({ client, collection, log, uri }) => {
      await failCommand(uri, {
        failCommands: ['insert'],
        errorCode: 251,
        errorLabels: ['TransientTransactionError'],
      });
      let runs = 0;
      await client.withSession(session =>
        session.withTransaction(async it => {
          runs++;
          await collection.insertOne({}, { session: it });
          if (runs === 2) {
            const errorLabels = ['UnknownTransactionCommitResult'];
            await failCommand(uri, { failCommands: ['commitTransaction'], errorCode: 64, errorLabels });
          }
        }),
      );

      assert.equal(runs, 2);
      assert.equal(await collection.countDocuments(), 1);
      const commits = log
        .started('commitTransaction')
        .map(({ command }) => command['writeConcern'] as object | undefined);
      assert.deepEqual(commits, [undefined, { w: 'majority', wtimeout: 10_000 }]);
      assert.equal(log.started('abortTransaction').length, 1);
    });
  });

  it('aborts and throws what the function throws, as it is', async () => {
    await withServer(SET, async ({ client, collection, log }) => {
      const mine = new RangeError('mine');
      await using session = client.startSession();
      const error = await rejection(
        session.withTransaction(async () => {
          await collection.insertOne({}, { session });
          throw mine;
        }),
      );

      assert.equal(error, mine);
      assert.equal(log.started('abortTransaction').length, 1);
      assert.equal(await collection.countDocuments(), 0);
    });
  });

  it('leaves alone what the function has ended itself', async () => {
    await withServer(SET, async ({ client, collection, log }) => {
      await using session = client.startSession();
      const result = await session.withTransaction(async () => {
        await collection.insertOne({}, { session });
        await session.abortTransaction();
        return 5;
      });

      assert.equal(result, 5);
      assert.equal(log.started('commitTransaction').length, 0);
    });
  });

  it('needs a function that gives a promise', async () => {
    await withServer(SET, async ({ client }) => {
      await using session = client.startSession();
      await assert.rejects(session.withTransaction(5 as never), MongoInvalidArgumentError);
      await assert.rejects(session.withTransaction((() => 5) as never), /must return a Promise/);
      assert.equal(session.inTransaction(), false);
    });
  });

  it(
    'shares one timeoutMS among all that is done in it',
    paced(async ms => {
      await withServerProcess(SET, async ({ client, collection, uri, log }) => {
        await collection.countDocuments();
        await failCommand(uri, { failCommands: ['insert'], blockConnection: true, blockTimeMS: ms(350) }, { times: 2 });
        await using session = client.startSession();

        const error = await rejection<MongoOperationTimeoutError>(
          session.withTransaction(
            async () => {
              await collection.insertOne({}, { session });
              await collection.insertOne({}, { session });
            },
            { timeoutMS: ms(500) },
          ),
        );

        assert.ok(error instanceof MongoOperationTimeoutError, String(error));
        assert.equal(error.timeoutMS, ms(500));
        const [first, second] = log.started('insert').map(({ command }) => command['maxTimeMS'] as number);
        assert.ok(second! < first! - ms(300), `${first} ${second}`);
        assert.equal(log.started('abortTransaction').length, 1);
      });
    }),
  );

  it('refuses a timeoutMS of an operation in it when it has one itself', async () => {
    await withServer(SET, async ({ client, collection }) => {
      await using session = client.startSession({ defaultTimeoutMS: 5000 });
      await assert.rejects(
        session.withTransaction(() => collection.insertOne({}, { session, timeoutMS: 10 })),
        /timeoutMS cannot be set for an operation in withTransaction/,
      );
    });
  });
});
