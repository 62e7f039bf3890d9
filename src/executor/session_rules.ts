import type { ServerDescription } from '../description/server_description.js';
import { MongoError } from '../errors/base.js';
import { isMaxTimeMSExpired, isNetworkError, isRetryableWrite, serverErrorCode } from '../errors/classify.js';
import { MongoErrorLabel, ServerErrorCode } from '../errors/codes.js';
import {
  MongoAPIError,
  MongoCompatibilityError,
  MongoInvalidArgumentError,
  MongoTransactionError,
} from '../errors/driver.js';
import { MongoWriteConcernError } from '../errors/server.js';
import { MongoOperationTimeoutError } from '../errors/timeout.js';
import { MongoServerSelectionError } from '../sdam/errors.js';
import type { ServerSessionPool } from '../sessions/server_session_pool.js';
import type { SessionState } from '../sessions/session_state.js';
import type { Operation } from './operation.js';

/** The first server that reads a moment of the past: 5.0. */
const SNAPSHOT_WIRE_VERSION = 13;

/** Write concern errors that will be the same for as long as the set is as it is: another commit would not make it durable. */
const HOPELESS_WRITE_CONCERNS: ReadonlySet<number | undefined> = new Set([
  ServerErrorCode.UnsatisfiableWriteConcern,
  ServerErrorCode.UnknownReplWriteConcern,
]);

/**
 * Refuses an operation that cannot be part of its session, before anything is sent. One outside of a transaction that has ended makes the
 * session forget it.
 *
 * @param pool - of the client that is asked
 * @throws MongoInvalidArgumentError, MongoExpiredSessionError, MongoClientClosedError, MongoAPIError, MongoTransactionError
 */
export function enterSession(session: SessionState, operation: Operation<unknown>, pool: ServerSessionPool): void {
  if (session.pool !== pool) throw new MongoInvalidArgumentError('ClientSession must be from the same MongoClient');
  if (operation.sessionRole === 'endsTransaction') {
    // The client that closes aborts open transactions itself.
    if (session.hasEnded) session.mustBeUsable();
    return;
  }
  session.mustBeUsable();
  if (operation.unacknowledged) {
    throw new MongoAPIError('Cannot have explicit session with unacknowledged writes');
  }
  const { transaction } = session;
  if (!transaction.isActive) {
    if (transaction.state === 'none') return;
    transaction.forget();
    session.unpin();
  } else if (operation.access === 'read' && operation.readPreference.mode !== 'primary') {
    throw new MongoTransactionError(
      `Read preference in a transaction must be primary, not: ${operation.readPreference.mode}`,
    );
  }
}

/** @throws MongoCompatibilityError if the server at hand cannot do what the session asks for */
export function checkServer(session: SessionState, server: ServerDescription): void {
  if (server.logicalSessionTimeoutMinutes === null && server.type !== 'LoadBalancer') {
    throw new MongoCompatibilityError(
      `Current topology does not support sessions: ${server.address} is a ${server.type}`,
    );
  }
  if (session.settings.snapshot && server.maxWireVersion < SNAPSHOT_WIRE_VERSION) {
    throw new MongoCompatibilityError('Snapshot reads require MongoDB 5.0 or later');
  }
}

/**
 * Puts the labels on an error that tell what a transaction's user can do, and lets its server go where another has to go on.
 *
 * Source: Transactions, "Error Reporting Changes", "When to unpin".
 */
export function afterErrorInSession(session: SessionState, error: unknown, operation: Operation<unknown>): void {
  if (operation.sessionRole === 'endsTransaction') {
    if (operation.name === 'abortTransaction') session.unpin();
    else labelCommitError(error);
  } else if (!session.transaction.isActive) {
    return;
  } else if (error instanceof MongoError && (isNetworkError(error) || error instanceof MongoServerSelectionError)) {
    error.addErrorLabel(MongoErrorLabel.TransientTransactionError);
  }
  if (!(error instanceof MongoError)) return;
  if (
    error.hasErrorLabel(MongoErrorLabel.TransientTransactionError) ||
    error.hasErrorLabel(MongoErrorLabel.UnknownTransactionCommitResult)
  ) {
    session.unpin();
  }
}

function labelCommitError(error: unknown): void {
  if (!(error instanceof MongoError)) return;
  const unknown =
    isNetworkError(error) ||
    error instanceof MongoServerSelectionError ||
    error instanceof MongoOperationTimeoutError ||
    isRetryableWrite(error) ||
    isMaxTimeMSExpired(error) ||
    (error instanceof MongoWriteConcernError && !HOPELESS_WRITE_CONCERNS.has(serverErrorCode(error)));
  if (unknown) error.addErrorLabel(MongoErrorLabel.UnknownTransactionCommitResult);
}
