import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import {
  MongoClientClosedError,
  MongoInvalidArgumentError,
  MongoNotConnectedError,
  MongoServerSelectionError,
} from 'mongotempo';
import { TestCluster } from 'mongotempo-server';
import { MongoClient } from '../support/checked_client.js';
import { documents, failCommand, rejection, withServer } from '../support/cluster.js';
import { EventLog } from '../support/event_log.js';
import { paced } from '../support/pace.js';
import { ScriptedServer, STANDALONE } from '../support/scripted_server.js';

const run = promisify(execFile);

describe('MongoClient', () => {
  it('connects by itself at the first operation', async () => {
    await withServer({}, async ({ client, db }) => {
      const type = () => client.topologyDescription?.type;
      assert.equal(type(), undefined);

      assert.deepEqual(await db.command({ ping: 1 }), { ok: 1 });

      assert.equal(type(), 'Single');
    });
  });

  it('may be connected any number of times, and makes no second topology', async () => {
    await withServer({}, async ({ client, log }) => {
      assert.equal(await client.connect(), client);
      await Promise.all([client.connect(), client.connect()]);

      assert.equal(log.named('topologyOpening').length, 1);
    });
  });

  it('closes everything, publishes the ends, and does so once', async () => {
    await withServer({ cluster: { topology: 'replicaset' } }, async ({ client, collection, log, cluster }) => {
      await collection.insertOne({});
      let closed = 0;
      client.on('close', () => closed++);

      await Promise.all([client.close(), client.close()]);
      await client.close();

      assert.equal(closed, 1);
      assert.equal(client.topologyDescription, null);
      assert.equal(log.named('connectionPoolClosed').length, 3);
      assert.equal(log.named('serverClosed').length, 3);
      assert.equal(log.last, 'topologyClosed');
      assert.equal(log.named('connectionCreated').length, log.named('connectionClosed').length);
      // The server notices by itself, a turn or two later.
      while (cluster.nodes.some(({ connectionCount }) => connectionCount > 0)) await new Promise(setImmediate);
    });
  });

  it('rejects what runs when it is closed with MongoClientClosedError', async () => {
    await withServer({}, async ({ client, collection, log, uri }) => {
      await failCommand(uri, { failCommands: ['find'], blockConnection: true, blockTimeMS: 60_000 });
      const started = log.next('commandStarted');
      const found = rejection(collection.findOne());
      await started;

      await client.close();

      assert.ok((await found) instanceof MongoClientClosedError, String(await found));
      const [failed] = log.named('commandFailed');
      assert.equal(failed!.commandName, 'find');
    });
  });

  it('rejects what waits for a connection or a server when it is closed, and does not retry it', async () => {
    await withServer({ client: { maxPoolSize: 1 } }, async ({ client, collection, log, uri }) => {
      await failCommand(uri, { failCommands: ['find'], blockConnection: true, blockTimeMS: 60_000 });
      const started = log.next('commandStarted');
      const running = rejection(collection.findOne());
      await started;
      const waiting = rejection(collection.insertOne({}));
      const selecting = rejection(collection.findOne({}, { readPreference: 'secondary' }));

      await client.close();

      for (const work of [running, waiting, selecting]) {
        assert.ok((await work) instanceof MongoClientClosedError, String(await work));
      }
    });
  });

  it('refuses operations after close, also those of a cursor, and works again after connect', async () => {
    await withServer({}, async ({ client, collection }) => {
      await collection.insertMany(documents(5));
      const cursor = collection.find({}, { batchSize: 2 });
      await cursor.next();
      await client.close();

      await assert.rejects(collection.findOne(), MongoNotConnectedError);
      await assert.rejects(collection.insertMany([{}]), MongoNotConnectedError);
      await assert.rejects(collection.find().toArray(), MongoNotConnectedError);
      await assert.rejects(cursor.next(), MongoClientClosedError);
      await cursor.close();

      await client.connect();
      assert.equal(await collection.countDocuments(), 5);
    });
  });

  it(
    'rejects connect when no server is found, and connects when there is one later',
    paced(async ms => {
      const cluster = await TestCluster.start();
      const { port } = cluster.node(0);
      await cluster.stop();
      await using client = new MongoClient(cluster.uri, {
        serverSelectionTimeoutMS: ms(50),
        minHeartbeatFrequencyMS: 20,
      });
      const log = new EventLog(client);

      const error = await rejection<MongoServerSelectionError>(client.connect());

      assert.ok(error instanceof MongoServerSelectionError);
      assert.match(error.message, /ECONNREFUSED/);
      assert.equal(log.last, 'topologyClosed');
      await using _again = await TestCluster.start({ port });
      await client.connect({ timeoutMS: 60_000 });
      assert.deepEqual(await client.db().command({ ping: 1 }), { ok: 1 });
    }),
  );

  it('works again after a connect that failed: an operation connects anew', async () => {
    await withServer({}, async ({ client, collection }) => {
      await assert.rejects(client.connect({ signal: AbortSignal.abort(new Error('not now')) }));

      assert.equal(await collection.findOne(), null);
    });
  });

  it('tells new connections of libraries that were added, and refuses what cannot be told', async () => {
    const scripted = await ScriptedServer.listen();
    const names = new Set<unknown>();
    scripted.hello = ({ body }) => {
      const metadata = body['client'] as { driver: { name: string } } | undefined;
      if (metadata !== undefined) names.add(metadata.driver.name);
      return STANDALONE;
    };
    scripted.answer = () => ({ ok: 1 });
    const { host, port } = scripted.target as { host: string; port: number };
    const client = new MongoClient(`mongodb://${host}:${port}/?directConnection=true`);
    try {
      await client.db().command({ ping: 1 });
      assert.deepEqual([...names], ['mongotempo']);

      client.appendMetadata({ name: 'library', version: '1.2' });
      assert.throws(() => client.appendMetadata({ name: 'a|b' }), MongoInvalidArgumentError);
      await Promise.all([client.db().command({ ping: 1 }), client.db().command({ ping: 1 })]);

      assert.deepEqual([...names], ['mongotempo', 'mongotempo|library']);
    } finally {
      await client.close();
      await scripted.stop();
    }
  });

  it('closes when a block ends by await using', async () => {
    await using cluster = await TestCluster.start();
    let log: EventLog;
    {
      await using client = await MongoClient.connect(cluster.uri);
      log = new EventLog(client);
      await client.db().command({ ping: 1 });
    }
    assert.equal(log.last, 'topologyClosed');
  });

  it('leaves nothing behind: a process that has closed it ends by itself', async () => {
    await using cluster = await TestCluster.start({ topology: 'replicaset' });
    const script = `
      const { MongoClient } = require('mongotempo');
      (async () => {
        const client = new MongoClient(${JSON.stringify(cluster.uri)}, { minPoolSize: 2, timeoutMS: 60000, maxIdleTimeMS: 60000 });
        const orders = client.db('shop').collection('orders');
        await orders.insertMany([{}, {}, {}]);
        await orders.find({}, { batchSize: 2 }).next();
        await client.close();
        console.log('closed');
      })();`;

    const { stdout } = await run(process.execPath, ['-e', script], { cwd: __dirname, timeout: 120_000 });

    assert.equal(stdout, 'closed\n');
  });

  it(
    'close does not wait long for sessions to be ended when every connection is busy',
    paced(async ms => {
      await withServer({ client: { maxPoolSize: 1 } }, async ({ client, collection, log, uri }) => {
        await collection.insertOne({});
        await failCommand(uri, { failCommands: ['find'], blockConnection: true, blockTimeMS: 60_000 });
        const started = log.next('commandStarted', ({ commandName }) => commandName === 'find');
        const cursor = collection.find({}, { batchSize: 1 });
        const found = rejection(cursor.next());
        await started;
        const begin = performance.now();

        await client.close();

        assert.ok(performance.now() - begin < ms(1500));
        await found;
      });
    }),
  );

  it('works on, and closes, when a listener of its own events throws', async () => {
    await withServer({}, async ({ client, db }) => {
      client.on('open', () => {
        throw new Error('in open');
      });
      client.on('close', () => {
        throw new Error('in close');
      });

      assert.deepEqual(await db.command({ ping: 1 }), { ok: 1 });
      await client.close();
    });
  });

  it('does not begin to discover anything when an option of connect is wrong', async () => {
    await withServer({}, async ({ client, log }) => {
      await assert.rejects(client.connect({ timeoutMS: 'soon' as never }), MongoInvalidArgumentError);
      await assert.rejects(client.connect({ signal: {} as never }), MongoInvalidArgumentError);

      assert.equal(client.topologyDescription, null);
      assert.equal(log.events.length, 0);
    });
  });

  it('tells each operation that runs when it is closed its own namespace', async () => {
    await withServer({}, async ({ client, db, log, uri }) => {
      const data = { failCommands: ['find'], blockConnection: true, blockTimeMS: 60_000 };
      await failCommand(uri, data, { times: 2 });
      const work = ['a', 'b'].map(name => rejection<MongoClientClosedError>(db.collection(name).findOne()));
      while (log.started('find').length < 2) await log.next('commandStarted');

      await client.close();

      const errors = await Promise.all(work);
      assert.deepEqual(
        errors.map(({ namespace }) => namespace),
        ['shop.a', 'shop.b'],
      );
    });
  });
});
