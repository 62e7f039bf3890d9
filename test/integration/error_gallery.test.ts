import assert from 'node:assert/strict';
import { createServer as createHTTPServer } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { after, describe, it } from 'node:test';
import type { MongoClientOptions, MongoError } from 'mongotempo';
import { TestCluster } from 'mongotempo-server';
import { MongoClient as ClientWithEffects } from '../../src/client/mongo_client.js';
import { systemClock } from '../../src/runtime/clock.js';
import { systemRandom } from '../../src/runtime/random.js';
import { openSocket } from '../../src/runtime/socket_transport.js';
import type { MongoServerSelectionError } from '../../src/sdam/errors.js';
import { MongoClient } from '../support/checked_client.js';
import { failCommand, rejection } from '../support/cluster.js';
import { FakeResolver } from '../support/fake_resolver.js';
import { ScriptedServer, STANDALONE } from '../support/scripted_server.js';

const WAIT: MongoClientOptions = { serverSelectionTimeoutMS: 300 };

const servers: Server[] = [];
const sockets = new Set<Socket>();
after(() => {
  for (const server of servers) server.close();
  for (const socket of sockets) socket.destroy();
});

async function listening(server: Server): Promise<string> {
  servers.push(server);
  server.on('connection', (socket: Socket) => sockets.add(socket));
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return typeof address === 'object' ? `127.0.0.1:${address?.port}` : '';
}

/** A host on which nothing listens. */
async function closedHost(): Promise<string> {
  const server = createServer();
  const host = await listening(server);
  await new Promise(resolve => server.close(resolve));
  return host;
}

/** Accepts, and says nothing, or what is given. */
function speaker(words?: Buffer | string, ends = false): Promise<string> {
  return listening(
    createServer(socket => {
      socket.on('error', () => undefined);
      socket.once('data', () => {
        if (words !== undefined) socket.write(words);
        if (ends) socket.end();
      });
    }),
  );
}

async function connectError<E extends Error = MongoServerSelectionError>(uri: string, options = WAIT): Promise<E> {
  await using client = new MongoClient(uri, options);
  return await rejection<E>(client.connect());
}

/** The error of the first operation, when there is no `connect`. */
async function operationError<E extends Error = MongoServerSelectionError>(uri: string, options = WAIT): Promise<E> {
  await using client = new MongoClient(uri, options);
  return await rejection<E>(client.db('shop').collection('orders').insertOne({}));
}

/** The text of an error in full, as a pattern: `<n>` is a number, `<port>` a port. */
function assertText({ message }: Error, text: string): void {
  const pattern = text
    .replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
    .replaceAll('<n>', '\\d+(\\.\\d+)?')
    .replaceAll('<port>', '\\d+');
  assert.match(message, new RegExp(`^${pattern}$`));
  assert.doesNotMatch(message, /[\r\n]/);
}

describe('what an error says when', () => {
  it('nothing listens: a refused connection names host, step, operation and what to check', async () => {
    const host = await closedHost();
    const text = (operation: string) =>
      `connect ECONNREFUSED ${host}. Server selection timed out after 300 ms: ${operation} wanted primary, topology Unknown ` +
      `[${host} Unknown, connect to ${host} failed after <n> ms (<n> ms ago)]. ` +
      'A host refuses connections: check the port, and that the server runs';

    assertText(await connectError(`mongodb://${host}`), text('connect()'));
    assertText(await operationError(`mongodb://${host}`), text('insert shop.orders'));
  });

  it('nothing listens under timeoutMS: the time is said once', async () => {
    const host = await closedHost();
    const error = await operationError<MongoError>(`mongodb://${host}`, { timeoutMS: 300 });

    assert.equal(error.name, 'MongoOperationTimeoutError');
    assertText(
      error,
      `Timed out during server selection: insert shop.orders wanted primary, topology Unknown [${host} Unknown, connect ECONNREFUSED ` +
        `${host} (connect to ${host} failed after <n> ms) (<n> ms ago)]. A host refuses connections: check the port, and that the ` +
        'server runs (after <n> ms, timeoutMS=300 of the client: serverSelection <n> ms)',
    );
  });

  it('a load balancer does not exist: connect names host and step', async () => {
    const host = await closedHost();
    const error = await connectError<MongoError>(`mongodb://${host}/?loadBalanced=true`);

    assert.equal(error.host, host);
    assert.equal(error.phase, 'connect');
    assertText(error, `connect ECONNREFUSED ${host} (connect to ${host} failed after <n> ms)`);
  });

  for (const [what, query, phase, awaited, hint] of [
    [
      'a server is silent',
      '',
      'hello',
      'the reply to hello',
      'A host takes the connection and does not answer: it may want TLS (tls=true), or be no MongoDB server; check tls and the port',
    ],
    [
      'a TLS client faces a plain server',
      '?tls=true',
      'tls',
      'the answer to the TLS handshake',
      'A host takes the connection and does not answer the TLS handshake: it may not speak TLS, check tls and the port',
    ],
  ] as const) {
    it(`${what}: the error says what the check waits for, since when, and hints at TLS`, async () => {
      const host = await speaker();
      const error = await connectError(`mongodb://${host}/${query}`);

      assertText(
        error,
        `Server selection timed out after 300 ms: connect() wanted primary, topology Unknown [${host} Unknown, its check has waited <n> ms ` +
          `for ${awaited}]. ${hint}`,
      );
      assert.equal(error.servers[0]?.check?.phase, phase);
      assert.ok(error.servers[0].check.elapsedMS > 0);
      assert.equal(error.hint, hint);
    });
  }

  it('a plain client faces a TLS server that answers by an alert: the error says TLS', async () => {
    const host = await speaker(Buffer.from('15030100020246', 'hex'), true);

    assertText(
      await connectError(`mongodb://${host}`),
      'Protocol error: the answer looks like TLS, and not like the MongoDB wire protocol. The server wants TLS: set tls=true. ' +
        `Server selection timed out after 300 ms: connect() wanted primary, topology Unknown [${host} Unknown, ` +
        `hello to ${host} failed after <n> ms (<n> ms ago)]`,
    );
  });

  it('a server closes at once: the error hints at TLS', async () => {
    const host = await speaker(undefined, true);

    assertText(
      await connectError(`mongodb://${host}`),
      `connection <n> to ${host} closed. Server selection timed out after 300 ms: connect() wanted primary, topology Unknown [${host} ` +
        `Unknown, hello to ${host} failed after <n> ms (<n> ms ago)]. A server closes the connection instead of answering: it may want ` +
        'TLS (tls=true), or refuse this client',
    );
  });

  it('the port is one of HTTP or SSH: the error says so, and shows none of its bytes', async () => {
    for (const [protocol, host] of [
      ['HTTP', await listening(createHTTPServer((_request, response) => response.end('hello')))],
      ['SSH', await speaker('SSH-2.0-OpenSSH_9.6\r\n')],
    ] as const) {
      assertText(
        await connectError(`mongodb://${host}`),
        `Protocol error: the answer looks like ${protocol}, and not like the MongoDB wire protocol. Check host and port: that is no ` +
          `MongoDB server (from ${host}). Server selection timed out after 300 ms: connect() wanted primary, topology Unknown ` +
          `[${host} Unknown, as said (<n> ms ago)]`,
      );
    }
  });

  it('the replica set has another name: the error says which the seed gave and which was asked for', async () => {
    await using cluster = await TestCluster.start({ nodes: 1, setName: 'rs0' });
    const host = `127.0.0.1:${cluster.node(0).port}`;
    const mismatch = `Replica set "other" was asked for and ${host} is in the replica set "rs0" (<n> ms ago)`;

    assertText(
      await connectError(`mongodb://${host}/?replicaSet=other`),
      `Server selection timed out after 300 ms: connect() wanted primary, topology ReplicaSetNoPrimary [${host} RSPrimary, ${mismatch}]. ` +
        'No seed belongs to the deployment: check replicaSet and directConnection',
    );
    assertText(
      await connectError(`mongodb://${host}/?replicaSet=other&directConnection=true`),
      `Server selection timed out after 300 ms: connect() wanted primary, topology Single [${host} Unknown, ${mismatch}]. ` +
        'The server is of another replica set: check replicaSet',
    );
    const started = performance.now();
    const patient = { serverSelectionTimeoutMS: 60_000, serverSelectionFailFast: true };
    const error = await connectError(`mongodb://${host}/?replicaSet=other`, patient);
    assert.match(error.message, /^Server selection would wait in vain/);
    assert.ok(performance.now() - started < 50_000);
  });

  it('a set has no primary: the error says what each member is', async () => {
    const server = await ScriptedServer.listen();
    const host = 'port' in server.target ? `127.0.0.1:${server.target.port}` : '';
    const secondary = { isWritablePrimary: false, secondary: true, setName: 'rs0', hosts: [host], me: host };
    server.hello = () => ({ ...STANDALONE, ...secondary });

    assertText(
      await operationError(`mongodb://${host}/?replicaSet=rs0`),
      'Server selection timed out after 300 ms: insert shop.orders wanted primary, topology ReplicaSetNoPrimary ' +
        `[${host} RSSecondary]. The replica set has no primary: an election may be under way, or too few members are up`,
    );
    await server.stop();
  });

  it('the credentials are wrong: the error names user, authSource and mechanism, and never the password', async () => {
    await using cluster = await TestCluster.start({ nodes: 1, auth: { user: 'ann', password: 'right' } });
    const auth = { username: 'ann', password: 'wr0ng-secret' };
    const error = await connectError<MongoError>(cluster.uri, { ...WAIT, auth });

    assert.equal(error.code, 18);
    for (const part of [
      /^Authentication failed/,
      /authentication at 127\.0\.0\.1:\d+ failed after/,
      /ann/,
      /admin/,
      /SCRAM/,
    ]) {
      assert.match(error.message, part);
    }
    assert.doesNotMatch(error.message + String(error.stack), /wr0ng-secret/);
  });

  it('a host name does not resolve: the error names it', async () => {
    const lookup: MongoClientOptions['lookup'] = (name, _options, callback) => {
      callback(Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: 'ENOTFOUND' }), '', 4);
    };

    assertText(
      await connectError('mongodb://db1.invalid', { ...WAIT, lookup }),
      'getaddrinfo ENOTFOUND db1.invalid. Server selection timed out after 300 ms: connect() wanted primary, topology Unknown ' +
        '[db1.invalid:27017 Unknown, name resolution of db1.invalid:27017 failed after <n> ms (<n> ms ago)]. ' +
        'A host name does not resolve: check it, and DNS',
    );
  });

  it('there are no SRV records: the error names the record and the name servers', async () => {
    const resolver = new FakeResolver();
    const effects = { clock: systemClock, random: systemRandom, open: openSocket, resolver };
    await using client = new ClientWithEffects('mongodb+srv://cluster.example.com', undefined, effects);

    assert.match(
      (await rejection(client.connect())).message,
      /^Could not read the SRV record of _mongodb\._tcp\.cluster\.example\.com .*asked 192\.0\.2\.53.*: querySrv ENOTFOUND .*typing error/,
    );
  });

  it('the pool is exhausted: the error counts its connections and names the operation', async () => {
    await using cluster = await TestCluster.start({ seed: 1 });
    const options = { ...WAIT, serverSelectionTimeoutMS: 5000, maxPoolSize: 1, waitQueueTimeoutMS: 50 };
    await using client = new MongoClient(cluster.uri, options);
    const orders = client.db('shop').collection('orders');
    await failCommand(cluster.uri, { failCommands: ['find'], blockConnection: true, blockTimeMS: 60_000 });
    const started = new Promise(resolve => client.once('commandStarted', resolve));
    const running = rejection(orders.findOne());
    await started;

    assertText(
      await rejection(orders.insertOne({})),
      'Timed out while checking out a connection from connection pool of 127.0.0.1:<port> after <n> ms: 1 of 1 in use (0 by cursors, ' +
        '0 by transactions), 1 waiting, 0 being established, 0 idle, 0 draining; wanted by insert shop.orders (after <n> ms: ' +
        'checkOut <n> ms). Raise maxPoolSize or the timeout, or look for slow operations',
    );
    await client.close();
    await running;
  });

  it('a server does not finish new connections: the error says in which step they are', async () => {
    const host = await speaker();
    const options = { waitQueueTimeoutMS: 100 };
    const error = await connectError<MongoError & { pool: { establishing?: { phase: string } } }>(
      `mongodb://${host}/?loadBalanced=true`,
      options,
    );

    assertText(
      error,
      `Timed out while checking out a connection from connection pool of ${host} after <n> ms: 0 of 100 in use (maxPoolSize: 100, connections ` +
        'in use by cursors: 0, connections in use by transactions: 0, connections in use by other operations: 0), 1 waiting, 1 being ' +
        'established (hello to the server for <n> ms), 0 idle, 0 draining; wanted by connect() (after <n> ms: checkOut <n> ms, ' +
        'connect <n> ms, hello <n> ms). The server takes connections and does not answer: look at its load',
    );
    assert.equal(error.pool.establishing?.phase, 'hello');
  });
});
