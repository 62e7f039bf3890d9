import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  MongoClientClosedError,
  MongoInvalidArgumentError,
  MongoNotConnectedError,
} from '../../../src/errors/driver.js';
import { MongoNetworkError } from '../../../src/errors/network.js';
import { MongoOperationTimeoutError } from '../../../src/errors/timeout.js';
import { MongoServerSelectionError } from '../../../src/sdam/errors.js';
import { ClientHarness } from '../../support/client_harness.js';
import { errorOf } from '../../support/engine_harness.js';
import { quiet } from '../../support/scripted_server.js';
import {
  announcements,
  answering,
  CERTIFICATE,
  closing,
  connectingAndBusy,
  openings,
  ping,
  reading,
  SECONDARY,
  SRV_HOST,
  SRV_URL,
  unanswered,
  watched,
} from './lifecycle_support.js';

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

describe('the event open of a client', () => {
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
});
