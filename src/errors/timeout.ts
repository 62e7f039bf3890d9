import { brand, type ErrorDetails, MongoError, type OperationPhase } from './base.js';
import { MongoErrorLabel } from './codes.js';
import { MongoDriverError } from './driver.js';
import type { PoolCounts } from './pool_counts.js';
import type { TopologyFacts } from './topology_facts.js';

/** One stretch of an operation's time, as a timeout error and the operation's record show it. */
export interface StageTiming {
  /** One of the phases of an operation: `serverSelection`, `checkOut`, `read`, … */
  readonly stage: OperationPhase;
  /** Milliseconds spent in it. */
  readonly durationMS: number;
}

/** One try of one command of an operation, as a timeout error shows it. @public */
export interface OperationAttempt {
  /** The server that was selected for it; undefined if none was. */
  readonly host: string | undefined;
  readonly durationMS: number;
  /** What it met; undefined if it succeeded, and if nothing but the end of the time was met. Its JSON is short: name, message, code, labels. */
  readonly error: Error | undefined;
}

/** @public */
export interface MongoOperationTimeoutErrorDetails extends ErrorDetails {
  timeoutMS?: number;
  timeoutSource?: string;
  elapsedMS?: number;
  timings?: readonly StageTiming[];
  eventLoopDelayMS?: number;
  maybeApplied?: boolean;
  pool?: PoolCounts;
  topology?: TopologyFacts;
}

/**
 * An operation did not end within its `timeoutMS`.
 *
 * `phase` says where it was when time ran out, {@link MongoOperationTimeoutError.timings} where its time went, and `cause` is the
 * last error before it, if there was one. Raised only where `timeoutMS` is in effect.
 *
 * Source: Client Side Operations Timeout, "Errors".
 *
 * @public
 */
export class MongoOperationTimeoutError extends MongoDriverError {
  /** The time that the operation had, in milliseconds. */
  declare timeoutMS?: number;
  /** Where that time was set: `the collection`, `insertOne`, `withDeadline at handle (orders.js:12:9)`. */
  declare timeoutSource?: string;
  /** The method of the program that ran out of time: `insertOne`; of a cursor `find.toArray`. Absent outside operations. */
  declare operationName?: string;
  /** The tries of the operation's commands, in order; empty if no try began. */
  attempts: readonly OperationAttempt[] = [];
  /** The `maxTimeMS` that the server was sent with the last command; absent if it was sent none. */
  declare maxTimeMS?: number;
  /** The time that the operation had taken when it failed, in milliseconds. */
  declare elapsedMS?: number;
  /** Where the time went, in order; a stage appears again with each attempt. */
  readonly timings: readonly StageTiming[];
  /** Milliseconds by which this process noticed the end late because its event loop was busy. */
  declare eventLoopDelayMS?: number;
  /** False when the command was certainly never sent in full, so that it cannot have had an effect. */
  declare maybeApplied?: boolean;
  /** When it was waiting for a connection: what the pool held at the end. */
  declare pool?: PoolCounts;
  /** When it was waiting for a server: what was known of the deployment at the end. */
  declare topology?: TopologyFacts;

  constructor(message = '', details: MongoOperationTimeoutErrorDetails = {}) {
    super(message, details);
    this.timings = details.timings ?? [];
    if (details.timeoutMS !== undefined) this.timeoutMS = details.timeoutMS;
    if (details.timeoutSource !== undefined) this.timeoutSource = details.timeoutSource;
    if (details.elapsedMS !== undefined) this.elapsedMS = details.elapsedMS;
    if (details.eventLoopDelayMS !== undefined) this.eventLoopDelayMS = details.eventLoopDelayMS;
    if (details.maybeApplied !== undefined) this.maybeApplied = details.maybeApplied;
    if (details.pool !== undefined) this.pool = details.pool;
    if (details.topology !== undefined) this.topology = details.topology;
  }

  static {
    brand(this, 'MongoOperationTimeoutError');
  }
}

/** Makes an error that led to another attempt the cause of a timeout in that attempt. The timeout gets those of its labels that hold for it too. */
export function blameEarlier(timeout: MongoOperationTimeoutError, earlier: Error): void {
  timeout.cause = earlier;
  if (!(earlier instanceof MongoError)) return;
  const { RetryableWriteError, TransientTransactionError, UnknownTransactionCommitResult } = MongoErrorLabel;
  const labels: string[] = [RetryableWriteError, UnknownTransactionCommitResult];
  // A transaction that may have been committed must not be run again.
  if (!timeout.hasErrorLabel(UnknownTransactionCommitResult)) labels.push(TransientTransactionError);
  // They say that the server did nothing.
  if (timeout.maybeApplied === false)
    labels.push(MongoErrorLabel.SystemOverloadedError, MongoErrorLabel.RetryableError);
  for (const label of labels) if (earlier.hasErrorLabel(label)) timeout.addErrorLabel(label);
}
