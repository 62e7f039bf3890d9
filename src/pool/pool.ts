import type { ObjectId } from '../bson/index.js';
import type { Attempt } from '../call/attempt.js';
import { Deadline } from '../call/deadline.js';
import type { DeadlineEnd } from '../call/end_watch.js';
import { outsideScope } from '../call/scope.js';
import { setOrigin } from '../errors/base.js';
import type { PoolCounts } from '../errors/pool_counts.js';
import type { ConnectionClosedReason, PoolSnapshot } from '../events/pool.js';
import type { EventPublisher } from '../events/publisher.js';
import type { Clock } from '../runtime/clock.js';
import type { Random } from '../runtime/random.js';
import type { Reply } from '../wire/reply.js';
import { Connection, type ConnectionOwner } from './connection.js';
import {
  checkOutTimeout,
  interruptedError,
  lateReplyError,
  MongoPoolClearedError,
  MongoPoolClosedError,
  replacedError,
} from './errors.js';
import { type EstablishSettings, establish } from './establish.js';
import { Generations } from './generations.js';
import type { ConnectionDescription } from './handshake.js';
import { Maintenance } from './maintenance.js';
import { killCursor, lateCursor, probe } from './own_commands.js';
import { PendingResponses } from './pending_responses.js';
import { Places } from './places.js';
import { PoolEvents } from './pool_events.js';
import { type CheckOut, WaitQueue } from './wait_queue.js';
import type { ConnectionParts } from './wire_connection.js';

/** The options of all pools of a client. Milliseconds; 0 means no limit, except for `minPoolSize` and `pendingResponseTimeoutMS`. */
export interface PoolOptions {
  readonly maxPoolSize: number;
  readonly minPoolSize: number;
  readonly maxConnecting: number;
  readonly maxIdleTimeMS: number;
  readonly waitQueueTimeoutMS: number;
  /** The wait for a late reply after its caller is gone; 0 closes the connection at once. */
  readonly pendingResponseTimeoutMS: number;
}

/** A pool at one moment. @public */
export interface PoolStats extends PoolCounts {
  /** `host:port` of the server, or the path of its Unix socket. */
  readonly address: string;
  /** `paused`: the server is not known to be available, and check-outs fail. */
  readonly state: 'paused' | 'ready' | 'closed';
  /** The number of times that the pool was cleared. */
  readonly generation: number;
}

/** Most handshakes take a fraction of this, also across oceans. */
const LEAST_PATIENCE_MS = 1000;

/** What a pool needs from above. */
export interface PoolPorts {
  readonly publisher: EventPublisher;
  readonly clock: Clock;
  readonly random: Random;
  readonly connection: ConnectionParts;
  readonly establish: EstablishSettings;
  /** The server has answered the hello of a new connection, which now has its description. May clear or close this pool. */
  onHandshake(connection: Connection): void;
  /** A connection could not be established. May clear this pool before it returns. */
  onConnectionError(error: Error, connection: Connection): void;
  /** A new connection is ready for use. May close this pool. */
  onConnectionReady?(): void;
}

/**
 * The connections to one server. A connection is in exactly one place: pending, idle, in use or draining.
 *
 *     paused ──ready()──► ready ──clear()──► paused        close() from anywhere ──► closed
 *
 *     #assign():   while check-outs wait:   give an idle connection to the oldest,
 *                                           or open one (below maxPoolSize and maxConnecting), or leave it.
 *
 * A connection goes on being established when the check-out that it was opened for is gone, within `connectTimeoutMS` for each step.
 *
 * Source: Connection Monitoring and Pooling. An event is published after its fact has become true.
 */
export class ConnectionPool implements ConnectionOwner {
  readonly address: string;
  readonly #options: PoolOptions;
  readonly #ports: PoolPorts;
  readonly #clock: Clock;
  readonly #events: PoolEvents;
  #state: 'paused' | 'ready' | 'closed' = 'paused';
  readonly #generations = new Generations();
  /** For connections that operations wait for. */
  readonly #establish: EstablishSettings;
  /** For connections that no operation waits for. */
  readonly #establishUnasked: EstablishSettings;
  #lastConnectionId = 0;
  /** A connection that has been on its way for longer is stuck. */
  #patienceMS = LEAST_PATIENCE_MS;
  #lastDescription: ConnectionDescription | null = null;
  /** Why the pool was last cleared: the cause of the errors of check-outs while it is paused. */
  #clearedBy: Error | undefined;

  readonly #places: Places;
  readonly #waiters: WaitQueue;
  /** Null if neither `minPoolSize` nor `maxIdleTimeMS` asks for it. */
  readonly #maintenance: Maintenance | null;

  constructor(address: string, options: PoolOptions, ports: PoolPorts) {
    this.address = address;
    this.#options = options;
    this.#ports = ports;
    this.#clock = ports.clock;
    this.#events = new PoolEvents(ports.publisher, ports.clock, address, () => this.snapshot());
    const draining = new PendingResponses(options.pendingResponseTimeoutMS, ports.clock, this.#events);
    this.#places = new Places(address, draining, this.#generations, this.#events, ports.clock);
    this.#waiters = new WaitQueue(ports.clock, this.#events, this.#onWaiterEnd);
    this.#maintenance =
      options.minPoolSize === 0 && options.maxIdleTimeMS === 0
        ? null
        : new Maintenance(ports.clock, ports.random, options.maxIdleTimeMS, () => this.#maintain());
    this.#establishUnasked = { ...ports.establish, earlier: () => this.#lastDescription };
    this.#establish = { ...this.#establishUnasked, commandTimeoutMS: 0 };
    const { maxPoolSize, minPoolSize, maxConnecting, maxIdleTimeMS, waitQueueTimeoutMS } = options;
    this.#events.created({ maxPoolSize, minPoolSize, maxConnecting, maxIdleTimeMS, waitQueueTimeoutMS });
  }

  get generation(): number {
    return this.#generations.pool.value;
  }

  /** The generation of the connections to one of the servers behind a load balancer; without one, that of the pool. */
  generationOf(serviceId: ObjectId | undefined): number {
    return this.#generations.current(serviceId);
  }

  get state(): PoolStats['state'] {
    return this.#state;
  }

  snapshot(): PoolSnapshot {
    return this.#places.snapshot(this.#waiters.length, this.generation);
  }

  stats(): PoolStats {
    return { address: this.address, state: this.#state, generation: this.generation, ...this.counts() };
  }

  counts(): PoolCounts {
    return this.#places.counts(this.snapshot(), this.#options.maxPoolSize);
  }

  // ── Checking out and in

  /** A connection at once, if one is idle and no other check-out waits. Otherwise null, and nothing has happened. */
  tryCheckOut(attempt: Attempt): Connection | null {
    if (this.#state !== 'ready' || this.#waiters.length > 0) return null;
    const { idle } = this.#places;
    const connection = idle[idle.length - 1];
    if (connection === undefined || this.#perished(connection) !== null) return null;
    this.#places.noticeStandstill();
    if (connection.isSuspect) return null;
    // Before the first event: a listener may check out a connection, too, or close the pool.
    idle.pop();
    this.#places.inUse.add(connection, attempt);
    this.#events.checkedOutAtOnce(connection, attempt);
    return connection;
  }

  /**
   * A connection, as soon as all earlier check-outs have theirs.
   *
   * @throws MongoPoolClosedError, MongoPoolClearedError; the error of establishing a connection
   * @throws MongoOperationTimeoutError or MongoWaitQueueTimeoutError, or the abort reason, when the deadline ends
   */
  checkOut(attempt: Attempt): Promise<Connection> {
    const waiter = this.#waiters.waiter(attempt);
    this.#events.checkOutStarted(attempt);
    if (this.#state === 'closed') this.#waiters.fail(waiter, 'poolClosed', this.#closedError());
    else if (this.#state === 'paused') this.#waiters.fail(waiter, 'connectionError', this.#clearedError());
    else {
      this.#waiters.push(waiter);
      this.#assign();
    }
    return waiter.promise;
  }

  /** Takes a connection back: closes it if it has perished, drains it if a late reply is due, makes it idle otherwise. */
  checkIn(connection: Connection): void {
    const attempt = this.#places.inUse.take(connection);
    if (attempt === null) return;
    if (this.#options.maxIdleTimeMS > 0) connection.becomeIdle(this.#clock.now());
    const reason = this.#perished(connection);
    const { lateRequestId } = connection;
    if (reason === null && lateRequestId !== null) {
      this.#events.checkedIn(connection, attempt);
      this.#drain(connection, lateRequestId, attempt);
    } else {
      if (reason === null) this.#places.idle.push(connection);
      this.#events.checkedIn(connection, attempt);
      if (reason !== null) this.#places.discard(connection, reason, undefined, reason === 'error' ? attempt : null);
    }
    if (this.#waiters.length > 0) this.#assign();
  }

  // ── States

  /** Connections may be checked out and opened. */
  ready(): void {
    if (this.#state !== 'paused') return;
    this.#state = 'ready';
    this.#clearedBy = undefined;
    this.#events.ready();
    if (this.generation === 0) this.#maintain();
    else this.#maintenance?.soon();
  }

  /**
   * Makes all connections stale, and pauses the pool until {@link ConnectionPool.ready}. Waiting check-outs fail at once with a retryable
   * error.
   *
   * @param interruptInUse - also closes the connections in use (a monitor's check timed out)
   * @param attempt - the one that met the error; null if a monitor did
   */
  clear(cause: Error | undefined, interruptInUse = false, attempt: Attempt | null = null): void {
    if (this.#state === 'closed') return;
    const wasReady = this.#state === 'ready';
    this.#generations.pool.value++;
    this.#state = 'paused';
    this.#clearedBy = cause;
    if (wasReady) this.#events.cleared(cause, interruptInUse, undefined, attempt);
    // A connection that is being established could not be checked out any more. It must not take the place of a new one.
    for (const connection of [...this.#places.pending])
      this.#places.discardPending(connection, 'stale', this.#clearedError());
    if (interruptInUse) {
      for (const connection of this.#places.inUse.all()) connection.close(interruptedError(this.address, cause));
    }
    this.#places.discardUnused('stale');
    this.#waiters.failAll('connectionError', () => this.#clearedError());
  }

  /**
   * Makes the connections to one of the servers behind a load balancer stale. Waiting check-outs go on: the next connection may lead to
   * another server (Load Balancers, "SDAM error handling").
   */
  clearService(serviceId: ObjectId, cause: Error | undefined, attempt: Attempt | null = null): void {
    if (this.#state === 'closed') return;
    this.#generations.clear(serviceId);
    this.#events.cleared(cause, false, serviceId, attempt);
    this.#places.discardUnused('stale');
    this.#assign();
    this.#fill();
  }

  /** Closes for good. Connections in use are closed at check-in. */
  close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#maintenance?.stop();
    for (const connection of [...this.#places.pending]) {
      this.#places.discardPending(connection, 'poolClosed', this.#closedError());
    }
    this.#places.discardUnused('poolClosed');
    this.#waiters.failAll('poolClosed', () => this.#closedError());
    this.#events.closed();
  }

  /**
   * Ends the operations that wait for a connection or use one, as the client begins to close. A pinned connection that waits for no reply
   * stays: its transaction or cursor must still be ended on it.
   */
  interruptOperations(makeError: () => Error): void {
    this.#waiters.failAll('poolClosed', makeError);
    for (const connection of this.#places.inUse.all()) {
      if (connection.pinnedBy === null || connection.busy) connection.close(makeError());
    }
  }

  /** Closes the connections in use, as the client closes. Each has its own error, since callers add to it. */
  interrupt(makeError: () => Error): void {
    for (const connection of this.#places.inUse.all()) connection.close(makeError());
  }

  // ── ConnectionOwner

  onDrained(connection: Connection, reply: Reply): void {
    const attempt = this.#places.draining.succeeded(connection);
    // The reply came before check-in, which then finds an ordinary connection.
    if (attempt === null) return;
    const cursor = lateCursor(reply, attempt);
    if (cursor === null) this.#arrived(connection);
    else void this.#ask(connection, deadline => killCursor(connection, cursor, this.#establish, deadline));
  }

  onClosed(connection: Connection): void {
    // The user of a connection in use learns of it from the failed exchange, and checks it in. The pool itself closes the others.
    if (!this.#places.takeIdle(connection) && !this.#places.draining.failed(connection, 'error')) return;
    this.#places.discard(connection, 'error');
    this.#assign();
  }

  // ── The one place that gives connections to waiting check-outs

  #assign(): void {
    if (this.#waiters.length > 0) this.#places.noticeStandstill();
    while (this.#state === 'ready' && this.#waiters.length > 0) {
      const connection = this.#places.idle.at(-1);
      if (connection === undefined) break;
      const reason = this.#perished(connection);
      if (reason === null && connection.isSuspect && this.#places.pending.size >= this.#waiters.length) break;
      this.#places.idle.pop();
      if (reason !== null) this.#places.discard(connection, reason);
      else if (connection.isSuspect)
        void this.#ask(connection, deadline => probe(connection, this.#establish, deadline));
      else this.#give(connection);
    }
    while (this.#state === 'ready' && this.#missing > 0 && this.#hasPlace()) {
      // The connection outlives the operation that it is opened for.
      outsideScope(() => void this.#open(this.#establish));
    }
  }

  /** How many more connections the waiting check-outs need than are on their way. Those that are stuck may never come. */
  get #missing(): number {
    const { length } = this.#waiters;
    const { pending } = this.#places;
    if (length === 0 || length > pending.size) return length - pending.size;
    const now = this.#clock.now();
    let missing = length;
    for (const connection of pending) if (!this.#isStuck(connection, now)) missing--;
    return missing;
  }

  #isStuck({ uses, createdAt }: Connection, now: number): boolean {
    return uses === 0 && now - createdAt > this.#patienceMS;
  }

  /**
   * Whether another connection may be opened. If all places are taken, the connection that has been stuck for longest gives up its own: its
   * first packet may be lost, or its reply. The patience doubles with each, so that a server that is only slow is waited for in the end.
   */
  #hasPlace(): boolean {
    const { pending } = this.#places;
    if (pending.size < this.#room(Infinity)) return true;
    if (pending.size === 0) return false;
    const now = this.#clock.now();
    const stuck = [...pending].find(connection => this.#isStuck(connection, now));
    if (stuck === undefined) return false;
    this.#patienceMS *= 2;
    this.#places.discardPending(stuck, 'error', replacedError(stuck));
    return this.#places.pending.size < this.#room(Infinity);
  }

  /** Gives a connection to the oldest waiting check-out. */
  #give(connection: Connection): void {
    const waiter = this.#waiters.shift();
    if (waiter === undefined) return;
    this.#places.inUse.add(connection, waiter.request);
    const now = this.#clock.now();
    this.#events.checkedOut(connection, waiter.request, waiter.startedAt, now);
    if (waiter.deadline.isRecorded) {
      if (connection.uses === 1) connection.recordSteps(waiter.deadline, connection.idleSince);
      waiter.deadline.record('checkOut', now);
    }
    waiter.resolve(connection);
  }

  /** How many connections may be pending when so many are wanted. */
  #room(missing: number): number {
    const { maxPoolSize, maxConnecting } = this.#options;
    const room = (maxPoolSize === 0 ? Infinity : maxPoolSize) - this.#places.established;
    return Math.min(missing, maxConnecting, room);
  }

  // ── Opening

  /** Establishes one connection, for the check-out that is the oldest when it is ready. If this fails, the oldest check-out fails. */
  async #open(settings: EstablishSettings): Promise<void> {
    const connection = new Connection(this.#ports.connection, ++this.#lastConnectionId, this.#generations.pool, this);
    this.#places.pending.add(connection);
    this.#events.connectionCreated(connection);
    try {
      await establish(connection, settings, () => this.#onHello(connection), Deadline.background(this.#clock));
    } catch (error) {
      if (this.#places.pending.delete(connection)) this.#onOpenFailed(connection, error as Error);
      return;
    }
    if (!this.#places.pending.delete(connection)) return;
    this.#patienceMS = Math.max(LEAST_PATIENCE_MS, 2 * (this.#clock.now() - connection.createdAt));
    this.#arrived(connection, () => {
      this.#events.connectionReady(connection);
      this.#ports.onConnectionReady?.();
    });
    this.#fill();
  }

  /** Runs a command of the driver's own on a connection before the next check-out. Closes the connection if no reply comes in time. */
  async #ask(connection: Connection, question: (deadline: Deadline) => Promise<void>): Promise<void> {
    this.#places.pending.add(connection);
    try {
      await question(Deadline.background(this.#clock));
    } catch (error) {
      this.#places.discardPending(connection, 'error', error as Error);
      this.#assign();
      return;
    }
    connection.trust();
    if (this.#places.pending.delete(connection)) this.#arrived(connection);
  }

  /** A connection that was pending or draining becomes idle, or is discarded if it has perished. */
  #arrived(connection: Connection, tell?: () => void): void {
    connection.becomeIdle(this.#clock.now());
    const reason = this.#perished(connection);
    if (reason === null) {
      this.#places.idle.push(connection);
      tell?.();
    } else {
      this.#places.discard(connection, reason);
    }
    this.#assign();
  }

  #onOpenFailed(connection: Connection, error: Error): void {
    // No check-out fails while enough other connections are pending for all of them: this one was opened for minPoolSize. Nor does one fail that
    // began after the connection did: it has a connection of its own to come.
    const isCause =
      this.#places.pending.size < this.#waiters.length && this.#waiters.oldestSince <= connection.createdAt;
    const waiter = isCause ? this.#waiters.shift() : undefined;
    this.#ports.onConnectionError(error, connection);
    this.#places.closed(connection, 'error');
    if (waiter !== undefined) {
      connection.recordSteps(waiter.deadline, null);
      setOrigin(error, { connectionId: connection.id });
      this.#waiters.fail(waiter, 'connectionError', error);
    }
    this.#assign();
  }

  // ── Background

  /** Closes connections that have been idle too long and opens what minPoolSize lacks, now and from time to time. */
  #maintain(): void {
    if (this.#state !== 'ready' || this.#maintenance === null) return;
    for (const connection of [...this.#places.idle]) {
      const reason = this.#perished(connection);
      if (reason !== null && this.#places.takeIdle(connection)) this.#places.discard(connection, reason);
    }
    this.#fill();
    this.#maintenance.later(this.#nextExpiryMS());
  }

  /** Milliseconds until the first of the idle connections has been idle too long. */
  #nextExpiryMS(): number {
    const { maxIdleTimeMS } = this.#options;
    if (maxIdleTimeMS === 0) return Infinity;
    let oldest = Infinity;
    for (const { idleSince } of this.#places.idle) oldest = Math.min(oldest, idleSince);
    // Timers may fire up to a millisecond early.
    return Math.ceil(oldest + maxIdleTimeMS - this.#clock.now()) + 1;
  }

  #fill(): void {
    const missing = this.#options.minPoolSize - this.#places.established;
    while (this.#state === 'ready' && this.#places.pending.size < this.#room(missing))
      void this.#open(this.#establishUnasked);
  }

  // ── Ends of waits

  readonly #onWaiterEnd = (waiter: CheckOut, end: DeadlineEnd): void => {
    const { loadBalanced } = this.#establish.handshake;
    const waitedMS = this.#waiters.waitedMS(waiter);
    if (this.#awaited !== null) this.#awaited.recordSteps(waiter.deadline, null);
    const error = checkOutTimeout(end, this.address, waiter, waitedMS, this.#countsNow(), loadBalanced);
    // The connection that was opened for it goes on being established: the next check-out needs one, too.
    this.#waiters.fail(waiter, 'timeout', error);
  };

  #drain(connection: Connection, requestId: number, attempt: Attempt): void {
    const reason = this.#perished(connection);
    if (reason !== null) this.#places.discard(connection, reason);
    else if (this.#options.pendingResponseTimeoutMS > 0) this.#places.draining.add(connection, requestId, attempt);
    else this.#places.discard(connection, 'error', lateReplyError(this.address, attempt), attempt);
  }

  /** The connection that has been on its way for longest, if check-outs wait for it: in a full pool they wait for their turn. */
  get #awaited(): Connection | null {
    const { maxPoolSize } = this.#options;
    const [oldest] = this.#places.pending;
    const isFull = maxPoolSize > 0 && this.#places.inUse.size >= maxPoolSize;
    return oldest === undefined || oldest.uses > 0 || isFull ? null : oldest;
  }

  /** The counts, with the step that the oldest pending connection waits for. */
  #countsNow(): PoolCounts {
    const [oldest] = this.#places.pending;
    if (oldest === undefined || oldest.uses > 0) return this.counts();
    const { step, since } = oldest.waitsFor;
    return { ...this.counts(), establishing: { phase: step, elapsedMS: this.#clock.now() - since } };
  }

  #onHello(connection: Connection): void {
    this.#lastDescription = connection.description;
    const { serviceId } = connection.description.server;
    if (this.#establish.handshake.loadBalanced && serviceId !== null) {
      connection.joinService(this.#generations.join(serviceId));
    }
    this.#ports.onHandshake(connection);
  }

  /** Why a connection must not be checked out again, or null (CMAP, "Connection": perished). */
  #perished(connection: Connection): ConnectionClosedReason | null {
    if (this.#state === 'closed') return 'poolClosed';
    // A connection that a clear of the pool interrupted has an error, too, and is stale all the same.
    if (connection.error !== null) return connection.error instanceof MongoPoolClearedError ? 'stale' : 'error';
    if (connection.isStale) return 'stale';
    const { maxIdleTimeMS } = this.#options;
    return maxIdleTimeMS > 0 && this.#clock.now() - connection.idleSince >= maxIdleTimeMS ? 'idle' : null;
  }

  #closedError(): MongoPoolClosedError {
    return new MongoPoolClosedError(this.address);
  }

  #clearedError(): MongoPoolClearedError {
    return new MongoPoolClearedError(this.address, this.#clearedBy);
  }
}
