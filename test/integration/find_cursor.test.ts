import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type Document,
  MongoAPIError,
  MongoCursorExhaustedError,
  MongoCursorInUseError,
  MongoServerError,
} from 'mongotempo';
import { documents, failCommand, rejection, type SetupWithCluster, withServer } from '../support/cluster.js';

/** A collection of ten documents, nothing recorded yet. */
function withTen(run: (setup: SetupWithCluster) => Promise<void>): Promise<void> {
  return withServer({}, async setup => {
    await setup.collection.insertMany(documents(10));
    setup.log.clear();
    await run(setup);
  });
}

function ids(list: readonly (Document | null)[]): unknown[] {
  return list.map(document => document?.['_id'] as unknown);
}

describe('FindCursor', () => {
  it('sends nothing before it is read', () =>
    withTen(async ({ collection, log }) => {
      const cursor = collection.find().sort({ _id: -1 }).skip(1).limit(3).project({ _id: 1 }).batchSize(2);
      assert.equal(log.started().length, 0);
      assert.equal(cursor.id, undefined);

      assert.deepEqual(ids(await cursor.toArray()), [8, 7, 6]);

      const { command } = log.started('find')[0]!;
      assert.deepEqual(
        [command['sort'], command['skip'], command['limit'], command['batchSize']],
        [{ _id: -1 }, 1, 3, 2],
      );
      assert.equal(log.started('getMore')[0]!.command['batchSize'], 1);
    }));

  it('gives documents one by one by next, hasNext and tryNext', () =>
    withTen(async ({ collection }) => {
      const cursor = collection.find({}, { batchSize: 4 });

      assert.equal(await cursor.hasNext(), true);
      assert.equal((await cursor.next())?._id, 0);
      assert.equal((await cursor.tryNext())?._id, 1);
      let count = 2;
      while ((await cursor.next()) !== null) count++;

      assert.equal(count, 10);
      assert.equal(await cursor.next(), null);
      assert.equal(await cursor.tryNext(), null);
      assert.equal(await cursor.hasNext(), false);
      assert.equal(cursor.closed, true);
      assert.equal(cursor.killed, false);
    }));

  it('asks for each batch once when next is called several times at once', () =>
    withTen(async ({ collection, log }) => {
      const cursor = collection.find({}, { batchSize: 5 });

      const got = await Promise.all(Array.from({ length: 10 }, () => cursor.next()));

      assert.deepEqual(ids(got), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
      assert.equal(log.started('find').length, 1);
      await cursor.close();
    }));

  it('kills the cursor on the server when a loop is left', () =>
    withTen(async ({ collection, log }) => {
      const cursor = collection.find({}, { batchSize: 2 });
      let closed = 0;
      cursor.on('close', () => closed++);

      for await (const { _id } of cursor) if ((_id as unknown) === 2) break;

      assert.deepEqual(
        log.started().map(({ commandName }) => commandName),
        ['find', 'getMore', 'killCursors'],
      );
      assert.deepEqual([cursor.closed, cursor.killed, closed], [true, true, 1]);
      const reply = log.named('commandSucceeded').at(-1)!.reply;
      assert.equal((reply['cursorsKilled'] as unknown[]).length, 1);
    }));

  it('kills the cursor on the server when the loop throws', () =>
    withTen(async ({ collection, log }) => {
      const oops = new Error('oops');

      const error = await rejection(
        (async () => {
          for await (const _ of collection.find({}, { batchSize: 2 })) throw oops;
        })(),
      );

      assert.equal(error, oops);
      assert.equal(log.started('killCursors').length, 1);
    }));

  it('sends no killCursors when all has been read', () =>
    withTen(async ({ collection, log }) => {
      for await (const _ of collection.find({}, { batchSize: 3 }));
      await collection.find({}, { batchSize: 4, limit: 8 }).toArray();

      assert.equal(log.started('killCursors').length, 0);
    }));

  it('takes all of a negative limit in one batch', () =>
    withTen(async ({ collection, log }) => {
      assert.equal((await collection.find().limit(-4).toArray()).length, 4);

      const { command } = log.started('find')[0]!;
      assert.deepEqual([command['limit'], command['singleBatch']], [4, true]);
      assert.equal(log.started().length, 1);
    }));

  it('returns no more than a negative batchSize, or than one batch when asked', () =>
    withTen(async ({ collection, log }) => {
      assert.equal((await collection.find({}, { batchSize: -3 }).toArray()).length, 3);
      assert.equal((await collection.find({}, { batchSize: 3, singleBatch: true }).toArray()).length, 3);
      assert.equal(log.started().length, 2);
    }));

  it('tells and gives what is buffered', () =>
    withTen(async ({ collection }) => {
      const cursor = collection.find({}, { batchSize: 5 }).map(({ _id }) => _id as unknown);
      await cursor.next();

      assert.equal(cursor.bufferedCount(), 4);
      assert.deepEqual(cursor.readBufferedDocuments(2), [1, 2]);
      assert.deepEqual(cursor.readBufferedDocuments(), [3, 4]);
      assert.equal(cursor.bufferedCount(), 0);
      assert.equal(await cursor.next(), 5);
      await cursor.close();
    }));

  it('begins again after rewind, and apart as a clone', () =>
    withTen(async ({ collection, log }) => {
      const cursor = collection.find({}, { batchSize: 6, limit: 7 });
      await cursor.next();
      const clone = cursor.clone();

      cursor.rewind();

      assert.equal((await cursor.toArray()).length, 7);
      assert.equal((await clone.toArray()).length, 7);
      await log.some('commandSucceeded', ({ commandName }) => commandName === 'killCursors');
    }));

  it('is a stream of objects that kills the cursor when it is destroyed', () =>
    withTen(async ({ collection, log }) => {
      const seen: unknown[] = [];
      for await (const document of collection.find({}, { batchSize: 4 }).stream()) seen.push(document._id);
      assert.equal(seen.length, 10);
      log.clear();

      const stream = collection.find({}, { batchSize: 2 }).stream();
      for await (const _ of stream) break;

      await log.some('commandSucceeded', ({ commandName }) => commandName === 'killCursors');
      assert.equal(stream.destroyed, true);
    }));

  it('calls forEach until the function says false', () =>
    withTen(async ({ collection, log }) => {
      let calls = 0;

      await collection.find({}, { batchSize: 2 }).forEach(() => ++calls < 3);

      assert.equal(calls, 3);
      assert.equal(log.started('killCursors').length, 1);
      await assert.rejects(collection.find().forEach(null as never), /must be a function/);
    }));

  it('is closed by await using', () =>
    withTen(async ({ collection, log }) => {
      {
        await using cursor = collection.find({}, { batchSize: 2 });
        await cursor.next();
      }
      assert.equal(log.started('killCursors').length, 1);
    }));

  it('cannot be changed once it is started', () =>
    withTen(async ({ collection }) => {
      const cursor = collection.find({}, { batchSize: 2 });
      await cursor.next();

      for (const change of [() => cursor.limit(1), () => cursor.map(String), () => cursor.batchSize(1)]) {
        assert.throws(change, MongoCursorInUseError);
      }
      await cursor.close();
    }));

  it('throws rather than say that there is no more when it was closed before its end', () =>
    withTen(async ({ collection }) => {
      const cursor = collection.find({}, { batchSize: 2 });
      await cursor.next();

      await cursor.close();

      await assert.rejects(cursor.next(), MongoCursorExhaustedError);
      await assert.rejects(cursor.tryNext(), MongoCursorExhaustedError);
      assert.equal(await cursor.hasNext(), false);
      assert.deepEqual(await cursor.toArray(), []);
    }));

  it('fails in the middle with the error of the server, and lets the server forget the cursor', () =>
    withTen(async ({ collection, cluster, log }) => {
      await failCommand(cluster.uri, { failCommands: ['getMore'], errorCode: 11601 });
      const seen: unknown[] = [];

      const error = await rejection<MongoServerError>(
        (async () => {
          for await (const { _id } of collection.find({}, { batchSize: 3 })) seen.push(_id);
        })(),
      );

      assert.ok(error instanceof MongoServerError);
      assert.equal(error.code, 11601);
      assert.deepEqual(seen, [0, 1, 2]);
      await log.some('commandSucceeded', ({ commandName }) => commandName === 'killCursors');
    }));

  it('applies map in the order of the calls, and its error ends the loop', () =>
    withTen(async ({ collection }) => {
      const cursor = collection
        .find({}, { limit: 2 })
        .map(({ _id }) => Number(_id) + 1)
        .map(n => n * 10);
      assert.deepEqual(await cursor.toArray(), [10, 20]);

      const broken = collection.find({}, { batchSize: 2 }).map(() => {
        throw new Error('in map');
      });
      await assert.rejects(async () => {
        for await (const _ of broken);
      }, /in map/);
      await broken.close();
    }));

  it('reads on at the server where it was opened, by its read preference', async () => {
    await withServer({ cluster: { topology: 'replicaset' } }, async ({ collection, log }) => {
      await collection.insertMany(documents(10));
      log.clear();

      await collection.find({}, { batchSize: 3, readPreference: 'secondary' }).toArray();

      const [find, ...getMores] = log.started();
      assert.equal(getMores.length, 3);
      for (const event of getMores) {
        assert.equal(event.address, find!.address);
        assert.deepEqual(event.command['$readPreference'], { mode: 'secondary' });
      }
    });
  });

  it('is closed, here and on the server, when its map throws or gives null', () =>
    withTen(async ({ collection, log }) => {
      const throwing = collection.find({}, { batchSize: 2 }).map(() => {
        throw new Error('in map');
      });
      const killed = log.next('commandSucceeded', ({ commandName }) => commandName === 'killCursors');
      await assert.rejects(async () => {
        for await (const _ of throwing);
      }, /in map/);
      assert.equal(throwing.closed, true);
      await killed;

      const toNull = collection.find().map(() => null);
      await assert.rejects(toNull.next(), MongoAPIError);
      assert.equal(toNull.closed, true);
      await assert.rejects(
        collection
          .find()
          .map(() => null)
          .toArray(),
        MongoAPIError,
      );
    }));
});
