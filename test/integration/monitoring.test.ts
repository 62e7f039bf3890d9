import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CommandStartedEvent, MongoServerError, MongoClient as PlainClient } from 'mongotempo';
import { TestCluster } from 'mongotempo-server';
import { MongoClient } from '../support/checked_client.js';
import { documents, failCommand, rejection, withServer } from '../support/cluster.js';
import { EventLog } from '../support/event_log.js';

describe('command monitoring', () => {
  it('joins commands with pool and selection events by operation, attempt and connection', async () => {
    await withServer({ cluster: { nodes: 1 } }, async ({ collection, log, cluster }) => {
      await collection.insertOne({});
      await failCommand(cluster.primary!.address, { failCommands: ['insert'], closeConnection: true });
      log.clear();

      await collection.insertOne({});

      const [first, second] = log.started('insert');
      assert.equal(second!.operationId, first!.operationId);
      for (const { operationId, attempt, connectionId, address, requestId } of [first!, second!]) {
        const same = (event: { operationId?: number; attempt?: number }) =>
          event.operationId === operationId && event.attempt === attempt;
        assert.equal(log.named('serverSelectionStarted').filter(same).length, 1);
        assert.equal(log.named('connectionCheckOutStarted').filter(same).length, 1);
        const [out] = log.named('connectionCheckedOut').filter(same);
        assert.deepEqual([out!.connectionId, out!.address], [connectionId, address]);
        assert.equal(log.named('connectionCheckedIn').filter(same).length, 1);
        const ends = log.events.filter(event => 'requestId' in event && event.requestId === requestId);
        assert.equal(ends.length, 2);
      }
      assert.notEqual(second!.connectionId, first!.connectionId);
      assert.equal(typeof first!.serverConnectionId, 'bigint');
    });
  });

  it('gives all commands of a cursor one operation id, and all batches of an insertMany', async () => {
    await withServer({}, async ({ collection, log }) => {
      const text = 'x'.repeat(10 * 1024 * 1024);
      await collection.insertMany(documents(6, { text }));
      const inserts = log.started('insert');
      await collection.find({}, { batchSize: 2, projection: { text: 0 } }).toArray();

      assert.equal(inserts.length, 2);
      assert.equal(new Set(inserts.map(({ operationId }) => operationId)).size, 1);
      const reads = [...log.started('find'), ...log.started('getMore')];
      assert.ok(reads.length > 2);
      assert.equal(new Set(reads.map(({ operationId }) => operationId)).size, 1);
      assert.notEqual(reads[0]!.operationId, inserts[0]!.operationId);
    });
  });

  it('measures in milliseconds with fractions, on a sequence without gaps', async () => {
    await withServer({}, async ({ collection, log }) => {
      for (let i = 0; i < 10; i++) await collection.insertOne({});

      const durations = log.named('commandSucceeded').map(({ durationMS }) => durationMS);
      assert.ok(durations.every(duration => duration > 0 && duration < 30_000));
      assert.ok(durations.some(duration => !Number.isInteger(duration)));
      log.events.forEach(({ sequence }, index) => {
        assert.equal(sequence, index + 1);
      });
    });
  });

  it('hides what is sensitive, and the failure but for its code', async () => {
    await withServer({}, async ({ db, log }) => {
      for (const command of [
        { createUser: 'u', pwd: 's3cret' },
        { saslStart: 1, mechanism: 'X', payload: Buffer.from('s3cret') },
      ]) {
        await assert.rejects(db.command(command), MongoServerError);
      }

      const events = log.events.filter(event => 'redacted' in event);
      assert.equal(events.length, 4);
      for (const event of log.started()) assert.deepEqual([event.redacted, event.command], [true, {}]);
      for (const { failure } of log.named('commandFailed')) {
        assert.equal(typeof (failure as Error & { code?: unknown }).code, 'number');
        assert.doesNotMatch(failure.message, /createUser|mechanism/);
      }
      assert.doesNotMatch(JSON.stringify(events), /s3cret/);
    });
  });

  it('keeps what an event shows when later commands are sent', async () => {
    await withServer({}, async ({ collection, log }) => {
      const data = Buffer.from('first');
      await collection.insertOne({ data });
      const [event] = log.started('insert');
      const before = JSON.stringify(event!.command);

      for (let i = 0; i < 5; i++) await collection.insertOne({ data: Buffer.from('other') });

      assert.equal(JSON.stringify(event!.command), before);
      const [sent] = event!.command['documents'] as { data: { buffer: Uint8Array } }[];
      assert.equal(Buffer.from(sent!.data.buffer).toString(), 'first');
      data.write('wrong');
      assert.equal(JSON.stringify(event!.command), before);
    });
  });

  it('lets a listener run operations of its own without disturbing the command it is told of', async () => {
    await withServer({ client: { timeoutMS: 3000 } }, async ({ client, collection, db }) => {
      await Promise.all([collection.findOne(), collection.findOne(), collection.findOne()]);
      const others: Promise<unknown>[] = [];
      client.on('commandStarted', ({ commandName }) => {
        if (commandName === 'insert')
          others.push(db.collection('audit').countDocuments({ a: 'longer than the other' }));
      });

      await Promise.all(documents(5).map(document => collection.insertOne(document)));
      await Promise.all(others);

      assert.equal(others.length, 5);
      assert.equal(await collection.countDocuments(), 5);
    });
  });

  it('lets operations go on after one reset connection without waiting for the time of the next check', async () => {
    // The next check alone would come after the selection has given up.
    const client = { heartbeatFrequencyMS: 60_000, minHeartbeatFrequencyMS: 60_000, serverSelectionTimeoutMS: 20_000 };
    await withServer({ cluster: { nodes: 3 }, client }, async ({ collection, log, cluster }) => {
      await collection.insertOne({});
      await log.some(
        'serverHeartbeatStarted',
        ({ address, awaited }) => awaited && address === cluster.primary!.address,
      );
      await failCommand(cluster.primary!.address, { failCommands: ['insert'], closeConnection: true });

      await collection.insertOne({});

      assert.equal(log.named('connectionPoolCleared').length, 1);
      assert.equal(log.named('serverHeartbeatFailed').filter(({ cancelled }) => !cancelled).length, 0);
    });
  });

  it('lets a listener that learns of the primary run an operation at once', async () => {
    for (const name of ['serverDescriptionChanged', 'topologyDescriptionChanged'] as const) {
      await using cluster = await TestCluster.start({ nodes: 3, seed: 1, electionDelayMS: 20 });
      await using client = new MongoClient(cluster.uri);
      const log = new EventLog(client);
      const pings: Promise<unknown>[] = [];
      client.on(name, () => pings.push(client.db('admin').command({ ping: 1 })));

      await client.connect();
      await log.some('connectionPoolReady', () => log.named('connectionPoolReady').length === 3);
      await Promise.all(pings);
      await failCommand(cluster.primary!.address, { failCommands: ['insert'], closeConnection: true });
      await client.db('shop').collection('orders').insertOne({});
      client.removeAllListeners(name);

      assert.ok(pings.length > 1);
      for (const reply of await Promise.all(pings)) assert.equal((reply as { ok: number }).ok, 1);
      assert.equal(log.named('connectionCheckOutFailed').length, 0);
    }
  });

  it('fails no heartbeat of its own at a clean close but those that it marks as cancelled', async () => {
    const failed: boolean[] = [];
    const alerts: unknown[] = [];
    await withServer({ cluster: { nodes: 3 } }, async ({ client, collection }) => {
      client.on('serverHeartbeatFailed', ({ cancelled }) => failed.push(cancelled));
      client.on('serverHeartbeatFailed', event => event.cancelled || alerts.push(event));
      await collection.insertOne({});
    });

    assert.ok(failed.every(cancelled => cancelled));
    assert.deepEqual(alerts, []);
  });

  it('publishes ok for a write that is not acknowledged', async () => {
    await withServer({}, async ({ collection, log }) => {
      await collection.deleteMany({}, { writeConcern: { w: 0 } });

      const [event] = log.named('commandSucceeded');
      assert.deepEqual(event!.reply, { ok: 1 });
      assert.ok(event!.durationMS >= 0);
    });
  });

  it('builds no event that has no listener', async () => {
    await using cluster = await TestCluster.start();
    await using client = new PlainClient(cluster.uri);
    let listening = 0;
    const rawListeners = client.rawListeners.bind(client);
    client.rawListeners = name => {
      listening++;
      return rawListeners(name);
    };

    await client.db('shop').collection('orders').insertOne({});

    assert.equal(listening, 0);
    client.once('commandStarted', () => undefined);
    await client.db('shop').collection('orders').insertOne({});
    assert.equal(listening, 1);
  });

  it('is not disturbed by a listener that throws or rejects', async t => {
    await withServer({}, async ({ client, collection, log }) => {
      const warnings = t.mock.method(process, 'emitWarning', () => undefined);
      for (const name of [
        'commandStarted',
        'connectionCheckedOut',
        'connectionCheckedIn',
        'topologyDescriptionChanged',
      ] as const) {
        client.prependListener(name, () => {
          throw new Error('a listener');
        });
      }
      client.on('commandSucceeded', () => Promise.reject(new Error('async')) as never);

      await collection.insertMany(documents(3));
      await collection.find({}, { batchSize: 1 }).toArray();
      await client.close();

      assert.equal(log.named('commandSucceeded').length, log.started().length);
      assert.equal(log.named('connectionCheckedIn').length, log.named('connectionCheckedOut').length);
      assert.equal(warnings.mock.callCount(), 5);
    });
  });

  it('is silent with monitorCommands: false, other events are not', async () => {
    await withServer({ client: { monitorCommands: false } }, async ({ collection, log }) => {
      await collection.insertOne({});

      assert.equal(log.started().length, 0);
      assert.equal(log.named('connectionCheckedOut').length, 1);
    });
  });

  it('gives one event object to all listeners, which none can change', async () => {
    await withServer({}, async ({ client, collection }) => {
      const got: CommandStartedEvent[] = [];
      client.on('commandStarted', event => got.push(event));
      client.on('commandStarted', event => got.push(event));

      await collection.insertOne({});

      assert.equal(got[0], got[1]);
      assert.ok(got[0] instanceof CommandStartedEvent);
      assert.ok(Object.isFrozen(got[0]));
    });
  });

  it('tells of the failure that the operation is rejected with', async () => {
    await withServer({}, async ({ collection, log, uri }) => {
      await failCommand(uri, { failCommands: ['find'], errorCode: 13 });

      const error = await rejection(collection.findOne());

      assert.equal(log.named('commandFailed')[0]!.failure, error);
    });
  });
});
