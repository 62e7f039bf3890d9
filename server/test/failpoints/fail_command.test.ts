import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MongoClient, MongoNetworkError, MongoServerError } from 'mongodb';
import { failCommand, serverError, withCluster } from '../support/with_cluster.js';

const noRetry = { retryReads: false, retryWrites: false };

describe('failCommand', () => {
  it('fails a command as often as it was told', () =>
    withCluster({ client: noRetry }, async client => {
      const things = client.db('db').collection('coll');
      await failCommand(client, { times: 2 }, { failCommands: ['find'], errorCode: 8 });

      for (let time = 0; time < 2; time++) {
        const error = await serverError(things.findOne());
        assert.deepEqual(
          [error.code, error.codeName, error.message],
          [8, 'UnknownError', "Failing command via 'failCommand' failpoint"],
        );
      }
      assert.equal(await things.findOne(), null);
    }));

  it('lets the first ones pass with skip, and fails until off', () =>
    withCluster({ client: noRetry }, async client => {
      const things = client.db('db').collection('coll');
      await failCommand(client, { skip: 1 }, { failCommands: ['find'], errorCode: 8 });

      await things.findOne();
      await serverError(things.findOne());
      await serverError(things.findOne());
      await failCommand(client, 'off', {});
      await things.findOne();
    }));

  it('closes the connection', () =>
    withCluster({ client: noRetry }, async client => {
      await failCommand(client, { times: 1 }, { failCommands: ['ping'], closeConnection: true });

      await assert.rejects(client.db('db').command({ ping: 1 }), MongoNetworkError);
      assert.equal((await client.db('db').command({ ping: 1 }))['ok'], 1);
    }));

  it('delays a command', () =>
    withCluster({}, async client => {
      await failCommand(client, { times: 1 }, { failCommands: ['ping'], blockConnection: true, blockTimeMS: 40 });
      const begin = performance.now();

      await client.db('db').command({ ping: 1 });

      assert.ok(performance.now() - begin >= 39);
    }));

  it('answers MaxTimeMSExpired when the delay is longer than maxTimeMS', () =>
    withCluster({}, async client => {
      await failCommand(client, { times: 1 }, { failCommands: ['find'], blockConnection: true, blockTimeMS: 60_000 });

      const error = await serverError(client.db('db').collection('coll').findOne({}, { maxTimeMS: 20 }));

      assert.deepEqual([error.code, error.message], [50, 'operation exceeded time limit']);
    }));

  it('gives the labels that it was told', () =>
    withCluster({ client: noRetry }, async client => {
      await failCommand(client, { times: 1 }, { failCommands: ['find'], errorCode: 8, errorLabels: ['One', 'Two'] });

      const error = await serverError(client.db('db').collection('coll').findOne());

      assert.deepEqual(error.errorLabels, ['One', 'Two']);
    }));

  it('labels retryable codes of retryable writes by itself, unless labels are given', () =>
    withCluster({ topology: 'replicaset', client: { monitorCommands: true } }, async client => {
      const failures: MongoServerError[] = [];
      client.on('commandFailed', ({ failure }) => failure instanceof MongoServerError && failures.push(failure));
      const things = client.db('db').collection('coll');

      await failCommand(client, { times: 1 }, { failCommands: ['insert'], errorCode: 91 });
      await things.insertOne({});
      await failCommand(client, { times: 1 }, { failCommands: ['insert'], errorCode: 91, errorLabels: [] });
      await assert.rejects(things.insertOne({}));

      assert.deepEqual(
        failures.map(failure => failure.hasErrorLabel('RetryableWriteError')),
        [true, false],
      );
    }));

  for (const code of [91, 189, 10107, 11600, 11602, 13435, 13436]) {
    it(`answers ${code} without topologyVersion, so that clients do not take it for stale`, () =>
      withCluster({ topology: 'replicaset' }, async client => {
        const things = client.db('db').collection('coll');
        await things.insertOne({});
        const cleared: string[] = [];
        client.on('connectionPoolCleared', ({ address }) => cleared.push(address));
        await failCommand(client, { times: 1 }, { failCommands: ['insert'], errorCode: code, errorLabels: [] });

        const error = await serverError(things.insertOne({}));

        assert.equal(error.code, code);
        assert.ok(!('topologyVersion' in error));
        // Not-primary errors clear the pool only of servers older than 4.2; the server becomes Unknown either way.
        assert.equal(cleared.length, code === 91 || code === 11600 ? 1 : 0);
      }));
  }

  it('adds a write concern error to a command that was executed', () =>
    withCluster({ topology: 'replicaset', client: noRetry }, async client => {
      const things = client.db('db').collection('coll');
      await failCommand(
        client,
        { times: 1 },
        { failCommands: ['insert'], writeConcernError: { code: 64, errmsg: 'waiting' } },
      );

      const error = await serverError(things.insertOne({}));

      assert.equal(error.code, 64);
      assert.equal(await things.countDocuments(), 1);
    }));

  it('hits only the application and the namespace that it names', () =>
    withCluster({ client: { ...noRetry, appName: 'victim' } }, async (client, cluster) => {
      const other = new MongoClient(cluster.uri, { appName: 'other', ...noRetry });
      await failCommand(client, 'alwaysOn', {
        failCommands: ['find'],
        errorCode: 8,
        appName: 'victim',
        namespace: 'db.a',
      });

      await serverError(client.db('db').collection('a').findOne());
      await client.db('db').collection('b').findOne();
      await other.db('db').collection('a').findOne();
      await other.close();
    }));

  it('is set on one node only', () =>
    withCluster({ topology: 'replicaset', client: noRetry }, async client => {
      await failCommand(client, 'alwaysOn', { failCommands: ['find'], errorCode: 8 });
      const things = client.db('db').collection('coll');

      await serverError(things.findOne());
      assert.equal(await things.findOne({}, { readPreference: 'secondary' }), null);
    }));
});
