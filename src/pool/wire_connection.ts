import type { Attempt } from '../call/attempt.js';
import type { Deadline } from '../call/deadline.js';
import { type DeadlineEnd, EndWatch, type EndWatcher } from '../call/end_watch.js';
import { Waiter } from '../call/waiter.js';
import { type OperationPhase, setOrigin } from '../errors/base.js';
import { MongoRuntimeError } from '../errors/driver.js';
import { MongoNetworkError, MongoNetworkTimeoutError } from '../errors/network.js';
import type { ConnectionProgress } from '../errors/pool_counts.js';
import type { Clock } from '../runtime/clock.js';
import type {
  OpenTransport,
  Transport,
  TransportAddress,
  TransportHandler,
  TransportOptions,
  TransportStep,
} from '../runtime/transport.js';
import type { Codec } from '../wire/compressor.js';
import { ForeignProtocolError } from '../wire/foreign_protocol.js';
import { FrameReader, type FrameSink } from '../wire/frame_reader.js';
import { DEFAULT_MAX_MESSAGE_SIZE, OpCode, protocolError } from '../wire/header.js';
import type { MessageEncoder } from '../wire/message_encoder.js';
import { compressMessage, decompressMessage, mayCompress } from '../wire/op_compressed.js';
import { decodeOpMsg } from '../wire/op_msg.js';
import { decodeOpReply } from '../wire/op_query.js';
import { Reply } from '../wire/reply.js';
import { asProtocolError, endOfExchange, nameOfStep, textOf, wrongAnswer, wrongOpCode } from './connection_errors.js';
import type { ConnectionDescription } from './handshake.js';

/** What a connection is made of; the same for all connections of a pool or a monitor. */
export interface ConnectionParts {
  readonly address: string;
  readonly target: TransportAddress;
  readonly transportOptions: TransportOptions;
  readonly open: OpenTransport;
  readonly encoder: MessageEncoder;
  readonly clock: Clock;
}

/** Takes the replies to a request that may have many. */
export interface ReplySink {
  /** Begins the time of the next reply, which the server sends without being asked. */
  nextLimit(): Deadline;
  /** A reply; the last one if no more are to come. */
  onReply(reply: Reply): void;
  /** No more replies come, since the connection closed or the limit ended. Not called after the last reply. */
  onFailed(error: Error): void;
}

/** The connection waits for a late reply of at most this many bytes. */
export const MOST_LATE_BYTES = 4 * 1024 * 1024;

/** The transport connects, and no caller waits for it yet. */
const NEW = Object.freeze({ kind: 'new' });
/** The next request may be sent. Shared by all connections, so that a command makes no object to come back to it. */
const FREE = Object.freeze({ kind: 'free' });

/** A caller waits for the transport to connect. */
interface Opening {
  readonly kind: 'opening';
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  readonly deadline: Deadline;
  readonly connectTimeoutMS: number;
  /** The limit of the current step. */
  limit: Deadline;
}

/** A request is on its way, or its one reply is awaited. */
interface Exchanging {
  readonly kind: 'exchanging';
  readonly requestId: number;
  /** The request is an OP_QUERY, which the server may answer by OP_REPLY. */
  readonly isQuery: boolean;
  readonly attempt: Attempt;
  readonly phase: OperationPhase;
  readonly deadline: Deadline;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
}

/** The server may send reply after reply to one request. */
interface Following {
  readonly kind: 'following';
  readonly requestId: number;
  /** Number of the message that the next reply answers: the request, or the reply before. */
  answers: number;
  readonly attempt: Attempt;
  readonly phase: OperationPhase;
  /** Of the next reply. */
  deadline: Deadline;
  readonly sink: ReplySink;
}

/** The reply is still to come, and its caller is gone. */
interface Draining {
  readonly kind: 'draining';
  readonly requestId: number;
}

interface Closed {
  readonly kind: 'closed';
  readonly error: Error;
}

type State = typeof NEW | Opening | typeof FREE | Exchanging | Following | Draining | Closed;

/**
 * One socket to one server, with one request on it at a time. Monitors use it as it is; a pool adds its book-keeping ({@link Connection}).
 *
 *     new ─► opening ─► free ◄─► exchanging ─► draining ─► free
 *      │        │       free ◄─► following        │
 *      └────────┴─────────┴──────────┴────────────┴──► closed
 *
 * A caller whose deadline ends is rejected at once. If its request was sent in full, the connection stays: it is *draining* until the late
 * reply has arrived. Everything else that goes wrong closes it.
 */
export class WireConnection implements TransportHandler, FrameSink, EndWatcher {
  /** Counts up from 1 in each pool or monitor. */
  readonly id: number;
  readonly address: string;

  readonly #clock: Clock;
  readonly #transport: Transport;
  readonly #encoder: MessageEncoder;
  readonly #reader: FrameReader;
  #state: State = NEW;
  /** Ends the wait that the state is, if it is one. */
  readonly #watch = new EndWatch(this);
  /** The callers that want to use the connection once no reply is still to come. */
  readonly #waiting = new Set<Waiter<void, null>>();
  #maxMessageSize = DEFAULT_MAX_MESSAGE_SIZE;
  #codec: Codec | null = null;
  #description!: ConnectionDescription;
  /** The current step of establishing the connection, or of a monitor's hello. */
  #step: ConnectionProgress['phase'] = 'connect';
  #stepStartedAt: number;
  /** The steps of establishing the connection, in order, and when each began. */
  readonly #steps: { readonly step: ConnectionProgress['phase']; readonly since: number }[] = [];
  /** The time at which the connection, or its last hello, began: errors count from here. */
  #begunAt: number;

  constructor(parts: ConnectionParts, id: number) {
    this.id = id;
    this.address = parts.address;
    this.#clock = parts.clock;
    this.#begunAt = parts.clock.now();
    this.#stepStartedAt = this.#begunAt;
    this.#steps.push({ step: this.#step, since: this.#begunAt });
    this.#encoder = parts.encoder;
    this.#reader = new FrameReader(this, this.#maxMessageSize);
    this.#transport = parts.open(parts.target, parts.transportOptions, this);
  }

  // ── What the connection tells

  /** Why it closed, or null while it is open. */
  get error(): Error | null {
    const state = this.#state;
    return state.kind === 'closed' ? state.error : null;
  }

  /** Whether a late reply is still to come. */
  get draining(): boolean {
    return this.#state.kind === 'draining';
  }

  /** Number of the request whose late reply is still to come, or null. */
  get lateRequestId(): number | null {
    const state = this.#state;
    return state.kind === 'draining' ? state.requestId : null;
  }

  /** Whether a reply is still to come, late or not: until then no other request may be sent. */
  get isOccupied(): boolean {
    const { kind } = this.#state;
    return kind === 'exchanging' || kind === 'draining' || kind === 'following';
  }

  /** Whether a reply is still to come, or a caller waits to use the connection. */
  get busy(): boolean {
    return this.isOccupied || this.#waiting.size > 0;
  }

  /** What the handshake told. Not to be read before the server has answered the first hello. */
  get description(): ConnectionDescription {
    return this.#description;
  }

  /** What a connection that is being established, or a monitor's, waits for, and since when (monotonic milliseconds). */
  get waitsFor(): { readonly step: ConnectionProgress['phase']; readonly since: number } {
    return { step: this.#step, since: this.#stepStartedAt };
  }

  /** Milliseconds since the connection began to be established, or since its last hello began. */
  get elapsedMS(): number {
    return this.#clock.now() - this.#begunAt;
  }

  // ── Establishing

  /**
   * Waits until the transport is connected.
   *
   * @param connectTimeoutMS - the limit of each step; 0 is none
   */
  opened(connectTimeoutMS: number, deadline: Deadline): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#state !== NEW) {
        reject(this.#refusal());
        return;
      }
      const limit = deadline.within(this.#step, connectTimeoutMS);
      this.#state = { kind: 'opening', resolve, reject, deadline, connectTimeoutMS, limit };
      this.#watch.start(limit);
    });
  }

  /** A step of establishing the connection begins. */
  beginStep(step: ConnectionProgress['phase']): void {
    this.#step = step;
    this.#stepStartedAt = this.#clock.now();
    if (this.#steps.at(-1)?.step !== step) this.#steps.push({ step, since: this.#stepStartedAt });
  }

  /**
   * Records on a deadline that waited for the connection where the time went: a caller waits for these steps, and not for its turn.
   *
   * @param readyAt - when the connection was established; null: it is not yet, and its current step is left to the error of the wait
   */
  recordSteps(deadline: Deadline, readyAt: number | null): void {
    deadline.recordUntil('checkOut', this.#steps[0]?.since ?? 0);
    for (const [index, { step }] of this.#steps.entries()) {
      const end = this.#steps[index + 1]?.since ?? readyAt;
      if (end !== null) deadline.recordUntil(step, end);
    }
  }

  /** A hello on an established connection begins, or the next reply of a stream is awaited. */
  beginHello(): void {
    this.#begunAt = this.#clock.now();
    this.#stepStartedAt = this.#begunAt;
  }

  /** The server has answered the first hello. */
  describe(description: ConnectionDescription): void {
    this.#description = description;
  }

  /**
   * From now on, messages up to the server's own limit are accepted.
   *
   * @param codec - compresses messages from now on; null does not compress
   */
  configure(maxMessageSize: number, codec: Codec | null): void {
    this.#maxMessageSize = maxMessageSize;
    this.#reader.maxMessageSize = maxMessageSize;
    this.#codec = codec;
  }

  // ── Requests

  /**
   * Waits until no reply is still to come. For commands that need this connection and no other: those of a pinned transaction or cursor,
   * which the caller may run concurrently. All waiters wake together, so each has to check again.
   *
   * @throws the error that closed the connection; the error of the deadline
   */
  whenFree(attempt: Attempt): Promise<void> {
    if (this.error !== null) return Promise.reject(this.error);
    const { commandName, namespace } = attempt;
    const deadline = attempt.limitOf('read');
    const waiter = new Waiter<void, null>(null, deadline, 0, (self, end) => {
      const during = `while waiting for an earlier reply from ${this.address} before ${commandName} ${namespace} was sent`;
      const description = { during, phase: 'read', host: this.address, namespace, maybeApplied: false } as const;
      const error = deadline.errorOf(end, description, text => this.#networkTimeout(text, 'read', false));
      if (end.kind === 'expired') {
        setOrigin(error, { connectionId: this.id, serverConnectionId: this.description.serverConnectionId });
      }
      self.reject(error);
    });
    this.#waiting.add(waiter);
    waiter.waitIn({ remove: () => this.#waiting.delete(waiter) });
    return waiter.promise;
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
    return this.#exchange(message, requestId, false, phase, attempt);
  }

  /** Sends a first hello as OP_QUERY, which the server answers by OP_REPLY, or by OP_MSG. */
  queryHello(message: Buffer, requestId: number, attempt: Attempt): Promise<Reply> {
    return this.#exchange(message, requestId, true, 'hello', attempt);
  }

  #exchange(
    message: Buffer,
    requestId: number,
    isQuery: boolean,
    phase: OperationPhase,
    attempt: Attempt,
  ): Promise<Reply> {
    return new Promise<Reply>((resolve, reject) => {
      if (this.#state !== FREE) {
        reject(this.#refusal());
        return;
      }
      const deadline = phase === 'read' ? attempt.limitOf('read') : attempt.deadline;
      this.#state = { kind: 'exchanging', requestId, isQuery, attempt, phase, deadline, resolve, reject };
      this.#watch.start(deadline);
      this.#write(message, attempt.commandName);
    });
  }

  /**
   * Sends a request that allows the server to answer again and again (OP_MSG, "exhaustAllowed"). The sink is called in the order of the
   * replies, before anything that came behind them is read.
   *
   * @param attempt - its deadline bounds the wait for the first reply
   */
  follow(message: Buffer, requestId: number, phase: OperationPhase, sink: ReplySink, attempt: Attempt): void {
    if (this.#state !== FREE) {
      sink.onFailed(this.#refusal());
      return;
    }
    const { deadline } = attempt;
    this.#state = { kind: 'following', requestId, answers: requestId, attempt, phase, deadline, sink };
    this.#watch.start(deadline);
    this.#write(message, attempt.commandName);
  }

  /** Sends a message that the server will not answer. */
  send(message: Buffer, attempt: Attempt): void {
    if (this.error !== null) throw this.error;
    this.#write(message, attempt.commandName);
  }

  #write(message: Buffer, commandName: string): void {
    if (this.#codec !== null && mayCompress(commandName)) {
      this.#transport.write(compressMessage(message, this.#codec));
      return;
    }
    // The system did not take all bytes at once: they stay in the message's memory, which the encoder must not use again.
    if (!this.#transport.write(message)) this.#encoder.release();
  }

  /** Why a request cannot be sent in this state. */
  #refusal(): Error {
    return this.error ?? new MongoRuntimeError(`Connection ${this.id} to ${this.address} is in use by another command`);
  }

  #wake(): void {
    if (this.#waiting.size === 0) return;
    for (const waiter of [...this.#waiting]) waiter.resolve();
  }

  // ── Closing

  /** Closes at once. The callers that wait on the connection are rejected with this error. */
  close(error: Error): void {
    const state = this.#state;
    if (state.kind === 'closed') return;
    this.#state = { kind: 'closed', error };
    this.#transport.destroy();
    if (state.kind === 'opening') {
      this.#watch.stop();
      state.reject(error);
    } else if (state.kind === 'exchanging' || state.kind === 'following') {
      this.#watch.stop();
      fail(state, error);
    }
    for (const waiter of [...this.#waiting]) waiter.reject(error);
    this.tellClosed();
  }

  /** Called once, when the connection has closed. A monitor needs no more than the failure of its own request. */
  protected tellClosed(): void {}

  /** Called when a late reply has arrived and the connection is free. A monitor's requests leave none: they close the connection. */
  protected tellDrained(_reply: Reply): void {}

  // ── TransportHandler

  onStep(step: TransportStep): void {
    const previous = this.#step;
    const state = this.#state;
    if (state.kind === 'opening') state.deadline.record(previous);
    this.beginStep(step);
    // To Node, finding the address and connecting to it are one step, under one limit.
    if (state.kind !== 'opening' || (previous === 'resolve' && step === 'connect')) return;
    this.#watch.stop();
    state.limit = state.deadline.within(step, state.connectTimeoutMS);
    this.#watch.start(state.limit);
  }

  onConnect(): void {
    const state = this.#state;
    if (state.kind !== 'opening') return;
    this.#state = FREE;
    this.#watch.stop();
    state.deadline.record(this.#step);
    this.beginStep('hello');
    state.resolve();
  }

  onData(chunk: Buffer, length: number): void {
    if (this.#state.kind === 'closed') return;
    try {
      this.#reader.push(chunk, length);
    } catch (error) {
      this.close(asProtocolError(error, this.address));
    }
    if (this.draining) this.#boundLateReply();
  }

  onClose(cause: Error | null): void {
    if (this.error !== null) return;
    const phase = this.#phase();
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

  /** What the connection is doing, as errors name it. */
  #phase(): OperationPhase {
    const state = this.#state;
    switch (state.kind) {
      case 'new':
      case 'opening':
        return this.#step;
      case 'exchanging':
      case 'following':
        return state.phase;
      default:
        return 'read';
    }
  }

  // ── FrameSink

  onFrame(frame: Buffer): void {
    const state = this.#state;
    switch (state.kind) {
      case 'exchanging':
        this.#onReply(state, frame);
        break;
      case 'following':
        this.#onFollowingReply(state, frame);
        break;
      case 'draining':
        this.#onLateReply(state, frame);
        break;
      case 'closed':
        return;
      default: {
        // A frame that is no message at all has an error of its own.
        this.#replyIn(frame, false);
        protocolError(`a message (responseTo ${frame.readInt32LE(8)}) that answers no request`);
      }
    }
    this.#wake();
  }

  #onReply({ requestId, isQuery, resolve }: Exchanging, frame: Buffer): void {
    const reply = this.#replyIn(frame, isQuery);
    const responseTo = frame.readInt32LE(8);
    if (responseTo !== requestId) wrongAnswer(responseTo, requestId);
    this.#watch.stop();
    this.#state = FREE;
    resolve(reply);
  }

  #onFollowingReply(following: Following, frame: Buffer): void {
    const reply = this.#replyIn(frame, false);
    const responseTo = frame.readInt32LE(8);
    // Each reply answers the one before (OP_MSG, "exhaustAllowed"); some servers name the request in each.
    if (responseTo !== following.answers && responseTo !== following.requestId) {
      wrongAnswer(responseTo, following.answers);
    }
    this.#watch.stop();
    if (reply.moreToCome) {
      following.answers = frame.readInt32LE(4);
      following.deadline = following.sink.nextLimit();
      this.#watch.start(following.deadline);
    } else {
      this.#state = FREE;
    }
    following.sink.onReply(reply);
  }

  #onLateReply({ requestId }: Draining, frame: Buffer): void {
    const reply = this.#replyIn(frame, false);
    const responseTo = frame.readInt32LE(8);
    if (responseTo !== requestId) wrongAnswer(responseTo, requestId);
    this.#state = FREE;
    this.tellDrained(reply);
  }

  /** @param isQuery - whether the message may be an OP_REPLY */
  #replyIn(frame: Buffer, isQuery: boolean): Reply {
    const compressed = frame.readInt32LE(12) === OpCode.compressed;
    const message = compressed ? decompressMessage(frame, this.#maxMessageSize, this.#codec) : frame;
    const opCode = message.readInt32LE(12);
    if (opCode === OpCode.reply && isQuery) return new Reply(decodeOpReply(message), false, this);
    if (opCode !== OpCode.msg) wrongOpCode(opCode, message);
    const { body, moreToCome } = decodeOpMsg(message);
    return new Reply(body, moreToCome, this);
  }

  // ── EndWatcher

  onDeadlineEnd(end: DeadlineEnd): void {
    const state = this.#state;
    if (state.kind === 'opening') this.#onOpeningEnd(state, end);
    else if (state.kind === 'exchanging' || state.kind === 'following') this.#onExchangeEnd(state, end);
  }

  #onOpeningEnd({ limit }: Opening, end: DeadlineEnd): void {
    const phase = this.#step;
    const during = `during the ${nameOfStep(phase) ?? phase} ${this.address}`;
    const makeError = (text: string) => this.#networkTimeout(text, phase, true);
    this.close(limit.errorOf(end, { during, phase, host: this.address }, makeError));
  }

  #onExchangeEnd(exchange: Exchanging | Following, end: DeadlineEnd): void {
    const { requestId, attempt, phase, deadline } = exchange;
    const sent = this.#transport.flushed;
    const description = endOfExchange(this.address, attempt, phase, sent);
    const error = deadline.errorOf(end, description, text =>
      this.#networkTimeout(text, description.phase, phase !== 'read'),
    );
    const drains = sent && phase === 'read';
    this.#state = drains ? { kind: 'draining', requestId } : FREE;
    fail(exchange, error);
    if (drains) this.#boundLateReply();
    else this.close(error instanceof Error ? error : new MongoNetworkError('aborted', { host: this.address }));
  }

  /** No caller wants a late reply; beyond a certain size a new connection costs less. */
  #boundLateReply(): void {
    const { missingBytes } = this.#reader;
    if (missingBytes <= MOST_LATE_BYTES) return;
    const text = `${missingBytes} bytes of a late reply from ${this.address} are not waited for, at most ${MOST_LATE_BYTES} are`;
    this.close(new MongoNetworkError(text, { host: this.address, phase: 'read' }));
  }

  #networkTimeout(text: string, phase: OperationPhase, beforeHandshake: boolean): MongoNetworkTimeoutError {
    return new MongoNetworkTimeoutError(text, { host: this.address, phase, beforeHandshake });
  }
}

function fail(exchange: Exchanging | Following, error: Error): void {
  if (exchange.kind === 'exchanging') exchange.reject(error);
  else exchange.sink.onFailed(error);
}
