import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { MongoAPIError, MongoInvalidArgumentError } from 'mongotempo';
import { documents, rejection, type SetupWithCluster, withServer } from '../support/cluster.js';

function withFive(run: (setup: SetupWithCluster) => Promise<void>, client = {}): Promise<void> {
  return withServer({ client }, async setup => {
    await setup.collection.insertMany(documents(5));
    setup.log.clear();
    await run(setup);
  });
}

describe('a program written for the official driver', () => {
  it('gets noCursorTimeout from the option timeout: false', () =>
    withFive(async ({ collection, log }) => {
      await collection.find({}, { timeout: false }).toArray();
      await collection.find({}, { timeout: true, noCursorTimeout: true }).toArray();
      await collection.findOne({}, { timeout: false });
      await collection.find({}, { noCursorTimeout: true }).toArray();

      assert.deepEqual(
        log.started('find').map(({ command }) => command['noCursorTimeout'] as unknown),
        [true, false, true, true],
      );
    }));

  it('sees no close event after the end event of a stream', () =>
    withFive(async ({ collection }) => {
      for (const batchSize of [2, 100]) {
        const events: string[] = [];
        const stream = collection.find({}, { batchSize }).stream();
        for (const event of ['end', 'close', 'error']) stream.on(event, () => events.push(event));
        stream.resume();
        await once(stream, 'end');
        await new Promise(setImmediate);

        assert.deepEqual(events, ['end']);
        assert.equal(stream.destroyed, false);
      }
    }));

  it('sees a close event of a stream that is destroyed or fails', () =>
    withFive(async ({ collection }) => {
      const destroyed = collection.find({}, { batchSize: 2 }).stream();
      const closed = once(destroyed, 'close');
      destroyed.destroy();
      await closed;

      const failing = collection.find({ $bad: 1 }).stream();
      const ends = Promise.all([
        once(failing, 'error'),
        new Promise<void>(resolve => void failing.once('close', () => resolve())),
      ]);
      failing.resume();
      await ends;
    }));

  it('gets an async generator from a cursor', () =>
    withFive(async ({ collection }) => {
      const iterator = collection.find()[Symbol.asyncIterator]();

      assert.equal(Object.prototype.toString.call(iterator), '[object AsyncGenerator]');
      assert.equal(iterator[Symbol.asyncIterator](), iterator);
      assert.equal((await iterator.next()).done, false);
      assert.deepEqual(await iterator.return(), { value: undefined, done: true });
      assert.deepEqual(await iterator.next(), { value: undefined, done: true });
      await iterator[Symbol.asyncDispose]();
    }));

  it('gets an iterator that closes the cursor by throw and by return, and is at its end afterwards', () =>
    withFive(async ({ collection, log }) => {
      const reason = new Error('mine');
      for (const leave of ['throw', 'return'] as const) {
        const cursor = collection.find({}, { batchSize: 2 });
        const iterator = cursor[Symbol.asyncIterator]();
        await iterator.next();

        if (leave === 'throw') assert.equal(await rejection(iterator.throw(reason)), reason);
        else await iterator.return();

        assert.equal(cursor.closed, true);
        assert.deepEqual(await iterator.next(), { value: undefined, done: true });
      }
      assert.equal(log.started('killCursors').length, 2);
    }));

  it('gets transformed documents from a cursor that is read by next and then by a loop', () =>
    withFive(async ({ collection }) => {
      const cursor = collection.find({}, { batchSize: 3 }).map(({ _id }) => Number(_id) * 10);
      const seen = [await cursor.next()];
      for await (const value of cursor) seen.push(value);

      assert.deepEqual(seen, [0, 10, 20, 30, 40]);
    }));

  it('gets values and no promises where a transform is an async function', () =>
    withFive(async ({ collection }) => {
      const cursor = collection.find({}, { batchSize: 2 }).map(async ({ _id }) => Promise.resolve(_id));
      const all = [0, 1, 2, 3, 4];
      const seen: unknown[] = [];
      for await (const id of cursor) seen.push(id);
      assert.deepEqual(seen, all);
      cursor.rewind();
      assert.deepEqual(await cursor.toArray(), all);
      cursor.rewind();
      const batches: unknown[] = [];
      for await (const batch of cursor.batches()) batches.push(...batch);
      assert.deepEqual(batches, all);
    }));

  it('has the cursor closed when the last document of the last batch has been read', () =>
    withFive(async ({ collection }) => {
      for (const options of [{}, { batchSize: 3 }]) {
        const cursor = collection.find({}, options);
        const closes: unknown[] = [];
        cursor.on('close', () => closes.push('close'));
        assert.equal(cursor.closed, false);
        for (let read = 0; read < 5; read++) {
          assert.equal(cursor.closed, false);
          await cursor.next();
        }

        assert.equal(cursor.closed, true);
        assert.equal(cursor.killed, false);
        assert.equal(await cursor.next(), null);
        assert.deepEqual(closes, ['close']);
      }
    }));

  it('is told that the option cursor of an aggregation must be an object', () =>
    withFive(async ({ collection, log }) => {
      for (const cursor of [1, 'x', true] as never[]) {
        await assert.rejects(collection.aggregate([], { cursor }).toArray(), {
          name: 'MongoInvalidArgumentError',
          message: 'Cursor options must be an object',
        });
      }
      assert.equal((await collection.aggregate([], { cursor: null as never }).toArray()).length, 5);
      await collection.aggregate([], { cursor: { batchSize: 3 } }).toArray();
      assert.equal(log.started('aggregate').length, 2);
    }));

  it('is told at once that timeoutMode iteration does not go with a stage that writes', () =>
    withFive(async ({ collection, db, log }) => {
      const options = { timeoutMode: 'iteration', timeoutMS: 1000 } as const;
      for (const stage of [{ $out: 'copy' }, { $merge: { into: 'copy' } }]) {
        assert.throws(() => collection.aggregate([stage], options), MongoAPIError);
        assert.throws(() => db.aggregate([stage], options), MongoAPIError);
        assert.throws(() => collection.aggregate([], options).addStage(stage), MongoAPIError);
      }
      assert.throws(() => collection.aggregate([], options).out('copy'), MongoAPIError);
      assert.throws(() => collection.aggregate([], { ...options, out: 'copy' }), MongoAPIError);
      const changed = collection.aggregate([], options);
      changed.pipeline.push({ $out: 'copy' });
      await assert.rejects(changed.toArray(), MongoAPIError);
      assert.equal(log.started().length, 0);
    }));

  it('is told at once that an explain cannot have both timeoutMS and maxTimeMS', () =>
    withFive(async ({ collection, db, log }) => {
      const times = { timeoutMS: 1000, maxTimeMS: 500 };
      const explain = { verbosity: 'queryPlanner', maxTimeMS: 500 };
      const wrong = { name: 'MongoInvalidArgumentError', message: /maxTimeMS with timeoutMS/ };
      assert.throws(() => collection.find({}, { explain: true, ...times }), wrong);
      assert.throws(() => collection.find({}, { explain, timeoutMS: 1000 }), wrong);
      assert.throws(() => collection.aggregate([], { explain: true, ...times }), wrong);
      await assert.rejects(collection.find({}, { timeoutMS: 1000 }).maxTimeMS(500).explain(), wrong);
      await assert.rejects(collection.find({}, { timeoutMS: 1000 }).explain(explain), wrong);
      await assert.rejects(collection.find({}, { maxTimeMS: 1 }).explain({ timeoutMS: 1000 }), wrong);
      await assert.rejects(collection.find().explain(explain, { timeoutMS: 1000 }), wrong);
      await assert.rejects(collection.aggregate([]).explain(explain, { timeoutMS: 1000 }), wrong);
      await assert.rejects(db.collection('a', { timeoutMS: 9 }).find().explain(explain), wrong);
      await assert.rejects(collection.deleteMany({}, { explain: true, ...times }), wrong);
      await assert.rejects(collection.updateOne({}, { $set: { a: 1 } }, { explain, timeoutMS: 1000 }), wrong);
      assert.equal(log.started().length, 0);

      await collection.find({}, times).toArray();
      await collection.find().explain(explain);
      await collection.find().explain({ timeoutMS: 1000 });
    }));

  it('is told before anything is sent that useBigInt64 excludes promoteLongs: false and promoteValues: false', () =>
    withFive(
      async ({ collection, db, log }) => {
        for (const options of [{ promoteLongs: false }, { promoteValues: false }]) {
          await assert.rejects(collection.findOne({}, options), MongoInvalidArgumentError);
          await assert.rejects(collection.insertOne({}, options), MongoInvalidArgumentError);
          assert.throws(() => collection.find({}, options), MongoInvalidArgumentError);
          assert.throws(() => collection.aggregate([], options), MongoInvalidArgumentError);
          assert.throws(() => db.collection('a', options), MongoInvalidArgumentError);
        }
        assert.equal(log.started().length, 0);
        await collection.findOne({}, { useBigInt64: false, promoteLongs: false });
      },
      { useBigInt64: true },
    ));
});
