import type { Call } from '../call/call.js';
import type { Deadline } from '../call/deadline.js';
import { ownOptions } from '../concern/given.js';
import { MongoError } from '../errors/base.js';
import { isMaxTimeMSExpired } from '../errors/classify.js';
import { MongoErrorLabel } from '../errors/codes.js';
import { MongoInvalidArgumentError } from '../errors/driver.js';
import type { Clock } from '../runtime/clock.js';
import type { Random } from '../runtime/random.js';
import type { SessionState } from './session_state.js';
import type { TransactionOptions } from './transaction.js';

/** Without `timeoutMS`, nothing is tried again after so long. */
const LIMIT_MS = 120_000;
const FIRST_BACKOFF_MS = 5;
const BACKOFF_GROWTH = 1.5;
const LONGEST_BACKOFF_MS = 500;

/** The session as far as a transaction in it is concerned. */
interface TransactionSession {
  readonly state: SessionState;
  startTransaction(options?: TransactionOptions): void;
  commitTransaction(): Promise<void>;
  abortTransaction(): Promise<void>;
}

/** What a transaction needs of its client. */
interface TransactionClient {
  readonly clock: Clock;
  readonly random: Random;
  pause(ms: number, deadline: Deadline): Promise<void>;
}

/** Milliseconds before a transaction is tried again, the first time after one attempt. */
export function transactionBackoff(attempts: number, chance: number): number {
  return chance * Math.min(FIRST_BACKOFF_MS * BACKOFF_GROWTH ** attempts, LONGEST_BACKOFF_MS);
}

/** What all attempts of one `withTransaction` have in common. */
interface Run {
  readonly session: TransactionSession;
  readonly client: TransactionClient;
  readonly deadline: Deadline;
  /** The time that all operations in the transaction share; null without `timeoutMS`, when each has its own. */
  readonly shared: Deadline | null;
  /** The clock's time after which no further attempt begins. */
  readonly endsAt: number;
}

/** What an attempt leads to: a result, or an error after which the whole transaction may be tried again. */
type Outcome<T> =
  | { readonly name: 'committed'; readonly result: T }
  | { readonly name: 'failed'; readonly error: MongoError };

/**
 * Runs a function in a transaction as often as it takes.
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
  // The time is that of all attempts, and not of each transaction.
  const { timeoutMS: _, signal, ...own } = ownOptions(options);
  const shared = deadline.timedByOperation ? deadline : null;
  const endsAt = shared === null ? client.clock.now() + LIMIT_MS : deadline.endsAt;
  const run: Run = { session, client, deadline, shared, endsAt };
  const outer = { deadline: state.deadline, signal: state.signal };
  state.deadline = shared;
  // A deadline that is shared has the signal already.
  state.signal = shared === null ? signal : undefined;
  try {
    for (let attempts = 1; ; attempts++) {
      throwIfAborted(deadline);
      session.startTransaction(own);
      const outcome = await attemptOnce(run, callback);
      if (outcome.name === 'committed') return outcome.result;
      await pauseOrThrow(run, outcome.error, attempts);
    }
  } finally {
    state.deadline = outer.deadline;
    state.signal = outer.signal;
  }
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
    if (transaction.isActive) await abort(run);
    if (!hasLabel(error, MongoErrorLabel.TransientTransactionError)) throw error;
    return { name: 'failed', error };
  }
  // The callback may have ended it itself.
  return transaction.isActive ? await commit(run, result) : { name: 'committed', result };
}

/** The time may be over, or the caller may have aborted; the server is told all the same, and a caller who has aborted does not wait for it. */
async function abort({ session, shared, deadline }: Run): Promise<void> {
  const { state } = session;
  const { signal } = state;
  state.deadline = shared?.refreshed() ?? null;
  state.signal = undefined;
  // The call takes its time when it begins.
  const aborting = session.abortTransaction();
  state.deadline = shared;
  state.signal = signal;
  if (!deadline.aborted) await aborting;
  else aborting.catch(() => undefined);
}

async function commit<T>({ session, client, endsAt }: Run, result: T): Promise<Outcome<T>> {
  for (;;) {
    try {
      await session.commitTransaction();
      return { name: 'committed', result };
    } catch (error) {
      if (client.clock.now() >= endsAt) throw error;
      if (hasLabel(error, MongoErrorLabel.UnknownTransactionCommitResult) && !isMaxTimeMSExpired(error)) continue;
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

/** There is no time for another attempt: what the last one met is the cause, and its labels stay in force. */
function timeoutAfter(deadline: Deadline, error: MongoError, attempts: number): Error {
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
