import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ChangeStream, ChangeStreamOptions, Document, MongoServerError } from 'mongotempo';
import { failCommand, rejection, type SetupWithCluster, withServer } from '../support/cluster.js';

// The prose tests of Change Streams, under their numbers. Those of servers older than 4.2 (9 in part, 12, 15, 16) have no such server here: what they
// ask for is tested with a scripted one in test/unit/cursor.

const MB = 1024 * 1024;
const RESUMABLE = Object.freeze(['ResumableChangeStreamError']);

/** A set with the collection that is watched. */
async function withCollection(run: (setup: SetupWithCluster) => Promise<void>, nodes = 1): Promise<void> {
  await withServer({ cluster: { topology: 'replicaset', nodes } }, async setup => {
    await setup.db.createCollection('orders');
    await run(setup);
  });
}

/** What the aggregates of streams said of their start, in order. */
const startsOf = ({ log }: SetupWithCluster): Document[] =>
  log.started('aggregate').map(({ command }) => (command['pipeline'] as Document[])[0]?.['$changeStream'] as Document);

/** The tokens after the batches of all replies so far. */
const batchTokensOf = ({ log }: SetupWithCluster): unknown[] =>
  log
    .named('commandSucceeded')
    .filter(({ commandName }) => commandName === 'aggregate' || commandName === 'getMore')
    .map(({ reply }) => (reply['cursor'] as Document)['postBatchResumeToken'] as unknown);

async function failGetMore({ cluster }: SetupWithCluster, fields: Document = {}): Promise<void> {
  const { address } = cluster.primary!;
  await failCommand(address, { failCommands: ['getMore'], errorCode: 10107, errorLabels: RESUMABLE, ...fields });
}

describe('Change Streams, "Prose Tests"', () => {
  it('1. tracks the last seen resume token', async () => {
    await withCollection(async ({ collection }) => {
      await using stream = collection.watch();
      await stream.tryNext();
      for (let a = 0; a < 3; a++) {
        await collection.insertOne({ a });
        const change = await stream.next();
        assert.deepEqual(stream.resumeToken, change._id);
      }
    });
  });

  it('2. a response without a resume token is an error of the server', async () => {
    await withCollection(async ({ collection }) => {
      await using stream = collection.watch([{ $project: { _id: 0 } }]);
      await stream.tryNext();
      await collection.insertOne({ a: 1 });

      const error = await rejection<MongoServerError>(stream.next());

      assert.equal(error.code, 280);
      assert.equal(stream.closed, true);
    });
  });

  it('3. resumes after a resumable error with the pipeline and options of its start, and the token', async () => {
    await withCollection(async setup => {
      const { collection, log } = setup;
      await using stream = collection.watch([{ $match: { operationType: 'insert' } }], {
        fullDocument: 'updateLookup',
      });
      await stream.tryNext();
      await collection.insertOne({ a: 1 });
      const { _id: token } = await stream.next();
      await failGetMore(setup);
      await collection.insertOne({ a: 2 });

      assert.notDeepEqual((await stream.next())._id, token);

      const [first, second] = log.started('aggregate').map(({ command }) => command['pipeline'] as Document[]);
      assert.deepEqual(first?.slice(1), second?.slice(1));
      assert.deepEqual(second?.[0], { $changeStream: { resumeAfter: token, fullDocument: 'updateLookup' } });
      assert.equal(log.started('aggregate').length, 2);
    });
  });

  it('4. does not resume after an error of the aggregate', async () => {
    await withCollection(async ({ collection, cluster, log }) => {
      await failCommand(cluster.primary!.address, {
        failCommands: ['aggregate'],
        errorCode: 1,
        errorLabels: RESUMABLE,
      });
      const stream = collection.watch();

      const error = await rejection<MongoServerError>(stream.next());

      assert.equal(error.code, 1);
      assert.equal(stream.closed, true);
      assert.equal(log.started('aggregate').length, 1);
    });
  });

  it('6. selects a server with the read preference of its start before it resumes', async () => {
    await withCollection(async setup => {
      const { collection, cluster, log } = setup;
      await using stream = collection.watch([], { readPreference: 'secondary' });
      await stream.tryNext();
      const [{ address } = { address: '' }] = log.started('aggregate');
      await failCommand(address, { failCommands: ['getMore'], errorCode: 10107, errorLabels: RESUMABLE });
      await collection.insertOne({ a: 1 });

      await stream.next();

      const resumed = log.started('aggregate')[1];
      assert.notEqual(resumed?.address, cluster.primary!.address);
      assert.deepEqual(resumed?.command['$readPreference'], { mode: 'secondary' });
    }, 3);
  });

  it('7. leaves a cursor with an empty first batch open', async () => {
    await withCollection(async ({ collection, log }) => {
      await using stream = collection.watch();

      assert.equal(await stream.tryNext(), null);

      assert.equal(stream.closed, false);
      assert.equal(log.started('killCursors').length, 0);
    });
  });

  it('8. an error of the killCursors of a resume is no error of the stream', async () => {
    await withCollection(async setup => {
      const { collection, cluster } = setup;
      await using stream = collection.watch();
      await stream.tryNext();
      await collection.insertOne({ a: 1 });
      await failCommand(
        cluster.primary!.address,
        {
          failCommands: ['getMore', 'killCursors'],
          errorCode: 6,
          errorLabels: RESUMABLE,
        },
        { times: 2 },
      );

      assert.equal((await stream.next()).operationType, 'insert');
    });
  });

  it('11. has the token of the batch when it is empty or has been read', async () => {
    await withCollection(async setup => {
      const { collection } = setup;
      await using stream = collection.watch();
      await stream.tryNext();
      assert.deepEqual(stream.resumeToken, batchTokensOf(setup).at(-1));

      await collection.insertMany([{ a: 1 }, { a: 2 }]);
      await stream.next();
      await stream.next();

      assert.equal(stream.bufferedCount(), 0);
      assert.deepEqual(stream.resumeToken, batchTokensOf(setup).at(-1));
    });
  });

  it('13. has the token of the last change while a batch is read', async () => {
    await withCollection(async ({ collection }) => {
      await using stream = collection.watch();
      await stream.tryNext();
      await collection.insertMany([{ a: 1 }, { a: 2 }, { a: 3 }]);

      const { _id } = await stream.next();

      assert.ok(stream.bufferedCount() > 0);
      assert.deepEqual(stream.resumeToken, _id);
    });
  });

  it('14. has the token of its start before anything of the first batch is read', async () => {
    await withCollection(async ({ collection }) => {
      await using first = collection.watch();
      await first.tryNext();
      const token = first.resumeToken;
      await collection.insertMany([{ a: 1 }, { a: 2 }]);

      for (const options of [{ startAfter: token }, { resumeAfter: token }] satisfies ChangeStreamOptions[]) {
        await using stream = collection.watch([], options);
        assert.equal(await stream.hasNext(), true);
        assert.deepEqual(stream.resumeToken, token);
      }
    });
  });

  /** A stream that was started after an invalidate. */
  async function startedAfterInvalidate({ collection, db }: SetupWithCluster): Promise<ChangeStream> {
    await using first = collection.watch();
    await first.tryNext();
    await collection.drop();
    await first.next();
    const { _id: startAfter, operationType } = await first.next();
    assert.equal(operationType, 'invalidate');
    await db.createCollection('orders');
    const stream = collection.watch([], { startAfter });
    await stream.tryNext();
    return stream;
  }

  it('17. resumes with startAfter if it was started so and has returned nothing', async () => {
    await withCollection(async setup => {
      await using stream = await startedAfterInvalidate(setup);
      await failGetMore(setup);
      await setup.collection.insertOne({ a: 1 });

      await stream.next();

      const start = startsOf(setup).at(-1);
      assert.ok(start?.['startAfter']);
      assert.equal(start['resumeAfter'], undefined);
    });
  });

  it('18. resumes with resumeAfter once it has returned a change', async () => {
    await withCollection(async setup => {
      await using stream = await startedAfterInvalidate(setup);
      await setup.collection.insertOne({ a: 1 });
      await stream.next();
      await failGetMore(setup);
      await setup.collection.insertOne({ a: 2 });

      await stream.next();

      const start = startsOf(setup).at(-1);
      assert.ok(start?.['resumeAfter']);
      assert.equal(start['startAfter'], undefined);
    });
  });

  it('19. gets a large change in parts with $changeStreamSplitLargeEvent', async () => {
    await withServer({ cluster: { topology: 'replicaset', nodes: 1 } }, async ({ db }) => {
      const large = await db.createCollection('large', { changeStreamPreAndPostImages: { enabled: true } });
      await large.insertOne({ value: 'q'.repeat(10 * MB) });
      await using stream = large.watch([{ $changeStreamSplitLargeEvent: {} }], {
        fullDocumentBeforeChange: 'required',
      });
      await stream.tryNext();
      await large.updateOne({}, { $set: { value: 'z'.repeat(10 * MB) } });

      const parts = [await stream.next(), await stream.next()];

      assert.deepEqual(
        parts.map(({ splitEvent }) => splitEvent),
        [
          { fragment: 1, of: 2 },
          { fragment: 2, of: 2 },
        ],
      );
    });
  });
});
