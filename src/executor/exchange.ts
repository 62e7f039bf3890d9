import { decodeDocument } from '../bson/decode.js';
import { ElementType } from '../bson/raw_document.js';
import { parseTopologyVersion } from '../description/topology_version.js';
import { setOrigin } from '../errors/base.js';
import { isMaxTimeMSExpired } from '../errors/classify.js';
import { MongoClientClosedError, MongoUnexpectedServerResponseError } from '../errors/driver.js';
import { brokenReplyError, MongoNetworkError } from '../errors/network.js';
import { markSensitive, redactForTopology } from '../events/redact.js';
import type { Connection } from '../pool/connection.js';
import type { Server } from '../sdam/server.js';
import type { ServerSession } from '../sessions/server_session_pool.js';
import { nextRequestId } from '../wire/header.js';
import { MsgFlag } from '../wire/op_msg.js';
import type { Reply } from '../wire/reply.js';
import type { Binding } from './binding.js';
import type { CommandAttempt } from './command_attempt.js';
import { CommandEvents, holdsCredentials } from './command_events.js';
import { completeCommand, rawFieldsOf } from './complete_command.js';
import type { Engine } from './engine.js';
import type { OperationReply } from './operation.js';
import { maybeApplied } from './retry.js';
import { checkServer } from './session_rules.js';

/**
 * One command on one connection, from its encoding to its result. Tells the topology about an error before the failure is published.
 *
 * No function of it is async, since each async function costs two promises: {@link execute} alone waits, for the reply.
 */
export class Exchange<T> {
  readonly #engine: Engine;
  readonly #server: Server;
  readonly #connection: Connection;
  readonly #attempt: CommandAttempt<T>;
  readonly #session: ServerSession | null;
  readonly #requestId: number;
  readonly #message: Buffer;
  /** How many items of the sequence the message holds. */
  readonly #taken: number;
  /** Whether it must not be shown. */
  readonly #redacted: boolean;
  readonly #events: CommandEvents | null;

  /**
   * Encodes the command and publishes its start. To be called when no document is being encoded, and followed by {@link Exchange.send} at once: the
   * message may lie in memory that the next one is encoded into.
   *
   * @throws what the encoding throws; MongoOperationTimeoutError when too little time is left
   */
  constructor(engine: Engine, binding: Binding, server: Server, connection: Connection, attempt: CommandAttempt<T>) {
    const { operation, deadline } = attempt;
    const { publisher, clock, encoder } = engine;
    const session = sessionFor(engine, binding, connection, attempt);
    attempt.serverSession = session;
    const body = completeCommand(engine, connection, attempt);
    const requestId = nextRequestId();
    const rawFields = rawFieldsOf(engine, operation, session, connection);
    const flags = operation.unacknowledged ? MsgFlag.moreToCome : 0;
    const message = encoder.encode(
      { requestId, flags, body, rawFields, maxTimeMS: attempt.maxTimeMS, sequence: operation.sequence },
      connection.description.limits,
      operation.bsonOptions,
    );
    operation.checkEncoded?.(message);
    this.#engine = engine;
    this.#server = server;
    this.#connection = connection;
    this.#attempt = attempt;
    this.#session = session;
    this.#requestId = requestId;
    this.#taken = encoder.taken;
    this.#message = message;
    // The driver's own commands hold no credentials.
    const redacted = operation.sessionRole === 'asGiven' && holdsCredentials(message);
    this.#redacted = redacted;
    // A listener, or what processes spans, may start another operation.
    encoder.isLent = true;
    try {
      this.#events = CommandEvents.start(publisher, clock, connection, requestId, message, body, attempt, redacted);
    } finally {
      encoder.isLent = false;
    }
    if (operation.session !== null) operation.session.transaction.sent();
    // One look at the clock for both. Where only the session wants it, that for `maxTimeMS` will do.
    const isLookedAt = this.#events === null && attempt.maxTimeMS > 0;
    if (session !== null) session.lastUse = isLookedAt ? deadline.ledger.lookedAt : clock.now();
    this.#events?.sent(session?.lastUse);
  }

  /**
   * Puts the command on its connection.
   *
   * @returns the reply as it comes; null if the server does not answer. If it fails, {@link Exchange.failed} is to be told
   */
  send(): Promise<Reply> | null {
    const connection = this.#connection;
    const { operation, namespace } = this.#attempt;
    // A listener that was told of the command may have closed the client, which then uses the pinned connection itself.
    if (this.#engine.lifetime.closing) {
      throw new MongoClientClosedError(undefined, { host: connection.address, namespace, phase: 'preSend' });
    }
    if (!operation.unacknowledged) return connection.roundTrip(this.#message, this.#requestId, 'read', this.#attempt);
    connection.send(this.#message, this.#attempt);
    return null;
  }

  /** No reply came, or one that is an error. Returns the error that the attempt fails with. */
  failed(cause: unknown): unknown {
    const connection = this.#connection;
    const attempt = this.#attempt;
    const session = this.#session;
    const error = brokenReply(cause, connection, attempt);
    if (this.#redacted) markSensitive(error);
    tellOrigin(error, connection, attempt);
    // A broken or draining connection leaves the command running on the server; the next user of the session would wait for it.
    if (session !== null && (connection.error !== null || connection.draining)) session.isDirty = true;
    const told = this.#redacted ? redactForTopology(error as Error) : error;
    informTopology(this.#engine, this.#server, connection, attempt, told);
    this.#events?.failed(error as Error);
    return error;
  }

  /**
   * The result of the operation.
   *
   * @param reply - null if the server does not answer
   * @throws the error that the reply is, or that its result cannot be read
   */
  resultOf(reply: Reply | null): T {
    if (reply !== null) this.#receive(reply);
    this.#events?.succeeded(reply);
    const attempt = this.#attempt;
    const { operation } = attempt;
    if (reply === null) return operation.unacknowledgedResult?.(this.#taken) as T;
    try {
      const operationReply: OperationReply = { reply, taken: this.#taken, address: this.#server.address };
      const result = operation.result(operationReply);
      if (operationReply.closing !== undefined) attempt.closing = operationReply.closing;
      return result;
    } catch (error) {
      const connection = this.#connection;
      if (error instanceof MongoUnexpectedServerResponseError) discardUnusable(error, connection, this.#session);
      tellOrigin(error, connection, attempt);
      throw asTimeout(error, connection, attempt);
    }
  }

  #receive(reply: Reply): void {
    try {
      learn(this.#engine, this.#server, this.#connection, reply, this.#attempt);
    } catch (cause) {
      throw this.failed(cause);
    }
  }
}

/** Learns from a reply what it tells beside the result. Throws its error if it is one. */
function learn(
  engine: Engine,
  server: Server,
  connection: Connection,
  reply: Reply,
  attempt: CommandAttempt<unknown>,
): void {
  const { operation, namespace } = attempt;
  engine.clusterClock.learn(reply.body);
  if (operation.session !== null) operation.session.learn(reply.body);
  const details = { host: connection.address, namespace };
  if (!reply.ok) {
    checkTopologyVersion(reply, connection.address);
    throw asTimeout(reply.error({ ...details, phase: 'server' }), connection, attempt);
  }
  if (!reply.body.has('writeConcernError')) return;
  // The write is done, and yet the error may say that the server is shutting down (SDAM, "Where to look for errors").
  reply.body.typedOffset('writeConcernError', ElementType.document);
  checkTopologyVersion(reply, connection.address);
  informTopology(engine, server, connection, attempt, reply.writeConcernError(details));
}

/** @throws MongoUnexpectedServerResponseError for a topology version that is malformed: it would change what is known of the server */
function checkTopologyVersion({ body }: Reply, host: string): void {
  const offset = body.typedOffset('topologyVersion', ElementType.document);
  if (offset < 0 || parseTopologyVersion(decodeDocument(body.bytes, offset)) !== null) return;
  throw new MongoUnexpectedServerResponseError(
    `Protocol error: 'topologyVersion' in an error of ${host} must be a document with processId and counter`,
    { host },
  );
}

/**
 * The user's session, or an implicit one, which is taken only now that a connection is there (Driver Sessions, "Implicit sessions"). Null
 * for unacknowledged writes and for servers without sessions. Gives the attempt its transaction number.
 */
function sessionFor(
  engine: Engine,
  binding: Binding,
  connection: Connection,
  attempt: CommandAttempt<unknown>,
): ServerSession | null {
  const { logicalSessionTimeoutMinutes } = connection.description.server;
  const { session: own, access, sessionRole, unacknowledged } = attempt.operation;
  if (own !== null) {
    checkServer(own, connection.description.server);
  } else if (unacknowledged || logicalSessionTimeoutMinutes === null) {
    return null;
  }
  // The mongos that answered does not speak for the others behind the load balancer (Load Balancers, "Session Expiration").
  const minutes = connection.service === null ? logicalSessionTimeoutMinutes : Infinity;
  const session = own === null ? (binding.session ??= engine.sessions.acquire(minutes)) : own.serverSession(minutes);
  if (own !== null && (own.transaction.isActive || sessionRole === 'endsTransaction')) {
    attempt.txnNumber = session.txnNumber;
  } else if (attempt.selected?.allowsRetry === true && access === 'write' && attempt.txnNumber === 0) {
    attempt.txnNumber = ++session.txnNumber;
  }
  return session;
}

function tellOrigin(error: unknown, { id, description }: Connection, attempt: CommandAttempt<unknown>): void {
  const { operationId, deadline } = attempt;
  const { serverConnectionId } = description;
  // The caller's own value stays as it is, also if it is an error of ours.
  if (deadline.isAbortReason(error)) return;
  setOrigin(error, { operationId, connectionId: id, serverConnectionId });
}

/**
 * The error of an exchange that failed. A reply that breaks the protocol closes its connection and counts as none, like the reply of a
 * connection that broke: it is unknown whether the command was carried out, and a retryable one is retried.
 */
function brokenReply(
  error: unknown,
  connection: Connection,
  { commandName, namespace }: CommandAttempt<unknown>,
): unknown {
  if (error instanceof MongoNetworkError) {
    error.maybeApplied ??= maybeApplied(error);
    return error;
  }
  if (!(error instanceof MongoUnexpectedServerResponseError)) return error;
  connection.close(error);
  const host = connection.address;
  const text = `connection ${connection.id} to ${host} broke: the reply to ${commandName} ${namespace} cannot be read: ${error.message}`;
  return brokenReplyError(text, { host, namespace, phase: 'read', maybeApplied: true, cause: error });
}

/** Closes the connection after a reply that can be read but lacks what it must hold. The server has carried out the command. */
function discardUnusable(
  error: MongoUnexpectedServerResponseError,
  connection: Connection,
  session: ServerSession | null,
): void {
  error.phase ??= 'read';
  error.host ??= connection.address;
  connection.close(error);
  if (session !== null) session.isDirty = true;
}

function informTopology(
  { topology }: Engine,
  server: Server,
  { generation, service }: Connection,
  attempt: CommandAttempt<unknown>,
  error: unknown,
): void {
  const where = { connectionGeneration: generation, phase: 'afterHandshake', serviceId: service?.id } as const;
  topology.onError(error, server, where, attempt);
}

/** Under `timeoutMS`, the server's MaxTimeMSExpired is a timeout of the operation: the limit came from its deadline (CSOT, "Errors"). */
function asTimeout(error: unknown, connection: Connection, attempt: CommandAttempt<unknown>): unknown {
  const { address } = connection;
  if (!isMaxTimeMSExpired(error)) return error;
  const { commandName, namespace, deadline } = attempt;
  const during = `on the server ${address} (${commandName} ${namespace})`;
  const timeout = deadline.errorOnServer({ during, host: address, namespace, cause: error });
  if (timeout === null) return error;
  tellOrigin(timeout, connection, attempt);
  return timeout;
}
