import type { ChangeStreamStart } from '../commands/change_stream.js';
import type { OperationTime } from '../description/types.js';
import { MongoError } from '../errors/base.js';
import { isNetworkError, isRetryableRead, serverErrorCode } from '../errors/classify.js';
import { MongoErrorLabel, RESUMABLE_CODES_BEFORE_LABELS, ServerErrorCode } from '../errors/codes.js';
import { MongoServerError } from '../errors/server.js';
import { MongoOperationTimeoutError } from '../errors/timeout.js';
import { MongoWaitQueueTimeoutError } from '../pool/errors.js';
import { isGiven } from '../runtime/own_options.js';
import { MongoServerSelectionError } from '../sdam/errors.js';
import type { ResumeToken } from '../types/change_stream.js';

/** Servers label the errors after which a change stream can be resumed from this wire version on (MongoDB 4.4). */
const FIRST_WIRE_VERSION_WITH_LABELS = 9;

/** The label with which a server says that the stream cannot go on. */
const NON_RESUMABLE = 'NonResumableChangeStreamError';

/**
 * Whether a change stream goes on after the failure of a getMore.
 *
 * Source: Change Streams, "Resumable Error".
 *
 * @param wireVersion - of the server that failed; undefined behind a load balancer, whose servers label their errors
 */
export function isResumable(error: unknown, wireVersion: number | undefined): boolean {
  if (!(error instanceof MongoError)) return false;
  if (!(error instanceof MongoServerError)) return isOutage(error);
  if (error.hasErrorLabel(NON_RESUMABLE)) return false;
  const code = serverErrorCode(error);
  if (code === ServerErrorCode.CursorNotFound) return true;
  if (error.hasErrorLabel(MongoErrorLabel.ResumableChangeStreamError)) return true;
  if (wireVersion === undefined || wireVersion >= FIRST_WIRE_VERSION_WITH_LABELS) return false;
  return code !== undefined && RESUMABLE_CODES_BEFORE_LABELS.has(code);
}

/**
 * Whether a resume that failed is tried again. The specification leaves it at the one retry of a read; but a failover often takes longer, and its
 * errors would have been resumable had they met the getMore.
 */
export function isResumeRepeatable(error: unknown, wireVersion: number | undefined): boolean {
  if (error instanceof MongoServerError && error.hasErrorLabel(NON_RESUMABLE)) return false;
  return isResumable(error, wireVersion) || isRetryableRead(error);
}

/** No reply came: the server could not be reached, or did not answer in time. A caller's mistake and a malformed reply are no outage. */
function isOutage(error: MongoError): boolean {
  return (
    isNetworkError(error) ||
    error instanceof MongoServerSelectionError ||
    error instanceof MongoWaitQueueTimeoutError ||
    error instanceof MongoOperationTimeoutError
  );
}

/** What decides where a change stream goes on. */
export interface StreamPosition {
  /** The resume token of the latest change that was returned, or a later one that the server has told; undefined if there is none. */
  readonly token: ResumeToken;
  /** The operation time of the aggregate that opened the stream, where there is nothing better. */
  readonly operationTime: OperationTime | undefined;
  /** Whether a change has been returned. */
  readonly hasReturned: boolean;
}

/** What a batch tells about the position. */
export interface BatchPosition {
  /** Whether it is the reply to the aggregate that opened the stream: not to one that resumed it. */
  readonly opensStream: boolean;
  readonly isEmpty: boolean;
  /** The `postBatchResumeToken`. */
  readonly token: ResumeToken;
  readonly operationTime: OperationTime | undefined;
}

/** The position of a stream that has not been opened. */
export function startOf({ startAfter, resumeAfter }: ChangeStreamStart): StreamPosition {
  return { token: startAfter ?? resumeAfter ?? undefined, operationTime: undefined, hasReturned: false };
}

/** The position after a batch has come of which nothing has been returned (Change Streams, "Updating the Cached Resume Token"). */
export function afterBatch(
  position: StreamPosition,
  { opensStream, isEmpty, token, operationTime }: BatchPosition,
  given: ChangeStreamStart,
): StreamPosition {
  if (isEmpty && token !== undefined) return { ...position, token };
  if (!opensStream || !isEmpty || hasStart(given)) return position;
  return { ...position, operationTime };
}

/**
 * The position after a change has been returned.
 *
 * @param batchToken - the `postBatchResumeToken` of the batch, if the change was its last
 */
export function afterChange(position: StreamPosition, token: ResumeToken, batchToken: ResumeToken): StreamPosition {
  return { ...position, token: batchToken ?? token, hasReturned: true };
}

/**
 * Where the aggregate that resumes a stream begins (Change Streams, "Resume Process").
 *
 * @param given - where the caller let the stream begin
 */
export function resumeAt(
  given: ChangeStreamStart,
  { token, operationTime, hasReturned }: StreamPosition,
): ChangeStreamStart {
  if (token !== undefined) {
    return isGiven(given.startAfter) && !hasReturned ? { startAfter: token } : { resumeAfter: token };
  }
  return operationTime === undefined ? given : { startAtOperationTime: operationTime };
}

function hasStart({ resumeAfter, startAfter, startAtOperationTime }: ChangeStreamStart): boolean {
  return isGiven(resumeAfter) || isGiven(startAfter) || isGiven(startAtOperationTime);
}
