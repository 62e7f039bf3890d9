import type { Call } from '../call/call.js';
import type { Deadline } from '../call/deadline.js';
import { retryPause } from '../call/retry_pause.js';
import { MongoError } from '../errors/base.js';
import { isMaxTimeMSExpired } from '../errors/classify.js';
import { MongoErrorLabel } from '../errors/codes.js';
import { MongoInvalidArgumentError } from '../errors/driver.js';
import { blameEarlier, MongoOperationTimeoutError } from '../errors/timeout.js';
import type { Clock } from '../runtime/clock.js';
import { ownOptions } from '../runtime/own_options.js';
import type { Random } from '../runtime/random.js';
import type { SessionState } from './session_state.js';
import type { TransactionOptions } from './transaction.js';

/** Without `timeoutMS`, there is no retry after this time. */
const LIMIT_MS = 120_000;
const FIRST_BACKOFF_MS = 5;
const BACKOFF_GROWTH = 1.5;
const LONGEST_BACKOFF_MS = 500;

/** The methods of a session that `withTransaction` calls. */
interface TransactionSession {
  readonly state: SessionState;
  startTransaction(options?: TransactionOptions): void;
  commitTransaction(): Promise<void>;
  abortTransaction(options?: { readonly signal: AbortSignal }): Promise<void>;
}

/** The client, as `withTransaction` uses it. */
interface TransactionClient {
  readonly clock: Clock;
  readonly random: Random;
  pause(ms: number, deadline: Deadline): Promise<void>;
}

/** Milliseconds of the pause after this number of attempts. */
export function transactionBackoff(attempts: number, chance: number): number {
  return chance * Math.min(FIRST_BACKOFF_MS * BACKOFF_GROWTH ** attempts, LONGEST_BACKOFF_MS);
}

/** The values that all attempts of one `withTransaction` share. */
interface Run {
  readonly session: TransactionSession;
  readonly client: TransactionClient;
  readonly deadline: Deadline;
  /** The deadline that all operations in the transaction share. Null without `timeoutMS`: each operation has its own. */
  readonly shared: Deadline | null;
  /** The clock's time after which no attempt begins. */
  readonly endsAt: number;
}

/** The outcome of an attempt: a result, or an error after which the whole transaction may be retried. */
type Outcome<T> =
  | { readonly name: 'committed'; readonly result: T }
  | { readonly name: 'failed'; readonly error: MongoError };

/**
 * Runs a function in a transaction. Retries the transaction, or its commit, as the labels of errors say.
 *
 * Source: Transactions Convenient API, "Sequence of actions".
 */
export async function runTransaction<T>(
  session: TransactionSession,
  client: TransactionClient,
  callback: () => Promise<T>,
  options: (TransactionOptions & { readonly signal?: AbortSignal }) | undefined,
  call: Call,
): Promise<T> {
  const { state } = session;
  const { deadline } = call;
  // `timeoutMS` limits all attempts together, and not each transaction.
  const { timeoutMS: _, signal, ...own } = ownOptions(options);
  const shared = deadline.timedByOperation ? deadline : null;
  const endsAt = shared === null ? client.clock.now() + LIMIT_MS : deadline.endsAt;
  const run: Run = { session, client, deadline, shared, endsAt };
  const outer = { deadline: state.deadline, signal: state.signal, ledger: state.ledger };
  state.deadline = shared;
  state.ledger = shared === null && deadline.ledger.isKept ? deadline.ledger : null;
  // A shared deadline has the signal already.
  state.signal = shared === null ? signal : undefined;
  let earlier: MongoError | null = null;
  try {
    for (let attempts = 1; ; attempts++) {
      throwIfAborted(deadline);
      session.startTransaction(own);
      const outcome = await attemptOnce(run, callback);
      if (outcome.name === 'committed') return outcome.result;
      await pauseOrThrow(run, outcome.error, attempts);
      earlier = outcome.error;
    }
  } catch (error) {
    if (error instanceof MongoOperationTimeoutError && earlier !== null) addEarlier(error, earlier);
    throw error;
  } finally {
    Object.assign(state, outer);
  }
}

/** An operation ran out of time that has not met an error itself: the error for which the transaction was begun again is the last real one. */
function addEarlier(timeout: MongoOperationTimeoutError, earlier: MongoError): void {
  if (timeout.cause === earlier || timeout.attempts.length > 1) return;
  timeout.message += `. An earlier attempt of the transaction had failed: ${earlier.message}`;
  blameEarlier(timeout, earlier);
}

function throwIfAborted(deadline: Deadline): void {
  const end = deadline.ended();
  if (end?.kind === 'aborted') throw end.reason as Error;
}

async function attemptOnce<T>(run: Run, callback: () => Promise<T>): Promise<Outcome<T>> {
  const { transaction } = run.session.state;
  let result: T;
  try {
    result = await awaited(callback);
  } catch (error) {
    run.deadline.ledger.recordCaller();
    if (transaction.isActive) await abort(run);
    if (!hasLabel(error, MongoErrorLabel.TransientTransactionError)) throw error;
    return { name: 'failed', error };
  }
  // The callback may have ended the transaction itself.
  return transaction.isActive ? await commit(run, result) : { name: 'committed', result };
}

/**
 * Aborts the transaction also if the deadline has expired or the caller has aborted. The abort has the whole `timeoutMS` again. A caller that has
 * aborted does not wait for it.
 */
async function abort({ session, shared, deadline }: Run): Promise<void> {
  const { state } = session;
  state.deadline = shared?.refreshed() ?? null;
  const isBackground = deadline.aborted;
  // The call reads the deadline of the session when it begins.
  const aborting = session.abortTransaction(
    isBackground ? { signal: state.transaction.backgroundSignal() } : undefined,
  );
  state.deadline = shared;
  if (isBackground) aborting.catch(() => undefined);
  else await aborting;
}

/** The specification names no pause between two commits whose outcome is unknown. It is that of other retries that only time limits. */
async function commit<T>({ session, client, deadline, endsAt }: Run, result: T): Promise<Outcome<T>> {
  for (let attempts = 1; ; attempts++) {
    try {
      await session.commitTransaction();
      return { name: 'committed', result };
    } catch (error) {
      if (client.clock.now() >= endsAt || error instanceof MongoOperationTimeoutError) throw error;
      if (hasLabel(error, MongoErrorLabel.UnknownTransactionCommitResult) && !isMaxTimeMSExpired(error)) {
        const pauseMS = retryPause(attempts, client.random.next(), endsAt - client.clock.now());
        await client.pause(pauseMS, deadline);
        continue;
      }
      if (!hasLabel(error, MongoErrorLabel.TransientTransactionError)) throw error;
      return { name: 'failed', error };
    }
  }
}

async function pauseOrThrow(
  { client, deadline, shared, endsAt }: Run,
  error: MongoError,
  attempts: number,
): Promise<void> {
  const backoff = transactionBackoff(attempts, client.random.next());
  if (client.clock.now() + backoff >= endsAt) throw shared === null ? error : timeoutAfter(shared, error, attempts);
  await client.pause(backoff, deadline);
}

/** The error if no time is left for a retry. It has the error of the last attempt as its cause, and the labels of that error. */
function timeoutAfter(deadline: Deadline, error: MongoError, attempts: number): Error {
  // The last attempt has ended for lack of time.
  if (error instanceof MongoOperationTimeoutError) return error;
  const timeout = deadline.errorOf(
    { kind: 'expired', lateByMS: 0 },
    {
      during: `in withTransaction after ${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}`,
      phase: 'backoff',
      maybeApplied: false,
      cause: error,
    },
  );
  if (timeout instanceof MongoError) for (const label of error.errorLabels) timeout.addErrorLabel(label);
  return timeout;
}

async function awaited<T>(callback: () => Promise<T>): Promise<T> {
  const running: unknown = callback();
  if (typeof (running as PromiseLike<T> | null | undefined)?.then !== 'function') {
    throw new MongoInvalidArgumentError('Function provided to `withTransaction` must return a Promise');
  }
  return await (running as Promise<T>);
}

function hasLabel(error: unknown, label: string): error is MongoError {
  return error instanceof MongoError && error.hasErrorLabel(label);
}
