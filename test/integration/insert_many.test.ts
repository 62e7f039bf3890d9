import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MongoBulkWriteError, MongoOperationTimeoutError } from 'mongotempo';
import { documents, failCommand, rejection, withServer, withServerProcess } from '../support/cluster.js';
import { paced } from '../support/pace.js';

const RETRYABLE = ['RetryableWriteError'];

describe('insertMany', () => {
  it('splits what is more than the server takes in one message', async () => {
    await withServer({}, async ({ collection, log }) => {
      const text = 'x'.repeat(10 * 1024 * 1024);

      const result = await collection.insertMany(documents(6, { text }));

      assert.equal(result.insertedCount, 6);
      const sizes = log.started('insert').map(({ command }) => (command['documents'] as unknown[]).length);
      assert.deepEqual(sizes, [4, 2]);
      assert.equal(new Set(log.started('insert').map(({ requestId }) => requestId)).size, 2);
      assert.equal(await collection.countDocuments(), 6);
    });
  });

  it('sends all batches in one session', async () => {
    await withServer({}, async ({ client, collection, log }) => {
      const text = 'x'.repeat(10 * 1024 * 1024);
      const other = client.db('shop').collection('other');

      await Promise.all([collection.insertMany(documents(6, { text })), other.insertOne({}), other.insertOne({})]);

      const batches = log.started('insert').filter(({ command }) => command['insert'] === 'orders');
      assert.equal(batches.length, 2);
      assert.deepEqual(batches[0]!.command['lsid'], batches[1]!.command['lsid']);
    });
  });

  it('splits by maxWriteBatchSize', async () => {
    await withServer({}, async ({ collection, log }) => {
      const result = await collection.insertMany(documents(100_001));

      assert.equal(result.insertedCount, 100_001);
      assert.equal(result.insertedIds[100_000], 100_000);
      const sizes = log.named('commandSucceeded').filter(({ commandName }) => commandName === 'insert');
      assert.deepEqual(
        sizes.map(({ reply }) => reply['n'] as number),
        [100_000, 1],
      );
    });
  });

  it('stops at the first error when it is ordered, and tells of those before it', async () => {
    await withServer({}, async ({ collection }) => {
      const error = await rejection<MongoBulkWriteError>(
        collection.insertMany([{ _id: 1 }, { _id: 2 }, { _id: 1 }, { _id: 3 }] as never),
      );

      assert.ok(error instanceof MongoBulkWriteError);
      assert.equal(error.code, 11000);
      assert.equal(error.insertedCount, 2);
      assert.deepEqual(error.insertedIds, { 0: 1, 1: 2 });
      assert.deepEqual(
        error.writeErrors.map(({ index }) => index),
        [2],
      );
      assert.deepEqual(error.writeErrors[0]!.getOperation(), { _id: 1 });
      assert.equal(await collection.countDocuments(), 2);
    });
  });

  it('goes on after errors when it is unordered, with positions of the whole over all batches', async () => {
    await withServer({}, async ({ collection, log }) => {
      const text = 'x'.repeat(15 * 1024 * 1024);
      const list = [0, 1, 1, 2, 2, 3].map(_id => ({ _id, text }));

      const error = await rejection<MongoBulkWriteError>(collection.insertMany(list as never, { ordered: false }));

      assert.equal(log.started('insert').length, 2);
      assert.equal(error.insertedCount, 4);
      assert.deepEqual(
        error.writeErrors.map(({ index }) => index),
        [2, 4],
      );
      assert.deepEqual(error.insertedIds, { 0: 0, 1: 1, 3: 2, 5: 3 });
      assert.match(error.message, /^E11000 duplicate key/);
    });
  });

  it(
    'has one time for all batches, and the error tells what the earlier ones inserted',
    paced(async ms => {
      await withServerProcess({ client: { timeoutMS: ms(3000) } }, async ({ collection, log, uri }) => {
        await collection.countDocuments();
        const data = { failCommands: ['insert'], blockConnection: true, blockTimeMS: ms(20_000) };
        await failCommand(uri, data, { skip: 1 });
        const text = 'x'.repeat(15 * 1024 * 1024);

        const error = await rejection<MongoOperationTimeoutError>(collection.insertMany(documents(6, { text })));

        assert.ok(error instanceof MongoOperationTimeoutError);
        assert.equal(log.started('insert').length, 2);
        assert.equal(error.result?.insertedCount, 3);
        assert.deepEqual([error.insertedCount, error.insertedIds], [3, { 0: 0, 1: 1, 2: 2 }]);
        assert.ok(error.elapsedMS! >= ms(2990) && error.elapsedMS! < ms(15_000), `elapsed ${error.elapsedMS}`);
        const limits = log.started('insert').map(({ command }) => command['maxTimeMS'] as number);
        assert.ok(limits[1]! < limits[0]!, `maxTimeMS ${limits.join()}`);
      });
    }),
  );

  it('sends a batch again after a write concern error that asks for it, instead of reporting it', async () => {
    await withServer({ cluster: { topology: 'replicaset' } }, async ({ collection, log, cluster }) => {
      await failCommand(cluster.primary!.address, {
        failCommands: ['insert'],
        writeConcernError: { code: 91, errmsg: 'shutting down' },
        errorLabels: RETRYABLE,
      });

      const result = await collection.insertMany(documents(3));

      assert.equal(result.insertedCount, 3);
      const [first, second] = log.started('insert');
      assert.deepEqual(second!.command['txnNumber'], first!.command['txnNumber']);
      assert.equal(await collection.countDocuments(), 3);
    });
  });

  it('reports a write concern error with what was inserted', async () => {
    await withServer({ cluster: { topology: 'replicaset' } }, async ({ collection, cluster }) => {
      const writeConcernError = { code: 64, errmsg: 'waiting timed out', errInfo: { wtimeout: true } };
      await failCommand(cluster.primary!.address, { failCommands: ['insert'], writeConcernError });

      const error = await rejection<MongoBulkWriteError>(collection.insertMany(documents(3)));

      assert.ok(error instanceof MongoBulkWriteError);
      assert.equal(error.code, 64);
      assert.equal(error.insertedCount, 3);
      assert.deepEqual(error.result.getWriteConcernError()?.errInfo, { wtimeout: true });
    });
  });

  it('times out when the server says in a write concern error that its time was over', async () => {
    await withServer({ client: { timeoutMS: 5000 }, cluster: { nodes: 1 } }, async ({ collection, cluster }) => {
      const writeConcernError = { code: 50, codeName: 'MaxTimeMSExpired', errmsg: 'operation exceeded time limit' };
      await failCommand(cluster.primary!.address, { failCommands: ['insert'], writeConcernError }, { times: 2 });

      for (const work of [() => collection.insertMany(documents(3)), () => collection.insertOne({})]) {
        const error = await rejection<MongoOperationTimeoutError>(work());

        assert.ok(error instanceof MongoOperationTimeoutError, String(error));
        assert.equal(error.phase, 'server');
        assert.equal(error.maybeApplied, true);
      }
    });
  });

  it('wraps what the server answers as the official driver does, and keeps labels and cause', async () => {
    await withServer({ cluster: { nodes: 1 } }, async ({ collection, cluster }) => {
      await failCommand(cluster.primary!.address, { failCommands: ['insert'], errorCode: 13, errorLabels: ['Custom'] });

      const error = await rejection<MongoBulkWriteError>(collection.insertMany(documents(2)));

      assert.ok(error instanceof MongoBulkWriteError);
      assert.equal(error.code, 13);
      assert.ok(error.hasErrorLabel('Custom'));
      assert.equal(error.insertedCount, 0);
      assert.equal(error.cause?.name, 'MongoServerError');
    });
  });

  it(
    'may have been applied when time runs out between two batches',
    paced(async ms => {
      await withServer({}, async ({ client, collection, log }) => {
        const text = 'x'.repeat(10 * 1024 * 1024);
        const timeoutMS = ms(3000);
        const end = performance.now() + timeoutMS;
        client.once('commandSucceeded', () => {
          while (performance.now() < end + 1);
        });

        const error = await rejection<MongoOperationTimeoutError>(
          collection.insertMany(documents(6, { text }), { timeoutMS }),
        );

        assert.ok(error instanceof MongoOperationTimeoutError, String(error));
        assert.equal(error.phase, 'read');
        assert.equal(log.started('insert').length, 1);
        assert.equal(error.maybeApplied, true);
      });
    }),
  );
});
