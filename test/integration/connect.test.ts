import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MongoNetworkError, MongoServerError, MongoServerSelectionError } from 'mongotempo';
import { TestCluster } from 'mongotempo-server';
import { MongoClient } from '../support/checked_client.js';
import { rejection, withServer } from '../support/cluster.js';
import { EventLog } from '../support/event_log.js';
import { ScriptedServer } from '../support/scripted_server.js';

/** The number of `open` events of a client. */
function opens(client: MongoClient): { count: number } {
  const seen = { count: 0 };
  client.on('open', given => {
    assert.equal(given, client);
    seen.count++;
  });
  return seen;
}

/** A port on which nothing listens. */
async function freePort(): Promise<number> {
  const server = await ScriptedServer.listen();
  const { target } = server;
  await server.stop();
  return 'port' in target ? target.port : 0;
}

function addressOf({ target }: ScriptedServer): string {
  return 'port' in target ? `127.0.0.1:${target.port}` : '';
}

describe('the event open', () => {
  it('open is not emitted when connect is rejected', async () => {
    await using client = new MongoClient(`mongodb://127.0.0.1:${await freePort()}`, { serverSelectionTimeoutMS: 50 });
    const seen = opens(client);

    assert.ok((await rejection(client.connect())) instanceof MongoServerSelectionError);

    assert.equal(seen.count, 0);
  });

  it('open is not emitted when the first operation finds no server', async () => {
    await using client = new MongoClient(`mongodb://127.0.0.1:${await freePort()}`, { serverSelectionTimeoutMS: 50 });
    const seen = opens(client);

    await rejection(client.db().command({ ping: 1 }));

    assert.equal(seen.count, 0);
  });

  it('open is not emitted when the server takes the check and refuses the credentials', async () => {
    await using cluster = await TestCluster.start({ nodes: 1, auth: { user: 'ann', password: 'right' } });
    const auth = { username: 'ann', password: 'wrong' };
    await using client = new MongoClient(cluster.uri, {
      auth,
      serverSelectionTimeoutMS: 5000,
    });
    const seen = opens(client);

    assert.ok((await rejection(client.connect())) instanceof MongoServerError);
    await rejection(client.db().command({ ping: 1 }));

    assert.equal(seen.count, 0);
  });

  it('open is emitted once by connect, when the server is known and a connection to it is ready', async () => {
    await withServer({}, async ({ client, log }) => {
      const seen = opens(client);
      const atOpen: unknown[] = [];
      client.on('open', () => {
        const { type } = client.topologyDescription ?? {};
        atOpen.push({ type, ready: log.named('connectionReady').length });
      });

      await Promise.all([client.connect(), client.connect()]);
      await client.connect();
      await client.db().command({ ping: 1 });

      assert.equal(seen.count, 1);
      assert.deepEqual(atOpen, [{ type: 'Single', ready: 1 }]);
    });
  });

  it('open is emitted once by the first operation, before its command is sent', async () => {
    await withServer({}, async ({ client, db, log }) => {
      const seen = opens(client);
      const sentAtOpen: number[] = [];
      client.on('open', () => sentAtOpen.push(log.named('commandStarted').length));

      await Promise.all([1, 2, 3].map(() => db.command({ ping: 1 })));
      await client.connect();

      assert.equal(seen.count, 1);
      assert.deepEqual(sentAtOpen, [0]);
    });
  });

  it('open is emitted again when a closed client is connected again', async () => {
    await withServer({}, async ({ client }) => {
      const seen = opens(client);
      await client.connect();
      await client.close();
      await client.connect();

      assert.equal(seen.count, 2);
    });
  });

  it('a client that is closed by a listener of open is closed', async () => {
    await withServer({}, async ({ client }) => {
      let closing: Promise<void> | undefined;
      client.on('open', () => {
        closing = client.close();
      });

      await client.connect();
      await closing;

      assert.equal(client.topologyDescription, null);
    });
  });
});

describe('connect', () => {
  it('connect is rejected when a load balancer does not exist', async () => {
    const port = await freePort();
    await using client = new MongoClient(`mongodb://127.0.0.1:${port}/?loadBalanced=true`);
    const seen = opens(client);

    const error = await rejection(client.connect());

    assert.ok(error instanceof MongoNetworkError);
    assert.match(error.message, new RegExp(`connect ECONNREFUSED 127\\.0\\.0\\.1:${port}`));
    assert.equal(seen.count, 0);
  });

  for (const [what, options] of [
    ['connectTimeoutMS', { connectTimeoutMS: 50 }],
    ['timeoutMS', { timeoutMS: 50 }],
    ['waitQueueTimeoutMS', { waitQueueTimeoutMS: 50 }],
  ] as const) {
    it(`connect to a load balancer that accepts and says nothing is rejected by ${what}`, async () => {
      const server = await ScriptedServer.listen();
      server.hello = () => null;
      await using client = new MongoClient(`mongodb://${addressOf(server)}/?loadBalanced=true`, options);
      const seen = opens(client);

      const error = await rejection(client.connect());

      assert.match(error.message, /timed out/i);
      assert.equal(seen.count, 0);
      await client.close();
      await server.stop();
    });
  }

  it('connect to a load balancer has a connection ready', async () => {
    await using cluster = await TestCluster.start({ seed: 1, topology: 'load-balanced' });
    await using client = new MongoClient(cluster.uri, { serverSelectionTimeoutMS: 5000 });
    const seen = opens(client);

    await client.connect();

    assert.equal(client.poolStats()[0]?.idle, 1);
    assert.equal(seen.count, 1);
  });

  it('connect is rejected by a server that answers checks and refuses the connections of the pool', async () => {
    const server = await ScriptedServer.listen();
    // The first connection is that of the monitor.
    server.hello = ({ peer }) => {
      if (peer.number > 1) peer.reset();
      return peer.number > 1 ? null : { ok: 1, isWritablePrimary: true, minWireVersion: 0, maxWireVersion: 21 };
    };
    await using client = new MongoClient(`mongodb://${addressOf(server)}`);

    assert.ok((await rejection(client.connect())) instanceof MongoNetworkError);

    await client.close();
    await server.stop();
  });

  it('connect on a connected client whose server is away neither waits nor closes the client', async () => {
    await withServer({ client: { serverSelectionTimeoutMS: 60_000 } }, async ({ client, cluster }) => {
      await client.connect();
      const log = new EventLog(client);
      const failed = log.next('serverHeartbeatFailed');
      await cluster.stop();
      const work = rejection(client.db().command({ ping: 1 }, { timeoutMS: 60_000 }));
      await failed;

      assert.equal(await client.connect(), client);

      assert.notEqual(client.topologyDescription, null);
      await client.close();
      await work;
    });
  });

  it('a call of connect that is aborted does not end another one', async () => {
    const server = await ScriptedServer.listen();
    server.hello = () => null;
    await using client = new MongoClient(`mongodb://${addressOf(server)}`);
    const abort = new AbortController();
    const aborted = rejection(client.connect({ signal: abort.signal }));
    const connected = client.connect();
    const peer = await server.nextPeer();
    const hello = await peer.nextCommand();
    abort.abort(new Error('not now'));
    assert.equal((await aborted).message, 'not now');
    server.hello = () => ({ ok: 1, isWritablePrimary: true, minWireVersion: 0, maxWireVersion: 21 });
    hello.reply({ ok: 1, isWritablePrimary: true, minWireVersion: 0, maxWireVersion: 21 });

    assert.equal(await connected, client);

    await client.close();
    await server.stop();
  });

  it('a client that the program closes while it connects stays closed', async () => {
    const server = await ScriptedServer.listen();
    server.hello = () => null;
    await using client = new MongoClient(`mongodb://${addressOf(server)}`);
    const connecting = rejection(client.connect());
    await server.nextPeer();

    await client.close();
    await connecting;

    await assert.rejects(client.db().command({ ping: 1 }), { name: 'MongoNotConnectedError' });
    await server.stop();
  });
});
