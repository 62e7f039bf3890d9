import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MongoInvalidArgumentError, MongoOperationTimeoutError } from 'mongotempo';
import { documents, failCommand, rejection, type Setup, withServerProcess } from '../support/cluster.js';
import { type Pace, paced } from '../support/pace.js';

/** A cursor over six documents in batches of two, whose getMores take 120 ms each. */
function withSlowGetMore(run: (setup: Setup, ms: Pace) => Promise<void>): () => Promise<void> {
  return paced(ms =>
    withServerProcess({}, async setup => {
      await setup.collection.insertMany(documents(6));
      setup.log.clear();
      const data = { failCommands: ['getMore'], blockConnection: true, blockTimeMS: ms(120) };
      await failCommand(setup.uri, data, 'alwaysOn');
      await run(setup, ms);
    }),
  );
}

describe('timeoutMS of a cursor', () => {
  it(
    'bounds its whole life by default',
    withSlowGetMore(async ({ collection, log }, ms) => {
      const cursor = collection.find({}, { batchSize: 2, timeoutMS: ms(180) });

      const error = await rejection<MongoOperationTimeoutError>(cursor.toArray());

      assert.ok(error instanceof MongoOperationTimeoutError);
      assert.equal(error.phase, 'read');
      assert.equal(log.started('getMore').length, 2);
      assert.ok(Number(log.started('find')[0]!.command['maxTimeMS']) <= ms(180));
      assert.ok(log.started('getMore').every(({ command }) => command['maxTimeMS'] === undefined));
    }),
  );

  it(
    'bounds each call in iteration mode, without a maxTimeMS for the server',
    withSlowGetMore(async ({ collection, log }, ms) => {
      const cursor = collection.find({}, { batchSize: 2, timeoutMS: ms(300), timeoutMode: 'iteration' });

      const seen: unknown[] = [];
      for await (const { _id } of cursor) seen.push(_id);

      assert.equal(seen.length, 6);
      assert.ok(log.started().every(({ command }) => command['maxTimeMS'] === undefined));

      const short = collection.find({}, { batchSize: 2, timeoutMS: ms(50), timeoutMode: 'iteration' });
      await short.next();
      await short.next();
      const error = await rejection(short.next());
      assert.ok(error instanceof MongoOperationTimeoutError, String(error));
    }),
  );

  it(
    'is not lengthened by what follows for the server',
    paced(ms =>
      withServerProcess({}, async ({ collection, uri }) => {
        await collection.insertMany(documents(6));
        const data = { failCommands: ['getMore', 'killCursors'], blockConnection: true, blockTimeMS: ms(2500) };
        await failCommand(uri, data, 'alwaysOn');
        const readers: ((timeoutMS: number) => Promise<unknown>)[] = [
          timeoutMS => collection.find({}, { batchSize: 2, timeoutMS }).toArray(),
          timeoutMS => collection.find({}, { batchSize: 2, timeoutMS }).forEach(() => undefined),
          async timeoutMS => {
            for await (const batch of collection.find({}, { batchSize: 2, timeoutMS }).batches())
              assert.ok(batch.length > 0);
          },
        ];

        for (const read of readers) {
          const startedAt = performance.now();
          const error = await rejection(read(ms(150)));
          const elapsedMS = performance.now() - startedAt;

          assert.ok(error instanceof MongoOperationTimeoutError, String(error));
          // Neither the getMore nor killCursors is waited for.
          assert.ok(elapsedMS < ms(2000), `${elapsedMS} ms`);
        }
      }),
    ),
  );

  it(
    'returns what is buffered even when it is over',
    withSlowGetMore(async ({ collection }, ms) => {
      const cursor = collection.find({}, { batchSize: 2, timeoutMS: ms(100) });
      await cursor.next();
      await new Promise(resolve => setTimeout(resolve, ms(110)));

      assert.equal((await cursor.next())?._id, 1);
      await assert.rejects(cursor.next(), MongoOperationTimeoutError);
    }),
  );

  it(
    'starts anew for close, so that the server forgets a cursor whose time is over',
    withSlowGetMore(async ({ collection, log }, ms) => {
      const cursor = collection.find({}, { batchSize: 2, timeoutMS: ms(100) });

      await rejection(cursor.toArray());
      const { reply } = await log.some('commandSucceeded', ({ commandName }) => commandName === 'killCursors');

      const maxTimeMS = Number(log.started('killCursors')[0]!.command['maxTimeMS']);
      assert.ok(maxTimeMS > ms(50) && maxTimeMS <= ms(100), `maxTimeMS ${maxTimeMS}`);
      assert.ok('cursorsKilled' in reply);
    }),
  );

  it(
    'of close may be given to close',
    withSlowGetMore(async ({ collection, log }) => {
      const cursor = collection.find({}, { batchSize: 2, timeoutMS: 60_000 });
      await cursor.next();

      await cursor.close({ timeoutMS: 9000 });

      assert.ok(Number(log.started('killCursors')[0]!.command['maxTimeMS']) <= 9000);
    }),
  );

  it(
    'of 0 lets getMores take as long as they take',
    withSlowGetMore(async ({ collection }) => {
      assert.equal((await collection.find({}, { batchSize: 2, timeoutMS: 0 }).toArray()).length, 6);
    }),
  );

  it(
    'is checked when the cursor is made',
    withSlowGetMore(async ({ collection, log }) => {
      const wrong = MongoInvalidArgumentError;
      assert.throws(() => collection.find({}, { timeoutMode: 'iteration' }), wrong);
      assert.throws(() => collection.find({}, { timeoutMode: 'sometimes' as never, timeoutMS: 1 }), wrong);
      const options = { timeoutMode: 'iteration', timeoutMS: 5 } as const;
      assert.throws(() => collection.aggregate([{ $out: 'copy' }], options), wrong);
      assert.equal(log.started().length, 0);
    }),
  );
});
