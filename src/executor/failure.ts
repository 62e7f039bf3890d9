import { type EndDescription, inStage } from '../call/deadline.js';
import { MongoError, type OperationPhase, setOrigin } from '../errors/base.js';
import { isRetryableOverload } from '../errors/classify.js';
import {
  MongoClientClosedError,
  MongoExpiredSessionError,
  MongoServerClosedError,
  MongoTopologyClosedError,
} from '../errors/driver.js';
import { MongoOperationTimeoutError } from '../errors/timeout.js';
import { MongoPoolClosedError } from '../pool/errors.js';
import { publishRetry } from './call_events.js';
import type { CommandAttempt, Progress, SelectedServer } from './command_attempt.js';
import type { Engine, EngineOptions } from './engine.js';
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
import { inheritWritten } from './written.js';

/**
 * Decides what the failure of an attempt means for its command: throws the error that the caller gets, or waits until the next attempt
 * may begin.
 *
 * @returns what the next attempt starts from
 */
export async function afterFailure(
  engine: Engine,
  error: unknown,
  attempt: CommandAttempt<unknown>,
): Promise<Progress> {
  const { operation, progress, deadline, number } = attempt;
  const { timedByOperation: untilDeadline } = deadline;
  // The reason of an abort is the caller's own value: it stays as it is, and does not decide over retries.
  if (deadline.isAbortReason(error)) throw error;
  // This attempt sent nothing: no server was found for it, or the one found takes no retry.
  if (progress.previous !== null && error === progress.previous) throw progress.previous;
  inheritWritten(error, progress.previous);
  recordFailed(error, attempt, engine.clock.now());
  label(error, attempt, engine.options);
  const isOverload = isRetryableOverload(error);
  const overloaded = progress.overloaded || isOverload;
  const retries = shouldRetry({
    error,
    attempt: number,
    access: operation.access,
    retryable: attempt.selected?.allowsRetry ?? false,
    yieldsToOverload: yieldsToOverload(operation, engine.options),
    overloaded,
    maxAdaptiveRetries: engine.options.maxAdaptiveRetries,
    untilDeadline,
  });
  if (engine.lifetime.closing && (retries || isCausedByClose(error))) {
    throw interrupted(errorToReport(progress.previous, error) as Error, attempt);
  }
  if (!retries) {
    const reported = errorToReport(progress.previous, withPrevious(error, progress.previous, progress.maybeApplied));
    throw withRetryAdvice(reported, attempt.txnNumber);
  }
  const next = progressAfter(error, overloaded, engine.options, attempt);
  // The time of this attempt is not that of the next.
  if (deadline.isRecorded) deadline.record((error as MongoError).phase ?? 'read');
  if (isOverload) operation.session?.transaction.refused();
  const { remainingMS } = deadline;
  const pauseMS = pauseBeforeRetry(error, number, untilDeadline, engine.random.next(), remainingMS);
  // If the deadline ends before the backoff does, fail now (Client Backpressure).
  if (isOverload && pauseMS > remainingMS) throw expiredBeforeRetry(next, pauseMS, attempt);
  publishRetry(engine.publisher, attempt, error as Error, pauseMS);
  await engine.lifetime.pause(pauseMS, deadline);
  if (engine.lifetime.closing) throw interrupted(next.previous, attempt);
  return { ...next, startsAt: deadline.ledger.look() };
}

function recordFailed(error: unknown, attempt: CommandAttempt<unknown>, now: number): void {
  const { call, progress, selected, maxTimeMS } = attempt;
  if (!(error instanceof Error)) return;
  // A server that an earlier attempt had selected is not that of this one.
  const host = selected === progress.selected ? undefined : selected?.address;
  call.attemptEnded({ host, durationMS: now - startOf(attempt), error: metBy(error, progress.previous) });
  if (error instanceof MongoOperationTimeoutError && maxTimeMS > 0) error.maxTimeMS ??= maxTimeMS;
}

/** The clock's time at which an attempt began. */
export function startOf({ deadline, progress }: CommandAttempt<unknown>): number {
  return progress.startsAt ?? deadline.ledger.startedAt;
}

/** What an attempt met. If that was the end of the time: what the server or the selection said of it, if they did. */
function metBy(error: Error, previous: Error | null): Error {
  const { cause } = error;
  return error instanceof MongoOperationTimeoutError && cause instanceof Error && cause !== previous ? cause : error;
}

/** Errors of the parts of a client that is closing, which say that the part is closed. */
export function isCausedByClose(error: unknown): boolean {
  return (
    error instanceof MongoPoolClosedError ||
    error instanceof MongoTopologyClosedError ||
    error instanceof MongoServerClosedError ||
    error instanceof MongoExpiredSessionError
  );
}

/** The error of an operation that the closing of its client ended, or kept from another attempt. */
function interrupted(
  cause: (Error & { readonly host?: string; readonly phase?: OperationPhase }) | null,
  { namespace, operationId }: CommandAttempt<unknown>,
): MongoClientClosedError {
  const { host, phase = 'backoff' } = cause ?? {};
  const error = new MongoClientClosedError(undefined, { cause, namespace, phase, ...(host !== undefined && { host }) });
  setOrigin(error, { operationId });
  return error;
}

/** Throws if there was no time left for the attempt at the last look at the clock, which ended the last wait. */
export function throwIfEnded(attempt: CommandAttempt<unknown>): void {
  const { deadline } = attempt;
  if (!deadline.canEnd) return;
  const end = deadline.ended(deadline.ledger.lookedAt);
  if (end !== null) throw deadline.errorOf(end, unsent(attempt, attempt.progress));
}

/** A server that takes no retryable writes must not get a retry (Retryable Writes, "Implementing Retryable Writes"). */
export function throwIfRetryIsRefused(
  { progress: { previous } }: CommandAttempt<unknown>,
  { allowsRetry }: SelectedServer,
): void {
  if (previous !== null && !allowsRetry && !isRetryableOverload(previous)) throw previous;
}

function expiredBeforeRetry(next: Progress, pauseMS: number, attempt: CommandAttempt<unknown>): Error {
  const { deadline, operationId } = attempt;
  const { previous } = next;
  const what = unsent(attempt, next);
  const left = `the pause of ${pauseMS.toFixed(1)} ms is longer than the ${deadline.remainingMS.toFixed(1)} ms that are left`;
  const error = deadline.errorOf(
    { kind: 'expired', lateByMS: 0 },
    { ...what, during: `${what.during}: ${left}`, phase: 'backoff' },
    text => previous ?? new MongoError(text),
  );
  setOrigin(error, { operationId });
  withPrevious(error, previous, next.maybeApplied);
  return error;
}

/** How an error describes a command for which no time was left. Its phase is the stage in which the time ran out. */
export function unsent(
  { deadline, operation: { name, namespace } }: CommandAttempt<unknown>,
  { previous, maybeApplied }: Progress,
): EndDescription {
  const stage = deadline.endedIn ?? 'preSend';
  const where = stage === 'preSend' ? '' : `${inStage(stage)}, `;
  return {
    during: `${where}before ${name} ${namespace} was ${previous === null ? 'sent' : 'sent again'}`,
    phase: stage,
    namespace,
    maybeApplied,
    cause: previous ?? undefined,
  };
}

/** Adds the namespace and the labels that the error does not have yet, and unpins the session where its transaction may continue elsewhere. */
function label(
  error: unknown,
  { operation, operationId, selected }: CommandAttempt<unknown>,
  options: EngineOptions,
): void {
  if (error instanceof MongoError) error.namespace ??= operation.namespace;
  setOrigin(error, { operationId });
  if (labelsRetryableWrites(operation, options)) {
    labelWriteError(error, selected?.wireVersion, selected?.isMongos ?? false);
  }
  if (operation.session !== null) afterErrorInSession(operation.session, error, operation);
}

/** Whether the driver puts the label RetryableWriteError on errors of the operation: not inside a transaction. */
function labelsRetryableWrites(
  { access, session, sessionRole }: Operation<unknown>,
  { retryWrites }: EngineOptions,
): boolean {
  if (sessionRole === 'endsTransaction') return true;
  return access === 'write' && retryWrites && session?.transaction.isActive !== true;
}

/** Whether another attempt may follow after the server was overloaded, and so did nothing (Client Backpressure). */
function yieldsToOverload(
  { writes, sessionRole }: Operation<unknown>,
  { retryReads, retryWrites }: EngineOptions,
): boolean {
  // The driver cannot know what the user's own command does.
  if (sessionRole === 'asGiven') return retryReads && retryWrites;
  return writes ? retryWrites : retryReads;
}

/**
 * What the next attempt starts from. It avoids a mongos that has just failed (Retryable Reads, "Sharded clusters"), and any other server
 * only after overload and with `enableOverloadRetargeting`.
 */
function progressAfter(
  error: unknown,
  overloaded: boolean,
  { enableOverloadRetargeting }: EngineOptions,
  { progress, selected, txnNumber }: CommandAttempt<unknown>,
): Progress {
  const avoids = selected !== null && (selected.isMongos || (isRetryableOverload(error) && enableOverloadRetargeting));
  return {
    attempt: progress.attempt + 1,
    previous: errorToReport(progress.previous, error) as Error,
    deprioritized: avoids ? new Set([...progress.deprioritized, selected.address]) : progress.deprioritized,
    txnNumber,
    overloaded,
    maybeApplied: progress.maybeApplied || maybeApplied(error),
    selected,
    startsAt: null,
  };
}
