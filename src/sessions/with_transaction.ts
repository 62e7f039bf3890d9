import type { Call } from '../call/call.js';
import type { Deadline } from '../call/deadline.js';
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

/**
 * Runs a function in a transaction as often as it takes.
 *
 * Source: Transactions Convenient API, "Sequence of actions".
 */
export async function runTransaction<T>(
  session: TransactionSession,
  client: TransactionClient,
  callback: () => Promise<T>,
  options: TransactionOptions | undefined,
  call: Call,
): Promise<T> {
  const { state } = session;
  const { clock, random } = client;
  const { deadline } = call;
  const timed = deadline.budget.timeoutMS !== undefined;
  const endsAt = timed ? deadline.endsAt : clock.now() + LIMIT_MS;
  const outer = state.deadline;
  state.deadline = timed ? deadline : null;
  try {
    for (let attempts = 0; ; attempts++) {
      session.startTransaction(options);
      let result: T;
      try {
        result = await awaited(callback);
      } catch (error) {
        if (state.transaction.isActive) {
          // The time may be over; the server is told all the same.
          state.deadline = timed ? deadline.refreshed() : null;
          await session.abortTransaction();
          state.deadline = timed ? deadline : null;
        }
        if (!hasLabel(error, MongoErrorLabel.TransientTransactionError)) throw error;
        await pauseOrThrow(error, attempts + 1);
        continue;
      }
      // The callback has ended it itself.
      if (!state.transaction.isActive) return result;
      const failure = await commit();
      if (failure === null) return result;
      await pauseOrThrow(failure, attempts + 1);
    }
  } finally {
    state.deadline = outer;
  }

  /** Null when it is committed; an error after which the whole transaction may be tried again. */
  async function commit(): Promise<unknown> {
    for (;;) {
      try {
        await session.commitTransaction();
        return null;
      } catch (error) {
        if (clock.now() >= endsAt) throw error;
        if (hasLabel(error, MongoErrorLabel.UnknownTransactionCommitResult) && !isMaxTimeMSExpired(error)) continue;
        if (hasLabel(error, MongoErrorLabel.TransientTransactionError)) return error;
        throw error;
      }
    }
  }

  async function pauseOrThrow(error: unknown, attempts: number): Promise<void> {
    const backoff = transactionBackoff(attempts, random.next());
    if (clock.now() + backoff >= endsAt) throw timed ? timeoutAfter(deadline, error, attempts) : error;
    await client.pause(backoff, deadline);
  }
}

/** There is no time for another attempt: what the last one met is the cause, and its labels stay in force. */
function timeoutAfter(deadline: Deadline, error: unknown, attempts: number): Error {
  const timeout = deadline.errorOf(
    { kind: 'expired', lateByMS: 0 },
    {
      during: `in withTransaction after ${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}`,
      phase: 'backoff',
      maybeApplied: false,
      cause: error instanceof Error ? error : undefined,
    },
  );
  if (error instanceof MongoError && timeout instanceof MongoError) {
    for (const label of error.errorLabels) timeout.addErrorLabel(label);
  }
  return timeout;
}

async function awaited<T>(callback: () => Promise<T>): Promise<T> {
  const running: unknown = callback();
  if (typeof (running as PromiseLike<T> | null | undefined)?.then !== 'function') {
    throw new MongoInvalidArgumentError('Function provided to `withTransaction` must return a Promise');
  }
  return await (running as Promise<T>);
}

function hasLabel(error: unknown, label: string): boolean {
  return error instanceof MongoError && error.hasErrorLabel(label);
}
