import { numberOf } from '../bson/reply_fields.js';
import { retryPause } from '../call/retry_pause.js';
import { MongoError, type OperationPhase, setOrigin } from '../errors/base.js';
import {
  isRetryableOverload,
  isRetryableRead,
  isRetryableWrite,
  shouldLabelRetryableWrite,
} from '../errors/classify.js';
import { MongoErrorLabel, ServerErrorCode } from '../errors/codes.js';
import { MongoServerError } from '../errors/server.js';
import { blameEarlier, MongoOperationTimeoutError } from '../errors/timeout.js';

/** What is known of an attempt that failed. */
export interface FailedAttempt {
  readonly error: unknown;
  /** 1 for the first. */
  readonly attempt: number;
  readonly access: 'read' | 'write';
  /** Whether the operation, the options and the server allow a retry. */
  readonly retryable: boolean;
  /** Whether the options allow one after a refusal for overload, which they do for any command. */
  readonly yieldsToOverload: boolean;
  /** Whether this attempt or an earlier one was refused for overload. */
  readonly overloaded: boolean;
  readonly maxAdaptiveRetries: number;
  /** Whether nothing but time limits the attempts: so it is under `timeoutMS`. */
  readonly untilDeadline: boolean;
}

/** Attempts without `timeoutMS`: the first and one retry. */
const MAX_ATTEMPTS_UNTIMED = 2;

/**
 * Whether to try again.
 *
 * Source: Retryable Reads and Retryable Writes, "Executing Retryable Commands"; Client Backpressure, "Overload retry policy": it has the
 * last word as soon as one attempt met it.
 */
export function shouldRetry(failed: FailedAttempt): boolean {
  const { error, attempt, access, retryable, untilDeadline } = failed;
  if (failed.overloaded && attempt > failed.maxAdaptiveRetries) return false;
  if (isRetryableOverload(error)) return failed.yieldsToOverload;
  if (!retryable || (!failed.overloaded && !untilDeadline && attempt >= MAX_ATTEMPTS_UNTIMED)) return false;
  return access === 'read' ? isRetryableRead(error) : isRetryableWrite(error);
}

/** Client Backpressure, "Overload retry policy". */
const OVERLOAD_BASE_MS = 100;
const LONGEST_OVERLOAD_PAUSE_MS = 10_000;

/**
 * Milliseconds to wait before the next attempt: after a refusal for overload the backoff of the specification, which may be longer than what remains;
 * otherwise {@link retryPause} under `timeoutMS`, where retries have no number, and none without.
 *
 * @param attempt - the attempt that failed, 1 for the first
 * @param chance - from 0 to 1
 * @param remainingMS - what remains of the time of the operation
 */
export function pauseBeforeRetry(
  error: unknown,
  attempt: number,
  untilDeadline: boolean,
  chance: number,
  remainingMS: number,
): number {
  if (isRetryableOverload(error)) {
    return chance * Math.min(LONGEST_OVERLOAD_PAUSE_MS, overloadBaseOf(error) * 2 ** attempt);
  }
  return untilDeadline ? retryPause(attempt, chance, remainingMS) : 0;
}

/** A server may say itself how long it wants to be left alone. */
function overloadBaseOf(error: MongoError): number {
  const given: unknown = error instanceof MongoServerError ? error.errorResponse['baseBackoffMS'] : undefined;
  const base = numberOf(given) ?? 0;
  return base > 0 && Number.isFinite(base) ? base : OVERLOAD_BASE_MS;
}

/** Where an attempt fails before its command has gone out. */
const BEFORE_SENDING: ReadonlySet<OperationPhase | undefined> = new Set([
  'serverSelection',
  'checkOut',
  'resolve',
  'connect',
  'proxy',
  'tls',
  'hello',
  'auth',
  'preSend',
]);

/**
 * The error of a deployment that cannot repeat writes (an old storage engine, a standalone server), with the advice to turn that off.
 *
 * Source: Retryable Writes, "Supported Server Versions" and "How will users know…".
 */
export function withRetryAdvice(error: unknown, txnNumber: number): unknown {
  if (txnNumber === 0 || !(error instanceof MongoServerError) || error.code !== ServerErrorCode.IllegalOperation) {
    return error;
  }
  const { errorResponse, errorLabels: labels, host, namespace, phase } = error;
  const advice = new MongoServerError(
    { ...errorResponse, message: NO_RETRYABLE_WRITES, errmsg: NO_RETRYABLE_WRITES, originalError: error },
    {
      labels,
      cause: error,
      ...(host !== undefined && { host }),
      ...(namespace !== undefined && { namespace }),
      ...(phase !== undefined && { phase }),
    },
  );
  setOrigin(advice, error);
  return advice;
}

const NO_RETRYABLE_WRITES =
  'This MongoDB deployment does not support retryable writes. Please add retryWrites=false to your connection string.';

/** Whether an attempt that failed with this error may have had its effect. */
export function maybeApplied(error: unknown): boolean {
  return !(error instanceof MongoError && BEFORE_SENDING.has(error.phase));
}

/** Puts `RetryableWriteError` on the error of a write where no server has done so. */
export function labelWriteError(error: unknown, wireVersion: number | undefined, isMongos: boolean): void {
  if (shouldLabelRetryableWrite(error, wireVersion, isMongos)) {
    (error as MongoError).addErrorLabel(MongoErrorLabel.RetryableWriteError);
  }
}

/**
 * The error to report when several attempts failed: the last one that may have written something; the first when none did.
 *
 * Source: Retryable Writes, "Executing Retryable Write Commands".
 */
export function errorToReport(previous: Error | null, latest: unknown): unknown {
  const wroteNothing = latest instanceof MongoError && latest.hasErrorLabel(MongoErrorLabel.NoWritesPerformed);
  return previous !== null && wroteNothing ? previous : latest;
}

/** A timeout of a later attempt: an earlier one may have had its effect, and what it met is the last real error (CSOT, "Errors"). */
export function withPrevious(error: unknown, previous: Error | null, maybeApplied: boolean): unknown {
  if (previous === null || error === previous || !(error instanceof MongoOperationTimeoutError)) return error;
  if (maybeApplied) error.maybeApplied = true;
  if (error.cause !== previous) error.message += `. An earlier attempt had failed: ${previous.message}`;
  blameEarlier(error, previous);
  return error;
}
