import { decodeDocument } from '../bson/decode.js';
import { type Document, Long } from '../bson/index.js';
import { ElementType } from '../bson/raw_document.js';
import type { Deadline } from '../csot/deadline.js';
import { maxTimeOf } from '../csot/max_time.js';
import { setOrigin } from '../errors/base.js';
import { brokenReplyError } from '../errors/broken_reply.js';
import { isMaxTimeMSExpired } from '../errors/classify.js';
import { MongoClientClosedError, MongoUnexpectedServerResponseError } from '../errors/driver.js';
import { MongoNetworkError } from '../errors/network.js';
import type { MongoServerError } from '../errors/server.js';
import { redactForTopology } from '../events/redact.js';
import type { Connection } from '../pool/connection.js';
import type { Purpose } from '../pool/purpose.js';
import { parseTopologyVersion } from '../sdam/description/topology_version.js';
import type { Server } from '../sdam/server.js';
import type { ServerSession } from '../sessions/server_session_pool.js';
import { addSessionFields } from '../sessions/session_fields.js';
import { nextRequestId } from '../wire/header.js';
import { MessageEncoder } from '../wire/message_encoder.js';
import { MsgFlag } from '../wire/op_msg.js';
import type { Reply } from '../wire/reply.js';
import { CommandEvents, holdsCredentials } from './command_events.js';
import type { Engine } from './engine.js';
import type { OpenCursor, Operation, OperationReply } from './operation.js';
import { readPreferenceField } from './read_preference_field.js';
import { maybeApplied } from './retry.js';

/** One attempt of an operation: on which connection, with which session, within which time. */
export interface Attempt {
  readonly purpose: Purpose;
  readonly server: Server;
  readonly connection: Connection;
  /** None for commands that carry no `lsid`. */
  readonly session: ServerSession | null;
  /** Number of a retryable write, or 0. */
  readonly txnNumber: number;
  /** Of the server, as the description said that was used to select it. */
  readonly minRoundTripTimeMS: number;
  readonly deadline: Deadline;
  /** Set when the reply has opened a cursor that is not read: to be closed by whoever has the connection. */
  unread: OpenCursor | null;
}

const NO_FIELDS: readonly Uint8Array[] = Object.freeze([]);

/**
 * Sends an operation's command on a connection and reads the result out of the reply. What an error means for the server is dealt
 * with here, before the failure is published; whether to try again is the executor's business.
 */
export async function runAttempt<T>(engine: Engine, operation: Operation<T>, attempt: Attempt): Promise<T> {
  const { connection, purpose, deadline } = attempt;
  // A document that is being encoded has started this operation by a getter or its toBSON.
  if (MessageEncoder.busy) await Promise.resolve();
  const body = commandFor(engine, operation, attempt);
  const requestId = nextRequestId();
  const encoded = engine.encoder.encode(
    {
      requestId,
      flags: operation.unacknowledged ? MsgFlag.moreToCome : 0,
      body,
      rawFields: rawFieldsFor(engine, operation, attempt),
      sequence: operation.sequence,
    },
    connection.description.limits,
    operation.bsonOptions,
  );
  operation.checkEncoded?.(encoded);
  const { taken } = engine.encoder;
  // A listener may start another operation, whose message is encoded into the same memory.
  const message = engine.publisher.wants('commandStarted') ? Buffer.from(encoded) : encoded;
  // The driver's own commands hold no credentials.
  const redacted = operation.sessionRole === 'asGiven' && holdsCredentials(message);
  const events = CommandEvents.start(
    engine.publisher,
    engine.clock,
    connection,
    purpose,
    requestId,
    message,
    body,
    redacted,
  );
  if (operation.session !== null) operation.session.transaction.sent();
  let reply: Reply | null;
  try {
    reply = await exchange(engine, operation, attempt, message, requestId);
  } catch (cause) {
    const error = brokenReply(attempt, cause);
    tellOrigin(attempt, error);
    // Broken off, or still at work on the server for a caller who has gone: the next user would wait for it there.
    if (attempt.session !== null && (connection.error !== null || connection.draining)) attempt.session.isDirty = true;
    afterError(engine, attempt, redacted ? redactForTopology(error as Error) : error);
    events?.failed(error as Error);
    throw error;
  }
  events?.succeeded(reply);
  if (reply === null) return operation.unacknowledgedResult?.(taken) as T;
  try {
    const operationReply: OperationReply = { reply, taken, address: attempt.server.address };
    const result = operation.result(operationReply);
    if (operationReply.unread !== undefined) attempt.unread = operationReply.unread;
    return result;
  } catch (error) {
    if (error instanceof MongoUnexpectedServerResponseError) unusable(attempt, error);
    tellOrigin(attempt, error);
    throw isMaxTimeMSExpired(error) && deadline.timedByOperation ? serverTimeout(attempt, error as Error) : error;
  }
}

function tellOrigin({ connection, purpose }: Attempt, error: unknown): void {
  const { serverConnectionId } = connection.description;
  setOrigin(error, { operationId: purpose.operationId, connectionId: connection.id, serverConnectionId });
}

/**
 * What an error says that ended an exchange. A reply that breaks the protocol closes its connection and is as good as none, like that of a
 * connection that broke: whether the command was carried out is not known, and a retryable one is sent again.
 */
function brokenReply({ connection, purpose: { name, namespace } }: Attempt, error: unknown): unknown {
  if (error instanceof MongoNetworkError) {
    error.maybeApplied ??= maybeApplied(error);
    return error;
  }
  if (!(error instanceof MongoUnexpectedServerResponseError)) return error;
  connection.close(error);
  const host = connection.address;
  const text = `connection ${connection.id} to ${host} broke: the reply to ${name} ${namespace} cannot be read: ${error.message}`;
  return brokenReplyError(text, { host, namespace, phase: 'read', maybeApplied: true, cause: error });
}

/** A reply that can be read, and does not hold what it must. The server has carried the command out; nobody knows what else it gets wrong. */
function unusable({ connection, session }: Attempt, error: MongoUnexpectedServerResponseError): void {
  error.phase ??= 'read';
  error.host ??= connection.address;
  connection.close(error);
  if (session !== null) session.isDirty = true;
}

async function exchange<T>(
  engine: Engine,
  operation: Operation<T>,
  attempt: Attempt,
  message: Buffer,
  requestId: number,
): Promise<Reply | null> {
  const { connection, purpose, session } = attempt;
  // A listener that is told of the command may close the client, which then uses the pinned connection itself.
  if (engine.lifetime.closing) {
    const { namespace } = purpose;
    throw new MongoClientClosedError(undefined, { host: connection.address, namespace, phase: 'preSend' });
  }
  if (session !== null) session.lastUse = engine.clock.now();
  if (operation.unacknowledged) {
    connection.send(message, purpose);
    return null;
  }
  const reply = await connection.roundTrip(message, requestId, purpose, 'read', readDeadline(engine, attempt.deadline));
  engine.clusterClock.learn(reply.body);
  if (operation.session !== null) operation.session.learn(reply.body);
  if (!reply.ok) {
    checkTopologyVersion(reply, connection.address);
    throw commandError(attempt, reply);
  }
  if (reply.body.has('writeConcernError')) {
    // The write is done, and yet the error may say that the server is going down (SDAM, "Where to look for errors").
    reply.body.typedOffset('writeConcernError', ElementType.document);
    checkTopologyVersion(reply, connection.address);
    const error = reply.writeConcernError({ host: connection.address, namespace: purpose.namespace });
    afterError(engine, attempt, error);
  }
  return reply;
}

/** What is known about the server would change by it. */
function checkTopologyVersion({ body }: Reply, host: string): void {
  const offset = body.typedOffset('topologyVersion', ElementType.document);
  if (offset < 0 || parseTopologyVersion(decodeDocument(body.bytes, offset)) !== null) return;
  throw new MongoUnexpectedServerResponseError(
    `Protocol error: 'topologyVersion' in an error of ${host} must be a document with processId and counter`,
    { host },
  );
}

/** Before `timeoutMS` a socket had a timeout of its own. */
function readDeadline(engine: Engine, deadline: Deadline): Deadline {
  const { socketTimeoutMS } = engine.options;
  return socketTimeoutMS === 0 || deadline.timedByOperation ? deadline : deadline.within('read', socketTimeoutMS);
}

function commandError(attempt: Attempt, reply: Reply): Error {
  const { connection, purpose, deadline } = attempt;
  const error = reply.error({ host: connection.address, namespace: purpose.namespace, phase: 'server' });
  if (deadline.timedByOperation && isMaxTimeMSExpired(error)) return serverTimeout(attempt, error as MongoServerError);
  return error as MongoServerError;
}

/** The server's own timeout came from ours, so it is ours (CSOT, "Errors"). */
function serverTimeout(attempt: Attempt, cause: Error): Error {
  const { connection, purpose, deadline } = attempt;
  const error = deadline.errorOf(
    { kind: 'expired', lateByMS: 0 },
    {
      during: `on the server ${connection.address} (${purpose.name} ${purpose.namespace})`,
      phase: 'server',
      host: connection.address,
      namespace: purpose.namespace,
      maybeApplied: true,
      cause,
    },
  );
  tellOrigin(attempt, error);
  return error;
}

function afterError(engine: Engine, { server, connection }: Attempt, error: unknown): void {
  engine.topology.onError(error, server, {
    connectionGeneration: connection.generation,
    phase: 'afterHandshake',
    serviceId: connection.service?.id,
  });
}

/** The command with the fields that every command of this client carries. */
function commandFor<T>(engine: Engine, operation: Operation<T>, attempt: Attempt): Document {
  const { connection, deadline, txnNumber } = attempt;
  const { session } = operation;
  const body = operation.command({ connection: connection.description, timedByOperation: deadline.timedByOperation });
  body['$db'] = operation.database;
  if (session !== null) {
    const hasClusterTime = clusterTimeFor(engine, operation, connection) !== null;
    addSessionFields(body, session, { name: operation.name, role: operation.sessionRole, hasClusterTime });
  }
  if (txnNumber > 0) body['txnNumber'] = Long.fromNumber(txnNumber);
  const { type, maxWireVersion } = connection.description.server;
  const readPreference =
    operation.access === 'read' && maxWireVersion >= operation.readPreferenceSince
      ? readPreferenceField(operation.readPreference, engine.topology.description.type, type)
      : undefined;
  if (readPreference !== undefined) body['$readPreference'] = readPreference;
  if (engine.options.apiFields !== undefined) Object.assign(body, engine.options.apiFields);
  const maxTimeMS = operation.maxTime === 'omit' ? undefined : maxTimeFor(attempt, operation.maxTime);
  if (maxTimeMS !== undefined) body['maxTimeMS'] = maxTimeMS;
  return body;
}

/** Throws when the server is too far away for what is left of the time. */
function maxTimeFor(
  { deadline, minRoundTripTimeMS, connection, purpose }: Attempt,
  most: 'remaining' | number,
): number | undefined {
  if (!deadline.timedByOperation) return undefined;
  const maxTime = maxTimeOf(deadline.remainingMS, minRoundTripTimeMS);
  if (maxTime.send) return most === 'remaining' ? maxTime.maxTimeMS : Math.min(most, maxTime.maxTimeMS ?? most);
  throw deadline.errorOf(
    { kind: 'expired', lateByMS: 0 },
    {
      during: `before ${purpose.name} ${purpose.namespace} was sent: a round trip to ${connection.address} takes at least ${minRoundTripTimeMS.toFixed(1)} ms`,
      phase: 'preSend',
      host: connection.address,
      namespace: purpose.namespace,
      maybeApplied: false,
    },
  );
}

function rawFieldsFor<T>(
  engine: Engine,
  operation: Operation<T>,
  { session, connection }: Attempt,
): readonly Uint8Array[] {
  const clusterTime = clusterTimeFor(engine, operation, connection);
  if (session === null) return clusterTime === null ? NO_FIELDS : [clusterTime];
  return clusterTime === null ? [session.lsidField] : [session.lsidField, clusterTime];
}

/** The newest that the client or the session has seen (Driver Sessions, "Gossipping the cluster time"). */
function clusterTimeFor<T>(
  { clusterClock }: Engine,
  { session }: Operation<T>,
  connection: Connection,
): Uint8Array | null {
  if (connection.description.server.type === 'Standalone') return null;
  return session !== null && session.clusterClock.isNewerThan(clusterClock)
    ? session.clusterClock.field
    : clusterClock.field;
}
