import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MongoClient, MongoInvalidArgumentError } from 'mongotempo';
import { TestCluster } from 'mongotempo-server';
import { documents, failCommand, rejection, withServer, withServerProcess } from '../support/cluster.js';
import { EventLog } from '../support/event_log.js';

describe('an AbortSignal', () => {
  it('ends an operation that waits for a server, with its own reason', async () => {
    const cluster = await TestCluster.start();
    await cluster.stop();
    await using client = new MongoClient(cluster.uri);
    const log = new EventLog(client);
    const abort = new AbortController();
    const reason = { any: 'value' };

    const found = rejection(client.db().collection('a').findOne({}, { signal: abort.signal }));
    await log.some('waitingForSuitableServer');
    abort.abort(reason);

    assert.equal(await found, reason);
    assert.equal(log.named('serverSelectionFailed').length, 1);
  });

  it('ends an operation that waits for a connection, and its place in the queue', async () => {
    await withServerProcess({ client: { maxPoolSize: 1 } }, async ({ collection, log, uri }) => {
      await failCommand(uri, { failCommands: ['find'], blockConnection: true, blockTimeMS: 300 });
      const blocked = log.next('commandStarted');
      const first = collection.findOne();
      await blocked;
      const abort = new AbortController();
      const reason = new Error('mine');

      const inserted = rejection(collection.insertOne({}, { signal: abort.signal }));
      const next = collection.insertOne({});
      abort.abort(reason);

      assert.equal(await inserted, reason);
      assert.equal(log.named('connectionCheckOutFailed').length, 1);
      await first;
      await next;
      assert.equal(await collection.countDocuments(), 1);
    });
  });

  it('ends an operation that waits for its reply; the connection is drained and used again', async () => {
    await withServerProcess(
      { client: { maxPoolSize: 1, pendingResponseTimeoutMS: 60_000 } },
      async ({ collection, log, uri }) => {
        await failCommand(uri, { failCommands: ['find'], blockConnection: true, blockTimeMS: 200 });
        const abort = new AbortController();

        const started = log.next('commandStarted');
        const found = rejection(collection.find({}, { signal: abort.signal }).toArray());
        await started;
        abort.abort();

        assert.equal(await found, abort.signal.reason);
        assert.equal((await found).name, 'AbortError');
        await log.some('connectionPendingResponseSucceeded');
        await collection.insertOne({});
        assert.equal(log.named('connectionCreated').length, 1);
        assert.equal(log.named('commandFailed')[0]!.failure, abort.signal.reason);
      },
    );
  });

  it('that has aborted already lets nothing be sent', async () => {
    await withServer({}, async ({ collection, db, log }) => {
      const signal = AbortSignal.abort('too late');
      await collection.countDocuments();
      log.clear();

      for (const work of [
        collection.insertOne({}, { signal }),
        collection.insertMany([{}], { signal }),
        collection.findOne({}, { signal }),
        collection.find({}, { signal }).toArray(),
        db.command({ ping: 1 }, { signal }),
      ]) {
        assert.equal(await rejection(work), 'too late');
      }
      assert.equal(log.started().length, 0);
    });
  });

  it('ends a cursor between two batches, which the server then forgets', async () => {
    await withServer({}, async ({ collection, log }) => {
      await collection.insertMany(documents(6));
      const abort = new AbortController();
      const cursor = collection.find({}, { batchSize: 2, signal: abort.signal });
      await cursor.next();
      abort.abort('enough');

      await cursor.next();
      assert.equal(await rejection(cursor.next()), 'enough');

      await log.some('commandSucceeded', ({ commandName }) => commandName === 'killCursors');
      assert.equal(log.started('getMore').length, 0);
    });
  });

  it('leaves no listener behind', async () => {
    await withServer({}, async ({ collection }) => {
      const abort = new AbortController();
      const { signal } = abort;
      let listeners = 0;
      const add = signal.addEventListener.bind(signal);
      const remove = signal.removeEventListener.bind(signal);
      signal.addEventListener = (...args: Parameters<typeof add>) => {
        listeners++;
        add(...args);
      };
      signal.removeEventListener = (...args: Parameters<typeof remove>) => {
        listeners--;
        remove(...args);
      };

      for (let i = 0; i < 20; i++) await collection.findOne({}, { signal });

      assert.equal(listeners, 0);
    });
  });

  it('is refused when it is none', async () => {
    await withServer({}, async ({ collection }) => {
      await assert.rejects(collection.findOne({}, { signal: {} as never }), MongoInvalidArgumentError);
      assert.throws(() => collection.find({}, { signal: 'x' as never }), MongoInvalidArgumentError);
    });
  });

  it('ends an operation whose retry waits for a server, with its own reason', async () => {
    const client = { heartbeatFrequencyMS: 60_000, minHeartbeatFrequencyMS: 60_000 };
    await withServer({ client }, async ({ collection, log, uri }) => {
      await collection.findOne();
      await failCommand(uri, { failCommands: ['find'], closeConnection: true });
      const abort = new AbortController();
      const reason = new Error('mine');

      const found = rejection(collection.findOne({}, { signal: abort.signal }));
      await log.next('waitingForSuitableServer');
      abort.abort(reason);

      assert.equal(await found, reason);
      assert.equal(log.started('find').length, 2);
    });
  });
});
