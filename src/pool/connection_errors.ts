import type { Attempt } from '../call/attempt.js';
import type { EndDescription } from '../call/deadline.js';
import { MongoUnexpectedServerResponseError } from '../errors/driver.js';
import { MongoNetworkTimeoutError } from '../errors/network.js';
import { ForeignProtocolError, foreignProtocol } from '../wire/foreign_protocol.js';
import { protocolError } from '../wire/header.js';
import type { Exchange } from './exchange.js';

/** What the system says, on one line: OpenSSL ends its lines. When several addresses of one name were tried, the error as a whole has no text. */
export function textOf(cause: Error): string {
  const text =
    cause instanceof AggregateError && cause.message === ''
      ? cause.errors.map(error => (error instanceof Error ? error.message : String(error))).join(', ')
      : cause.message;
  return text.replace(/\s*[\r\n]+\s*/g, ' ').trim();
}

export function wrongOpCode(opCode: number, message: Buffer): never {
  const foreign = foreignProtocol(message);
  if (foreign !== undefined) throw new ForeignProtocolError(foreign);
  protocolError(`a message with opcode ${opCode}`);
}

export function wrongAnswer(responseTo: number, requestId: number): never {
  protocolError(`an answer to request ${responseTo}, awaited was one to ${requestId}`);
}

export function asProtocolError(error: unknown, host: string): Error {
  if (!(error instanceof MongoUnexpectedServerResponseError)) {
    return error instanceof Error ? error : new MongoUnexpectedServerResponseError(String(error), { host });
  }
  error.host = host;
  error.message += ` (from ${host})`;
  return error;
}

/** What is told of a request whose caller's deadline ended. */
export function endOfExchange(address: string, { attempt, phase }: Exchange, sent: boolean): EndDescription {
  return {
    during: `${sent ? 'while waiting for' : 'while sending'} ${address} to answer ${attempt.commandName} ${attempt.namespace}`,
    phase: sent ? phase : 'write',
    host: address,
    namespace: attempt.namespace,
    maybeApplied: sent,
  };
}

/** Why a connection is closed although its late reply may come (`pendingResponseTimeoutMS` of 0). */
export function lateReplyError(address: string, { commandName }: Attempt): MongoNetworkTimeoutError {
  const text = `the late reply from ${address} to ${commandName} is not waited for (pendingResponseTimeoutMS=0)`;
  return new MongoNetworkTimeoutError(text, { host: address, phase: 'read' });
}
