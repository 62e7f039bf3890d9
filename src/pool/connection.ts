import type { Attempt } from '../call/attempt.js';
import type { Deadline, DeadlineEnd, EndWatcher } from '../call/deadline.js';
import { Waiter } from '../call/waiter.js';
import { type OperationPhase, setOrigin } from '../errors/base.js';
import { MongoRuntimeError } from '../errors/driver.js';
import { MongoNetworkError, MongoNetworkTimeoutError } from '../errors/network.js';
import type { ConnectionProgress } from '../errors/pool_counts.js';
import type { Clock } from '../runtime/clock.js';
import type { Transport, TransportHandler, TransportStep } from '../runtime/transport.js';
import type { Codec } from '../wire/codec.js';
import { ForeignProtocolError } from '../wire/foreign_protocol.js';
import { FrameReader, type FrameSink } from '../wire/frame_reader.js';
import { DEFAULT_MAX_MESSAGE_SIZE, OpCode, protocolError } from '../wire/header.js';
import type { MessageEncoder } from '../wire/message_encoder.js';
import { compressMessage, decompressMessage, mayCompress } from '../wire/op_compressed.js';
import { decodeOpMsg } from '../wire/op_msg.js';
import { decodeOpReply } from '../wire/op_query.js';
import { Reply } from '../wire/reply.js';
import { asProtocolError, endOfExchange, nameOfStep, textOf, wrongAnswer, wrongOpCode } from './connection_errors.js';
import type { ConnectionParts } from './connection_parts.js';
import type { Exchange, Opening, ReplySink } from './exchange.js';
import type { Generation, ServiceGeneration } from './generations.js';
import type { ConnectionDescription } from './handshake.js';

/** Who is told what becomes of a connection that nobody is using. */
export interface ConnectionOwner {
  /** The late reply to a request whose caller has gone has arrived: the connection can be used again. */
  onDrained(connection: Connection, reply: Reply): void;
  /** It closed: after an error in use, or while idle or draining. Called once. */
  onClosed(connection: Connection, error: Error): void;
}

/** How much of a late reply is waited for. */
export const MOST_LATE_BYTES = 4 * 1024 * 1024;

/** Of connections that belong to no pool. */
const NO_POOL: Generation = Object.freeze({ value: 0 });

/**
 * One socket to one server, with one request on it at a time.
 *
 *     opening ──► free ◄──► exchanging ──► draining ──► free
 *        └─────────┴────────────┴─────────────┴──► closed
 *
 * A caller whose deadline ends is rejected at once. If its request was sent in full, the connection stays: it is *draining* until the late
 * reply has come and gone (architecture, "Decisions", 2). Everything else that goes wrong closes it.
 */
export class Connection implements TransportHandler, FrameSink, EndWatcher {
  /** Counts up from 1 in each pool. */
  readonly id: number;
  readonly address: string;
  /** The generation of the pool when this connection was created; behind a load balancer, of its service when hello named it. */
  generation: number;
  /** Behind a load balancer: the server at the other end, once hello has named it. */
  service: ServiceGeneration | null = null;
  /** The attempt that it is checked out for, and its place among the connections in use: written by `Lent`. */
  attempt: Attempt | null = null;
  slot = -1;
  /** This process stood still while it was idle: it may have been given up by the other end. */
  isSuspect = false;
  /** Why it is kept by who has it, beyond one command. */
  pinnedBy: 'cursor' | 'transaction' | null = null;
  readonly createdAt: number;
  /** The clock's time at which it was last put back into the pool. */
  idleSince: number;
  /** How often it was lent. */
  uses = 0;
  /** What the handshake told. Set by whoever made the handshake, before anyone else sees the connection. */
  declare description: ConnectionDescription;
  /** Whoever keeps it while nobody uses it. */
  owner: ConnectionOwner | null = null;

  readonly #clock: Clock;
  readonly #transport: Transport;
  readonly #encoder: MessageEncoder;
  readonly #reader: FrameReader;
  readonly #poolGeneration: Generation;
  #maxMessageSize = DEFAULT_MAX_MESSAGE_SIZE;
  #codec: Codec | null = null;
  #exchange: Exchange | null = null;
  #draining: number | null = null;
  /** Those who want to use the connection when no reply is still to come. */
  readonly #waiting = new Set<Waiter<void, null>>();
  /** The request that may be answered by an OP_REPLY. */
  #queryId: number | null = null;
  #opening: Opening | null = null;
  /** What is being done until the connection is established, and since when. */
  #step: ConnectionProgress['phase'] = 'connect';
  #stepStartedAt: number;
  /** Since when the connection is being established, or a later hello is awaited: what errors count from. */
  #begunAt: number;
  #error: Error | null = null;

  constructor(parts: ConnectionParts, id: number, generation: Generation = NO_POOL) {
    this.id = id;
    this.address = parts.address;
    this.#poolGeneration = generation;
    this.generation = generation.value;
    this.#clock = parts.clock;
    this.createdAt = parts.clock.now();
    this.idleSince = this.createdAt;
    this.#stepStartedAt = this.createdAt;
    this.#begunAt = this.createdAt;
    this.#encoder = parts.encoder;
    this.#reader = new FrameReader(this, this.#maxMessageSize);
    this.#transport = parts.open(parts.target, parts.transportOptions, this);
  }

  /** Why it closed, or null while it is open. */
  get error(): Error | null {
    return this.#error;
  }

  /** Whether a late reply is still to come. */
  get draining(): boolean {
    return this.#draining !== null;
  }

  /** Number of the request whose late reply is still to come, or null. */
  get lateRequestId(): number | null {
    return this.#draining;
  }

  /** What a connection that is being established, or a monitor's, waits for, and since when (monotonic milliseconds). */
  get waitsFor(): { readonly step: ConnectionProgress['phase']; readonly since: number } {
    return { step: this.#step, since: this.#stepStartedAt };
  }

  /** A command of the handshake begins. */
  beginStep(step: 'hello' | 'auth'): void {
    this.#step = step;
    this.#stepStartedAt = this.#clock.now();
  }

  /** A hello on an established connection begins, or the next reply of a stream is awaited. */
  beginHello(): void {
    this.#begunAt = this.#clock.now();
    this.#stepStartedAt = this.#begunAt;
  }

  /** Milliseconds since the connection began to be established, or since its last hello began. */
  get elapsedMS(): number {
    return this.#clock.now() - this.#begunAt;
  }

  /** Whether it was made before its pool, or its service, was cleared. */
  get isStale(): boolean {
    return this.generation !== (this.service ?? this.#poolGeneration).value;
  }

  /** From now on it becomes stale with its service. */
  joinService(service: ServiceGeneration): void {
    this.service = service;
    this.generation = service.value;
  }

  /** Whether a request is on it whose reply is still to come, or another waits to use it. */
  get busy(): boolean {
    return this.isOccupied || this.#waiting.size > 0;
  }

  /** Whether a reply is still to come, late or not: until then no other request may be sent. */
  get isOccupied(): boolean {
    return this.#exchange !== null || this.#draining !== null;
  }

  /**
   * Waits until no reply is still to come. For commands that need this connection and no other: those of a pinned transaction or cursor,
   * which the caller may have started side by side. All who wait are woken together, so each has to look again.
   *
   * @throws the error that closed the connection; the error of the deadline
   */
  whenFree(attempt: Attempt): Promise<void> {
    if (this.#error !== null) return Promise.reject(this.#error);
    const { commandName, namespace } = attempt;
    const deadline = attempt.limitOf('read');
    const waiter = new Waiter<void, null>(null, deadline, 0, (self, end) => {
      const during = `while waiting for an earlier reply from ${this.address} before ${commandName} ${namespace} was sent`;
      const description = { during, phase: 'read', host: this.address, namespace, maybeApplied: false } as const;
      const error = deadline.errorOf(end, description, text => this.#networkTimeout(text, 'read', false));
      setOrigin(error, { connectionId: this.id, serverConnectionId: this.description.serverConnectionId });
      self.reject(error);
    });
    this.#waiting.add(waiter);
    waiter.waitIn({ remove: () => this.#waiting.delete(waiter) });
    return waiter.promise;
  }

  #wake(): void {
    if (this.#waiting.size === 0) return;
    for (const waiter of [...this.#waiting]) waiter.resolve();
  }

  /** Bytes of the late reply that have arrived so far. */
  get drainedBytes(): number {
    return this.#reader.pendingBytes;
  }

  /**
   * Waits until the transport is connected.
   *
   * @param connectTimeoutMS - the limit of each step; 0 is none
   */
  opened(connectTimeoutMS: number, deadline: Deadline): Promise<void> {
    if (this.#error !== null) return Promise.reject(this.#error);
    return new Promise((resolve, reject) => {
      const limit = deadline.within(this.#step, connectTimeoutMS);
      this.#opening = { resolve, reject, deadline, connectTimeoutMS, limit };
      limit.watch(this);
    });
  }

  /**
   * From the hello on, messages up to the server's own limit are accepted.
   *
   * @param codec - with which messages are compressed from now on; null does not compress
   */
  configure(maxMessageSize: number, codec: Codec | null): void {
    this.#maxMessageSize = maxMessageSize;
    this.#reader.maxMessageSize = maxMessageSize;
    this.#codec = codec;
  }

  /**
   * Sends a request and waits for its reply.
   *
   * @param message - consumed before this returns
   * @param phase - what a timeout error calls this wait
   * @throws MongoNetworkError if the connection breaks
   * @throws MongoOperationTimeoutError or MongoNetworkTimeoutError, or the abort reason, when the deadline ends
   */
  roundTrip(message: Buffer, requestId: number, phase: OperationPhase, attempt: Attempt): Promise<Reply> {
    return new Promise<Reply>((resolve, reject) => {
      if (this.#error !== null) {
        reject(this.#error);
        return;
      }
      if (this.isOccupied) {
        reject(new MongoRuntimeError(`Connection ${this.id} to ${this.address} is in use by another command`));
        return;
      }
      const deadline = phase === 'read' ? attempt.limitOf('read') : attempt.deadline;
      this.#exchange = { requestId, answers: requestId, attempt, phase, deadline, resolve, reject, nextLimit: null };
      deadline.watch(this);
      this.#write(message, attempt.commandName);
    });
  }

  /** Sends a first hello as OP_QUERY, which the server answers by OP_REPLY, or by OP_MSG. */
  queryHello(message: Buffer, requestId: number, attempt: Attempt): Promise<Reply> {
    this.#queryId = requestId;
    return this.roundTrip(message, requestId, 'hello', attempt);
  }

  /**
   * Sends a request that allows the server to answer again and again (OP_MSG, "exhaustAllowed"). The sink is called in the order of the
   * replies, before anything that came behind them is read.
   *
   * @param attempt - its deadline bounds the wait for the first reply
   */
  follow(message: Buffer, requestId: number, phase: OperationPhase, sink: ReplySink, attempt: Attempt): void {
    const { deadline } = attempt;
    if (this.#error !== null) {
      sink.onFailed(this.#error);
      return;
    }
    this.#exchange = {
      requestId,
      answers: requestId,
      attempt,
      phase,
      deadline,
      resolve: reply => sink.onReply(reply),
      reject: error => sink.onFailed(error),
      nextLimit: () => sink.nextLimit(),
    };
    deadline.watch(this);
    this.#write(message, attempt.commandName);
  }

  /** Sends a message that the server will not answer. */
  send(message: Buffer, attempt: Attempt): void {
    if (this.#error !== null) throw this.#error;
    this.#write(message, attempt.commandName);
  }

  #write(message: Buffer, commandName: string): void {
    if (this.#codec !== null && mayCompress(commandName)) {
      this.#transport.write(compressMessage(message, this.#codec));
      return;
    }
    // What the system did not take at once stays in the message's memory, which the encoder must then not use again.
    if (!this.#transport.write(message)) this.#encoder.release();
  }

  /** Closes at once; whoever waits on it is rejected with this error. */
  close(error: Error): void {
    if (this.#error !== null) return;
    this.#error = error;
    this.#draining = null;
    this.#transport.destroy();
    const opening = this.#opening;
    const exchange = this.#exchange;
    this.#opening = null;
    this.#exchange = null;
    if (opening !== null) {
      opening.limit.unwatch(this);
      opening.reject(error);
    } else if (exchange !== null) {
      exchange.deadline.unwatch(this);
      exchange.reject(error);
    }
    for (const waiter of [...this.#waiting]) waiter.reject(error);
    this.owner?.onClosed(this, error);
  }

  // ── TransportHandler

  onStep(step: TransportStep): void {
    const previous = this.#step;
    const opening = this.#opening;
    if (opening !== null) opening.deadline.record(previous);
    this.#step = step;
    this.#stepStartedAt = this.#clock.now();
    // To find the address and to connect to it is one step to Node, under one limit.
    if (opening === null || (previous === 'resolve' && step === 'connect')) return;
    opening.limit.unwatch(this);
    opening.limit = opening.deadline.within(step, opening.connectTimeoutMS);
    opening.limit.watch(this);
  }

  onConnect(): void {
    const opening = this.#opening;
    this.#opening = null;
    if (opening === null) return;
    opening.limit.unwatch(this);
    opening.deadline.record(this.#step);
    this.#step = 'hello';
    this.#stepStartedAt = this.#clock.now();
    opening.resolve();
  }

  onData(chunk: Buffer, length: number): void {
    if (this.#error !== null) return;
    try {
      this.#reader.push(chunk, length);
    } catch (error) {
      this.close(asProtocolError(error, this.address));
    }
    if (this.#draining !== null) this.#boundLateReply();
  }

  onClose(cause: Error | null): void {
    if (this.#error !== null) return;
    const phase = this.#opening === null ? (this.#exchange?.phase ?? 'read') : this.#step;
    const step = nameOfStep(phase);
    // What came before the end says more about it than the end: a server that speaks TLS answers with an alert, and closes.
    const foreign = step === undefined ? undefined : this.#reader.foreignProtocol;
    const reason = foreign === undefined ? cause : new ForeignProtocolError(foreign);
    const details = { host: this.address, phase, beforeHandshake: step !== undefined, cause: reason ?? undefined };
    const closed = `connection ${this.id} to ${this.address} closed`;
    const what =
      step === undefined
        ? `${closed}${reason === null ? '' : `: ${textOf(reason)}`}`
        : `${reason === null ? closed : textOf(reason)} (${step} ${this.address} failed after ${this.elapsedMS.toFixed(1)} ms)`;
    this.close(new MongoNetworkError(what, details));
  }

  // ── FrameSink

  onFrame(frame: Buffer): void {
    if (this.#error !== null) return;
    const reply = this.#replyIn(frame);
    const responseTo = frame.readInt32LE(8);
    if (this.#draining !== null) {
      if (responseTo !== this.#draining) wrongAnswer(responseTo, this.#draining);
      this.#draining = null;
      this.owner?.onDrained(this, reply);
      this.#wake();
      return;
    }
    const exchange = this.#exchange;
    if (exchange === null) protocolError(`a message (responseTo ${responseTo}) that nobody had asked for`);
    // Of many replies each answers the one before (OP_MSG, "exhaustAllowed"); there are servers that name the request in each.
    if (responseTo !== exchange.answers && responseTo !== exchange.requestId) {
      wrongAnswer(responseTo, exchange.answers);
    }
    exchange.deadline.unwatch(this);
    if (reply.moreToCome && exchange.nextLimit !== null) {
      exchange.answers = frame.readInt32LE(4);
      exchange.deadline = exchange.nextLimit();
      exchange.deadline.watch(this);
    } else {
      this.#exchange = null;
    }
    exchange.resolve(reply);
    this.#wake();
  }

  #replyIn(frame: Buffer): Reply {
    const compressed = frame.readInt32LE(12) === OpCode.compressed;
    const message = compressed ? decompressMessage(frame, this.#maxMessageSize, this.#codec) : frame;
    const opCode = message.readInt32LE(12);
    if (opCode === OpCode.reply && message.readInt32LE(8) === this.#queryId) {
      return new Reply(decodeOpReply(message), false, this);
    }
    if (opCode !== OpCode.msg) wrongOpCode(opCode, message);
    const { body, moreToCome } = decodeOpMsg(message);
    return new Reply(body, moreToCome, this);
  }

  // ── EndWatcher

  onDeadlineEnd(end: DeadlineEnd): void {
    const opening = this.#opening;
    if (opening !== null) {
      const phase = this.#step;
      const during = `during the ${nameOfStep(phase) ?? phase} ${this.address}`;
      const makeError = (text: string) => this.#networkTimeout(text, phase, true);
      this.close(opening.limit.errorOf(end, { during, phase, host: this.address }, makeError));
      return;
    }
    const exchange = this.#exchange;
    if (exchange === null) return;
    this.#exchange = null;
    const sent = this.#transport.flushed;
    const error = this.#timeoutOf(exchange, end, sent);
    exchange.reject(error);
    if (sent && exchange.phase === 'read') {
      this.#draining = exchange.requestId;
      this.#boundLateReply();
    } else {
      this.close(error instanceof Error ? error : new MongoNetworkError('aborted', { host: this.address }));
    }
  }

  /** A late reply is read for nobody; beyond so much of it another connection costs less. */
  #boundLateReply(): void {
    const { missingBytes } = this.#reader;
    if (missingBytes <= MOST_LATE_BYTES) return;
    const text = `${missingBytes} bytes of a late reply from ${this.address} are not waited for, at most ${MOST_LATE_BYTES} are`;
    this.close(new MongoNetworkError(text, { host: this.address, phase: 'read' }));
  }

  #timeoutOf(exchange: Exchange, end: DeadlineEnd, sent: boolean): Error {
    const description = endOfExchange(this.address, exchange.attempt, exchange.phase, sent);
    const { phase } = description;
    return exchange.deadline.errorOf(end, description, text =>
      this.#networkTimeout(text, phase, exchange.phase !== 'read'),
    );
  }

  #networkTimeout(text: string, phase: OperationPhase, beforeHandshake: boolean): MongoNetworkTimeoutError {
    return new MongoNetworkTimeoutError(text, { host: this.address, phase, beforeHandshake });
  }
}
