import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CertificateAuthority } from 'mongotempo-server';
import { Long } from '../../../src/bson/index.js';
import type { ConnectOptions } from '../../../src/client/mongo_client.js';
import { ReadPreference } from '../../../src/concern/read_preference.js';
import {
  MongoClientClosedError,
  MongoExpiredSessionError,
  MongoInvalidArgumentError,
  MongoNotConnectedError,
} from '../../../src/errors/driver.js';
import { MongoNetworkError } from '../../../src/errors/network.js';
import { MongoOperationTimeoutError } from '../../../src/errors/timeout.js';
import { MongoServerSelectionError } from '../../../src/sdam/errors.js';
import type { ClientSession } from '../../../src/sessions/client_session.js';
import type { MongoClientOptions } from '../../../src/uri/client_options.js';
import { ClientHarness } from '../../support/client_harness.js';
import { Deferred } from '../../support/deferred.js';
import { errorOf } from '../../support/engine_harness.js';
import { quiet } from '../../support/scripted_server.js';

const SRV_HOST = 'cluster.example.com';
const SRV_URL = `mongodb+srv://${SRV_HOST}`;
const CERTIFICATE = new CertificateAuthority('an authority').certificate;

const SECONDARY = ReadPreference.secondary;

const ping = ({ client }: ClientHarness, own = {}) => client.db('shop').command({ ping: 1 }, own);

/** The events `open` and `close` that the client emits from now on. */
function announcements({ client }: ClientHarness): string[] {
  const names: string[] = [];
  client.on('open', given => {
    assert.equal(given, client);
    names.push('open');
  });
  client.on('close', () => names.push('close'));
  return names;
}

/** How often the client has opened a topology since. */
function openings({ client }: ClientHarness): { count: number } {
  const seen = { count: 0 };
  client.on('topologyOpening', () => seen.count++);
  return seen;
}

/** Whether a promise has been fulfilled by now. */
function watched(promise: Promise<unknown>): { done: boolean } {
  const seen = { done: false };
  void promise.then(() => (seen.done = true));
  return seen;
}

/** A client whose server answers commands. */
function answering(options?: MongoClientOptions, url?: string): ClientHarness {
  const harness = new ClientHarness(options, url === undefined ? {} : { url });
  harness.answer = () => ({ ok: 1, n: 1 });
  harness.resolver.setHosts(SRV_HOST, 'a.example.com:27017');
  return harness;
}

/** A client that must read a file of TLS before it opens, and the ends of the readings, in order. */
function reading(options?: MongoClientOptions) {
  const readings: Deferred<Buffer>[] = [];
  const readFile = () => {
    const one = new Deferred<Buffer>();
    readings.push(one);
    return one.promise;
  };
  const harness = new ClientHarness({ tls: true, tlsCAFile: '/ca.pem', ...options }, { readFile });
  harness.answer = () => ({ ok: 1 });
  return { harness, readings };
}

/** A connected client whose close has begun, and waits for a server that does not answer `endSessions`. */
async function closing(options?: MongoClientOptions) {
  const harness = await ClientHarness.connected(options);
  harness.answer = ({ name }) => (name === 'endSessions' ? null : { ok: 1 });
  await ping(harness);
  const closed = harness.client.close();
  await quiet();
  assert.equal(harness.story().at(-1), 'endSessions');
  return { harness, closed };
}

/** Opens a cursor, if asked for, and a transaction. From then on the server answers nothing. */
async function occupy(harness: ClientHarness, cursor = false) {
  const orders = harness.client.db('shop').collection('orders');
  harness.answer = ({ name }) =>
    name === 'find'
      ? { ok: 1, cursor: { id: Long.fromNumber(5), ns: 'shop.orders', firstBatch: [{}, {}] } }
      : { ok: 1, n: 1 };
  if (cursor) await orders.find().next();
  const session = harness.client.startSession();
  session.startTransaction();
  await orders.insertOne({}, { session });
  harness.answer = () => null;
  harness.received.length = 0;
  return session;
}

/** A client with an open transaction and, if asked for, an open cursor. */
async function busy({ cursor, ...options }: MongoClientOptions & { cursor?: boolean } = {}) {
  const harness = new ClientHarness(options);
  return { harness, session: await occupy(harness, cursor) };
}

/** The same without a cursor, while a connect waits for a secondary, which is not there. */
async function connectingAndBusy(own: ConnectOptions = {}, options?: MongoClientOptions) {
  const harness = new ClientHarness(options);
  const failed = errorOf(harness.client.connect({ readPreference: SECONDARY, ...own }));
  const session = await occupy(harness);
  return { harness, session, failed };
}

/** The command of this name that waits for its reply. */
function unanswered({ server }: ClientHarness, name: string) {
  const command = server.peers.flatMap(peer => peer.commands).find(it => it.name === name);
  assert.ok(command, `${name} was not sent`);
  return command;
}

describe('a client that is opened', () => {
  it('a client that was not used has opened no connection and set no timer', async () => {
    await using harness = answering();

    await quiet();

    assert.equal(harness.server.peers.length, 0);
    assert.equal(harness.clock.pendingTimers, 0);
    assert.equal(harness.client.topologyDescription, null);
  });

  it('the first operation opens the client, and later operations use the same topology', async () => {
    await using harness = answering();
    const opened = openings(harness);

    await Promise.all([ping(harness), ping(harness)]);
    await ping(harness);

    assert.equal(opened.count, 1);
  });

  it('operations that start while the files of TLS are read share one reading', async () => {
    const { harness, readings } = reading();
    const opened = openings(harness);
    await using _ = harness;

    const work = [ping(harness), ping(harness), harness.client.connect()];
    await quiet();
    assert.equal(readings.length, 1);
    assert.equal(harness.server.peers.length, 0);
    readings[0]!.resolve(Buffer.from(CERTIFICATE));
    await Promise.all(work);

    assert.equal(opened.count, 1);
  });

  it('operations that start while DNS is asked share one lookup', async () => {
    await using harness = answering({}, SRV_URL);
    const opened = openings(harness);

    await Promise.all([ping(harness), ping(harness), harness.client.connect()]);

    assert.deepEqual(
      harness.resolver.asked.filter(question => question.startsWith('SRV')),
      [`SRV _mongodb._tcp.${SRV_HOST}`],
    );
    assert.equal(opened.count, 1);
  });

  it('the options that users see have the hosts of DNS once the client is open', async () => {
    await using harness = answering({}, SRV_URL);
    assert.deepEqual(harness.client.options.hosts.map(String), []);

    await harness.client.connect();

    assert.deepEqual(harness.client.options.hosts.map(String), ['a.example.com:27017']);
  });

  it('an operation whose deadline expires while the files of TLS are read does not end the others', async () => {
    const { harness, readings } = reading();
    await using _ = harness;

    const short = errorOf(ping(harness, { timeoutMS: 50 }), MongoOperationTimeoutError);
    const aborted = new AbortController();
    const reason = new Error('enough');
    const stopped = errorOf(ping(harness, { signal: aborted.signal }));
    const long = ping(harness, { timeoutMS: 500 });
    await harness.advance(50);
    aborted.abort(reason);

    assert.match((await short).message, /^Timed out while reading the files of TLS for command shop \(after 50\.0 ms/);
    assert.equal(await stopped, reason);
    readings[0]!.resolve(Buffer.from(CERTIFICATE));
    assert.deepEqual(await long, { ok: 1 });
  });

  it('without timeoutMS, serverSelectionTimeoutMS bounds the wait for the files of TLS', async () => {
    const { harness } = reading({ serverSelectionTimeoutMS: 70 });
    await using _ = harness;

    const failed = errorOf(ping(harness));
    await harness.advance(70);

    assert.match((await failed).message, /while reading the files of TLS/);
    assert.equal(harness.clock.pendingTimers, 0);
  });

  it('an operation whose deadline expires while DNS is asked does not end the others', async () => {
    await using harness = answering({}, SRV_URL);
    harness.resolver.silent = true;

    const short = errorOf(ping(harness, { timeoutMS: 50 }), MongoOperationTimeoutError);
    const long = errorOf(ping(harness, { timeoutMS: 500 }), MongoOperationTimeoutError);
    const late = watched(long);
    await harness.advance(50);
    assert.match((await short).message, /while waiting for the SRV record of _mongodb\._tcp\.cluster\.example\.com/);
    await harness.advance(449);
    assert.equal(late.done, false);
    await harness.advance(1);

    await long;
  });

  it('after a file of TLS could not be read, the next operation reads it again and opens the client', async () => {
    const { harness, readings } = reading();
    await using _ = harness;
    const failed = [errorOf(ping(harness), MongoInvalidArgumentError), errorOf(ping(harness))];
    await quiet();
    readings[0]!.reject(new Error('the disk is away'));

    for (const error of await Promise.all(failed)) assert.match(error.message, /tlsCAFile .*the disk is away/);
    assert.equal(harness.server.peers.length, 0);
    const later = ping(harness);
    await quiet();
    readings[1]!.resolve(Buffer.from(CERTIFICATE));

    assert.deepEqual(await later, { ok: 1 });
  });

  it('after a lookup by DNS failed, the next operation asks again and opens the client', async () => {
    await using harness = answering({}, SRV_URL);
    harness.resolver.srv.set(`_mongodb._tcp.${SRV_HOST}`, ['ENOTFOUND', [{ name: 'a.example.com', port: 27_017 }]]);

    await errorOf(ping(harness), MongoNetworkError);

    assert.deepEqual(await ping(harness), { ok: 1, n: 1 });
  });

  it('a listener that closes the client while the topology opens leaves nothing running', async () => {
    const harness = answering({}, SRV_URL);
    let closed: Promise<void> | undefined;
    harness.client.on('topologyOpening', () => {
      closed = harness.client.close();
    });

    await errorOf(ping(harness), MongoClientClosedError);
    await closed;

    assert.equal(harness.clock.pendingTimers, 0);
    const { length } = harness.resolver.asked;
    await harness.advance(600_000);
    assert.equal(harness.resolver.asked.length, length);
  });

  it('the records of an SRV connection string are read again while the client is open, and not after close', async () => {
    const harness = answering({}, SRV_URL);
    harness.server.hello = () => ({ ok: 1, msg: 'isdbgrid', isWritablePrimary: true, maxWireVersion: 25 });
    const asked = () => harness.resolver.asked.filter(question => question.startsWith('SRV')).length;
    await harness.client.connect();

    await harness.advance(60_000);
    assert.equal(asked(), 2);
    await harness.client.close();
    await harness.advance(600_000);

    assert.equal(asked(), 2);
    assert.equal(harness.clock.pendingTimers, 0);
  });
});

describe('a client that is closed while it opens', () => {
  for (const [what, url, options] of [
    ['the files of TLS are read', undefined, { tls: true, tlsCAFile: '/ca.pem' }],
    ['DNS is asked', SRV_URL, {}],
  ] as const) {
    it(`close while ${what} rejects all that wait at once, and leaves no timer`, async () => {
      const readFile = () => new Promise<Buffer>(() => undefined);
      const harness = new ClientHarness(options, { readFile, ...(url !== undefined && { url }) });
      harness.resolver.silent = true;
      const waiting = [
        errorOf(ping(harness), MongoClientClosedError),
        errorOf(ping(harness, { timeoutMS: 500 }), MongoClientClosedError),
        errorOf(harness.client.connect(), MongoClientClosedError),
      ];
      const seen = announcements(harness);
      await quiet();

      await harness.client.close();
      await Promise.all(waiting);

      assert.equal(harness.clock.pendingTimers, 0);
      assert.equal(harness.server.peers.length, 0);
      await errorOf(ping(harness), MongoNotConnectedError);
      assert.deepEqual(seen, []);
    });
  }

  for (const name of [
    'serverSelectionStarted',
    'serverSelectionSucceeded',
    'connectionCheckOutStarted',
    'connectionCheckedOut',
  ] as const) {
    it(`connect says that the client was closed, if a listener of ${name} closes it`, async () => {
      await using harness = new ClientHarness();
      harness.client.once(name, () => void harness.client.close());

      const failed = errorOf(harness.client.connect(), MongoClientClosedError);
      await harness.advance(0);

      const error = await failed;
      assert.ok(error.operationId !== undefined);
      assert.equal(harness.client.topologyDescription, null);
    });
  }

  it('a client that was closed while it opened can be connected again', async () => {
    const { harness, readings } = reading();
    await using _ = harness;
    const waiting = errorOf(ping(harness), MongoClientClosedError);
    await quiet();
    await harness.client.close();
    await waiting;

    const connected = harness.client.connect();
    await quiet();
    // The reading of the opening that was closed has no effect.
    readings[0]!.resolve(Buffer.from(CERTIFICATE));
    await quiet();
    assert.equal(harness.server.peers.length, 0);
    readings[1]!.resolve(Buffer.from(CERTIFICATE));
    await connected;

    assert.deepEqual(await ping(harness), { ok: 1 });
  });

  it('close while the files of TLS are read asks DNS for nothing any more', async () => {
    const readFile = () => new Promise<Buffer>(() => undefined);
    const harness = new ClientHarness({ tlsCAFile: '/ca.pem' }, { readFile, url: SRV_URL });
    const waiting = errorOf(ping(harness), MongoClientClosedError);
    await quiet();

    await harness.client.close();
    await waiting;

    assert.deepEqual(harness.resolver.asked, []);
  });

  it('a client that srvHostValidator closes connects to nothing', async () => {
    let closed: Promise<void> | undefined;
    const harness: ClientHarness = answering(
      {
        srvHostValidator: () => {
          closed = harness.client.close();
          return true;
        },
      },
      SRV_URL,
    );

    await errorOf(ping(harness), MongoClientClosedError);
    await closed;

    assert.equal(harness.server.peers.length, 0);
    assert.equal(harness.client.topologyDescription, null);
    assert.equal(harness.clock.pendingTimers, 0);
  });

  it('an operation is refused while the client closes, and after', async () => {
    const { harness, closed } = await closing();

    const early = await errorOf(ping(harness), MongoNotConnectedError);
    await harness.advance(1000);
    await closed;

    assert.equal(early.message, 'Client must be connected before running operations');
    await errorOf(ping(harness), MongoNotConnectedError);
    await errorOf(harness.client.db('shop').collection('a').find().next(), MongoNotConnectedError);
    assert.equal(harness.clock.pendingTimers, 0);
  });

  it('a client that was closed before its first use refuses operations', async () => {
    const harness = answering();
    const seen = announcements(harness);

    await harness.client.close();

    await errorOf(ping(harness), MongoNotConnectedError);
    assert.equal(harness.server.peers.length, 0);
    assert.deepEqual(seen, []);
  });
});

describe('connect', () => {
  it('connect on a closed client opens it anew', async () => {
    await using harness = answering();
    const opened = openings(harness);
    const seen = announcements(harness);
    await ping(harness);
    await harness.client.close();

    await harness.client.connect();

    assert.deepEqual(await ping(harness), { ok: 1, n: 1 });
    assert.equal(opened.count, 2);
    assert.deepEqual(seen, ['open', 'close', 'open']);
  });

  it('connect during close waits for the close, and connects then', async () => {
    const { harness, closed } = await closing();
    await using _ = harness;
    const seen = announcements(harness);

    const connected = harness.client.connect().then(() => seen.push('connected'));
    await harness.advance(999);
    assert.deepEqual(seen, []);
    await harness.advance(1);
    await closed;
    await connected;

    assert.deepEqual(seen, ['close', 'open', 'connected']);
    assert.deepEqual(await ping(harness), { ok: 1 });
  });

  it('connects that wait for a close open the client once', async () => {
    const { harness, closed } = await closing();
    await using _ = harness;
    const opened = openings(harness);

    const connected = [harness.client.connect(), harness.client.connect()];
    await harness.advance(1000);
    await closed;
    await Promise.all(connected);

    assert.equal(opened.count, 1);
  });

  it('connect whose deadline expires during close fails alone: the client is closed', async () => {
    const { harness, closed } = await closing();
    const reason = new Error('enough');

    const failed = errorOf(harness.client.connect({ timeoutMS: 300 }), MongoOperationTimeoutError);
    const aborted = new AbortController();
    const stopped = errorOf(harness.client.connect({ signal: aborted.signal }));
    aborted.abort(reason);
    assert.equal(await stopped, reason);
    await harness.advance(300);
    assert.match(
      (await failed).message,
      /^Timed out while waiting for an earlier close of the client \(after 300\.0 ms/,
    );
    await harness.advance(700);
    await closed;

    await errorOf(ping(harness), MongoNotConnectedError);
    assert.equal(harness.clock.pendingTimers, 0);
  });

  it('connect that fails closes the client before it rejects, and emits no event open', async () => {
    const harness = answering({ serverSelectionTimeoutMS: 80 });
    harness.server.hello = () => null;
    const seen = announcements(harness);

    const failed = errorOf(harness.client.connect(), MongoServerSelectionError);
    await harness.advance(80);
    await failed;

    assert.equal(harness.client.topologyDescription, null);
    assert.equal(harness.clock.pendingTimers, 0);
    assert.deepEqual(harness.server.openPeers, []);
    assert.deepEqual(seen, ['close']);
  });

  it('connect that fails closes the client also if an earlier connect succeeded', async () => {
    const harness = answering({ serverSelectionTimeoutMS: 80 });
    await harness.client.connect();
    await harness.client.close();
    harness.server.hello = () => null;

    const failed = errorOf(harness.client.connect(), MongoServerSelectionError);
    await harness.advance(80);
    await failed;

    assert.equal(harness.client.topologyDescription, null);
  });

  it('an operation opens the client anew after connect has failed', async () => {
    await using harness = answering({ serverSelectionTimeoutMS: 80 });
    const { hello } = harness.server;
    harness.server.hello = () => null;
    const failed = errorOf(harness.client.connect(), MongoServerSelectionError);
    await harness.advance(80);
    await failed;

    harness.server.hello = hello;

    assert.deepEqual(await ping(harness), { ok: 1, n: 1 });
  });

  it('connect that fails does not close the client while another connect runs', async () => {
    await using harness = answering();
    const { hello } = harness.server;
    harness.server.hello = () => null;
    const seen = announcements(harness);

    const short = errorOf(harness.client.connect({ timeoutMS: 80 }), MongoOperationTimeoutError);
    const long = harness.client.connect({ timeoutMS: 60_000 });
    await harness.advance(80);
    await short;
    assert.notEqual(harness.client.topologyDescription, null);
    harness.server.hello = hello;
    const check = unanswered(harness, 'ismaster');
    check.reply(hello(check) ?? {});
    await long;

    assert.deepEqual(seen, ['open']);
  });

  it('the last of several connects that fail closes the client', async () => {
    const harness = answering();
    harness.server.hello = () => null;

    const failed = [80, 120].map(timeoutMS => errorOf(harness.client.connect({ timeoutMS })));
    await harness.advance(80);
    await failed[0];
    assert.notEqual(harness.client.topologyDescription, null);
    await harness.advance(40);
    await failed[1];

    assert.equal(harness.client.topologyDescription, null);
    assert.equal(harness.clock.pendingTimers, 0);
  });

  it('connect that fails does not close a client that another connect has connected', async () => {
    await using harness = answering();
    const seen = announcements(harness);
    const controller = new AbortController();
    const failed = errorOf(harness.client.connect({ readPreference: SECONDARY, signal: controller.signal }));
    await harness.client.connect();

    controller.abort(new Error('enough'));
    assert.match((await failed).message, /enough/);

    assert.deepEqual(await ping(harness), { ok: 1, n: 1 });
    assert.deepEqual(seen, ['open']);
  });

  it('connect that the program interrupts by close rejects at once, and the client stays closed', async () => {
    const { harness, session, failed } = await connectingAndBusy();

    const closed = watched(harness.client.close());
    assert.ok((await failed) instanceof MongoClientClosedError);
    assert.equal(closed.done, false);
    await harness.advance(5000);

    assert.equal(closed.done, true);
    assert.equal(session.hasEnded, true);
    await errorOf(ping(harness), MongoNotConnectedError);
    assert.equal(harness.clock.pendingTimers, 0);
  });

  it('a close by the program during the close after a failed connect leaves the client closed', async () => {
    const { harness, failed } = await connectingAndBusy({ timeoutMS: 80 });
    const ended = watched(failed);
    await harness.advance(80);
    assert.equal(ended.done, false);

    const closed = harness.client.close();
    await harness.advance(5000);
    await closed;

    assert.ok((await failed) instanceof MongoOperationTimeoutError);
    await errorOf(ping(harness), MongoNotConnectedError);
  });

  for (const [what, own, options, limit] of [
    ['5 seconds', {}, {}, 5000],
    ['timeoutMS of the client', { timeoutMS: 20 }, { timeoutMS: 300 }, 300],
    ['timeoutMS of connect if the client has none', { timeoutMS: 80 }, {}, 80],
  ] as const) {
    it(`the close after a failed connect takes ${what} at most, and then an operation opens the client anew`, async () => {
      const { harness, ...connecting } = await connectingAndBusy(own, { serverSelectionTimeoutMS: 100, ...options });
      await using _ = harness;
      const seen = announcements(harness);
      const failed = watched(connecting.failed);
      await harness.advance('timeoutMS' in own ? own.timeoutMS : 100);
      await errorOf(ping(harness), MongoNotConnectedError);
      await harness.advance(limit - 1);
      assert.equal(failed.done, false);
      await harness.advance(1);
      assert.equal(failed.done, true);
      assert.equal(harness.clock.pendingTimers, 0);

      harness.answer = () => ({ ok: 1 });

      assert.deepEqual(await ping(harness), { ok: 1 });
      assert.deepEqual(seen, ['close', 'open']);
    });
  }

  it('close during the close after a failed connect has the time of the client, and not that of connect', async () => {
    const { harness, failed } = await connectingAndBusy({ timeoutMS: 80 });
    await harness.advance(80);
    const closed = watched(harness.client.close());

    await harness.advance(4999);
    assert.equal(closed.done, false);
    await harness.advance(1);

    assert.equal(closed.done, true);
    assert.ok((await failed) instanceof MongoOperationTimeoutError);
  });

  it('connect on a connected client asks for nothing, not even for a server that suits', async () => {
    await using harness = await ClientHarness.connected();
    const { length } = harness.server.peers;

    await harness.client.connect({ readPreference: SECONDARY });

    assert.equal(harness.server.peers.length, length);
    assert.deepEqual(harness.story(), []);
  });

  it('connect makes a connection ready for operations, unless __skipPingOnConnect says not to', async () => {
    for (const [__skipPingOnConnect, idle] of [
      [false, 1],
      [true, 0],
    ] as const) {
      await using harness = await ClientHarness.connected({ __skipPingOnConnect });

      assert.equal(harness.client.poolStats()[0]?.idle, idle);
    }
  });
});

describe('the events open and close of a client', () => {
  /** The events of these names that a client emits. */
  function sequence({ client }: ClientHarness): string[] {
    const names: string[] = [];
    for (const name of ['connectionReady', 'connectionCheckedIn', 'commandStarted', 'open', 'close'] as const) {
      client.on(name, () => names.push(name));
    }
    return names;
  }

  it('an operation emits open with the first connection that is ready, before its command is sent', async () => {
    await using harness = answering({ monitorCommands: true });
    const names = sequence(harness);

    await ping(harness);
    await ping(harness);

    assert.deepEqual(names, [
      ...['connectionReady', 'open', 'commandStarted', 'connectionCheckedIn'],
      ...['commandStarted', 'connectionCheckedIn'],
    ]);
  });

  it('connect emits open when it has succeeded, and later operations emit none', async () => {
    await using harness = answering({ monitorCommands: true });
    const names = sequence(harness);

    await Promise.all([harness.client.connect(), harness.client.connect()]);
    await ping(harness);

    assert.equal(names.filter(name => name === 'open').length, 1);
    assert.ok(names.indexOf('open') > names.indexOf('connectionCheckedIn'));
  });

  it('while connect waits, the connection of an operation does not emit open', async () => {
    await using harness = answering();
    const seen = announcements(harness);
    const failed = errorOf(harness.client.connect({ readPreference: SECONDARY, timeoutMS: 50 }));

    await ping(harness);
    assert.deepEqual(seen, []);
    await harness.advance(50);
    await failed;

    assert.deepEqual(seen, ['close']);
  });

  it('overlapping closes share the first one, and emit close once; a later close emits none', async () => {
    const { harness, closed } = await closing();
    const seen = announcements(harness);

    const other = watched(harness.client.close({ timeoutMS: 2000 }));
    await harness.advance(999);
    assert.equal(other.done, false);
    await harness.advance(1);
    await closed;
    assert.equal(other.done, true);
    await harness.client.close();

    assert.deepEqual(seen, ['close']);
    assert.equal(harness.story().filter(name => name === 'endSessions').length, 1);
  });

  it('a close that overlaps an earlier one and has less time ends both when its time is over', async () => {
    const { harness } = await busy();
    const first = watched(harness.client.close());
    const other = watched(harness.client.close({ timeoutMS: 50 }));

    await harness.advance(49);
    assert.deepEqual([first.done, other.done], [false, false]);
    await harness.advance(1);

    assert.deepEqual([first.done, other.done], [true, true]);
    assert.equal(harness.clock.pendingTimers, 0);
    assert.deepEqual(harness.server.openPeers, []);
  });

  it('an aborted close that overlaps an earlier one ends both', async () => {
    const { harness } = await busy();
    const controller = new AbortController();
    const reason = new Error('enough');
    const first = watched(harness.client.close());
    const other = errorOf(harness.client.close({ signal: controller.signal }));
    await quiet();

    controller.abort(reason);

    assert.equal(await other, reason);
    assert.equal(first.done, true);
  });

  it('close by a listener that the close itself calls waits for that close', async () => {
    const { harness } = await busy({ maxPoolSize: 1 });
    // The second one waits for the connection that the first one has.
    const interrupted = [ping(harness), ping(harness)].map(work => errorOf(work, MongoClientClosedError));
    await quiet();
    let inner: { done: boolean } | undefined;
    harness.client.on('connectionCheckOutFailed', () => {
      inner ??= watched(harness.client.close());
    });

    const closed = harness.client.close();
    assert.notEqual(inner, undefined);
    await Promise.all(interrupted);
    await harness.advance(4999);
    assert.deepEqual(inner, { done: false });
    await harness.advance(1);
    await closed;

    assert.deepEqual(inner, { done: true });
  });
});

describe('what a client that closes sends', () => {
  it('close kills cursors and aborts transactions at once, and ends the sessions after both', async () => {
    const { harness, session } = await busy({ cursor: true });

    const closed = harness.client.close();
    await quiet();
    assert.deepEqual(harness.story(), ['killCursors', 'abortTransaction']);
    unanswered(harness, 'abortTransaction').reply({ ok: 1 });
    await quiet();
    assert.deepEqual(harness.story(), ['killCursors', 'abortTransaction']);
    unanswered(harness, 'killCursors').reply({ ok: 1 });
    await quiet();
    assert.deepEqual(harness.story(), ['killCursors', 'abortTransaction', 'endSessions']);
    const { endSessions } = unanswered(harness, 'endSessions').body as { endSessions: unknown[] };
    unanswered(harness, 'endSessions').reply({ ok: 1 });
    await closed;

    assert.equal(endSessions.length, 2);
    assert.equal(session.hasEnded, true);
    assert.equal(harness.clock.pendingTimers, 0);
    assert.deepEqual(harness.server.openPeers, []);
  });

  it('close sends nothing if nothing is open and no session was used', async () => {
    const harness = await ClientHarness.connected();

    await harness.client.close();

    assert.deepEqual(harness.story(), []);
    assert.equal(harness.clock.pendingTimers, 0);
  });

  it('close rejects operations that run at once, before servers have answered', async () => {
    const { harness } = await busy();
    const running = errorOf(ping(harness), MongoClientClosedError);
    await quiet();

    const closed = watched(harness.client.close());
    await running;

    assert.equal(closed.done, false);
    await harness.advance(5000);
  });

  it('close ends sessions that never sent anything, and they are unusable from then on', async () => {
    const harness = answering();
    const session = harness.client.startSession();
    let ended = 0;
    session.on('ended', () => ended++);

    await harness.client.close();

    assert.equal(ended, 1);
    assert.equal(session.hasEnded, true);
    assert.throws(() => session.startTransaction(), MongoClientClosedError);
    await session.endSession();
    assert.equal(ended, 1);
  });

  it('a session that was ended before close is not ended again', async () => {
    const { harness, session } = await busy();
    harness.answer = () => ({ ok: 1 });
    await session.endSession();
    harness.received.length = 0;

    await harness.client.close();

    assert.deepEqual(harness.story(), ['endSessions']);
    assert.throws(() => session.startTransaction(), MongoExpiredSessionError);
  });

  for (const [what, options, own, limit] of [
    ['5 seconds by default', {}, undefined, 5000],
    ['5 seconds if timeoutMS of the client is longer', { timeoutMS: 20_000 }, undefined, 5000],
    ['timeoutMS of the client', { timeoutMS: 300 }, undefined, 300],
    ['its own timeoutMS', { timeoutMS: 300 }, { timeoutMS: 7000 }, 7000],
  ] as const) {
    it(`close waits for a silent server that has an open transaction for ${what}`, async () => {
      const { harness, session } = await busy({ ...options, cursor: true });

      const closed = watched(harness.client.close(own));
      await harness.advance(limit - 1);
      assert.equal(closed.done, false);
      await harness.advance(1);

      assert.equal(closed.done, true);
      assert.equal(session.hasEnded, true);
      assert.equal(harness.clock.pendingTimers, 0);
      assert.deepEqual(harness.server.openPeers, []);
    });
  }

  for (const [how, end] of [
    ['endSession', session => session.endSession()],
    ['abortTransaction', session => session.abortTransaction()],
  ] satisfies readonly (readonly [string, (session: ClientSession) => Promise<void>])[]) {
    it(`close right after ${how}, which has sent nothing, aborts the transaction within the time of close`, async () => {
      const { harness, session } = await busy();

      const ending = end(session);
      const closed = watched(harness.client.close({ timeoutMS: 100 }));
      await ending;
      await quiet();
      assert.deepEqual(harness.story(), ['abortTransaction']);
      assert.equal(closed.done, false);
      await harness.advance(100);

      assert.equal(closed.done, true);
      assert.equal(session.hasEnded, true);
      assert.equal(harness.clock.pendingTimers, 0);
    });
  }

  it('close with timeoutMS 0 waits for the abort of a transaction without limit', async () => {
    const { harness } = await busy();

    const closed = watched(harness.client.close({ timeoutMS: 0 }));
    await harness.advance(3_600_000);
    assert.equal(closed.done, false);
    unanswered(harness, 'abortTransaction').reply({ ok: 1 });
    await quiet();
    unanswered(harness, 'endSessions').reply({ ok: 1 });
    await quiet();

    assert.equal(closed.done, true);
    assert.equal(harness.clock.pendingTimers, 0);
  });

  for (const [what, own, limit] of [
    ['1 second', undefined, 1000],
    ['1 second though its timeoutMS is longer', { timeoutMS: 9000 }, 1000],
    ['1 second though its timeoutMS is 0', { timeoutMS: 0 }, 1000],
    ['its timeoutMS', { timeoutMS: 200 }, 200],
  ] as const) {
    it(`close waits for a silent server that has no open transaction for ${what}`, async () => {
      const { harness, session } = await busy({ cursor: true });
      harness.answer = () => ({ ok: 1 });
      await session.abortTransaction();
      harness.answer = () => null;

      const closed = watched(harness.client.close(own));
      await harness.advance(limit - 1);
      assert.equal(closed.done, false);
      await harness.advance(1);

      assert.equal(closed.done, true);
      assert.equal(harness.clock.pendingTimers, 0);
    });
  }

  for (const [abortedAt, limit] of [
    [3000, 4000],
    [4500, 5000],
  ] as const) {
    it(`after a transaction was aborted in ${abortedAt} ms, a silent server ends the close after ${limit} ms`, async () => {
      const { harness } = await busy();

      const closed = watched(harness.client.close());
      await harness.advance(abortedAt);
      unanswered(harness, 'abortTransaction').reply({ ok: 1 });
      await quiet();
      assert.equal(harness.story().at(-1), 'endSessions');
      await harness.advance(limit - abortedAt - 1);
      assert.equal(closed.done, false);
      await harness.advance(1);

      assert.equal(closed.done, true);
    });
  }

  it('close refuses a wrong timeoutMS and leaves the client open', async () => {
    await using harness = answering();
    await ping(harness);

    await errorOf(harness.client.close({ timeoutMS: -1 }), MongoInvalidArgumentError);

    assert.deepEqual(await ping(harness), { ok: 1, n: 1 });
  });
});
