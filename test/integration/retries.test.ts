import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type Document,
  type MongoClientOptions,
  type MongoError,
  MongoNetworkError,
  MongoOperationTimeoutError,
} from 'mongotempo';
import { MongoClient } from '../support/checked_client.js';
import { failCommand, rejection, type SetupWithCluster, withServer } from '../support/cluster.js';
import { paced } from '../support/pace.js';

/** A replica set of one member, whose fail point is set on the primary. */
async function withPrimary(
  client: MongoClientOptions,
  failure: Document,
  mode: Document | 'alwaysOn',
  run: (setup: SetupWithCluster) => Promise<void>,
): Promise<void> {
  await withServer({ cluster: { nodes: 1 }, client }, async setup => {
    await setup.client.connect();
    await failCommand(setup.uri.replace(/\?.*/, '?directConnection=true'), failure, mode);
    await run(setup);
  });
}

// SDAM, "Error handling": a server that shuts down loses its connections, one that is only not the primary keeps them.
const causes: readonly { readonly what: string; readonly failure: Document; readonly clears: boolean }[] = [
  { what: 'the connection closes', failure: { closeConnection: true }, clears: true },
  { what: 'the server is not the primary (10107)', failure: { errorCode: 10107 }, clears: false },
  { what: 'the server shuts down (91)', failure: { errorCode: 91 }, clears: true },
  { what: 'the server is interrupted at shutdown (11600)', failure: { errorCode: 11600 }, clears: true },
];

describe('a retryable write', () => {
  for (const { what, failure, clears } of causes) {
    it(`is sent once more when ${what}`, () =>
      withPrimary({}, { failCommands: ['insert'], ...failure }, { times: 1 }, async ({ collection, log }) => {
        await collection.insertOne({ _id: 1 as never });

        const [first, second, ...more] = log.started('insert');
        assert.equal(more.length, 0);
        assert.deepEqual(second!.command['txnNumber'], first!.command['txnNumber']);
        assert.deepEqual(second!.command['lsid'], first!.command['lsid']);
        assert.notEqual(second!.requestId, first!.requestId);
        assert.equal(second!.operationId, first!.operationId);
        assert.deepEqual([first!.attempt, second!.attempt], [1, 2]);
        assert.equal(log.named('connectionPoolCleared').length, clears ? 1 : 0);
        assert.equal(await collection.countDocuments(), 1);
      }));
  }

  it('fails with the second error after one retry without timeoutMS', () =>
    withPrimary({}, { failCommands: ['insert'], closeConnection: true }, { times: 2 }, async ({ collection, log }) => {
      const error = await rejection<MongoNetworkError>(collection.insertOne({}));

      assert.ok(error instanceof MongoNetworkError);
      assert.ok(error.hasErrorLabel('RetryableWriteError'));
      assert.equal(log.started('insert').length, 2);
    }));

  it('is not sent again when retryWrites is off, or when it changes many', () =>
    withPrimary(
      { retryWrites: false },
      { failCommands: ['insert'], errorCode: 91 },
      { times: 1 },
      async ({ collection, log, uri }) => {
        await rejection(collection.insertOne({}));
        assert.equal(log.started('insert').length, 1);

        await failCommand(uri, { failCommands: ['update'], closeConnection: true });
        await rejection(collection.updateMany({}, { $set: { a: 1 } }));
        assert.equal(log.started('update').length, 1);
      },
    ));

  it('goes on under timeoutMS until it works', () =>
    withPrimary(
      { timeoutMS: 60_000 },
      { failCommands: ['insert'], closeConnection: true },
      { times: 4 },
      async ({ collection, log }) => {
        await collection.insertOne({ _id: 1 as never });

        const events = log.started('insert');
        assert.deepEqual(
          events.map(({ attempt }) => attempt),
          [1, 2, 3, 4, 5],
        );
        assert.equal(new Set(events.map(({ command }) => String(command['txnNumber']))).size, 1);
        const limits = events.map(({ command }) => command['maxTimeMS'] as number);
        assert.deepEqual(
          [...limits].sort((a, b) => b - a),
          limits,
        );
      },
    ));

  it(
    'goes on under timeoutMS until it is over, and tells of the last real error',
    paced(ms =>
      withPrimary(
        { timeoutMS: ms(300) },
        { failCommands: ['insert'], errorCode: 10107 },
        'alwaysOn',
        async ({ collection, log }) => {
          const error = await rejection<MongoOperationTimeoutError>(collection.insertOne({ secret: 's3cret' }));

          assert.ok(error instanceof MongoOperationTimeoutError, String(error));
          assert.ok(log.started('insert').length > 1);
          assert.equal(error.maybeApplied, true);
          assert.match(error.message, /failpoint/);
          assert.doesNotMatch(error.message, /s3cret/);
          assert.ok(error.elapsedMS! >= ms(299) && error.elapsedMS! < ms(3000), `elapsed ${error.elapsedMS}`);
        },
      ),
    ),
  );

  it(
    'does not hammer a server that refuses at once for as long as there is time',
    paced(ms =>
      withPrimary(
        { timeoutMS: ms(300) },
        { failCommands: ['find'], errorCode: 6 },
        'alwaysOn',
        async ({ collection, log }) => {
          await rejection<MongoOperationTimeoutError>(collection.findOne({}));

          const attempts = log.started('find').length;
          assert.ok(attempts > 4 && attempts < ms(100), `${attempts} attempts`);
        },
      ),
    ),
  );

  it(
    'says that it may have been applied when the server is gone before it can be sent again',
    paced(ms =>
      withPrimary(
        { timeoutMS: ms(400) },
        { failCommands: ['insert'], blockConnection: true, blockTimeMS: ms(10_000) },
        { times: 1 },
        async ({ collection, log, cluster }) => {
          const started = log.next('commandStarted');
          const inserted = rejection<MongoOperationTimeoutError>(collection.insertOne({}));
          await started;
          await cluster.node(0).kill();

          const error = await inserted;

          assert.ok(error instanceof MongoOperationTimeoutError);
          assert.equal(error.phase, 'serverSelection');
          assert.equal(error.maybeApplied, true);
          assert.match(error.message, /An earlier attempt had failed: connection/);
        },
      ),
    ),
  );

  it('reports the error of the attempt that may have written, not that of one that wrote nothing', () =>
    withPrimary(
      {},
      {
        failCommands: ['insert'],
        writeConcernError: { code: 91, errmsg: 'first' },
        errorLabels: ['RetryableWriteError'],
      },
      { times: 1 },
      async ({ client, collection, uri }) => {
        await using other = new MongoClient(uri);
        const admin = other.db('admin');
        await admin.command({ ping: 1 });
        // The retry waits for the next check of the server, so that there is time for this on a connection that is open.
        client.once('commandSucceeded', () => {
          void admin.command({
            configureFailPoint: 'failCommand',
            mode: { times: 1 },
            data: {
              failCommands: ['insert'],
              errorCode: 10107,
              errorLabels: ['RetryableWriteError', 'NoWritesPerformed'],
            },
          });
        });

        const error = await rejection<MongoError>(collection.insertOne({}));

        assert.equal(error.code, 91);
      },
    ));
});

describe('a retryable read', () => {
  for (const { what, failure } of causes) {
    it(`is sent once more when ${what}`, () =>
      withPrimary({}, { failCommands: ['find'], ...failure }, { times: 1 }, async ({ collection, log }) => {
        assert.equal(await collection.findOne(), null);

        const [first, second, ...more] = log.started('find');
        assert.equal(more.length, 0);
        assert.notEqual(second!.requestId, first!.requestId);
        assert.deepEqual(second!.command['lsid'], first!.command['lsid']);
      }));
  }

  it('is not sent again when retryReads is off, and neither is a getMore', () =>
    withPrimary(
      { retryReads: false },
      { failCommands: ['find'], errorCode: 91 },
      { times: 1 },
      async ({ collection, log, uri }) => {
        await rejection(collection.findOne());
        assert.equal(log.started('find').length, 1);

        await collection.insertMany([{}, {}, {}, {}]);
        await failCommand(uri, { failCommands: ['getMore'], errorCode: 91 });
        await rejection(collection.find({}, { batchSize: 2 }).toArray());
        assert.equal(log.started('getMore').length, 1);
      },
    ));

  it('works for a command of a cursor and for a count too', () =>
    withPrimary(
      {},
      { failCommands: ['aggregate'], errorCode: 11602 },
      { times: 1 },
      async ({ collection, db, log, uri }) => {
        assert.equal(await collection.countDocuments(), 0);
        await failCommand(uri, { failCommands: ['listCollections'], errorCode: 11602 });
        await db.listCollections().toArray();

        assert.equal(log.named('commandFailed').length, 2);
      },
    ));

  it('is not done for a command of the user', () =>
    withPrimary({}, { failCommands: ['ping'], errorCode: 91 }, { times: 1 }, async ({ db, log }) => {
      await assert.rejects(db.command({ ping: 1 }), { code: 91 });
      assert.equal(log.started('ping').length, 1);
    }));
});

describe('a step-down', () => {
  it('lets writes go on at the new primary, none lost and none twice', async () => {
    await withServer({ cluster: { topology: 'replicaset' }, client: { heartbeatFrequencyMS: 500 } }, async setup => {
      const { collection, cluster, log } = setup;
      await collection.insertOne({ _id: -1 as never });
      const before = cluster.primary!.address;

      const writes = Array.from({ length: 30 }, (_, _id) => collection.insertOne({ _id: _id as never }));
      const stepped = cluster.stepDown();
      await Promise.all([...writes, stepped]);
      await collection.insertOne({ _id: 100 as never });

      const after = cluster.primary!.address;
      assert.notEqual(after, before);
      assert.equal(log.started('insert').at(-1)!.address, after);
      assert.equal(await collection.countDocuments(), 32);
    });
  });

  it('lets writes go on when the primary is killed', async () => {
    await withServer({ cluster: { topology: 'replicaset' }, client: { heartbeatFrequencyMS: 500 } }, async setup => {
      const { collection, cluster } = setup;
      await collection.insertOne({ _id: 0 as never });

      await cluster.primary!.kill();
      await Promise.all([1, 2, 3, 4].map(_id => collection.insertOne({ _id: _id as never })));

      assert.equal(await collection.countDocuments(), 5);
    });
  });
});

describe('an operation whose time runs out', () => {
  it('has certainly not been applied when no attempt came as far as a connection', () => {
    // Without the connection that connect leaves behind, on which a first attempt would be sent.
    const options = { heartbeatFrequencyMS: 60_000, __skipPingOnConnect: true };
    return withServer({ cluster: { nodes: 1 }, client: options }, async ({ client, collection, cluster }) => {
      await client.connect();
      await cluster.stop();

      const error = await rejection<MongoOperationTimeoutError>(collection.insertOne({}, { timeoutMS: 200 }));

      assert.ok(error instanceof MongoOperationTimeoutError, String(error));
      assert.equal(error.maybeApplied, false);
    });
  });

  it(
    'tells where the time of the attempts before went',
    paced(ms =>
      withPrimary(
        {},
        { failCommands: ['find'], errorCode: 6, blockConnection: true, blockTimeMS: ms(100) },
        'alwaysOn',
        async ({ collection }) => {
          const { timings } = await rejection<MongoOperationTimeoutError>(
            collection.findOne({}, { timeoutMS: ms(250) }),
          );

          const first = timings.find(({ stage }) => stage === 'server');
          assert.ok(first !== undefined && first.durationMS >= ms(90), JSON.stringify(timings));
        },
      ),
    ),
  );
});
