import type { Deadline } from '../csot/deadline.js';
import { MongoError, type OperationPhase, setOrigin } from '../errors/base.js';
import { isRetryableOverload } from '../errors/classify.js';
import {
  MongoClientClosedError,
  MongoExpiredSessionError,
  MongoServerClosedError,
  MongoTopologyClosedError,
} from '../errors/driver.js';
import { MongoPoolClosedError } from '../pool/errors.js';
import type { Engine } from './engine.js';
import type { Execution } from './execution.js';
import type { Operation } from './operation.js';
import {
  errorToReport,
  labelWriteError,
  maybeApplied,
  pauseBeforeRetry,
  shouldRetry,
  withPrevious,
  withRetryAdvice,
} from './retry.js';
import { afterErrorInSession } from './session_rules.js';

/**
 * What an attempt's failure means for the operation: throws what its caller is to see, or waits until the next attempt may begin.
 *
 * @param previous - the error of the attempts before, null for the first
 * @returns the error to report if no later attempt does better
 */
export async function afterFailure(
  engine: Engine,
  operation: Operation<unknown>,
  execution: Execution,
  deadline: Deadline,
  previous: Error | null,
  error: unknown,
): Promise<Error> {
  if (error instanceof MongoError) error.namespace ??= operation.namespace;
  setOrigin(error, execution);
  if (execution.labelsRetryableWrites) labelWriteError(error, execution.wireVersion, execution.isMongos);
  if (operation.session !== null) afterErrorInSession(operation.session, error, operation);
  const { attempt, retryable, yieldsToOverload } = execution;
  const { access } = operation;
  const { timedByOperation } = deadline;
  const { maxAdaptiveRetries } = engine.options;
  const isOverload = isRetryableOverload(error);
  execution.overloaded ||= isOverload;
  const { overloaded } = execution;
  const failed = {
    error,
    attempt,
    access,
    retryable,
    yieldsToOverload,
    overloaded,
    maxAdaptiveRetries,
    timedByOperation,
  };
  const retries = shouldRetry(failed);
  if (engine.lifetime.closing && (retries || isOwedToClose(error))) {
    throw interrupted(operation, execution, errorToReport(previous, error) as Error);
  }
  if (!retries) {
    const reported = errorToReport(previous, withPrevious(error, previous, execution.maybeApplied));
    throw withRetryAdvice(reported, execution.txnNumber);
  }
  const reported = errorToReport(previous, error) as Error;
  if (maybeApplied(error)) execution.maybeApplied = true;
  // The time of this attempt is not that of the next.
  if (deadline.canEnd) deadline.record((error as MongoError).phase ?? 'read');
  if (isOverload) operation.session?.transaction.refused();
  execution.next(error);
  const pauseMS = pauseBeforeRetry(error, attempt, timedByOperation, engine.random.next());
  // To sleep out the time for which a server wants to be left alone would help nobody (Client Backpressure).
  if (isOverload && pauseMS > deadline.remainingMS) execution.throwEnded(deadline, reported);
  await engine.lifetime.pause(pauseMS, deadline);
  if (engine.lifetime.closing) throw interrupted(operation, execution, reported);
  return reported;
}

/** Errors that an operation meets because its client has begun to close, and that say so of the part that is closed. */
function isOwedToClose(error: unknown): boolean {
  return (
    error instanceof MongoPoolClosedError ||
    error instanceof MongoTopologyClosedError ||
    error instanceof MongoServerClosedError ||
    error instanceof MongoExpiredSessionError
  );
}

/** The error of an operation that the closing of its client ended, or kept from another attempt. */
function interrupted(
  { namespace }: Operation<unknown>,
  execution: Execution,
  cause: Error & { readonly host?: string; readonly phase?: OperationPhase },
): MongoClientClosedError {
  const { host, phase = 'backoff' } = cause;
  const error = new MongoClientClosedError(undefined, { cause, namespace, phase, ...(host !== undefined && { host }) });
  setOrigin(error, execution);
  return error;
}
