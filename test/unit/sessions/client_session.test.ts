import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Document, serialize, Timestamp } from '../../../src/bson/index.js';
import {
  MongoClientClosedError,
  MongoCompatibilityError,
  MongoExpiredSessionError,
  MongoInvalidArgumentError,
  MongoRuntimeError,
  MongoTransactionError,
} from '../../../src/errors/driver.js';
import { MongoOperationTimeoutError } from '../../../src/errors/timeout.js';
import type { ClientSession } from '../../../src/sessions/client_session.js';
import type { ClientSessionOptions } from '../../../src/sessions/session_options.js';
import type { SessionPin } from '../../../src/sessions/session_state.js';
import type { MongoClientOptions } from '../../../src/uri/client_options.js';
import { ClientHarness } from '../../support/client_harness.js';
import { errorOf } from '../../support/engine_harness.js';
import { quiet } from '../../support/scripted_server.js';

const at = (t: number) => new Timestamp({ t, i: 1 });

/** A session of a client that has connected nothing. */
function unconnected(options?: ClientSessionOptions, client?: MongoClientOptions) {
  const harness = new ClientHarness(client);
  return { harness, session: harness.client.startSession(options) };
}

/** A session with a transaction that has written, on a server that answers as the test says from now on. */
async function inTransaction(options?: ClientSessionOptions, client?: MongoClientOptions) {
  const harness = await ClientHarness.connected(client);
  harness.answer = () => ({ ok: 1, n: 1 });
  const session = harness.client.startSession(options);
  let ended = 0;
  session.on('ended', given => {
    assert.equal(given, session);
    ended++;
  });
  session.startTransaction();
  await harness.client.db('shop').collection('orders').insertOne({}, { session });
  harness.received.length = 0;
  return {
    harness,
    session,
    ended: () => ended,
    [Symbol.asyncDispose]: () => harness[Symbol.asyncDispose](),
  };
}

const failure = (code = 8000): Document => ({ ok: 0, code, errmsg: 'no' });

describe('ClientSession: what it shows', () => {
  it('a session shows its options', () => {
    const defaultTransactionOptions = { maxCommitTimeMS: 70 };
    const { harness, session } = unconnected({ defaultTimeoutMS: 300, defaultTransactionOptions });

    assert.equal(session.explicit, true);
    assert.deepEqual(session.supports, { causalConsistency: true });
    assert.equal(session.snapshotEnabled, false);
    assert.equal(session.timeoutMS, 300);
    assert.deepEqual(session.defaultTransactionOptions, defaultTransactionOptions);
    assert.notEqual(session.defaultTransactionOptions, defaultTransactionOptions);
    assert.equal(session.clientOptions, harness.client.options);
    assert.equal(session.loadBalanced, false);
    assert.equal(session.isPinned, false);
    assert.equal(session.hasEnded, false);
  });

  it('a snapshot session is not causal, and shows the moment that it reads', () => {
    const { session } = unconnected({ snapshot: true, snapshotTime: at(5) });

    assert.equal(session.snapshotEnabled, true);
    assert.deepEqual(session.supports, { causalConsistency: false });
    assert.deepEqual(session.snapshotTime, at(5));
  });

  it('a session of a client with a load balancer says so', () => {
    assert.equal(unconnected({}, { loadBalanced: true }).session.loadBalanced, true);
  });

  it('a session takes its id when it is asked for, and shows it after its end', async () => {
    const { session } = unconnected();

    const { id } = session;
    await session.endSession();

    assert.equal(session.id, id);
    assert.equal(session.serverSession.id, id);
  });

  it('a session that ended before it had an id has none', async () => {
    const { session } = unconnected();
    await session.endSession();

    assert.throws(() => session.id, MongoExpiredSessionError);
  });

  it('a server session that was given back is used by the next session', async () => {
    const harness = await ClientHarness.connected();
    await using _ = harness;
    const first = harness.client.startSession();
    const { serverSession } = first;
    await first.endSession();

    assert.equal(harness.client.startSession().serverSession, serverSession);
  });

  it('a session is pinned while its state has a pin', () => {
    const { session } = unconnected();

    session.state.pin = { connection: null } as SessionPin;

    assert.equal(session.isPinned, true);
  });

  it('sessions are equal if a server knows them by the same id', () => {
    const { harness, session } = unconnected();
    const other = harness.client.startSession();
    const same = harness.client.startSession();
    const { id } = session.serverSession;
    Object.defineProperty(same.serverSession, 'id', { value: { id: id.id } });

    assert.equal(session.equals(session), true);
    assert.equal(session.equals(same), true);
    assert.equal(session.equals(other), false);
    for (const nothing of [null, undefined, {}, session.id]) assert.equal(session.equals(nothing as never), false);
  });

  it('a session cannot be serialized', () => {
    const { session } = unconnected();

    assert.throws(() => serialize({ session }), MongoRuntimeError);
  });
});

describe('ClientSession: times of other sessions', () => {
  it('the operation time is advanced, and never back', () => {
    const { session } = unconnected();
    assert.equal(session.operationTime, undefined);

    session.advanceOperationTime(at(5));
    session.advanceOperationTime(at(4));

    assert.deepEqual(session.operationTime, at(5));
  });

  for (const given of [undefined, null, 5, {}, { t: 5, i: 1 }, { _bsontype: 'Long' }]) {
    it(`the operation time ${JSON.stringify(given)} is refused`, () => {
      const { session } = unconnected();

      assert.throws(() => session.advanceOperationTime(given as never), {
        name: 'MongoInvalidArgumentError',
        message: 'Argument "operationTime" must be a BSON Timestamp',
      });
      assert.equal(session.operationTime, undefined);
    });
  }

  it('the cluster time is advanced, and a wrong one is refused', () => {
    const { session } = unconnected();
    assert.equal(session.clusterTime, undefined);

    session.advanceClusterTime({ clusterTime: at(5) });
    assert.throws(() => session.advanceClusterTime({} as never), MongoInvalidArgumentError);

    assert.deepEqual(session.clusterTime, { clusterTime: at(5) });
  });
});

describe('ClientSession: transactions', () => {
  it('startTransaction takes a number, lets go of the pin, and sends nothing', () => {
    const { harness, session } = unconnected();
    session.state.pin = { connection: null } as SessionPin;

    session.startTransaction();

    assert.equal(session.inTransaction(), true);
    assert.equal(session.isPinned, false);
    assert.equal(session.serverSession.txnNumber, 1);
    assert.equal(harness.server.peers.length, 0);
  });

  it('startTransaction is refused in a transaction, which keeps its number', () => {
    const { session } = unconnected();
    session.startTransaction();

    assert.throws(() => session.startTransaction(), MongoTransactionError);

    assert.equal(session.serverSession.txnNumber, 1);
  });

  it('startTransaction is refused in a snapshot session and in one that has ended', async () => {
    const [snapshot, ended] = [unconnected({ snapshot: true }).session, unconnected().session];
    await ended.endSession();

    assert.throws(() => snapshot.startTransaction(), MongoCompatibilityError);
    assert.throws(() => ended.startTransaction(), MongoExpiredSessionError);
    assert.equal(snapshot.inTransaction(), false);
  });

  it('a transaction has its own options, those of the session, and those of the client', () => {
    const { session } = unconnected(
      { defaultTransactionOptions: { readConcern: 'majority', maxCommitTimeMS: 70 } },
      { readConcernLevel: 'local', writeConcern: { w: 2 } },
    );

    session.startTransaction({ maxCommitTimeMS: 5 });

    const { readConcern, writeConcern, maxCommitTimeMS } = session.state.transaction.settings;
    assert.deepEqual([readConcern?.level, writeConcern?.w, maxCommitTimeMS], ['majority', 2, 5]);
  });

  for (const end of ['commitTransaction', 'abortTransaction'] as const) {
    it(`${end} is sent once the transaction has sent a command`, async () => {
      await using setup = await inTransaction();
      const { harness, session } = setup;

      await session[end]();

      assert.deepEqual(harness.story(), [end]);
      assert.equal(session.inTransaction(), false);
    });

    it(`${end} of a transaction that has sent nothing sends nothing`, async () => {
      const { harness, session } = unconnected();
      session.startTransaction();

      await session[end]();

      assert.equal(harness.server.peers.length, 0);
      assert.equal(session.inTransaction(), false);
    });

    it(`${end} without a transaction is refused`, async () => {
      const { session } = unconnected();

      assert.equal((await errorOf(session[end](), MongoTransactionError)).message, 'No transaction started');
    });

    it(`${end} in a session that has ended is refused`, async () => {
      const { session } = unconnected();
      await session.endSession();

      await errorOf(session[end](), MongoExpiredSessionError);
    });

    it(`${end} has its own timeoutMS, else that of the session, else that of the client`, async () => {
      const times: number[] = [];
      for (const [own, ofSession] of [
        [{ timeoutMS: 100 }, { defaultTimeoutMS: 200 }],
        [{}, { defaultTimeoutMS: 200 }],
        [undefined, {}],
      ] as const) {
        await using setup = await inTransaction(ofSession, { timeoutMS: 300 });
        await setup.session[end](own);
        times.push(Number(setup.harness.received[0]?.body['maxTimeMS']));
      }

      assert.deepEqual(times, [100, 200, 300]);
    });
  }

  it('commitTransaction that fails may be called again, and then asks for a majority', async () => {
    await using setup = await inTransaction();
    const { harness, session } = setup;
    harness.answer = () => failure();

    assert.equal((await errorOf(session.commitTransaction())).message, 'no');
    harness.answer = () => ({ ok: 1 });
    await session.commitTransaction();

    assert.deepEqual(harness.received[1]?.body['writeConcern'], { wtimeout: 10_000, w: 'majority' });
  });

  it('abortTransaction swallows what the server says, and lets go of the pin', async () => {
    await using setup = await inTransaction();
    const { harness, session } = setup;
    harness.answer = () => failure();

    await session.abortTransaction();

    assert.equal(session.inTransaction(), false);
    assert.equal(session.isPinned, false);
  });

  it('abortTransaction of a transaction that has sent nothing lets go of the pin', async () => {
    const { session } = unconnected();
    session.startTransaction();
    session.state.pin = { connection: null } as SessionPin;

    await session.abortTransaction();

    assert.equal(session.isPinned, false);
  });

  it('abortTransaction that the server does not answer ends with timeoutMS, without an error', async () => {
    await using setup = await inTransaction();
    const { harness, session } = setup;
    harness.answer = () => null;

    const aborted = session.abortTransaction({ timeoutMS: 100 });
    await harness.advance(100);
    await aborted;
  });
});

describe('ClientSession: its end', () => {
  const ends: Readonly<Record<string, (session: ClientSession) => Promise<unknown>>> = {
    endSession: session => session.endSession(),
    'await using': session => session[Symbol.asyncDispose](),
  };
  for (const [name, end] of Object.entries(ends)) {
    it(`${name} aborts an open transaction, gives the server session back and emits ended, once`, async () => {
      await using setup = await inTransaction();
      const { harness, session } = setup;

      await end(session);
      await end(session);

      assert.deepEqual(harness.story(), ['abortTransaction']);
      assert.equal(session.hasEnded, true);
      assert.equal(setup.ended(), 1);
      assert.equal(harness.client.startSession().serverSession, session.serverSession);
    });
  }

  for (const [what, end] of Object.entries<(harness: ClientHarness, session: ClientSession) => Promise<void>>({
    'endSession is called again': (_, session) => session.endSession(),
    'the client closes': ({ client }) => client.close(),
  })) {
    it(`a session emits ended once if ${what} while endSession waits for the abort`, async () => {
      await using setup = await inTransaction();
      const { harness, session } = setup;
      harness.answer = ({ name }) => (name === 'abortTransaction' ? null : { ok: 1 });

      const both = [session.endSession()];
      await quiet();
      both.push(end(harness, session));
      await harness.advance(5000);
      harness.server.peers.flatMap(peer => peer.commands)[0]?.reply();
      await Promise.all(both);

      assert.equal(setup.ended(), 1);
      assert.deepEqual(
        harness.story().filter(name => name === 'abortTransaction'),
        ['abortTransaction'],
      );
    });
  }

  it('endSession without an open transaction sends nothing', async () => {
    await using setup = await inTransaction();
    const { harness, session } = setup;
    await session.commitTransaction();
    harness.received.length = 0;

    await session.endSession();

    assert.deepEqual(harness.story(), []);
  });

  it('endSession swallows what the server says to the abort', async () => {
    await using setup = await inTransaction();
    setup.harness.answer = () => failure();

    await setup.session.endSession();

    assert.equal(setup.session.hasEnded, true);
  });

  it('endSession rejects if the abort took longer than timeoutMS, and the session has ended all the same', async () => {
    await using setup = await inTransaction();
    const { harness, session } = setup;
    harness.answer = () => null;

    const failed = errorOf(session.endSession({ timeoutMS: 100 }), MongoOperationTimeoutError);
    await harness.advance(100);

    assert.match((await failed).message, /timeoutMS=100 of endSession/);
    assert.equal(session.hasEnded, true);
    assert.equal(setup.ended(), 1);
  });

  it('endSession with a wrong timeoutMS rejects, and the session has ended all the same', async () => {
    await using setup = await inTransaction();

    await errorOf(setup.session.endSession({ timeoutMS: -1 }), MongoInvalidArgumentError);

    assert.equal(setup.session.hasEnded, true);
  });

  it('endSession of a client that closes leaves the session to the close', async () => {
    await using setup = await inTransaction();
    const { harness, session } = setup;
    harness.answer = () => null;
    const closing = harness.client.close();
    await quiet();

    await session.endSession();
    assert.equal(session.hasEnded, false);
    assert.equal(setup.ended(), 0);
    await harness.advance(5000);
    await closing;

    assert.equal(session.hasEnded, true);
    assert.equal(setup.ended(), 1);
    assert.deepEqual(harness.story(), ['abortTransaction']);
  });

  it('a session of a client that closes is refused everything with MongoClientClosedError', async () => {
    await using setup = await inTransaction();
    const { harness, session } = setup;
    harness.answer = () => null;
    const closing = harness.client.close();
    await quiet();

    assert.throws(() => session.startTransaction(), MongoClientClosedError);
    await errorOf(session.commitTransaction(), MongoClientClosedError);
    await errorOf(
      session.withTransaction(() => Promise.resolve()),
      MongoClientClosedError,
    );
    await harness.advance(5000);
    await closing;
  });
});
