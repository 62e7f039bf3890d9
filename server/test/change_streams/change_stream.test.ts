import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ChangeStream, type ChangeStreamOptions, type Collection, type Document, type MongoClient } from 'mongodb';
import { serverError, withCluster } from '../support/with_cluster.js';

interface Item {
  _id: number;
  a?: number;
  text?: string;
}

type Events = ChangeStream<Document, Document>;

async function withItems(run: (items: Collection<Item>, client: MongoClient) => Promise<void>): Promise<void> {
  await withCluster({ topology: 'replicaset', nodes: 1 }, async client => {
    const items = client.db('shop').collection<Item>('items');
    await client.db('shop').createCollection('items', { changeStreamPreAndPostImages: { enabled: true } });
    await run(items, client);
  });
}

/** Opens a stream before the work, and reads so many events after it. */
async function eventsOf(open: () => Events, work: () => Promise<unknown>, count: number): Promise<Document[]> {
  const stream = open();
  try {
    // The stream begins when its cursor is opened.
    await stream.tryNext();
    await work();
    const events: Document[] = [];
    while (events.length < count) events.push(await stream.next());
    return events;
  } finally {
    await stream.close();
  }
}

function watch(
  target: { watch(pipeline: Document[], options: ChangeStreamOptions): unknown },
  options: ChangeStreamOptions = {},
  pipeline: Document[] = [],
): Events {
  return target.watch(pipeline, { maxAwaitTimeMS: 20, ...options }) as Events;
}

describe('a change stream', () => {
  it('tells inserts, updates, replacements and deletes in their order', () =>
    withItems(async items => {
      const events = await eventsOf(
        () => watch(items),
        async () => {
          await items.insertOne({ _id: 1, a: 1 });
          await items.updateOne({ _id: 1 }, { $set: { a: 2 } });
          await items.updateOne({ _id: 1 }, { $unset: { a: '' } });
          await items.replaceOne({ _id: 1 }, { a: 3 });
          await items.deleteOne({ _id: 1 });
        },
        5,
      );
      assert.deepEqual(
        events.map(event => [event['operationType'], event['fullDocument'], event['updateDescription']] as unknown[]),
        [
          ['insert', { _id: 1, a: 1 }, undefined],
          ['update', undefined, { updatedFields: { a: 2 }, removedFields: [], truncatedArrays: [] }],
          ['update', undefined, { updatedFields: {}, removedFields: ['a'], truncatedArrays: [] }],
          ['replace', { _id: 1, a: 3 }, undefined],
          ['delete', undefined, undefined],
        ],
      );
      assert.deepEqual(events[0]?.['ns'], { db: 'shop', coll: 'items' });
      assert.deepEqual(events[4]?.['documentKey'], { _id: 1 });
    }));

  it('shows documents before and after, where the collection keeps them', () =>
    withItems(async items => {
      await items.insertOne({ _id: 1, a: 1 });
      const [event] = await eventsOf(
        () => watch(items, { fullDocument: 'required', fullDocumentBeforeChange: 'required' }),
        async () => items.updateOne({ _id: 1 }, { $inc: { a: 1 } }),
        1,
      );
      assert.deepEqual(event?.['fullDocumentBeforeChange'], { _id: 1, a: 1 });
      assert.deepEqual(event['fullDocument'], { _id: 1, a: 2 });
    }));

  it('goes on after the event that the client names, however that is named', () =>
    withItems(async items => {
      const write = async (): Promise<void> => {
        for (const _id of [1, 2, 3]) await items.insertOne({ _id });
      };
      const [first] = await eventsOf(() => watch(items), write, 3);
      const idsFrom = async (options: ChangeStreamOptions): Promise<unknown[]> => {
        const stream = watch(items, options);
        try {
          const events = [await stream.next(), await stream.next()];
          return events.map(event => (event['documentKey'] as Item)._id);
        } finally {
          await stream.close();
        }
      };
      assert.ok(first !== undefined);
      assert.deepEqual(await idsFrom({ resumeAfter: first['_id'] as unknown }), [2, 3]);
      assert.deepEqual(await idsFrom({ startAfter: first['_id'] as unknown }), [2, 3]);
      assert.deepEqual(await idsFrom({ startAtOperationTime: first['clusterTime'] as never }), [1, 2]);
    }));

  it('tells a transaction as a whole when it is committed, and nothing of one that is aborted', () =>
    withItems(async (items, client) => {
      const events = await eventsOf(
        () => watch(items),
        async () => {
          const session = client.startSession();
          session.startTransaction();
          await items.insertOne({ _id: 1 }, { session });
          await session.abortTransaction();
          session.startTransaction();
          await items.insertOne({ _id: 2 }, { session });
          await items.insertOne({ _id: 3 }, { session });
          await session.commitTransaction();
          await session.endSession();
        },
        2,
      );
      assert.deepEqual(
        events.map(event => (event['documentKey'] as Item)._id),
        [2, 3],
      );
      const [times, numbers] = [new Set<string>(), new Set<string>()];
      for (const event of events) {
        times.add(String(event['clusterTime']));
        numbers.add(String(event['txnNumber']));
      }
      assert.deepEqual([times.size, numbers.size], [1, 1]);
    }));

  it('of a collection ends when that is dropped; of a database, and of all, it goes on', () =>
    withItems(async (items, client) => {
      const drop = async (): Promise<unknown> => items.drop();
      await items.insertOne({ _id: 1 });
      const kinds = (events: Document[]): unknown[] => events.map(event => event['operationType'] as unknown);
      assert.deepEqual(kinds(await eventsOf(() => watch(items), drop, 2)), ['drop', 'invalidate']);
      const again = async (): Promise<void> => {
        await items.insertOne({ _id: 1 });
        await items.drop();
        await items.insertOne({ _id: 1 });
      };
      const expected = ['insert', 'drop', 'insert'];
      assert.deepEqual(kinds(await eventsOf(() => watch(client.db('shop')), again, 3)), expected);
      await items.drop();
      assert.deepEqual(kinds(await eventsOf(() => watch(client), again, 3)), expected);
    }));

  it('tells what happens to collections only when it is asked to', () =>
    withItems(async (_items, client) => {
      const shop = client.db('shop');
      const events = await eventsOf(
        () => watch(shop, { showExpandedEvents: true }),
        async () => {
          await shop.createCollection('others');
          await shop.collection('others').createIndex({ a: 1 });
          await shop.command({ collMod: 'others', validationLevel: 'moderate' });
          await shop.collection('others').dropIndexes();
        },
        4,
      );
      const index = { v: 2, key: { a: 1 }, name: 'a_1' };
      assert.deepEqual(
        events.map((event): unknown[] => [event['operationType'], event['operationDescription']]),
        [
          ['create', {}],
          ['createIndexes', { indexes: [index] }],
          ['modify', { validationLevel: 'moderate' }],
          ['dropIndexes', { indexes: [index] }],
        ],
      );
    }));

  it('passes on what its pipeline lets through, and splits what is too large', () =>
    withItems(async items => {
      const [event] = await eventsOf(
        () => watch(items, {}, [{ $match: { 'fullDocument.a': { $gt: 1 } } }, { $project: { fullDocument: 1 } }]),
        async () =>
          items.insertMany([
            { _id: 1, a: 1 },
            { _id: 2, a: 2 },
          ]),
        1,
      );
      assert.deepEqual(Object.keys(event ?? {}), ['_id', 'fullDocument']);

      const text = 'x'.repeat(10 * 2 ** 20);
      await items.insertOne({ _id: 3, text });
      const parts = await eventsOf(
        () =>
          watch(items, { fullDocument: 'required', fullDocumentBeforeChange: 'required' }, [
            { $changeStreamSplitLargeEvent: {} },
          ]),
        async () => items.updateOne({ _id: 3 }, { $set: { a: 1 } }),
        2,
      );
      assert.deepEqual(
        parts.map(part => part['splitEvent'] as unknown),
        [
          { fragment: 1, of: 2 },
          { fragment: 2, of: 2 },
        ],
      );
    }));

  it('is refused from a time on of which changes are no longer kept', async () =>
    withCluster({ topology: 'replicaset', nodes: 1 }, async client => {
      const database = client.db('d');
      const { operationTime } = await database.command({ ping: 1 });
      for (let round = 0; round < 3; round++) {
        await database.collection('c').insertMany(Array.from({ length: 20_000 }, (_, n) => ({ n })));
      }

      const pipeline = [{ $changeStream: { startAtOperationTime: operationTime as unknown } }];
      const error = await serverError(database.command({ aggregate: 'c', pipeline, cursor: {} }));

      assert.equal(error.code, 286);
      assert.ok(error.hasErrorLabel('NonResumableChangeStreamError'));
    }));

  it('is refused on a standalone, and for stages that make no events', async () => {
    await withCluster({ topology: 'standalone' }, async client => {
      const command = { aggregate: 'c', pipeline: [{ $changeStream: {} }], cursor: {} };
      assert.equal((await serverError(client.db('d').command(command))).code, 40_573);
    });
    await withCluster({ topology: 'replicaset', nodes: 1 }, async client => {
      const refused = async (pipeline: Document[]): Promise<unknown> =>
        (await serverError(client.db('d').command({ aggregate: 'c', pipeline, cursor: {} }))).code;
      assert.equal(await refused([{ $changeStream: {} }, { $group: { _id: 1 } }]), 20);
      assert.equal(await refused([{ $match: {} }, { $changeStream: {} }]), 40_602);
    });
  });
});
