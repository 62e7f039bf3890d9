import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type ClientBulkWriteModel,
  MongoAPIError,
  MongoClientBulkWriteError,
  MongoClientBulkWriteExecutionError,
  MongoInvalidArgumentError,
  MongoNetworkError,
  MongoOperationTimeoutError,
  MongoServerError,
} from 'mongotempo';
import { failCommand, rejection, withServer, withServerProcess } from '../support/cluster.js';
import { paced } from '../support/pace.js';

const insert = (_id: unknown, namespace = 'shop.orders', more = {}): ClientBulkWriteModel => ({
  name: 'insertOne',
  namespace,
  document: { _id, ...more } as never,
});

const ALL: ClientBulkWriteModel[] = [
  insert(1),
  insert(2, 'shop.items'),
  {
    name: 'updateOne',
    namespace: 'shop.orders',
    filter: { _id: 1 as never },
    update: { $set: { x: 1 } },
    hint: '_id_',
  },
  { name: 'updateMany', namespace: 'shop.orders', filter: {}, update: [{ $set: { y: 1 } }] },
  { name: 'replaceOne', namespace: 'shop.items', filter: { _id: 9 as never }, replacement: { z: 1 }, upsert: true },
  { name: 'deleteOne', namespace: 'shop.items', filter: { _id: 2 as never }, collation: { locale: 'en' } },
  { name: 'deleteMany', namespace: 'shop.items', filter: { none: 1 } },
];

describe('MongoClient.bulkWrite', () => {
  it('writes to several collections by one command', () =>
    withServer({}, async ({ client, log }) => {
      const result = await client.bulkWrite(ALL);

      assert.deepEqual(result, {
        acknowledged: true,
        insertedCount: 2,
        upsertedCount: 1,
        matchedCount: 2,
        modifiedCount: 2,
        deletedCount: 1,
      });
      const { command, databaseName } = log.started('bulkWrite')[0]!;
      assert.equal(databaseName, 'admin');
      assert.deepEqual([command['errorsOnly'], command['ordered']], [true, true]);
      assert.deepEqual(command['nsInfo'], [{ ns: 'shop.orders' }, { ns: 'shop.items' }]);
      assert.deepEqual((command['ops'] as unknown[]).slice(1, 3), [
        { insert: 1, document: { _id: 2 } },
        { update: 0, filter: { _id: 1 }, updateMods: { $set: { x: 1 } }, multi: false, hint: '_id_' },
      ]);
    }));

  it('tells of each write when it is asked to', () =>
    withServer({}, async ({ client }) => {
      const { insertResults, updateResults, deleteResults } = await client.bulkWrite(ALL, { verboseResults: true });

      assert.deepEqual(
        [...insertResults!],
        [
          [0, { insertedId: 1 }],
          [1, { insertedId: 2 }],
        ],
      );
      assert.deepEqual(updateResults!.get(4), { matchedCount: 1, modifiedCount: 0, didUpsert: true, upsertedId: 9 });
      assert.deepEqual(updateResults!.get(2), { matchedCount: 1, modifiedCount: 1, didUpsert: false });
      assert.deepEqual(
        [...deleteResults!],
        [
          [5, { deletedCount: 1 }],
          [6, { deletedCount: 0 }],
        ],
      );
    }));

  it('numbers the namespaces of each batch anew, and makes the missing _ids', () =>
    withServer({}, async ({ client, log }) => {
      const text = 'x'.repeat(15 * 1024 * 1024);
      const one = (namespace: string, document: object): ClientBulkWriteModel => ({
        name: 'insertOne',
        namespace,
        document,
      });
      const large = Array.from({ length: 4 }, () => one('shop.orders', { text }));
      const small = one('shop.items', {});

      const result = await client.bulkWrite([...large.slice(1), small, large[0]!], { verboseResults: true });

      assert.equal(result.insertedCount, 5);
      assert.equal(result.insertResults?.size, 5);
      const [first, second] = log.started('bulkWrite');
      assert.deepEqual(first!.command['nsInfo'], [{ ns: 'shop.orders' }, { ns: 'shop.items' }]);
      assert.deepEqual(second!.command['nsInfo'], [{ ns: 'shop.orders' }]);
      assert.deepEqual(first!.command['lsid'], second!.command['lsid']);
    }));

  it('stops at the first error when ordered, goes on when not', () =>
    withServer({}, async ({ client }) => {
      const models = [insert(1), insert(1), insert(2)];

      const ordered = await rejection<MongoClientBulkWriteError>(client.bulkWrite(models));
      const unordered = await rejection<MongoClientBulkWriteError>(client.bulkWrite(models, { ordered: false }));

      assert.equal(ordered.message, 'Mongo client ordered bulk write encountered a write error.');
      assert.deepEqual([...ordered.writeErrors.keys()], [1]);
      assert.equal(ordered.writeErrors.get(1)?.code, 11000);
      assert.equal(ordered.partialResult?.insertedCount, 1);
      assert.deepEqual([...unordered.writeErrors.keys()], [0, 1]);
      assert.equal(unordered.partialResult?.insertedCount, 1);
    }));

  it('has no partial result when nothing is known to have been done', () =>
    withServer({}, async ({ client, uri }) => {
      await client.bulkWrite([insert(1)]);
      const first = await rejection<MongoClientBulkWriteError>(client.bulkWrite([insert(1), insert(2)]));
      const all = await rejection<MongoClientBulkWriteError>(client.bulkWrite([insert(1)], { ordered: false }));
      await failCommand(uri, { failCommands: ['bulkWrite'], errorCode: 8 });
      const whole = await rejection<MongoClientBulkWriteError>(client.bulkWrite([insert(3)]));

      for (const error of [first, all, whole]) {
        assert.ok(error instanceof MongoClientBulkWriteError);
        assert.equal(error.partialResult, undefined);
      }
      assert.ok(whole.cause instanceof MongoServerError);
      assert.equal(whole.cause.code, 8);
    }));

  it('tells what was done before the connection was lost', () =>
    withServer({ client: { retryWrites: false } }, async ({ client, uri }) => {
      const text = 'x'.repeat(15 * 1024 * 1024);
      const many = [1, 2, 3, 4].map(_id => insert(_id, 'shop.orders', { text }));
      await failCommand(uri, { failCommands: ['bulkWrite'], closeConnection: true }, { skip: 1 });

      const later = await rejection<MongoClientBulkWriteError>(client.bulkWrite(many));
      await failCommand(uri, { failCommands: ['bulkWrite'], closeConnection: true });
      const atOnce = await rejection(client.bulkWrite([insert(9)]));
      await failCommand(uri, {}, 'off');

      assert.ok(later instanceof MongoClientBulkWriteError);
      assert.ok(later.cause instanceof MongoNetworkError);
      assert.equal(later.partialResult?.insertedCount, 3);
      assert.ok(atOnce instanceof MongoNetworkError);
    }));

  it(
    'has one time for all batches',
    paced(ms =>
      withServerProcess({}, async ({ client, uri, log }) => {
        await client.db('shop').collection('orders').countDocuments();
        const data = { failCommands: ['bulkWrite'], blockConnection: true, blockTimeMS: ms(20_000) };
        await failCommand(uri, data, { skip: 1 });
        const text = 'x'.repeat(15 * 1024 * 1024);
        const many = [1, 2, 3, 4].map(_id => insert(_id, 'shop.orders', { text }));

        const error = await rejection<MongoOperationTimeoutError & { partialResult: { insertedCount: number } }>(
          client.bulkWrite(many, { timeoutMS: ms(3000) }),
        );

        assert.ok(error instanceof MongoOperationTimeoutError);
        assert.equal(error.partialResult.insertedCount, 3);
        assert.equal(log.started('bulkWrite').length, 2);
      }),
    ),
  );

  it('repeats a batch of single writes', () =>
    withServer({ cluster: { topology: 'replicaset' } }, async ({ client, log, cluster }) => {
      await failCommand(cluster.primary!.address, { failCommands: ['bulkWrite'], closeConnection: true });
      const one = await client.bulkWrite([insert(1)]);
      await client.bulkWrite([{ name: 'deleteMany', namespace: 'shop.orders', filter: {} }]);

      assert.equal(one.insertedCount, 1);
      const numbers = log.started('bulkWrite').map(({ command }) => command['txnNumber'] as unknown);
      assert.equal(numbers.length, 3);
      assert.deepEqual([numbers[0], numbers[2]], [numbers[1], undefined]);
    }));

  it('refuses what cannot be, before anything is sent', () =>
    withServer({}, async ({ client, log }) => {
      const update = { name: 'updateOne', namespace: 'a.b', filter: {} };
      const bad: [unknown, object, new (...args: never[]) => Error, RegExp][] = [
        [{}, {}, MongoInvalidArgumentError, /must be an array/],
        [[], {}, MongoClientBulkWriteExecutionError, /^No client bulk write models were provided\.$/],
        [[null], {}, MongoInvalidArgumentError, /must be an object/],
        [[{ name: 'frob', namespace: 'a.b' }], {}, MongoInvalidArgumentError, /only supports .* got frob/],
        [
          [{ name: 'insertOne', document: {} }],
          {},
          MongoInvalidArgumentError,
          /must be 'database.collection', got undefined/,
        ],
        [[insert(1, 'nodot')], {}, MongoInvalidArgumentError, /got 'nodot'/],
        [[{ ...update, update: { a: 1 } }], {}, MongoAPIError, /must only contain atomic modifiers/],
        [[{ ...update, update: [] }], {}, MongoAPIError, /must only contain atomic modifiers/],
        [[{ ...update, name: 'replaceOne', replacement: { $set: {} } }], {}, MongoAPIError, /must not contain atomic/],
        [[{ name: 'deleteOne', namespace: 'a.b' }], {}, MongoInvalidArgumentError, /filter .* must be an object/],
        [
          [insert(1)],
          { writeConcern: { w: 0 } },
          MongoInvalidArgumentError,
          /unacknowledged write concern and ordered writes/,
        ],
        [
          [insert(1)],
          { writeConcern: { w: 0 }, ordered: false, verboseResults: true },
          MongoInvalidArgumentError,
          /unacknowledged write concern and verbose results/,
        ],
      ];
      for (const [models, options, type, message] of bad) {
        const error = await rejection(client.bulkWrite(models as never, options));
        assert.ok(error instanceof type, String(error));
        assert.match(error.message, message);
      }
      assert.equal(log.started().length, 0);
    }));
});
