import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type MongoBulkWriteError,
  type MongoError,
  MongoNetworkError,
  MongoOperationTimeoutError,
  MongoServerError,
  MongoServerSelectionError,
} from 'mongotempo';
import { TestCluster } from 'mongotempo-server';
import { MongoClient } from '../support/checked_client.js';
import { failCommand, rejection, withServer, withServerProcess } from '../support/cluster.js';
import { EventLog } from '../support/event_log.js';
import { paced } from '../support/pace.js';

describe('an error can be joined with the events of its operation', () => {
  it('by operationId, connectionId and serverConnectionId when a server refuses the command', async () => {
    await withServer({}, async ({ db, log }) => {
      const error = await rejection<MongoServerError>(db.command({ nonsense: 1 }));

      assert.ok(error instanceof MongoServerError);
      const [failed] = log.named('commandFailed');
      assert.ok(typeof failed!.serverConnectionId === 'bigint');
      assert.deepEqual(
        [error.operationId, error.connectionId, error.serverConnectionId],
        [failed!.operationId, failed!.connectionId, failed!.serverConnectionId],
      );
      assert.equal(failed!.failure, error);
      // A logger that writes all fields as JSON must not meet a bigint.
      assert.doesNotThrow(() => JSON.stringify(Object.entries(error)));
    });
  });

  it('when the connection breaks, and when a write has an error of its own', async () => {
    await withServer({ client: { retryReads: false } }, async ({ collection, log, uri }) => {
      await failCommand(uri, { failCommands: ['find'], closeConnection: true });
      const broken = await rejection<MongoNetworkError>(collection.findOne());
      await collection.insertOne({ _id: 1 as never });
      const refused = await rejection<MongoServerError>(collection.insertOne({ _id: 1 as never }));
      const bulk = await rejection<MongoBulkWriteError>(collection.insertMany([{ _id: 1 as never }]));

      assert.ok(broken instanceof MongoNetworkError);
      const [find] = log.started('find');
      assert.deepEqual([broken.operationId, broken.connectionId], [find!.operationId, find!.connectionId]);
      const [, second, third] = log.started('insert');
      assert.deepEqual([refused.operationId, refused.connectionId], [second!.operationId, second!.connectionId]);
      assert.equal(bulk.operationId, third!.operationId);
    });
  });

  it(
    'when time runs out on a connection',
    paced(ms =>
      withServerProcess({}, async ({ collection, log, uri }) => {
        await collection.countDocuments();
        await failCommand(uri, { failCommands: ['find'], blockConnection: true, blockTimeMS: 60_000 });

        const error = await rejection<MongoOperationTimeoutError>(collection.findOne({}, { timeoutMS: ms(60) }));

        assert.ok(error instanceof MongoOperationTimeoutError);
        const [find] = log.started('find');
        assert.deepEqual(
          [error.operationId, error.connectionId, error.serverConnectionId],
          [find?.operationId, find?.connectionId, find?.serverConnectionId],
        );
      }),
    ),
  );

  it('by operationId when there was no connection yet', async () => {
    await withServerProcess({ client: { maxPoolSize: 1 } }, async ({ client, collection, log, uri }) => {
      await failCommand(uri, { failCommands: ['find'], blockConnection: true, blockTimeMS: 60_000 });
      const started = log.next('commandStarted');
      const running = rejection(collection.findOne());
      await started;
      const error = await rejection<MongoOperationTimeoutError>(collection.insertOne({}, { timeoutMS: 50 }));

      const [failed] = log.named('connectionCheckOutFailed');
      assert.equal(error.operationId, failed!.operationId);
      assert.equal(error.connectionId, undefined);
      assert.match(error.message, /wanted by insert shop\.orders/);
      await client.close();
      await running;
    });
  });

  it('when there is no time for another attempt', async () => {
    await withServer({}, async ({ collection, log, uri }) => {
      const errorLabels = ['SystemOverloadedError', 'RetryableError'];
      await failCommand(uri, { failCommands: ['find'], errorCode: 462, errorLabels }, 'alwaysOn');

      const error = await rejection<MongoError>(collection.findOne({}, { timeoutMS: 150 }));

      const [selection] = log.named('serverSelectionStarted');
      assert.equal(error.operationId, selection!.operationId);
    });
  });

  it('when no server is found, with and without timeoutMS', async () => {
    const cluster = await TestCluster.start();
    await cluster.stop();
    for (const options of [{ serverSelectionTimeoutMS: 30 }, { timeoutMS: 30 }]) {
      await using client = new MongoClient(cluster.uri, options);
      const log = new EventLog(client);

      const error = await rejection<MongoError>(client.db('shop').collection('orders').findOne());

      const [failed] = log.named('serverSelectionFailed');
      assert.equal(error.operationId, failed!.operationId);
      assert.equal(error.namespace, 'shop.orders');
      if ('timeoutMS' in options) assert.match(error.message, /^Timed out during server selection: find shop\.orders /);
      else assert.ok(error instanceof MongoServerSelectionError);
    }
  });

  it('unless a hostile reply claims to be of another connection', () => {
    const reply = { ok: 0, errmsg: 'no', operationId: 7, connectionId: 8, serverConnectionId: 9 };
    const error = new MongoServerError(reply);

    assert.deepEqual(
      [error.operationId, error.connectionId, error.serverConnectionId],
      [undefined, undefined, undefined],
    );
  });
});
