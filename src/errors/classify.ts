import { MongoError } from './base.js';
import {
  MongoErrorLabel,
  NODE_IS_RECOVERING_CODES,
  NODE_IS_SHUTTING_DOWN_CODES,
  NOT_WRITABLE_PRIMARY_CODES,
  RETRYABLE_READ_CODES,
  RETRYABLE_WRITE_CODES_BEFORE_LABELS,
  ServerErrorCode,
} from './codes.js';
import { MongoNetworkError, MongoNetworkTimeoutError } from './network.js';
import { MongoServerError } from './server.js';
import { MongoOperationTimeoutError } from './timeout.js';

/** Servers label their retryable write errors themselves from this wire version on (MongoDB 4.4). */
const FIRST_WIRE_VERSION_WITH_LABELS = 9;

export type StateChange = 'notWritablePrimary' | 'nodeIsRecovering' | 'nodeIsShuttingDown';

/** The server's code: that of the error, else that of its write concern error. */
export function serverErrorCode(error: unknown): number | undefined {
  if (!(error instanceof MongoServerError)) return undefined;
  if (typeof error.code === 'number') return error.code;
  const nested = error.writeConcernError?.['code'];
  return typeof nested === 'number' ? nested : undefined;
}

/**
 * Whether a server says that it changed its state, and how. Servers older than any this driver supports sent no codes; a message is
 * looked at only where there is no code (SDAM, "Determining state change errors").
 */
export function stateChangeOf(error: unknown): StateChange | null {
  if (!(error instanceof MongoServerError)) return null;
  const code = serverErrorCode(error);
  if (code === undefined) return stateChangeOfMessage(error.message);
  if (NODE_IS_SHUTTING_DOWN_CODES.has(code)) return 'nodeIsShuttingDown';
  if (NODE_IS_RECOVERING_CODES.has(code)) return 'nodeIsRecovering';
  return NOT_WRITABLE_PRIMARY_CODES.has(code) ? 'notWritablePrimary' : null;
}

function stateChangeOfMessage(message: string): StateChange | null {
  const text = message.toLowerCase();
  if (text.includes('node is recovering') || text.includes('not master or secondary')) return 'nodeIsRecovering';
  return text.includes('not master') ? 'notWritablePrimary' : null;
}

/** A connection broke or could not be made; includes the network timeouts. */
export function isNetworkError(error: unknown): error is MongoNetworkError {
  return error instanceof MongoNetworkError;
}

export function isNetworkTimeout(error: unknown): boolean {
  return error instanceof MongoNetworkTimeoutError;
}

/** The server gave up because `maxTimeMS` ran out: at the top, in a write error, or in the write concern error (CSOT, "Errors"). */
export function isMaxTimeMSExpired(error: unknown): boolean {
  if (!(error instanceof MongoServerError)) return false;
  if (error.code === ServerErrorCode.MaxTimeMSExpired) return true;
  if (error.writeConcernError?.['code'] === ServerErrorCode.MaxTimeMSExpired) return true;
  const writeErrors: unknown = error['writeErrors'];
  return (
    Array.isArray(writeErrors) &&
    writeErrors.some((item: { code?: unknown } | null) => item?.code === ServerErrorCode.MaxTimeMSExpired)
  );
}

/** A server refuses work because it has too much, before it has begun with it; asking again later may help (Client Backpressure, "Terms"). */
export function isRetryableOverload(error: unknown): error is MongoError {
  return (
    error instanceof MongoError &&
    error.hasErrorLabel(MongoErrorLabel.SystemOverloadedError) &&
    error.hasErrorLabel(MongoErrorLabel.RetryableError)
  );
}

/** Retryable Reads, "Terms". */
export function isRetryableRead(error: unknown): boolean {
  if (!(error instanceof MongoError) || error instanceof MongoOperationTimeoutError) return false;
  if (isNetworkError(error) || error.hasErrorLabel(MongoErrorLabel.PoolRequestedRetry)) return true;
  const code = serverErrorCode(error);
  if (code !== undefined && RETRYABLE_READ_CODES.has(code)) return true;
  return code === undefined && stateChangeOf(error) !== null;
}

/**
 * Whether a failed write is to be sent again. The label decides; it is put on by the server from MongoDB 4.4 on, and by
 * {@link shouldLabelRetryableWrite} otherwise.
 */
export function isRetryableWrite(error: unknown): boolean {
  return error instanceof MongoError && error.hasErrorLabel(MongoErrorLabel.RetryableWriteError);
}

/**
 * Whether the driver has to put `RetryableWriteError` on an error (Retryable Writes, "Determining Retryable Errors").
 *
 * @param wireVersion - maxWireVersion of the connection that failed; undefined when there was none yet
 * @param isMongos - a mongos' writeConcernError never makes a write retryable
 */
export function shouldLabelRetryableWrite(error: unknown, wireVersion: number | undefined, isMongos: boolean): boolean {
  if (!(error instanceof MongoError) || error instanceof MongoOperationTimeoutError) return false;
  if (isNetworkError(error) || error.hasErrorLabel(MongoErrorLabel.PoolRequestedRetry)) return true;
  if (wireVersion === undefined || wireVersion >= FIRST_WIRE_VERSION_WITH_LABELS) return false;
  if (!(error instanceof MongoServerError)) return false;
  if (typeof error.code === 'number' && error.writeConcernError === undefined) {
    return RETRYABLE_WRITE_CODES_BEFORE_LABELS.has(error.code);
  }
  const code = serverErrorCode(error);
  return !isMongos && code !== undefined && RETRYABLE_WRITE_CODES_BEFORE_LABELS.has(code);
}
