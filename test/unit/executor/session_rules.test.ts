import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ReadPreference } from '../../../src/concern/read_preference.js';
import { ServerDescription, type ServerDescriptionFields } from '../../../src/description/server_description.js';
import { initialTopology } from '../../../src/description/topology_description.js';
import { ServerType } from '../../../src/description/types.js';
import { MongoError } from '../../../src/errors/base.js';
import { MongoErrorLabel } from '../../../src/errors/codes.js';
import {
  MongoAPIError,
  MongoCompatibilityError,
  MongoExpiredSessionError,
  MongoInvalidArgumentError,
  MongoTransactionError,
} from '../../../src/errors/driver.js';
import { MongoNetworkError } from '../../../src/errors/network.js';
import { MongoServerError, MongoWriteConcernError } from '../../../src/errors/server.js';
import { MongoOperationTimeoutError } from '../../../src/errors/timeout.js';
import type { Operation } from '../../../src/executor/operation.js';
import { afterErrorInSession, checkServer, enterSession } from '../../../src/executor/session_rules.js';
import { MongoServerSelectionError } from '../../../src/sdam/errors.js';
import { ServerSessionPool } from '../../../src/sessions/server_session_pool.js';
import { type SessionSettings, SessionState } from '../../../src/sessions/session_state.js';
import type { TransactionSettings } from '../../../src/sessions/transaction.js';
import {
  EngineHarness,
  endOfTransaction,
  errorOf,
  failure,
  LOAD_BALANCED,
  MONGOS,
  read,
  unacknowledgedWrite,
  userCommand,
  write,
} from '../../support/engine_harness.js';
import { FakeClock } from '../../support/fake_clock.js';

const { RetryableWriteError, TransientTransactionError, UnknownTransactionCommitResult } = MongoErrorLabel;

const random = { next: () => 0, bytes: (length: number) => new Uint8Array(length) };
const newPool = () => new ServerSessionPool(new FakeClock(), random);

const TRANSACTION: TransactionSettings = {
  readConcern: undefined,
  writeConcern: undefined,
  readPreference: ReadPreference.primary,
  maxCommitTimeMS: undefined,
};

function newSession(settings: Partial<SessionSettings> = {}): SessionState {
  const defaults = { causal: false, snapshot: false, snapshotTime: undefined, timeoutMS: undefined };
  return new SessionState(newPool(), { ...defaults, transaction: TRANSACTION, ...settings });
}

function inTransaction(): SessionState {
  const session = newSession();
  session.transaction.start(TRANSACTION);
  return session;
}

const enter = (session: SessionState, operation: Operation<unknown>, pool = session.pool) =>
  enterSession(session, operation, pool);

describe('enterSession', () => {
  it('refuses the session of another client', () => {
    assert.throws(() => enter(newSession(), read(), newPool()), MongoInvalidArgumentError);
  });

  it('refuses a session that has ended, also for the end of a transaction', () => {
    const session = inTransaction();
    session.end();

    assert.throws(() => enter(session, read()), MongoExpiredSessionError);
    assert.throws(() => enter(session, endOfTransaction(session)), MongoExpiredSessionError);
  });

  it('refuses an unacknowledged write, inside of a transaction or not', () => {
    for (const session of [newSession(), inTransaction()]) {
      assert.throws(
        () => enter(session, unacknowledgedWrite({ session })),
        (error: Error) => error instanceof MongoAPIError && /unacknowledged/.test(error.message),
      );
    }
  });

  it('refuses a read from secondaries inside of a transaction, and names the mode', () => {
    const readPreference = ReadPreference.secondaryPreferred;

    assert.throws(
      () => enter(inTransaction(), read({ readPreference })),
      (error: Error) => error instanceof MongoTransactionError && /secondaryPreferred/.test(error.message),
    );
    assert.throws(() => enter(inTransaction(), userCommand({ ping: 1 }, { readPreference })), MongoTransactionError);
  });

  it('lets reads of the primary and all writes into a transaction, which goes on', () => {
    const session = inTransaction();

    enter(session, read());
    enter(session, write({ readPreference: ReadPreference.secondary }));

    assert.equal(session.transaction.isActive, true);
  });

  it('lets a read from secondaries into a session without a transaction', () => {
    const session = newSession();

    enter(session, read({ readPreference: ReadPreference.secondary }));

    assert.equal(session.transaction.state, 'none');
  });

  it('forgets a transaction that has ended, and its pin, when the session is used for something else', async () => {
    const harness = await EngineHarness.open(LOAD_BALANCED);
    const session = harness.session({}, 'inTransaction');
    await harness.runAnswered(write({ session }), [{ ok: 1 }]);
    session.transaction.commit();
    assert.equal(harness.serverAt('lb:27017').pool.stats().inUse, 1);

    enterSession(session, read({ session }), harness.engine.sessions);

    assert.equal(session.transaction.state, 'none');
    assert.equal(session.pin, null);
    harness.assertReleased();
    await harness.close();
  });

  it('lets the end of a transaction keep its transaction and its pin', () => {
    const session = inTransaction();
    session.transaction.sent();
    session.transaction.commit();

    enter(session, endOfTransaction(session));

    assert.equal(session.transaction.state, 'committed');
  });
});

describe('checkServer', () => {
  const described = (fields: Partial<ServerDescriptionFields> = {}) =>
    new ServerDescription({
      address: 'a:27017',
      type: ServerType.RSPrimary,
      maxWireVersion: 21,
      logicalSessionTimeoutMinutes: 30,
      ...fields,
    });

  it('accepts a server with sessions', () => {
    checkServer(newSession(), described());
    checkServer(newSession({ snapshot: true }), described({ maxWireVersion: 13 }));
  });

  it('refuses a server without sessions, and names it and its type', () => {
    assert.throws(
      () => checkServer(newSession(), described({ logicalSessionTimeoutMinutes: null, type: ServerType.Standalone })),
      (error: Error) => error instanceof MongoCompatibilityError && /a:27017 is a Standalone/.test(error.message),
    );
  });

  it('accepts a load balancer, which says nothing of sessions', () => {
    checkServer(newSession(), described({ logicalSessionTimeoutMinutes: null, type: ServerType.LoadBalancer }));
  });

  it('refuses a snapshot session before 5.0', () => {
    const old = described({ maxWireVersion: 12 });

    assert.throws(() => checkServer(newSession({ snapshot: true }), old), MongoCompatibilityError);
    checkServer(newSession(), old);
  });
});

describe('afterErrorInSession', () => {
  const selectionError = () =>
    new MongoServerSelectionError(
      'no server',
      initialTopology({
        hosts: ['a:27017'],
        directConnection: false,
        loadBalanced: false,
        heartbeatFrequencyMS: 10_000,
        localThresholdMS: 15,
      }),
    );
  const writeConcernError = (code: number) =>
    new MongoWriteConcernError({ ok: 1, writeConcernError: { code, errmsg: 'write concern' } });

  /** The labels of an error after it was met by an operation of a session. */
  function labelsAfter(error: Error, session: SessionState, operation: Operation<unknown>): string[] {
    afterErrorInSession(session, error, operation);
    return error instanceof MongoError ? error.errorLabels : [];
  }

  const pinned = (session: SessionState): SessionState => {
    session.pin = { server: { address: 'a:27017' } as never, connection: null };
    return session;
  };

  it('labels broken connections and failed selections inside of a transaction as transient, and unpins', () => {
    for (const error of [new MongoNetworkError('broken'), selectionError()]) {
      const session = pinned(inTransaction());

      assert.deepEqual(labelsAfter(error, session, read()), [TransientTransactionError]);
      assert.equal(session.pin, null);
    }
  });

  it('leaves other errors inside of a transaction as they are, and the transaction where it is', () => {
    for (const error of [new MongoServerError(failure(2)), new RangeError('of a listener')]) {
      const session = pinned(inTransaction());

      assert.deepEqual(labelsAfter(error, session, read()), []);
      assert.notEqual(session.pin, null);
    }
  });

  it('unpins a transaction that the server itself calls transient', () => {
    const session = pinned(inTransaction());
    const error = new MongoServerError(failure(251, { errorLabels: [TransientTransactionError] }));

    assert.deepEqual(labelsAfter(error, session, read()), [TransientTransactionError]);
    assert.equal(session.pin, null);
  });

  it('labels nothing outside of a transaction', () => {
    const session = newSession();

    assert.deepEqual(labelsAfter(new MongoNetworkError('broken'), session, read()), []);
  });

  it('labels a commit whose result is unknown, and unpins', () => {
    for (const error of [
      new MongoNetworkError('broken'),
      selectionError(),
      new MongoOperationTimeoutError('Timed out'),
      new MongoServerError(failure(50)),
      writeConcernError(64),
      writeConcernError(91),
    ]) {
      const session = pinned(inTransaction());

      assert.deepEqual(labelsAfter(error, session, endOfTransaction(session)), [UnknownTransactionCommitResult]);
      assert.equal(session.pin, null);
    }
  });

  it('labels a commit that may be sent again', () => {
    const session = pinned(inTransaction());
    const error = new MongoServerError(failure(91, { errorLabels: [RetryableWriteError] }));

    assert.deepEqual(labelsAfter(error, session, endOfTransaction(session)), [
      RetryableWriteError,
      UnknownTransactionCommitResult,
    ]);
  });

  it('does not label a commit that has failed for certain, nor one whose write concern can never be met', () => {
    for (const error of [
      new MongoServerError(failure(251)),
      writeConcernError(100),
      writeConcernError(79),
      new RangeError('of a listener'),
    ]) {
      const session = pinned(inTransaction());

      assert.deepEqual(labelsAfter(error, session, endOfTransaction(session)), []);
      assert.notEqual(session.pin, null);
    }
  });

  it('does not label an abort, and unpins after any error', () => {
    for (const error of [new MongoNetworkError('broken'), new MongoServerError(failure(2)), new RangeError('x')]) {
      const session = pinned(inTransaction());

      assert.deepEqual(labelsAfter(error, session, endOfTransaction(session, 'abortTransaction')), []);
      assert.equal(session.pin, null);
    }
  });
});

describe('the connection of a transaction behind a load balancer', () => {
  it('is checked in after an error that lets the transaction go on elsewhere', async () => {
    const harness = await EngineHarness.open(LOAD_BALANCED);
    const session = harness.session({}, 'inTransaction');
    const reply = failure(251, { errorLabels: [TransientTransactionError] });

    await errorOf(harness.runAnswered(write({ session }), [reply]));

    assert.equal(session.pin, null);
    harness.assertReleased();
    assert.equal(harness.serverAt('lb:27017').pool.stats().idle, 1);
    await harness.close();
  });

  it('stays with the transaction after any other error', async () => {
    const harness = await EngineHarness.open(LOAD_BALANCED);
    const session = harness.session({}, 'inTransaction');

    await errorOf(harness.runAnswered(write({ session }), [failure(11000)]));

    assert.equal(harness.serverAt('lb:27017').pool.stats().inUseByTransactions, 1);
    assert.equal(harness.serverAt('lb:27017').operationCount, 0);
    session.unpin();
    await harness.close();
  });
});

describe('the mongos of a transaction', () => {
  it('is forgotten when it is gone, and the error says that the transaction can be tried again', async () => {
    const harness = await EngineHarness.open({
      hellos: { 'a:27017': MONGOS, 'b:27017': MONGOS },
      options: { serverSelectionTimeoutMS: 2000 },
    });
    const session = harness.session({}, 'inTransaction');
    await harness.runAnswered(write({ session }), [{ ok: 1 }]);
    const { server } = session.pin ?? {};
    assert.equal(server?.address, 'b:27017');
    const { generation } = server.pool;
    harness.hellos.delete('b:27017');
    harness.engine.topology.onError(new MongoNetworkError('broken'), server, {
      connectionGeneration: generation,
      phase: 'afterHandshake',
      serviceId: undefined,
    });

    const failed = errorOf(harness.run(write({ session })), MongoError);
    await harness.clock.advance(2000);

    const error = await failed;
    assert.ok(error instanceof MongoServerSelectionError);
    assert.equal(error.hasErrorLabel(TransientTransactionError), true);
    assert.equal(session.pin, null);
    harness.assertReleased();
    await harness.close();
  });
});
