import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { type FindCursor, MongoInvalidArgumentError } from 'mongotempo';
import { TestCluster } from 'mongotempo-server';
import { MongoClient } from '../support/checked_client.js';
import { documents, failCommand, rejection, withServer, withServerProcess } from '../support/cluster.js';
import { EventLog } from '../support/event_log.js';
import { countedSignal } from '../unit/call/watching.js';

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
      await cursor.next();
      abort.abort('enough');

      assert.equal(await rejection(cursor.next()), 'enough');

      await log.some('commandSucceeded', ({ commandName }) => commandName === 'killCursors');
      assert.equal(log.started('getMore').length, 0);
    });
  });

  for (const [how, read] of Object.entries<(cursor: FindCursor, abort: () => void) => Promise<unknown>>({
    next: async (cursor, abort) => {
      await cursor.next();
      abort();
      return cursor.next();
    },
    hasNext: async (cursor, abort) => {
      await cursor.next();
      abort();
      return cursor.hasNext();
    },
    tryNext: async (cursor, abort) => {
      await cursor.tryNext();
      abort();
      return cursor.tryNext();
    },
    forEach: (cursor, abort) =>
      cursor.forEach(({ _id }) => {
        if (Number(_id) === 5) abort();
      }),
    'for await': async (cursor, abort) => {
      for await (const { _id } of cursor) {
        assert.ok(Number(_id) <= 5, `document ${String(_id)} was delivered after the abort`);
        if (Number(_id) === 5) abort();
      }
    },
    stream: async (cursor, abort) => {
      for await (const { _id } of cursor.stream()) if (Number(_id) === 5) abort();
    },
    batches: async (cursor, abort) => {
      for await (const _ of cursor.batches()) abort();
    },
    toArray: async (cursor, abort) => {
      await cursor.next();
      abort();
      return cursor.toArray();
    },
    'toArray with a transform': (cursor, abort) =>
      cursor
        .map(({ _id }) => {
          if (Number(_id) === 5) abort();
          return _id as unknown;
        })
        .toArray(),
    async readBufferedDocuments(cursor, abort) {
      await cursor.next();
      abort();
      return cursor.readBufferedDocuments();
    },
  })) {
    for (const batchSize of [10, 1000]) {
      it(`stops buffered documents of ${how} at the next one (batchSize ${batchSize})`, async () => {
        await withServer({}, async ({ collection, log }) => {
          await collection.insertMany(documents(100));
          const abort = new AbortController();
          const cursor = collection.find({}, { batchSize, signal: abort.signal });

          const error = await rejection(read(cursor, () => abort.abort('enough')));

          assert.equal(error, 'enough');
          assert.equal(cursor.closed, true);
          assert.equal(await rejection(cursor.next()), 'enough');
          assert.equal(log.started('getMore').length, 0);
          if (batchSize < 100) await log.some('commandSucceeded', event => event.commandName === 'killCursors');
        });
      });
    }
  }

  it('destroys a stream that is not being read just now', async () => {
    await withServer({}, async ({ collection }) => {
      await collection.insertMany(documents(10));
      const abort = new AbortController();
      const reason = new Error('enough');
      const stream = collection.find({}, { batchSize: 2, signal: abort.signal }).stream();
      await once(stream, 'readable');
      const failed = once(stream, 'error');

      abort.abort(reason);

      assert.deepEqual(await failed, [reason]);
    });
  });

  it('ends the wait for a batch that was prefetched', async () => {
    await withServerProcess({}, async ({ collection, log, uri }) => {
      await collection.insertMany(documents(6));
      await failCommand(uri, { failCommands: ['getMore'], blockConnection: true, blockTimeMS: 5000 });
      const abort = new AbortController();
      const cursor = collection.find({}, { batchSize: 2, prefetch: true, signal: abort.signal });
      await cursor.next();
      await cursor.next();
      const found = rejection(cursor.next());
      await log.some('commandStarted', ({ commandName }) => commandName === 'getMore');

      abort.abort('enough');

      assert.equal(await found, 'enough');
    });
  });

  it('of fifty concurrent operations has one listener, none afterwards, and no warning is emitted', async () => {
    await withServer({}, async ({ collection }) => {
      const warnings: string[] = [];
      const onWarning = ({ name }: Error) => void warnings.push(name);
      process.on('warning', onWarning);
      const { controller, listeners, most } = countedSignal();
      const { signal } = controller;

      const work = Array.from({ length: 25 }, () => collection.findOne({}, { signal }));
      const cursors = Array.from({ length: 25 }, () => collection.find({}, { signal, prefetch: true }).toArray());
      await Promise.all([...work, ...cursors]);

      // Warnings are emitted in a turn of their own.
      await new Promise(setImmediate);
      process.off('warning', onWarning);
      assert.deepEqual(warnings, []);
      assert.equal(most(), 1);
      assert.equal(listeners(), 0);
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
