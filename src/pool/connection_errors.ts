import { MongoUnexpectedServerResponseError } from '../errors/driver.js';
import { protocolError } from '../wire/header.js';

/** When several addresses of one name were tried in vain, the error as a whole has no text. */
export function textOf(cause: Error): string {
  return cause instanceof AggregateError ? cause.errors.map(String).join('; ') : cause.message;
}

export function wrongAnswer(responseTo: number, requestId: number): never {
  protocolError(`an answer to request ${responseTo}, awaited was one to ${requestId}`);
}

export function asProtocolError(error: unknown, host: string): Error {
  if (!(error instanceof MongoUnexpectedServerResponseError)) {
    return error instanceof Error ? error : new MongoUnexpectedServerResponseError(String(error), { host });
  }
  error.host = host;
  return error;
}
