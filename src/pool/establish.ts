import type { Document } from '../bson/index.js';
import type { Deadline } from '../csot/deadline.js';
import { MongoErrorLabel } from '../errors/codes.js';
import { MongoCompatibilityError } from '../errors/driver.js';
import { MongoNetworkError } from '../errors/network.js';
import type { Clock } from '../runtime/clock.js';
import { nextRequestId } from '../wire/header.js';
import type { MessageEncoder } from '../wire/message_encoder.js';
import type { Reply } from '../wire/reply.js';
import type { Connection } from './connection.js';
import { DEFAULT_LIMITS, describeConnection, type HandshakeOptions, handshakeCommand } from './handshake.js';
import type { Purpose } from './purpose.js';

export interface EstablishSettings {
  readonly handshake: HandshakeOptions;
  /** Limit of the TCP connection and of the hello, each. */
  readonly connectTimeoutMS: number;
  readonly encoder: MessageEncoder;
  readonly clock: Clock;
  /** The hello was answered: from here on the connection has a description, and what fails is an error of its service. */
  readonly onHello?: (connection: Connection) => void;
}

/** Errors of name resolution: waiting for the server would not mend them, so they are no sign of overload. */
const DNS_ERRORS: ReadonlySet<unknown> = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NODATA', 'EAI_NONAME']);

const HELLO: Purpose = Object.freeze({ name: 'hello', namespace: 'admin', operationId: 0, attempt: 1 });

/**
 * Makes a new connection ready for use: transport, then hello. On failure the connection is closed and the error says which step
 * failed.
 *
 * @returns the server's answer to the hello
 */
export async function establish(
  connection: Connection,
  { handshake, connectTimeoutMS, encoder, clock, onHello }: EstablishSettings,
  deadline: Deadline,
): Promise<Document> {
  try {
    await connection.opened(deadline.within('connect', connectTimeoutMS));
    const begin = clock.now();
    const command = handshakeCommand(handshake);
    const reply = await runHello(connection, command, encoder, deadline.within('hello', connectTimeoutMS));
    const failure = reply.error({ host: connection.address, phase: 'hello', labels: [MongoErrorLabel.HandshakeError] });
    if (failure !== null) throw failure;
    const now = clock.now();
    connection.description = describeConnection(
      connection.address,
      reply.document,
      { roundTripTime: now - begin, lastUpdateTime: now },
      handshake.compressors,
    );
    const { limits, compressor, server } = connection.description;
    if (handshake.loadBalanced && server.serviceId === null) throw noService(connection.address);
    onHello?.(connection);
    connection.configure(limits.maxMessageSizeBytes, compressor === 'zlib' ? handshake.zlibCompressionLevel : null);
    // Something wrong may have come in one piece with the reply.
    if (connection.error !== null) throw connection.error;
    return reply.document;
  } catch (error) {
    labelOverload(error);
    connection.close(error instanceof Error ? error : new MongoNetworkError('aborted', { host: connection.address }));
    throw error;
  }
}

/** Load Balancers, "Connection Establishment": the words are those of the specification. */
function noService(host: string): MongoCompatibilityError {
  return new MongoCompatibilityError(
    `Driver attempted to initialize in load balancing mode, but the server does not support this mode. ` +
      `${host} named no serviceId. Remove loadBalanced=true, or connect to a load balancer`,
    { host, phase: 'hello' },
  );
}

/** Sends one command of the driver's own: a hello. */
export function runHello(
  connection: Connection,
  command: Document,
  encoder: MessageEncoder,
  deadline: Deadline,
): Promise<Reply> {
  const requestId = nextRequestId();
  const message = encoder.encode(
    { requestId, flags: 0, body: command, rawFields: [], sequence: undefined },
    DEFAULT_LIMITS,
    {},
  );
  return connection.roundTrip(message, requestId, HELLO, 'hello', deadline);
}

/**
 * A server that cannot even take a connection is taken to be overloaded: the error may be retried, and is no reason to doubt the server's
 * state (CMAP, "Establishing a Connection"; SDAM, "Network error when connecting").
 */
function labelOverload(error: unknown): void {
  if (!(error instanceof MongoNetworkError)) return;
  error.addErrorLabel(MongoErrorLabel.HandshakeError);
  const code: unknown = (error.cause as { code?: unknown } | undefined)?.code;
  if (DNS_ERRORS.has(code)) return;
  error.addErrorLabel(MongoErrorLabel.SystemOverloadedError);
  error.addErrorLabel(MongoErrorLabel.RetryableError);
}
