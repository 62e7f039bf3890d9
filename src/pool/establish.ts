import type { AuthConversation, Authenticator } from '../auth/authenticator.js';
import type { Document } from '../bson/index.js';
import type { Deadline } from '../call/deadline.js';
import { ServerType } from '../description/types.js';
import { MongoError } from '../errors/base.js';
import { MongoErrorLabel } from '../errors/codes.js';
import { MongoCompatibilityError, MongoUnexpectedServerResponseError } from '../errors/driver.js';
import { MongoNetworkError, MongoNetworkTimeoutError } from '../errors/network.js';
import { redactRefusal } from '../events/redact.js';
import type { Clock } from '../runtime/clock.js';
import type { MessageEncoder } from '../wire/message_encoder.js';
import { nameOfStep } from './connection_errors.js';
import {
  type ConnectionDescription,
  describeConnection,
  type HandshakeOptions,
  handshakeCommand,
  sharing,
} from './handshake.js';
import { type CommandStep, queryHello, runCommand } from './own_commands.js';
import type { WireConnection } from './wire_connection.js';

export interface EstablishSettings {
  readonly handshake: HandshakeOptions;
  /** Limit of each step; 0 is none. */
  readonly connectTimeoutMS: number;
  /** A further limit of each command; 0 is none. For connections that no operation waits for (CSOT, "Background Connection Pooling"). */
  readonly commandTimeoutMS: number;
  readonly encoder: MessageEncoder;
  readonly clock: Clock;
  /** Undefined for connections that run no user's commands. */
  readonly authenticator?: Authenticator | undefined;
  /** The description of an earlier connection to the same server, or null: the new one shares its parts. */
  readonly earlier?: () => ConnectionDescription | null;
}

/**
 * Makes a new connection ready for use:
 *
 *     proxy ─► resolve ─► connect ─► tls ─► hello ─► auth
 *
 * Each step has its own `connectTimeoutMS`, under the deadline. On failure the connection is closed and the error says which step failed,
 * of which host, and how many milliseconds after the connection was begun.
 *
 * @param onHello - called when the server has answered the hello: the connection has its description, and a later failure is an error of
 *   its service
 * @returns the server's answer to the hello
 */
export async function establish(
  connection: WireConnection,
  settings: EstablishSettings,
  onHello: () => void,
  deadline: Deadline,
): Promise<Document> {
  const { handshake, authenticator, clock } = settings;
  const { address } = connection;
  try {
    await connection.opened(settings.connectTimeoutMS, deadline);
    const conversation = await authenticator?.begin(address, limitOf(settings, 'auth', deadline));
    const command = { ...handshakeCommand(handshake), ...conversation?.helloFields };
    // The time to connect is no part of the round trip (Server Monitoring, "Measuring RTT").
    const begin = clock.now();
    const hello = await runStep(connection, 'hello', command, settings, deadline);
    deadline.record('hello');
    const now = clock.now();
    const times = { roundTripTime: now - begin, lastUpdateTime: now };
    const description = describeConnection(address, hello, times, handshake.codecs);
    connection.describe(sharing(description, settings.earlier?.() ?? null));
    const { limits, compressor, server } = connection.description;
    if (handshake.loadBalanced && server.serviceId === null) throw noService(address);
    onHello();
    // An arbiter has no users (Authentication, "Authentication on Arbiters").
    if (conversation !== undefined && server.type !== ServerType.RSArbiter) {
      await authenticate(connection, conversation, hello, settings, deadline);
    }
    connection.configure(limits.maxMessageSizeBytes, handshake.codecs.find(({ name }) => name === compressor) ?? null);
    // The reply and a malformed message may have arrived in one piece.
    if (connection.error !== null) throw connection.error;
    return hello;
  } catch (error) {
    if (error instanceof MongoNetworkError) labelOverload(error);
    if (error instanceof MongoUnexpectedServerResponseError) {
      error.phase ??= connection.waitsFor.step;
      error.addErrorLabel(MongoErrorLabel.HandshakeError);
    }
    connection.close(error instanceof Error ? error : new MongoNetworkError('aborted', { host: address }));
    throw error;
  }
}

async function authenticate(
  connection: WireConnection,
  conversation: AuthConversation,
  hello: Document,
  settings: EstablishSettings,
  deadline: Deadline,
): Promise<void> {
  try {
    await conversation.finish(
      hello,
      (command, deadline) =>
        runStep(connection, 'auth', { ...command, ...settings.handshake.apiFields }, settings, deadline),
      limitOf(settings, 'auth', deadline),
    );
  } catch (error) {
    if (error instanceof MongoError) {
      const { identity } = conversation;
      if (identity !== undefined && !(error instanceof MongoNetworkError)) error.message += ` (${identity()})`;
      error.phase ??= 'auth';
      error.host ??= connection.address;
      error.addErrorLabel(MongoErrorLabel.HandshakeError);
    }
    throw error;
  }
  deadline.record('auth');
  if (connection.error !== null) throw connection.error;
}

/** Runs a command of the driver's own, as a step, which the error names behind the server's words if the server refuses it. */
async function runStep(
  connection: WireConnection,
  step: CommandStep,
  command: Document,
  settings: EstablishSettings,
  deadline: Deadline,
): Promise<Document> {
  connection.beginStep(step);
  const limit = limitOf(settings, step, deadline);
  const { encoder, handshake } = settings;
  // MongoDB Handshake: with the Stable API, and behind a load balancer, there is no legacy hello, and no OP_QUERY.
  const reply =
    step === 'hello' && !handshake.useHello
      ? await queryHello(connection, command, encoder, limit)
      : await runCommand(connection, command, encoder, step, limit);
  const host = connection.address;
  const details = { host, phase: step, labels: [MongoErrorLabel.HandshakeError] };
  const hasCredentials = step === 'auth' || 'speculativeAuthenticate' in command;
  const said = hasCredentials ? withoutWords(() => reply.error(details)) : reply.error(details);
  if (said === null) return hasCredentials ? withoutWords(() => reply.document) : reply.document;
  const failure = hasCredentials
    ? redactRefusal(said, step === 'auth' ? 'Authentication' : 'The hello with credentials', details)
    : said;
  failure.message += ` (${nameOfStep(step) ?? step} ${host} failed after ${connection.elapsedMS.toFixed(1)} ms)`;
  throw failure;
}

/** Reads the reply to a command with credentials. An error does not quote the reply, which may contain them. */
function withoutWords<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof MongoUnexpectedServerResponseError)) throw error;
    throw new MongoUnexpectedServerResponseError('Malformed BSON in the reply to a command with credentials');
  }
}

function limitOf(settings: EstablishSettings, step: CommandStep, deadline: Deadline): Deadline {
  return deadline.within(step, settings.connectTimeoutMS).within(step, settings.commandTimeoutMS);
}

/** Load Balancers, "Connection Establishment": the words are those of the specification. */
function noService(host: string): MongoCompatibilityError {
  return new MongoCompatibilityError(
    `Driver attempted to initialize in load balancing mode, but the server does not support this mode. ` +
      `${host} named no serviceId. Remove loadBalanced=true, or connect to a load balancer`,
    { host, phase: 'hello' },
  );
}

/** The system's codes for a connection that broke. Other failures of TLS are about certificates or the protocol. */
const BROKEN: ReadonlySet<unknown> = new Set([
  'ECONNRESET',
  'ECONNABORTED',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'EHOSTDOWN',
]);

/**
 * Labels the failure to establish a connection. A server that cannot accept a connection or answer its hello counts as overloaded: the
 * error may be retried, and says nothing about the server's state.
 *
 * A name that does not resolve, a proxy, certificates and authentication are no signs of overload: a pause does not help.
 *
 * Source: CMAP, "Establishing a Connection"; SDAM, "Network error when connecting".
 */
export function labelOverload(error: MongoNetworkError): void {
  error.addErrorLabel(MongoErrorLabel.HandshakeError);
  if (!isSignOfOverload(error)) return;
  error.addErrorLabel(MongoErrorLabel.SystemOverloadedError);
  error.addErrorLabel(MongoErrorLabel.RetryableError);
}

function isSignOfOverload(error: MongoNetworkError): boolean {
  switch (error.phase) {
    case 'resolve':
    case 'proxy':
    case 'auth':
      return false;
    case 'tls': {
      if (error instanceof MongoNetworkTimeoutError || error.cause === undefined) return true;
      return BROKEN.has((error.cause as { code?: unknown }).code);
    }
    default:
      return true;
  }
}
