import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import {
  CURSOR_FLAGS,
  type Document,
  type FindCursor,
  ListCollectionsCursor,
  ListIndexesCursor,
  MongoAPIError,
  MongoCursorInUseError,
  MongoInvalidArgumentError,
  MongoOperationTimeoutError,
  MongoServerError,
  MongoTailableCursorError,
} from 'mongotempo';
import { documents, failCommand, rejection, type SetupWithCluster, withServer } from '../support/cluster.js';
import { paced } from '../support/pace.js';

function withTen(run: (setup: SetupWithCluster) => Promise<void>, client = {}): Promise<void> {
  return withServer({ client }, async setup => {
    await setup.collection.insertMany(documents(10));
    setup.log.clear();
    await run(setup);
  });
}

async function withCapped(run: (setup: SetupWithCluster) => Promise<void>, client = {}): Promise<void> {
  await withServer({ client }, async setup => {
    await setup.db.command({ create: 'orders', capped: true, size: 100_000 });
    await setup.collection.insertMany(documents(2));
    setup.log.clear();
    await run(setup);
  });
}

function names({ log }: SetupWithCluster): string[] {
  return log.started().map(({ commandName }) => commandName);
}

function ids(list: readonly unknown[]): unknown[] {
  return list.map(document => (document as Document)['_id'] as unknown);
}

describe('a cursor read in batches', () => {
  it('gives the documents in arrays, as they come', () =>
    withTen(async setup => {
      const got: unknown[][] = [];
      for await (const batch of setup.collection.find({}, { batchSize: 4 }).batches()) got.push(ids(batch));

      assert.deepEqual(got, [
        [0, 1, 2, 3],
        [4, 5, 6, 7],
        [8, 9],
      ]);
      assert.deepEqual(names(setup), ['find', 'getMore', 'getMore']);
    }));

  it('is closed when the loop is left, and applies a transform', () =>
    withTen(async setup => {
      const cursor = setup.collection.find({}, { batchSize: 4 }).map(({ _id }) => _id);
      for await (const batch of cursor.batches()) {
        assert.deepEqual(batch, [0, 1, 2, 3]);
        break;
      }

      assert.deepEqual(names(setup), ['find', 'killCursors']);
      assert.equal(cursor.killed, true);
    }));
});

describe('a cursor that prefetches', () => {
  it('asks for the next batch while one is read, and never for more than one', () =>
    withTen(async setup => {
      const { collection, log } = setup;
      const cursor = collection.find({}, { batchSize: 3, prefetch: true });

      await cursor.next();
      while (log.named('commandSucceeded').length < 2) await once(setup.client, 'commandSucceeded');
      assert.deepEqual(names(setup), ['find', 'getMore']);

      assert.deepEqual(ids(await cursor.toArray()), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
      assert.deepEqual(names(setup), ['find', 'getMore', 'getMore', 'getMore']);
    }));

  it('keeps to the limit', () =>
    withTen(async setup => {
      assert.equal((await setup.collection.find({}, { batchSize: 3, limit: 7, prefetch: true }).toArray()).length, 7);

      const sizes = setup.log.started('getMore').map(({ command }) => command['batchSize'] as number);
      assert.deepEqual(sizes, [3, 1]);
    }));

  it(
    'is not waited for when the cursor is closed',
    paced(ms =>
      withTen(async setup => {
        const { collection, uri } = setup;
        await failCommand(uri, { failCommands: ['getMore'], blockConnection: true, blockTimeMS: ms(5000) });
        const cursor = collection.find({}, { batchSize: 3, prefetch: true });
        await cursor.next();

        const startedAt = performance.now();
        await cursor.close();

        assert.ok(performance.now() - startedAt < ms(2000));
        assert.deepEqual(names(setup), ['find', 'getMore', 'killCursors']);
        assert.equal(cursor.killed, true);
      }),
    ),
  );

  it('tells of its failure when the batch is needed', () =>
    withTen(async ({ collection, uri }) => {
      await failCommand(uri, { failCommands: ['getMore'], errorCode: 8 });
      const cursor = collection.find({}, { batchSize: 2, prefetch: true });

      assert.equal((await cursor.next())?._id, 0);
      assert.equal((await cursor.next())?._id, 1);
      const error = await rejection<MongoServerError>(cursor.next());
      assert.ok(error instanceof MongoServerError);
      assert.equal(error.code, 8);
    }));
});

describe('a cursor of lazy documents', () => {
  it('gives documents that are as good as others', () =>
    withTen(async ({ collection }) => {
      await collection.updateMany({}, { $set: { a: 1, b: { c: [1, 2] } } });
      const [first] = await collection.find({}, { lazy: true, limit: 1 }).toArray();

      assert.deepEqual(first!['b'], { c: [1, 2] });
      assert.deepEqual(first, { _id: 0, a: 1, b: { c: [1, 2] } });
    }));

  it('leaves raw documents as they are', () =>
    withTen(async ({ collection }) => {
      assert.ok((await collection.find({}, { lazy: true, raw: true }).next()) instanceof Uint8Array);
    }));
});

describe('cursor.stream', () => {
  it('asks the server for more only when it is read', () =>
    withTen(async setup => {
      const stream = setup.collection.find({}, { batchSize: 2 }).stream();
      await once(stream, 'readable');

      assert.deepEqual(names(setup), ['find']);
      const got: unknown[] = [];
      for await (const document of stream) got.push(document);
      assert.deepEqual(ids(got), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }));

  it('closes the cursor when it is destroyed', () =>
    withTen(async setup => {
      const cursor = setup.collection.find({}, { batchSize: 2 });
      const closed = once(cursor, 'close');
      const stream = cursor.stream();
      await once(stream, 'readable');
      stream.destroy();
      await once(stream, 'close');
      await closed;

      assert.deepEqual([cursor.closed, cursor.killed], [true, true]);
      assert.deepEqual(names(setup), ['find', 'killCursors']);
    }));

  it('ends with the error of the cursor', () =>
    withTen(async ({ collection, uri }) => {
      await failCommand(uri, { failCommands: ['getMore'], errorCode: 8 });
      const stream = collection.find({}, { batchSize: 2 }).stream();

      const error = await rejection(stream.forEach(() => undefined));
      assert.ok(error instanceof MongoServerError);
    }));
});

describe('a tailable cursor', () => {
  it('stays open at the end, and goes on with what is added', () =>
    withCapped(async setup => {
      const cursor = setup.collection.find({}, { tailable: true });
      assert.deepEqual(ids([await cursor.tryNext(), await cursor.tryNext()]), [0, 1]);
      assert.equal(await cursor.tryNext(), null);
      assert.equal(cursor.closed, false);

      await setup.collection.insertOne({ _id: 2 as never });
      assert.deepEqual(await cursor.next(), { _id: 2 });
      await cursor.close();
    }));

  it('lets the server wait for new documents as long as it is told to', () =>
    withCapped(async ({ collection, log }) => {
      const cursor = collection.find().addCursorFlag('tailable', true).addCursorFlag('awaitData', true);
      cursor.maxAwaitTimeMS(20);
      await cursor.next();
      await cursor.next();
      assert.equal(await cursor.tryNext(), null);

      const { command } = log.started('find')[0]!;
      assert.deepEqual([command['tailable'], command['awaitData'], command['maxTimeMS']], [true, true, undefined]);
      assert.equal(log.started('getMore')[0]!.command['maxTimeMS'], 20);
      await cursor.close();
    }));

  it(
    'is still there after a call that ran out of time',
    paced(ms =>
      withCapped(
        async ({ collection, uri }) => {
          const cursor = collection.find({}, { tailable: true, awaitData: true, maxAwaitTimeMS: 10, batchSize: 2 });
          await cursor.next();
          await cursor.next();
          await failCommand(uri, { failCommands: ['getMore'], blockConnection: true, blockTimeMS: ms(400) });

          assert.ok((await rejection(cursor.next())) instanceof MongoOperationTimeoutError);
          assert.equal(cursor.closed, false);
          await cursor.close();
          assert.equal(cursor.closed, true);
        },
        { timeoutMS: ms(200) },
      ),
    ),
  );

  it('refuses what it cannot do', () =>
    withCapped(async ({ collection, log }) => {
      const tailable = (): FindCursor => collection.find().addCursorFlag('tailable', true);
      assert.throws(() => tailable().batchSize(2), MongoTailableCursorError);
      const modes = { tailable: true, timeoutMS: 100, timeoutMode: 'cursorLifetime' } as const;
      assert.throws(() => collection.find({}, modes), /^MongoInvalidArgumentError: A tailable cursor has no end/);
      const times = { tailable: true, awaitData: true, timeoutMS: 100, maxAwaitTimeMS: 100 };
      assert.throws(() => collection.find({}, times), /"maxAwaitTimeMS" \(100\) must be less than timeoutMS \(100\)/);
      assert.equal(log.started().length, 0);
    }));
});

describe('a find cursor', () => {
  it('has the server explain what it would do', () =>
    withTen(async ({ collection, log }) => {
      const cursor = collection.find({ _id: 1 as never }).maxTimeMS(700);
      await cursor.explain('queryPlanner').catch(() => null);
      await cursor.explain({ verbosity: 'executionStats', maxTimeMS: 500 }).catch(() => null);
      await collection
        .find({}, { explain: true })
        .toArray()
        .catch(() => null);
      await collection
        .aggregate([{ $match: {} }])
        .explain({ timeoutMS: 5000 })
        .catch(() => null);

      const [first, second, third, last] = log.started('explain').map(({ command }) => command);
      assert.deepEqual([first!['verbosity'], first!['maxTimeMS']], ['queryPlanner', undefined]);
      assert.equal((first!['explain'] as Document)['maxTimeMS'], 700);
      assert.deepEqual([second!['verbosity'], second!['maxTimeMS']], ['executionStats', 500]);
      assert.equal(third!['verbosity'], 'allPlansExecution');
      assert.deepEqual((last!['explain'] as Document)['aggregate'], 'orders');
      assert.ok((last!['maxTimeMS'] as number) <= 5000);
    }));
});

describe('the settings of a cursor', () => {
  it('are flags by their names', () =>
    withTen(async ({ collection, log }) => {
      for (const flag of CURSOR_FLAGS) collection.find().addCursorFlag(flag, true);
      await collection.find().addCursorFlag('noCursorTimeout', true).addCursorFlag('partial', true).next();
      const { command } = log.started('find')[0]!;
      assert.deepEqual([command['noCursorTimeout'], command['allowPartialResults']], [true, true]);

      assert.throws(
        () => collection.find().addCursorFlag('wild' as never, true),
        /^MongoInvalidArgumentError: Flag wild is not one of tailable,/,
      );
      assert.throws(
        () => collection.find().addCursorFlag('tailable', 1 as never),
        /Flag tailable must be a boolean value/,
      );
    }));

  it('are read preference and read concern', () =>
    withTen(async ({ collection, log }) => {
      const cursor = collection.find().withReadConcern('local').withReadPreference('secondaryPreferred');
      assert.equal(cursor.readPreference.mode, 'secondaryPreferred');
      assert.equal(cursor.readConcern?.level, 'local');
      await cursor.next();
      assert.deepEqual(log.started('find')[0]!.command['readConcern'], { level: 'local' });
      assert.throws(() => cursor.withReadConcern('majority'), MongoCursorInUseError);
    }));

  it('are the modifiers of old', () =>
    withTen(async ({ collection, log }) => {
      const cursor = collection.find();
      cursor.addQueryModifier('$query', { _id: { $gt: 3 } }).addQueryModifier('$orderby', { _id: -1 });
      cursor.addQueryModifier('$comment', 'mine').addQueryModifier('$showDiskLoc', true);
      await cursor.next();

      const { command } = log.started('find')[0]!;
      assert.deepEqual(
        [command['filter'], command['sort'], command['comment'], command['showRecordId']],
        [{ _id: { $gt: 3 } }, { _id: -1 }, 'mine', true],
      );
      assert.throws(() => collection.find().addQueryModifier('hint', 1), /hint is not a valid query modifier/);
      assert.throws(() => collection.find().addQueryModifier('$frob', 1), /Invalid query modifier: \$frob/);
    }));

  it('are refused where they have no meaning', () =>
    withTen(async ({ collection }) => {
      assert.throws(() => collection.find().allowDiskUse(), /requires a sort specification/);
      assert.throws(() => collection.find().maxAwaitTimeMS('1' as never), MongoInvalidArgumentError);
      await Promise.resolve();
    }));
});

describe('a cursor at its end', () => {
  it('says so once', () =>
    withTen(async ({ collection }) => {
      const cursor = collection.find();
      let closed = 0;
      cursor.on('close', () => closed++);
      while ((await cursor.next()) !== null);
      await cursor.close();

      assert.deepEqual([closed, cursor.closed, cursor.killed], [1, true, false]);
    }));

  it('is closed without having been started', () =>
    withTen(async ({ collection, log }) => {
      const cursor = collection.find();
      await cursor.close();

      assert.deepEqual([cursor.closed, cursor.killed, await cursor.next()], [true, false, null]);
      assert.equal(log.started().length, 0);
    }));

  it('lets a reader begin again', () =>
    withTen(async ({ collection }) => {
      const cursor = collection.find({}, { batchSize: 4 });
      await cursor.next();
      await cursor.next();
      cursor.rewind();
      assert.equal(cursor.closed, false);
      assert.equal((await cursor.toArray()).length, 10);
      cursor.rewind();
      assert.equal((await cursor.toArray()).length, 10);
    }));

  it('kills what is left on a server that keeps cursors at their limit', () =>
    withTen(async setup => {
      const cursor = setup.db.runCursorCommand({ find: 'orders', batchSize: 3 });
      assert.equal((await cursor.next())?.['_id'], 0);
      await cursor.close();
      assert.deepEqual(names(setup), ['find', 'killCursors']);
    }));
});

describe('an error of a cursor', () => {
  it('has the line that was waiting in its stack', () =>
    withTen(async ({ collection, uri }) => {
      async function theCaller(read: (cursor: FindCursor) => unknown): Promise<void> {
        await read(collection.find({}, { batchSize: 2 }));
      }
      const ways: ((cursor: FindCursor) => unknown)[] = [
        cursor => cursor.toArray(),
        async cursor => {
          while ((await cursor.next()) !== null);
        },
        async cursor => {
          for await (const _ of cursor);
        },
        async cursor => {
          for await (const _ of cursor.batches());
        },
      ];
      for (const way of ways) {
        await failCommand(uri, { failCommands: ['getMore'], closeConnection: true });
        const error = await rejection(theCaller(way));
        assert.match(error.stack ?? '', /theCaller/);
      }
    }));
});

describe('cursors over what there is', () => {
  it('list collections', () =>
    withTen(async ({ db, log }) => {
      await db.collection('other').insertOne({});
      const cursor = db.listCollections({}, { batchSize: 1, comment: 'mine' });
      assert.ok(cursor instanceof ListCollectionsCursor);
      assert.equal(cursor.parent, db);
      const found = (await cursor.toArray()).map(({ name }) => name);

      assert.deepEqual(found.sort(), ['orders', 'other']);
      assert.equal(log.started('getMore')[0]!.command['comment'], undefined);
      assert.deepEqual(
        await cursor
          .clone()
          .map(({ type }) => type)
          .next(),
        'collection',
      );
      assert.equal((await new ListCollectionsCursor(db, { name: 'other' }).toArray()).length, 1);
    }));

  it('list indexes', () =>
    withTen(async ({ collection, log }) => {
      const cursor = collection.listIndexes({ batchSize: 5, comment: 'mine' });
      assert.ok(cursor instanceof ListIndexesCursor);
      assert.equal(cursor.parent, collection);
      assert.deepEqual(
        (await cursor.toArray()).map(({ name }) => name as unknown),
        ['_id_'],
      );
      assert.equal(log.started('listIndexes')[0]!.command['comment'], 'mine');
      assert.equal((await cursor.clone().toArray()).length, 1);
    }));

  it('list search indexes by an aggregation', () =>
    withTen(async ({ collection, log }) => {
      const cursor = collection.listSearchIndexes('mine', { batchSize: 5 });
      await rejection(cursor.toArray());
      const { command } = log.started('aggregate')[0]!;
      assert.deepEqual(command['pipeline'], [{ $listSearchIndexes: { name: 'mine' } }]);
      assert.deepEqual(collection.listSearchIndexes().pipeline, [{ $listSearchIndexes: {} }]);
    }));

  it('run commands of the user', () =>
    withTen(async ({ db, log }) => {
      const cursor = db.runCursorCommand({ find: 'orders', batchSize: 3 });
      cursor.setBatchSize(4).setComment('mine');
      assert.equal((await cursor.toArray()).length, 10);

      const { command } = log.started('getMore')[0]!;
      assert.deepEqual([command['batchSize'], command['comment'], command['maxTimeMS']], [4, 'mine', undefined]);
      for (const wrong of [
        () => cursor.clone(),
        () => cursor.maxTimeMS(1),
        () => cursor.batchSize(1),
        () => cursor.withReadConcern('local'),
        () => cursor.addCursorFlag('tailable', true),
      ]) {
        assert.throws(wrong, MongoAPIError);
      }
    }));

  it('run commands of the user, and say how long a server may wait for more', () =>
    withTen(async ({ db, log }) => {
      await db.createCollection('log', { capped: true, size: 10_000 });
      await db.collection('log').insertMany([{}, {}, {}]);
      const command = { find: 'log', tailable: true, awaitData: true, batchSize: 2 };
      await using cursor = db.runCursorCommand(command).setMaxTimeMS(500);
      for (let i = 0; i < 3; i++) await cursor.next();

      assert.equal(log.started('getMore')[0]!.command['maxTimeMS'], 500);
    }));

  it('aggregate with stages that are added, and a batch size in the option cursor', () =>
    withTen(async ({ collection, log }) => {
      const cursor = collection
        .aggregate([], { cursor: { batchSize: 2 } })
        .match({ _id: { $gt: 5 } })
        .sort({ _id: -1 });
      assert.deepEqual(ids(await cursor.toArray()), [9, 8, 7, 6]);
      assert.deepEqual(log.started('aggregate')[0]!.command['cursor'], { batchSize: 2 });
      await collection.aggregate([], { out: 'copy' }).toArray();
      assert.deepEqual(log.started('aggregate')[1]!.command['pipeline'], [{ $out: 'copy' }]);
    }));
});
