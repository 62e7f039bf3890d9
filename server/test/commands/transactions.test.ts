import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type ClientSession,
  type Collection,
  type Document,
  Long,
  type MongoClient,
  MongoServerError,
  UUID,
} from 'mongodb';
import { bodyOf, opMsg, RawClient } from '../support/raw_client.js';
import { failCommand, serverError, withCluster } from '../support/with_cluster.js';

interface Thing {
  _id: number;
  n?: number;
}

type Run = (things: Collection<Thing>, client: MongoClient) => Promise<void>;

/** Three documents on a replica set. */
const withThings = (run: Run) =>
  withCluster({ topology: 'replicaset', client: { monitorCommands: true } }, async client => {
    const things = client.db('shop').collection<Thing>('things');
    await things.insertMany([1, 2, 3].map(_id => ({ _id, n: 0 })));
    await run(things, client);
  });

type Send = (command: Document, txnNumber: number, fields?: Document) => Promise<Document>;

/** Sends the fields of a transaction as they are given, and answers whole replies: a driver minds the rules itself. */
const withSender = (run: (send: Send, things: Collection<Thing>) => Promise<void>) =>
  withThings(async (things, client) => {
    const [primary] = client.options.hosts;
    const raw = await RawClient.connect(primary?.port ?? 0);
    const lsid = { id: new UUID() };
    try {
      await run(async (command, txnNumber, fields = {}) => {
        const isEnd = 'commitTransaction' in command || 'abortTransaction' in command;
        const transaction = { lsid, txnNumber: Long.fromNumber(txnNumber), autocommit: false, ...fields };
        raw.send(opMsg({ ...command, ...transaction, $db: isEnd ? 'admin' : 'shop' }));
        return bodyOf(await raw.receive());
      }, things);
    } finally {
      raw.close();
    }
  });

describe('transactions with the official driver', () => {
  it('shows its writes only inside until it is committed, then all of them', () =>
    withThings(async (things, client) => {
      await using session = client.startSession();
      session.startTransaction();
      await things.insertOne({ _id: 4, n: 0 }, { session });
      await things.updateOne({ _id: 1 }, { $set: { n: 9 } }, { session });
      await things.deleteOne({ _id: 2 }, { session });
      await client.db('shop').collection<Thing>('fresh').insertOne({ _id: 1 }, { session });
      const inside = await things.find({}, { session }).toArray();

      assert.deepEqual(
        (await things.find().toArray()).map(({ n }) => n),
        [0, 0, 0],
      );
      await session.commitTransaction();

      assert.deepEqual(inside, [
        { _id: 1, n: 9 },
        { _id: 3, n: 0 },
        { _id: 4, n: 0 },
      ]);
      assert.deepEqual(await things.find().toArray(), inside);
      assert.equal(await client.db('shop').collection('fresh').countDocuments(), 1);
    }));

  it('reads a snapshot: later writes of others are not seen', () =>
    withThings(async (things, client) => {
      await using session = client.startSession();
      session.startTransaction();
      await things.findOne({ _id: 1 }, { session });

      await things.updateOne({ _id: 3 }, { $set: { n: 5 } });
      await things.insertOne({ _id: 4 });

      assert.equal(await things.countDocuments({}, { session }), 3);
      assert.deepEqual(await things.findOne({ _id: 3 }, { session }), { _id: 3, n: 0 });
      assert.deepEqual(await things.distinct('n', {}, { session }), [0]);
      await session.commitTransaction();
      assert.deepEqual(await things.findOne({ _id: 3 }, { session }), { _id: 3, n: 5 });
    }));

  it('forgets everything when it is aborted', () =>
    withThings(async (things, client) => {
      await using session = client.startSession();
      session.startTransaction();
      await things.deleteMany({}, { session });
      await things.findOneAndUpdate({ _id: 7 }, { $set: { n: 1 } }, { upsert: true, session });
      await client.bulkWrite([{ namespace: 'shop.fresh', name: 'insertOne', document: {} }], { session });

      await session.abortTransaction();

      assert.equal(await things.countDocuments(), 3);
      assert.deepEqual(
        (await client.db('shop').listCollections().toArray()).map(({ name }) => name),
        ['things'],
      );
    }));

  it('answers WriteConflict to the second of two that write one document', () =>
    withThings(async (things, client) => {
      await using first = client.startSession();
      await using second = client.startSession();
      first.startTransaction();
      second.startTransaction();
      await things.updateOne({ _id: 1 }, { $inc: { n: 1 } }, { session: first });

      const error = await serverError(things.updateOne({ _id: 1 }, { $inc: { n: 1 } }, { session: second }));

      assert.deepEqual([error.code, error.codeName], [112, 'WriteConflict']);
      assert.ok(error.hasErrorLabel('TransientTransactionError'));
      assert.ok(!error.hasErrorLabel('RetryableWriteError'));
      await second.abortTransaction();
      await first.commitTransaction();
      assert.equal((await things.findOne({ _id: 1 }))?.n, 1);
    }));

  it('answers WriteConflict when the document is newer than the snapshot', () =>
    withThings(async (things, client) => {
      await using session = client.startSession();
      session.startTransaction();
      await things.findOne({}, { session });
      await things.updateOne({ _id: 1 }, { $inc: { n: 1 } });

      const error = await serverError(things.deleteOne({ _id: 1 }, { session }));

      assert.equal(error.code, 112);
    }));

  it('loses to another that takes a unique value first', () =>
    withThings(async (things, client) => {
      const mails = client.db('shop').collection<{ _id: number; mail: string }>('mails');
      await mails.createIndexes([{ key: { mail: 1 }, unique: true }]);
      await using first = client.startSession();
      await using second = client.startSession();
      first.startTransaction();
      second.startTransaction();
      await mails.insertOne({ _id: 1, mail: 'x' }, { session: first });
      await mails.insertOne({ _id: 2, mail: 'x' }, { session: second });
      await first.commitTransaction();

      const error = await serverError(second.commitTransaction());

      assert.equal(error.code, 112);
      assert.ok(error.hasErrorLabel('TransientTransactionError'));
      assert.equal(await mails.countDocuments(), 1);
      assert.equal(await things.countDocuments(), 3);
    }));

  it('lets withTransaction try again until both of two conflicting ones are done', () =>
    withThings(async (things, client) => {
      let attempts = 0;
      const increment = async (session: ClientSession) => {
        attempts++;
        const n = (await things.findOne({ _id: 1 }, { session }))?.n ?? 0;
        await things.updateOne({ _id: 1 }, { $set: { n: n + 1 } }, { session });
      };

      await Promise.all([1, 2, 3].map(() => client.withSession(async s => s.withTransaction(increment))));

      assert.equal((await things.findOne({ _id: 1 }))?.n, 3);
      assert.ok(attempts > 3);
    }));

  it('makes a write of no transaction wait for the one that wrote its document', () =>
    withThings(async (things, client) => {
      await using session = client.startSession();
      session.startTransaction();
      await things.updateOne({ _id: 1 }, { $set: { n: 10 } }, { session });

      const plain = things.updateOne({ _id: 1 }, { $inc: { n: 1 } });
      await things.updateOne({ _id: 2 }, { $inc: { n: 1 } });
      await session.commitTransaction();
      await plain;

      assert.equal((await things.findOne({ _id: 1 }))?.n, 11);
    }));

  it('commits once, however often the commit is retried', () =>
    withThings(async (things, client) => {
      const commits: string[] = [];
      client.on('commandFailed', ({ commandName }) => commits.push(`${commandName} failed`));
      client.on('commandSucceeded', ({ commandName }) => commandName === 'commitTransaction' && commits.push('done'));
      await failCommand(client, { times: 1 }, { failCommands: ['commitTransaction'], errorCode: 91 });
      await using session = client.startSession();
      session.startTransaction();
      await things.updateOne({ _id: 1 }, { $inc: { n: 1 } }, { session });

      await session.commitTransaction();
      await session.commitTransaction();

      assert.deepEqual(commits, ['commitTransaction failed', 'done', 'done']);
      assert.equal((await things.findOne({ _id: 1 }))?.n, 1);
    }));

  it('is aborted by a write error', () =>
    withThings(async (things, client) => {
      await using session = client.startSession();
      session.startTransaction();
      await things.insertOne({ _id: 9 }, { session });
      assert.equal((await serverError(things.insertOne({ _id: 1 }, { session }))).code, 11000);

      const error = await serverError(session.commitTransaction());

      assert.deepEqual([error.code, error.codeName], [251, 'NoSuchTransaction']);
      assert.ok(error.hasErrorLabel('TransientTransactionError'));
      assert.equal(await things.countDocuments(), 3);
    }));

  it('creates collections and their indexes, but no index on a collection that has documents', () =>
    withThings(async (things, client) => {
      const fresh = client.db('shop').collection<Thing>('fresh');
      await using session = client.startSession();
      session.startTransaction();
      await fresh.createIndexes([{ key: { n: 1 }, unique: true }], { session });
      await fresh.insertOne({ _id: 1, n: 1 }, { session });
      await session.commitTransaction();
      assert.equal((await fresh.indexes()).length, 2);
      assert.equal((await serverError(fresh.insertOne({ _id: 2, n: 1 }))).code, 11000);

      session.startTransaction();
      const error = await serverError(things.createIndexes([{ key: { n: 1 } }], { session }));
      await session.abortTransaction();

      assert.equal(error.code, 263);
    }));

  it('ends with a step-down', () =>
    withCluster({ topology: 'replicaset' }, async (client, cluster) => {
      const things = client.db('shop').collection<Thing>('things');
      await using session = client.startSession();
      session.startTransaction();
      await things.insertOne({ _id: 1 }, { session });

      await cluster.stepDown();

      await assert.rejects(session.commitTransaction(), MongoServerError);
      assert.equal(await things.countDocuments(), 0);
    }));

  it('ends with killAllSessions', () =>
    withThings(async (things, client) => {
      await using session = client.startSession();
      session.startTransaction();
      await things.insertOne({ _id: 9 }, { session });

      await client.db('admin').command({ killAllSessions: [] });

      assert.equal((await serverError(things.findOne({}, { session }))).code, 251);
    }));

  it('is not there on a standalone', () =>
    withCluster({ client: { retryWrites: false } }, async client => {
      await using session = client.startSession();
      const insert = { insert: 'c', documents: [{}], lsid: session.id, txnNumber: Long.fromNumber(1) };

      const error = await serverError(
        client.db('shop').command({ ...insert, autocommit: false, startTransaction: true }),
      );

      assert.deepEqual(
        [error.code, error.message],
        [20, 'Transaction numbers are only allowed on a replica set member or mongos'],
      );
    }));
});

describe('rules of transactions', () => {
  const start = { startTransaction: true };
  const find = { find: 'things' };

  it('has numbers that rise: an older one is too old, an unknown one does not exist', () =>
    withSender(async send => {
      await send(find, 2, start);

      assert.equal((await send(find, 1, start))['code'], 225);
      assert.equal((await send(find, 2, start))['code'], 50911);
      const unknown = await send(find, 3);
      assert.deepEqual(
        [unknown['code'], unknown['errmsg']],
        [
          251,
          'Given transaction number 3 does not match any in-progress transactions. The active transaction number is 2',
        ],
      );
      assert.deepEqual(unknown['errorLabels'], ['TransientTransactionError']);
      await send({ commitTransaction: 1 }, 2);
    }));

  it('aborts what is open when a newer number starts', () =>
    withSender(async (send, things) => {
      await send({ insert: 'things', documents: [{ _id: 9 }] }, 1, start);

      await send(find, 2, start);
      await send({ commitTransaction: 1 }, 2);

      assert.equal(await things.countDocuments(), 3);
    }));

  it('ends once: nothing follows a commit but the same commit', () =>
    withSender(async send => {
      await send(find, 1, start);
      await send({ commitTransaction: 1 }, 1);
      await send({ commitTransaction: 1 }, 1);

      assert.equal((await send(find, 1))['code'], 256);
      assert.equal((await send({ abortTransaction: 1 }, 1))['code'], 256);
      await send(find, 2, start);
      await send({ abortTransaction: 1 }, 2);
      const error = await send({ commitTransaction: 1 }, 2);
      assert.deepEqual([error['code'], error['errmsg']], [251, 'Transaction with { txnNumber: 2 } has been aborted.']);
    }));

  const wrong: readonly (readonly [string, Document, Document, number, string])[] = [
    [
      'a command that cannot be part of one',
      { count: 'things' },
      start,
      263,
      "Cannot run 'count' in a multi-document transaction. Please see http://dochub.mongodb.org/core/transaction-count for a recommended alternative.",
    ],
    ['autocommit: true', find, { autocommit: true }, 72, 'Specifying autocommit=true is not allowed.'],
    [
      'a write concern inside',
      { insert: 'things', documents: [{}], writeConcern: { w: 1 } },
      start,
      72,
      'writeConcern is not allowed within a multi-statement transaction',
    ],
    [
      'startTransaction alone',
      find,
      { ...start, autocommit: undefined },
      72,
      "'startTransaction' field requires 'autocommit' field to also be specified",
    ],
    [
      'a commit of nothing',
      { commitTransaction: 1 },
      { autocommit: undefined },
      125,
      'commitTransaction must be run within a transaction',
    ],
  ];
  for (const [what, command, fields, code, text] of wrong) {
    it(`refuses ${what}`, () =>
      withSender(async send => {
        const error = await send(command, 1, fields);

        assert.deepEqual([error['code'], error['errmsg']], [code, text]);
      }));
  }

  it('labels what a client may try again as a whole', () =>
    withThings(async (things, client) => {
      for (const [code, isTransient] of [
        [91, true],
        [112, true],
        [2, false],
      ] as const) {
        await using session = client.startSession();
        session.startTransaction();
        await failCommand(client, { times: 1 }, { failCommands: ['find'], errorCode: code });
        const error = await serverError(things.findOne({}, { session }));
        assert.equal(error.hasErrorLabel('TransientTransactionError'), isTransient);
        await session.abortTransaction();
      }
    }));
});
