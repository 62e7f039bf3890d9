// What programs written for the official driver rely on, beyond names and types.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  ClientEncryption,
  Db,
  type Document,
  MongoCompatibilityError,
  MongoInvalidArgumentError,
  MongoServerError,
} from 'mongotempo';
import { failCommand, rejection, withServer } from '../support/cluster.js';

const INHERITED = {
  w: 1,
  j: true,
  wtimeout: 5,
  wtimeoutMS: 5,
  journal: true,
  fsync: false,
  retryWrites: true,
  retryReads: false,
  readPreferenceTags: [],
  maxStalenessSeconds: 90,
  monitorCommands: true,
  checkKeys: false,
  ignoreUndefined: true,
  batchSize: 3,
  timeoutMode: 'iteration',
  ordered: true,
  appName: 'shop',
} as object;

async function warnings(run: () => Promise<unknown>): Promise<string[]> {
  const seen: string[] = [];
  const listen = (warning: Error): number => seen.push(warning.message);
  process.on('warning', listen);
  try {
    await run();
    // Warnings are emitted in the next tick.
    await new Promise(resolve => setImmediate(resolve));
  } finally {
    process.off('warning', listen);
  }
  return seen;
}

describe('options that are not those of a command', () => {
  it('do not become fields of create and validate', () =>
    withServer({}, async ({ db, log }) => {
      await db.createCollection('made', { ...INHERITED, capped: true, size: 4096, comment: 'why' });
      await db.admin().validateCollection('made', { ...INHERITED, full: true } as never);

      const fields = log.started().map(({ command }) => Object.keys(command).filter(name => !/^(\$|lsid)/.test(name)));
      assert.deepEqual(fields, [
        ['create', 'capped', 'size', 'comment'],
        ['validate', 'full'],
      ]);
    }));

  it('do not change what is sent elsewhere', () =>
    withServer({}, async ({ db, collection, log }) => {
      await collection.insertOne({ a: 1 }, INHERITED);
      await collection.updateOne({}, { $set: { a: 1 } }, INHERITED);
      await collection.createIndex({ a: 1 }, INHERITED);
      await collection.countDocuments({}, INHERITED);
      await collection.distinct('a', {}, INHERITED);
      await db.stats(INHERITED);
      await collection.drop(INHERITED);
      for (const { command } of log.started()) {
        for (const name of Object.keys(INHERITED).filter(other => other !== 'ordered')) {
          assert.equal(name in command, false, `${Object.keys(command)[0]} has ${name}`);
        }
      }
    }));

  it('leave a sort out of an update of many documents', () =>
    withServer({ cluster: {} }, async ({ collection, client, log }) => {
      const sort = { a: 1 } as const;
      await collection.updateMany({}, { $set: { a: 1 } }, { sort } as never);
      await collection.bulkWrite([{ updateMany: { filter: {}, update: { $set: { a: 1 } }, sort } as never }]);
      await client.bulkWrite([
        { name: 'updateMany', namespace: collection.namespace, filter: {}, update: { $set: { a: 1 } }, sort } as never,
      ]);
      await collection.updateOne({}, { $set: { a: 1 } }, { sort });

      const sorts = log.started().map(({ command }) => {
        const [statement] = (command['updates'] ?? command['ops']) as Document[];
        return statement?.['sort'] as unknown;
      });
      assert.deepEqual(sorts, [undefined, undefined, undefined, sort]);
    }));

  it('do not make the options of a collection unreadable', () =>
    withServer({}, async ({ db }) => {
      const capped = await db.createCollection('log', { capped: true, size: 4096 });
      assert.equal(await capped.isCapped({ nameOnly: true } as never), true);
    }));

  it('are refused where leaving them out would change which documents a bulk write is about', () =>
    withServer({}, async ({ collection, client, log }) => {
      const collation = { locale: 'en', strength: 2 };
      const deletes = [{ deleteMany: { filter: { name: 'x' } } }] as never;
      const { namespace } = collection;
      const models = [{ name: 'deleteMany', namespace, filter: { name: 'x' } }] as never;
      assert.ok((await rejection(collection.bulkWrite(deletes, { collation }))) instanceof MongoInvalidArgumentError);
      assert.ok((await rejection(client.bulkWrite(models, { collation }))) instanceof MongoInvalidArgumentError);
      assert.equal(log.started().length, 0);
    }));

  it('warn once when their name is close to a known one', () =>
    withServer({}, async ({ collection, client }) => {
      const seen = await warnings(async () => {
        for (let call = 0; call < 3; call++) {
          await collection.findOne({}, { timeoutMs: 100 } as never);
          await collection.find({}, { batchsize: 3 } as never).toArray();
          await collection.updateOne({}, { $set: { a: 1 } }, { upsret: true } as never);
        }
        client.db('shop', { readPrefrence: 'secondary' } as never);
        // Options of other libraries and tools, and those that only look alike.
        const others = { lean: true, populate: 'a', strict: false, new: true, rawResult: true, timestamps: false };
        await collection.findOne({}, { ...others, runValidators: true, multi: true, entirelyUnknown: 1 } as never);
      });
      assert.deepEqual(
        seen.map(text => /"(\w+)" is not known.*"(\w+)"\?$/.exec(text)?.slice(1)),
        [
          ['timeoutMs', 'timeoutMS'],
          ['batchsize', 'batchSize'],
          ['upsret', 'upsert'],
          ['readPrefrence', 'readPreference'],
        ],
      );
    }));
});

describe('names that a server takes', () => {
  it('are sent, for databases and collections', () =>
    withServer({}, async ({ client, log }) => {
      for (const name of ['a:b', 'a|b', 'a*b', '<a>', 'a?']) {
        await client.db(name).collection('c').findOne({});
        assert.equal(log.started().at(-1)?.command['$db'], name);
      }
      for (const name of ['a.', 'a..b', 'a b', 'a:b']) {
        await client.db('shop').collection(name).findOne({});
        assert.equal(log.started().at(-1)?.command['find'], name);
      }
    }));

  it('are refused where every server refuses them', () =>
    withServer({}, ({ client }) => {
      for (const name of ['', 'a.b', 'a b', 'a/b', 'a\\b', 'a"b', 'a$b', 'a\0b', 3 as never]) {
        assert.throws(() => new Db(client, name), MongoInvalidArgumentError);
      }
      for (const name of ['', '.a', 'a\0b', 'a$b', 3 as never]) {
        assert.throws(() => client.db('shop').collection(name), MongoInvalidArgumentError);
      }
      assert.throws(() => client.db('shop').collection('a', (() => undefined) as never), /callback form/);
      return Promise.resolve();
    }));
});

describe('results', () => {
  it('of a bulk write have the counts of the old interface in result', () =>
    withServer({}, async ({ collection }) => {
      const { result } = await collection.bulkWrite([
        { insertOne: { document: { a: 1 } } },
        { updateOne: { filter: { a: 2 }, update: { $set: { b: 1 } }, upsert: true } },
        { deleteOne: { filter: { a: 1 } } },
      ]);

      assert.deepEqual([result.nInserted, result.nUpserted, result.nRemoved, result.nMatched], [1, 1, 1, 0]);
      assert.deepEqual(
        result.upserted.map(({ index }) => index),
        [1],
      );
      assert.deepEqual(result.writeErrors, []);
    }));

  it('of a deployment without retryable writes advise to turn them off', () =>
    withServer({ cluster: { topology: 'replicaset' } }, async ({ collection, cluster }) => {
      const data = {
        failCommands: ['insert', 'update', 'find'],
        errorCode: 20,
        errmsg: 'Transaction numbers are only allowed …',
      };
      await failCommand(cluster.primary!.address, data, { times: 4 });

      const advice = /^This MongoDB deployment does not support retryable writes\. Please add retryWrites=false/;
      const one = await rejection<MongoServerError>(collection.insertOne({ a: 1 }));
      assert.ok(one instanceof MongoServerError);
      assert.match(one.message, advice);
      assert.deepEqual([one.code, (one['originalError'] as MongoServerError).code], [20, 20]);
      assert.match((await rejection(collection.insertMany([{ a: 1 }] as never))).message, advice);
      // Not those of commands that are never repeated.
      assert.doesNotMatch((await rejection(collection.updateMany({}, { $set: { a: 1 } }))).message, advice);
      assert.doesNotMatch((await rejection(collection.findOne({}))).message, advice);
    }));
});

describe('what this version does not have', () => {
  it('says so when it is asked for', () =>
    withServer({}, ({ client }) => {
      const make = () => new ClientEncryption(client, { keyVaultNamespace: 'keys.vault' });
      assert.throws(make, MongoCompatibilityError);
      assert.throws(make, /does not support client-side encryption/);
      return Promise.resolve();
    }));
});
