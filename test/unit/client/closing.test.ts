import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  MongoClientClosedError,
  MongoExpiredSessionError,
  MongoInvalidArgumentError,
  MongoNotConnectedError,
} from '../../../src/errors/driver.js';
import type { ClientSession } from '../../../src/sessions/client_session.js';
import { ClientHarness } from '../../support/client_harness.js';
import { errorOf } from '../../support/engine_harness.js';
import { quiet } from '../../support/scripted_server.js';
import {
  announcements,
  answering,
  busy,
  CERTIFICATE,
  closing,
  ping,
  reading,
  SRV_URL,
  unanswered,
  watched,
} from './lifecycle_support.js';

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

describe('several closes of a client', () => {
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
