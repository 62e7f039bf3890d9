import type { Attempt } from '../call/attempt.js';
import type { EndDescription } from '../call/deadline.js';
import type { OperationPhase } from '../errors/base.js';
import { MongoUnexpectedServerResponseError } from '../errors/driver.js';
import { ForeignProtocolError, foreignProtocol } from '../wire/foreign_protocol.js';
import { protocolError } from '../wire/header.js';

/** The steps of establishing a connection, as errors name them before the address. */
const STEPS: Partial<Record<OperationPhase, string>> = {
  proxy: 'proxy connection to',
  resolve: 'name resolution of',
  connect: 'connect to',
  tls: 'TLS handshake with',
  hello: 'hello to',
  auth: 'authentication at',
};

/** Undefined for a phase of an established connection. */
export function nameOfStep(phase: OperationPhase): string | undefined {
  return STEPS[phase];
}

/**
 * The system's message, on one line: OpenSSL ends its lines. When Node tried several addresses of one name, its error as a whole has no
 * text.
 */
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

/** How an error describes a request whose deadline ended. */
export function endOfExchange(
  address: string,
  { commandName, namespace }: Attempt,
  phase: OperationPhase,
  sent: boolean,
): EndDescription {
  return {
    during: sent
      ? `while waiting for ${address} to answer ${commandName} ${namespace}`
      : `while sending ${commandName} ${namespace} to ${address}`,
    phase: sent ? phase : 'write',
    host: address,
    namespace,
    maybeApplied: sent,
  };
}
