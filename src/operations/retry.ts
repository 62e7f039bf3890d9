import { MongoError, type OperationPhase } from '../errors/base.js';
import { isRetryableRead, isRetryableWrite, shouldLabelRetryableWrite } from '../errors/classify.js';
import { MongoErrorLabel } from '../errors/codes.js';

/** What is known of an attempt that failed. */
export interface FailedAttempt {
  readonly error: unknown;
  /** 1 for the first. */
  readonly attempt: number;
  readonly access: 'read' | 'write';
  /** Whether the operation, the options and the server allow a retry. */
  readonly retryable: boolean;
  /** Under `timeoutMS` there is no limit but time. */
  readonly timedByOperation: boolean;
}

/** Attempts without `timeoutMS`: the first and one retry. */
const MAX_ATTEMPTS_UNTIMED = 2;

/** Whether to try again (Retryable Reads and Retryable Writes, "Executing Retryable Commands"). */
export function shouldRetry({ error, attempt, access, retryable, timedByOperation }: FailedAttempt): boolean {
  if (!retryable || (!timedByOperation && attempt >= MAX_ATTEMPTS_UNTIMED)) return false;
  return access === 'read' ? isRetryableRead(error) : isRetryableWrite(error);
}

/** Where an attempt fails before its command has gone out. */
const BEFORE_SENDING: ReadonlySet<OperationPhase | undefined> = new Set([
  'serverSelection',
  'checkOut',
  'connect',
  'tls',
  'hello',
  'auth',
  'preSend',
]);

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
