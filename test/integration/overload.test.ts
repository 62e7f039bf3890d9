import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Document } from 'bson';
import { MongoOperationTimeoutError, type MongoServerError } from 'mongotempo';
import { documents, failCommand, rejection, withServer } from '../support/cluster.js';

const ONE_NODE = { nodes: 1 } as const;

function refusal(failCommands: string[], more: Document = {}): Document {
  return { failCommands, errorCode: 462, errorLabels: ['SystemOverloadedError', 'RetryableError'], ...more };
}

// Client Backpressure, "Overload retry policy" and its prose tests.
describe('a server that has too much to do', () => {
  it('is asked again, at most twice, for any command', async () => {
    await withServer({ cluster: ONE_NODE }, async ({ collection, db, log, uri }) => {
      const calls: [string, () => Promise<unknown>][] = [
        ['insert', () => collection.insertOne({})],
        ['update', () => collection.updateMany({}, { $set: { a: 1 } })],
        ['find', () => collection.findOne()],
        ['ping', () => db.command({ ping: 1 })],
      ];
      for (const [name, call] of calls) {
        log.clear();
        await failCommand(uri, refusal([name]), { times: 2 });
        await call();
        assert.equal(log.started(name).length, 3);
        assert.equal(log.named('connectionCheckedIn').length, 3);
        const numbers = log.started(name).map(({ command }) => command['txnNumber'] as bigint | undefined);
        assert.equal(new Set(numbers.map(String)).size, 1);

        log.clear();
        await failCommand(uri, refusal([name]), 'alwaysOn');
        const error = await rejection<MongoServerError>(call());
        await failCommand(uri, {}, 'off');
        assert.equal(error.code, 462);
        assert.equal(log.started(name).length, 3);
      }
    });
  });

  it('is not asked again with maxAdaptiveRetries of 0, nor where retries are off', async () => {
    for (const client of [{ maxAdaptiveRetries: 0 }, { retryReads: false, retryWrites: false }]) {
      await withServer({ cluster: ONE_NODE, client }, async ({ collection, log, uri }) => {
        await failCommand(uri, refusal(['insert', 'find']), { times: 2 });
        await assert.rejects(collection.insertOne({}));
        await assert.rejects(collection.findOne());

        assert.equal(log.started().length, 2);
      });
    }
  });

  it('may refuse a getMore: the cursor goes on', async () => {
    await withServer({ cluster: ONE_NODE }, async ({ collection, log, uri }) => {
      await collection.insertMany(documents(6));
      await failCommand(uri, refusal(['getMore']), { times: 2 });

      assert.equal((await collection.find({}, { batchSize: 4 }).toArray()).length, 6);
      assert.equal(log.started('getMore').length, 3);
    });
  });

  it('begins a transaction when it takes the first command at last', async () => {
    await withServer({ cluster: ONE_NODE }, async ({ client, collection, log, uri }) => {
      await using session = client.startSession();
      session.startTransaction();
      await failCommand(uri, refusal(['insert']), { times: 1 });
      await collection.insertOne({}, { session });
      await failCommand(uri, refusal(['commitTransaction']), { times: 1 });
      await session.commitTransaction();

      const starts = log.started('insert').map(({ command }) => command['startTransaction'] as boolean | undefined);
      assert.deepEqual(starts, [true, true]);
      const concerns = log
        .started('commitTransaction')
        .map(({ command }) => command['writeConcern'] as object | undefined);
      assert.deepEqual(concerns, [undefined, undefined]);
      assert.equal(await collection.countDocuments(), 1);
    });
  });

  it('is not waited for longer than timeoutMS', async () => {
    await withServer({ cluster: ONE_NODE }, async ({ collection, uri }) => {
      await failCommand(uri, refusal(['insert'], { baseBackoffMS: 1e9 }), 'alwaysOn');
      // The chance may be small, the measure is not.
      const error = await rejection<MongoOperationTimeoutError>(collection.insertOne({}, { timeoutMS: 5000 }));

      if (error instanceof MongoOperationTimeoutError) {
        assert.equal((error.cause as MongoServerError).code, 462);
        assert.equal(error.timeoutMS, 5000);
      } else {
        assert.equal((error as MongoServerError).code, 462);
      }
    });
  });
});
