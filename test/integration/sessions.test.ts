import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CommandStartedEvent } from 'mongotempo';
import { documents, failCommand, rejection, withServer, withServerProcess } from '../support/cluster.js';

function lsidOf({ command }: CommandStartedEvent): string {
  return String((command['lsid'] as { id: unknown } | undefined)?.id);
}

describe('implicit sessions', () => {
  it('are used again by operations that follow each other', async () => {
    await withServer({}, async ({ collection, log }) => {
      for (let i = 0; i < 5; i++) await collection.insertOne({});

      assert.equal(new Set(log.started('insert').map(lsidOf)).size, 1);
    });
  });

  it('are taken only with a connection, so that there are no more than connections', async () => {
    await withServer({ client: { maxPoolSize: 2 } }, async ({ collection, log }) => {
      await Promise.all(Array.from({ length: 20 }, () => collection.insertOne({})));

      const sessions = new Set(log.started('insert').map(lsidOf)).size;
      assert.ok(sessions <= 2, `${sessions} sessions`);
    });
  });

  it('stay with a cursor: a getMore has the session of its find whatever runs in between', async () => {
    await withServer({}, async ({ collection, log }) => {
      await collection.insertMany(documents(6));
      log.clear();
      const first = collection.find({}, { batchSize: 2 });
      const second = collection.find({}, { batchSize: 2 });

      await first.next();
      await second.next();
      await collection.insertOne({});
      await first.toArray();
      await second.close();

      const finds = log.started('find').map(lsidOf);
      assert.equal(new Set(finds).size, 2);
      assert.deepEqual([...new Set(log.started('getMore').map(lsidOf))], [finds[0]]);
      assert.deepEqual(log.started('killCursors').map(lsidOf), [finds[1]]);
      assert.ok(!finds.includes(lsidOf(log.started('insert')[0]!)));
    });
  });

  it('are given back when a cursor has reached its end or was closed', async () => {
    await withServer({}, async ({ collection, log }) => {
      await collection.insertMany(documents(6));
      log.clear();
      for (let i = 0; i < 4; i++) {
        await collection.find({}, { batchSize: 2 }).toArray();
        const cursor = collection.find({}, { batchSize: 2 });
        await cursor.next();
        await cursor.close();
      }

      assert.equal(new Set(log.started().map(lsidOf)).size, 1);
    });
  });

  it('are ended on the server when the client is closed', async () => {
    await withServer({}, async ({ client, collection, log }) => {
      await Promise.all([collection.insertOne({}), collection.insertOne({}), collection.insertOne({})]);
      const used = new Set(log.started('insert').map(lsidOf));

      await client.close();

      const [event] = log.started('endSessions');
      assert.equal(event!.databaseName, 'admin');
      const ended = (event!.command['endSessions'] as { id: unknown }[]).map(({ id }) => String(id));
      assert.deepEqual(new Set(ended), used);
    });
  });

  it('are not used again after a network error', async () => {
    await withServer({ client: { retryWrites: false } }, async ({ collection, log, cluster }) => {
      await collection.insertOne({});
      await failCommand(cluster.uri, { failCommands: ['insert'], closeConnection: true });

      await rejection(collection.insertOne({}));
      await collection.insertOne({});

      const [first, failed, next] = log.started('insert').map(lsidOf);
      assert.equal(failed, first);
      assert.notEqual(next, first);
    });
  });

  it('are not used again while a command that timed out may still hold them on the server', async () => {
    await withServerProcess({}, async ({ collection, log, uri }) => {
      await collection.insertOne({});
      await failCommand(uri, { failCommands: ['find'], blockConnection: true, blockTimeMS: 300 });

      const abort = new AbortController();
      const found = rejection(collection.findOne({}, { signal: abort.signal }));
      await log.some('commandStarted', ({ commandName }) => commandName === 'find');
      abort.abort();
      await found;
      await collection.insertOne({});

      assert.notEqual(lsidOf(log.started('insert').at(-1)!), lsidOf(log.started('find')[0]!));
    });
  });

  it('count their retryable writes up, one number for each command', async () => {
    await withServer({ cluster: { nodes: 1 } }, async ({ collection, log }) => {
      for (let i = 0; i < 3; i++) await collection.insertOne({});
      await collection.updateMany({}, { $set: { a: 1 } });
      await collection.deleteOne({});

      assert.deepEqual(
        log.started('insert').map(({ command }) => Number(command['txnNumber'])),
        [1, 2, 3],
      );
      assert.equal(log.started('update')[0]!.command['txnNumber'], undefined);
      assert.equal(Number(log.started('delete')[0]!.command['txnNumber']), 4);
    });
  });
});

describe('$clusterTime', () => {
  it('goes with every command once a server has told it, and never back', async () => {
    await withServer({ cluster: { topology: 'replicaset' } }, async ({ collection, log }) => {
      await collection.insertOne({});
      await collection.insertOne({}, { writeConcern: { w: 0 } });
      await collection.findOne({}, { readPreference: 'secondary' });
      await collection.insertOne({});

      const [, ...later] = log.started();
      const times = later.map(({ command }) =>
        String((command['$clusterTime'] as { clusterTime: unknown }).clusterTime),
      );
      assert.equal(times.length, 3);
      assert.deepEqual([...times].sort(), times);
    });
  });

  it('is not sent to a standalone', async () => {
    await withServer({}, async ({ collection, log }) => {
      await collection.insertOne({});
      await collection.insertOne({});

      assert.ok(log.started().every(({ command }) => command['$clusterTime'] === undefined));
    });
  });
});
