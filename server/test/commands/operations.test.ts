import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Document, type MongoClient, type MongoServerError } from 'mongodb';
import { ManualClock } from '../support/manual_clock.js';
import { failCommand, serverError, withCluster } from '../support/with_cluster.js';

const expired = { code: 50, codeName: 'MaxTimeMSExpired', message: 'operation exceeded time limit' };
const interrupted = { code: 11_601, codeName: 'Interrupted', message: 'operation was interrupted' };

function factsOf({ code, codeName, message }: MongoServerError): Document {
  return { code, codeName, message };
}

/** A client without retries and monitors of its own timing: each command is sent once. */
const once = { retryReads: false, retryWrites: false } as const;

describe('maxTimeMS', () => {
  it('ends a command that a fail point blocks', async () => {
    const clock = new ManualClock();
    await withCluster({ topology: 'standalone', clock, client: once }, async client => {
      await failCommand(client, { times: 1 }, { failCommands: ['find'], blockConnection: true, blockTimeMS: 1000 });
      const failed = serverError(client.db('d').collection('c').findOne({}, { maxTimeMS: 50 }));
      await clock.untilTimer(50);
      clock.advance(50);
      assert.deepEqual(factsOf(await failed), expired);
    });
  });

  it('lets a command finish that a fail point blocks for less', async () => {
    const clock = new ManualClock();
    await withCluster({ topology: 'standalone', clock, client: once }, async client => {
      await failCommand(client, { times: 1 }, { failCommands: ['find'], blockConnection: true, blockTimeMS: 40 });
      const found = client.db('d').collection('c').findOne({}, { maxTimeMS: 50 });
      await clock.untilTimer(40);
      clock.advance(40);
      assert.equal(await found, null);
    });
  });

  it('ends JavaScript that sleeps', async () => {
    const clock = new ManualClock();
    await withCluster({ topology: 'standalone', clock, client: once }, async client => {
      const collection = client.db('d').collection('c');
      await collection.insertOne({});
      const failed = serverError(collection.findOne({ $where: 'sleep(1000) || true' }, { maxTimeMS: 30 }));
      await clock.untilTimer(30);
      clock.advance(30);
      assert.deepEqual(factsOf(await failed), expired);
    });
  });

  it('answers later by what JavaScript slept', async () => {
    const clock = new ManualClock();
    await withCluster({ topology: 'standalone', clock, client: once }, async client => {
      const collection = client.db('d').collection<{ _id: number }>('c');
      await collection.insertMany([{ _id: 1 }, { _id: 2 }]);
      const found = collection.find({ $where: 'sleep(100) || true' }).toArray();
      await clock.untilTimer(200);
      clock.advance(200);
      assert.deepEqual(await found, [{ _id: 1 }, { _id: 2 }]);
    });
  });

  it('ends a write that waits for a transaction, and leaves nothing of it', async () => {
    const clock = new ManualClock();
    await withCluster({ topology: 'replicaset', clock, client: once }, async client => {
      const collection = client.db('d').collection<{ _id: number; a?: number }>('c');
      await collection.insertOne({ _id: 1 });
      const session = client.startSession();
      session.startTransaction();
      await collection.updateOne({ _id: 1 }, { $set: { a: 1 } }, { session });
      const failed = serverError(collection.updateOne({ _id: 1 }, { $set: { a: 2 } }, { maxTimeMS: 70 }));
      await clock.untilTimer(70);
      clock.advance(70);
      assert.deepEqual(factsOf(await failed), expired);
      await session.commitTransaction();
      await session.endSession();
      assert.deepEqual(await collection.findOne(), { _id: 1, a: 1 });
    });
  });

  it('ends a read of many documents between two of them', async () => {
    // A clock by which every look at it takes a tenth of a millisecond.
    const clock = new ManualClock();
    clock.now = () => (clock.advance(0.1), clock.wallTime());
    await withCluster({ topology: 'standalone', clock, client: once }, async client => {
      const collection = client.db('d').collection('c');
      await collection.insertMany(Array.from({ length: 1000 }, (_, _id) => ({ _id: _id as never })));
      const failed = serverError(collection.find({ a: 1 }, { maxTimeMS: 50 }).toArray());
      assert.deepEqual(factsOf(await failed), expired);
      assert.deepEqual(await collection.find({ a: 1 }, { maxTimeMS: 500 }).toArray(), []);
    });
  });

  it('is shared by a read and all the batches that follow', async () => {
    const clock = new ManualClock();
    await withCluster({ topology: 'standalone', clock, client: once }, async client => {
      const collection = client.db('d').collection<{ _id: number }>('c');
      await collection.insertMany([{ _id: 1 }, { _id: 2 }, { _id: 3 }]);
      const blockFor = async (blockTimeMS: number): Promise<unknown> =>
        client.db('admin').command({
          ...{ configureFailPoint: 'failGetMoreAfterCursorCheckout', mode: 'alwaysOn' },
          data: { blockConnection: true, blockTimeMS },
        });
      await blockFor(40);
      const cursor = collection.find({}, { batchSize: 1, maxTimeMS: 100 });
      await cursor.next();
      // Time between the batches is the client's.
      clock.advance(1000);
      const second = cursor.next();
      await clock.untilTimer(40);
      clock.advance(40);
      assert.deepEqual(await second, { _id: 2 });
      await blockFor(90);
      const failed = serverError(cursor.next());
      await clock.untilTimer(60);
      clock.advance(60);
      assert.deepEqual(factsOf(await failed), expired);
    });
  });

  it('is refused of a getMore that waits for nothing', () =>
    withCluster({ topology: 'standalone' }, async client => {
      const collection = client.db('d').collection<{ _id: number }>('c');
      await collection.insertMany([{ _id: 1 }, { _id: 2 }]);
      const session = client.startSession();
      const { cursor } = await client.db('d').command({ find: 'c', batchSize: 1 }, { session });
      const getMore = { getMore: (cursor as Document)['id'] as unknown, collection: 'c', maxTimeMS: 10 };
      const error = await serverError(client.db('d').command(getMore, { session }));
      assert.deepEqual(
        [error.code, error.message],
        [2, 'cannot set maxTimeMS on getMore command for a non-awaitData cursor'],
      );
      await session.endSession();
    }));

  it('of a statement that takes too long fails the whole command, and not the statement', async () => {
    const clock = new ManualClock();
    await withCluster({ topology: 'standalone', clock, client: once }, async client => {
      const database = client.db('d');
      await database.collection('c').insertOne({});
      const failed = serverError(
        database.command({
          update: 'c',
          updates: [{ q: { $where: 'sleep(100) || true' }, u: { $set: { a: 1 } } }],
          maxTimeMS: 20,
        }),
      );
      await clock.untilTimer(20);
      clock.advance(20);
      assert.deepEqual(factsOf(await failed), expired);
      assert.equal((await database.collection('c').findOne())?.['a'], undefined);
    });
  });
});

describe('currentOp and killOp', () => {
  const blocked = { failCommands: ['insert', 'find'], blockConnection: true, blockTimeMS: 60_000 };

  async function operations(client: MongoClient, filter: Document): Promise<Document[]> {
    const reply = await client.db('admin').command({ currentOp: 1, ...filter });
    return reply['inprog'] as Document[];
  }

  it('tell of a command that is blocked, and end it', async () => {
    const clock = new ManualClock();
    await withCluster({ topology: 'standalone', clock, client: { ...once, appName: 'shop' } }, async client => {
      await failCommand(client, { times: 1 }, blocked);
      const failed = serverError(client.db('d').collection('c').insertOne({}, { comment: 'slow' }));
      await clock.untilTimer(60_000);
      clock.advance(2500);
      const [found, ...others] = await operations(client, { 'command.comment': 'slow' });
      assert.deepEqual(others, []);
      assert.ok(found !== undefined);
      const expected = {
        ...{ op: 'insert', ns: 'd.c', appName: 'shop', active: true, secs_running: 2 },
        ...{ microsecs_running: 2_500_000, waitingForLock: false },
      };
      assert.deepEqual(Object.fromEntries(Object.keys(expected).map(name => [name, found[name] as unknown])), expected);
      const reply = await client.db('admin').command({ killOp: 1, op: found['opid'] as number });
      assert.equal(reply['info'], 'attempting to kill op');
      assert.deepEqual(factsOf(await failed), interrupted);
      assert.deepEqual(await operations(client, { 'command.comment': 'slow' }), []);
      assert.equal(await client.db('d').collection('c').countDocuments(), 0);
    });
  });

  it('tell of a write that waits for a transaction', async () => {
    await withCluster({ topology: 'replicaset', client: once }, async client => {
      const collection = client.db('d').collection<{ _id: number; a?: number }>('c');
      await collection.insertOne({ _id: 1 });
      const session = client.startSession();
      session.startTransaction();
      await collection.updateOne({ _id: 1 }, { $set: { a: 1 } }, { session });
      const updated = collection.updateOne({ _id: 1 }, { $set: { a: 2 } });
      let waiting: Document[] = [];
      while (waiting.length === 0) waiting = await operations(client, { waitingForLock: true });
      assert.equal(waiting[0]?.['ns'], 'd.c');
      await session.commitTransaction();
      await session.endSession();
      await updated;
      assert.deepEqual(await collection.findOne(), { _id: 1, a: 2 });
    });
  });

  it('is also a stage', async () => {
    await withCluster({ topology: 'standalone' }, async client => {
      const found = await client
        .db('admin')
        .aggregate([{ $currentOp: {} }, { $match: { 'command.comment': 'me' } }], { comment: 'me' })
        .toArray();
      assert.deepEqual(
        found.map((operation): readonly unknown[] => [operation['op'], operation['ns']]),
        [['command', 'admin.$cmd']],
      );
    });
  });

  it('do not mind an operation that has ended', async () => {
    await withCluster({ topology: 'standalone' }, async client => {
      const reply = await client.db('admin').command({ killOp: 1, op: 12_345 });
      assert.equal(reply['ok'], 1);
      const error = await serverError(client.db('admin').command({ killOp: 1, op: 'x' }));
      assert.equal(error.code, 14);
    });
  });
});

describe('a command whose client goes', () => {
  const blocked = { blockConnection: true, blockTimeMS: 60_000 };

  async function goDuring(command: 'find' | 'insert'): Promise<number> {
    let count = -1;
    const clock = new ManualClock();
    await withCluster({ topology: 'standalone', clock, client: once }, async (client, cluster) => {
      const collection = client.db('d').collection('c');
      await failCommand(client, { times: 1 }, { ...blocked, failCommands: [command] });
      const aborting = new AbortController();
      const work =
        command === 'find'
          ? collection.findOne({}, { signal: aborting.signal })
          : client.db('d').command({ insert: 'c', documents: [{}] }, { signal: aborting.signal });
      await clock.untilTimer(60_000);
      const before = cluster.node(0).connectionCount;
      aborting.abort();
      await assert.rejects(work);
      while (cluster.node(0).connectionCount === before) await new Promise(resolve => setImmediate(resolve));
      const running = await client.db('admin').command({ currentOp: 1, [`command.${command}`]: 'c' });
      assert.equal((running['inprog'] as Document[]).length, command === 'find' ? 0 : 1);
      clock.advance(60_000);
      await new Promise(resolve => setImmediate(resolve));
      count = await collection.countDocuments();
    });
    return count;
  }

  it('ends if it reads', async () => {
    assert.equal(await goDuring('find'), 0);
  });

  it('goes on if it writes', async () => {
    assert.equal(await goDuring('insert'), 1);
  });
});
