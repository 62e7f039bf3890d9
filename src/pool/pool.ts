import type { ObjectId } from '../bson/index.js';
import type { Attempt } from '../call/attempt.js';
import { Deadline, type DeadlineEnd } from '../call/deadline.js';
import { setOrigin } from '../errors/base.js';
import type { PoolCounts } from '../errors/pool_counts.js';
import type { ConnectionClosedReason, PoolSnapshot } from '../events/pool.js';
import type { EventPublisher } from '../events/publisher.js';
import type { Clock } from '../runtime/clock.js';
import type { Random } from '../runtime/random.js';
import type { Reply } from '../wire/reply.js';
import { Connection, type ConnectionOwner } from './connection.js';
import type { ConnectionParts } from './connection_parts.js';
import { Disposal } from './disposal.js';
import {
  checkOutTimeout,
  interruptedError,
  lateReplyError,
  MongoPoolClearedError,
  MongoPoolClosedError,
} from './errors.js';
import { type EstablishSettings, establish } from './establish.js';
import { Generations } from './generations.js';
import { type ConnectionDescription, sharing } from './handshake.js';
import { Maintenance } from './maintenance.js';
import { killCursor, lateCursor, probe } from './own_commands.js';
import { PendingResponses } from './pending_responses.js';
import { Places } from './places.js';
import { PoolEvents } from './pool_events.js';
import { Standstill } from './standstill.js';
import { type CheckOut, WaitQueue } from './wait_queue.js';

/** The options of all pools of a client. Milliseconds; 0 means no limit, except for `minPoolSize` and `pendingResponseTimeoutMS`. */
export interface PoolOptions {
  readonly maxPoolSize: number;
  readonly minPoolSize: number;
  readonly maxConnecting: number;
  readonly maxIdleTimeMS: number;
  readonly waitQueueTimeoutMS: number;
  /** How long a late reply is waited for after its caller has gone; 0 closes the connection at once. */
  readonly pendingResponseTimeoutMS: number;
}

/** A pool at one moment. @public */
export interface PoolStats extends PoolCounts {
  /** `host:port` of the server, or the path of its Unix socket. */
  readonly address: string;
  /** `paused`: the server is not known to be available, and nobody gets a connection. */
  readonly state: 'paused' | 'ready' | 'closed';
  /** How often the pool was cleared. */
  readonly generation: number;
}

/** What a pool needs from above. */
export interface PoolPorts {
  readonly publisher: EventPublisher;
  readonly clock: Clock;
  readonly random: Random;
  readonly connection: ConnectionParts;
  readonly establish: EstablishSettings;
  /** The server has answered the hello of a new connection, which has its description from here on. May clear or close this pool. */
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
 *     #assign():   while somebody waits:   lend an idle connection to the one who came first,
 *                                          or open one (below maxPoolSize and maxConnecting), or leave it.
 *
 * Source: Connection Monitoring and Pooling. Events are published after the fact that they tell is in place.
 */
export class ConnectionPool implements ConnectionOwner {
  readonly address: string;
  readonly #options: PoolOptions;
  readonly #ports: PoolPorts;
  readonly #clock: Clock;
  readonly #events: PoolEvents;
  #state: 'paused' | 'ready' | 'closed' = 'paused';
  readonly #generations = new Generations();
  readonly #establish: EstablishSettings;
  /** For connections that nobody waits for. */
  readonly #establishUnasked: EstablishSettings;
  #lastConnectionId = 0;
  #lastDescription: ConnectionDescription | null = null;
  /** Why the pool was last cleared: told to those who come while it is paused. */
  #clearedBy: Error | undefined;

  readonly #places: Places;
  readonly #waiters: WaitQueue;
  readonly #disposal: Disposal;
  /** Null when there is nothing to keep up. */
  readonly #maintenance: Maintenance | null;
  readonly #standstill: Standstill;

  constructor(address: string, options: PoolOptions, ports: PoolPorts) {
    this.address = address;
    this.#options = options;
    this.#ports = ports;
    this.#clock = ports.clock;
    this.#events = new PoolEvents(ports.publisher, ports.clock, address, () => this.snapshot());
    this.#places = new Places(new PendingResponses(options.pendingResponseTimeoutMS, ports.clock, this.#events));
    this.#waiters = new WaitQueue(ports.clock, this.#events, this.#onWaiterEnd);
    this.#disposal = new Disposal(address, this.#places, this.#generations, this.#events);
    this.#maintenance =
      options.minPoolSize === 0 && options.maxIdleTimeMS === 0
        ? null
        : new Maintenance(ports.clock, ports.random, options.maxIdleTimeMS, () => this.#maintain());
    this.#standstill = new Standstill(ports.clock);
    this.#establishUnasked = { ...ports.establish, onHello: connection => this.#onHello(connection) };
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

  /** A connection at once, when one is idle and nobody is before the caller. Otherwise null, and nothing has happened. */
  tryCheckOut(attempt: Attempt): Connection | null {
    if (this.#state !== 'ready' || this.#waiters.length > 0) return null;
    const { idle } = this.#places;
    const connection = idle[idle.length - 1];
    if (connection === undefined || this.#perished(connection) !== null) return null;
    if (this.#standstill.noticed()) this.#places.suspectIdle();
    if (connection.isSuspect) return null;
    // Before the first event: a listener may ask for a connection too, or close the pool.
    idle.pop();
    this.#places.inUse.add(connection, attempt);
    connection.uses++;
    this.#events.checkedOutAtOnce(connection, attempt);
    return connection;
  }

  /**
   * A connection, after those who came before have theirs.
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

  /** Takes a connection back: to be closed if it has perished, kept aside while a late reply is due, lent again otherwise. */
  checkIn(connection: Connection): void {
    const attempt = this.#places.inUse.take(connection);
    if (attempt === null) return;
    connection.pinnedBy = null;
    if (this.#options.maxIdleTimeMS > 0) connection.idleSince = this.#clock.now();
    const reason = this.#perished(connection);
    const { lateRequestId } = connection;
    if (reason === null && lateRequestId !== null) {
      this.#events.checkedIn(connection, attempt);
      this.#drain(connection, lateRequestId, attempt);
    } else {
      if (reason === null) this.#places.idle.push(connection);
      this.#events.checkedIn(connection, attempt);
      if (reason !== null) this.#disposal.discard(connection, reason);
    }
    if (this.#waiters.length > 0) this.#assign();
  }

  // ── States

  /** Lets connections be lent and opened. */
  ready(): void {
    if (this.#state !== 'paused') return;
    this.#state = 'ready';
    this.#clearedBy = undefined;
    this.#events.ready();
    if (this.generation === 0) this.#maintain();
    else this.#maintenance?.soon();
  }

  /**
   * Makes all connections stale, and pauses the pool until {@link ConnectionPool.ready}. Whoever waits is told so at once and may retry.
   *
   * @param interruptInUse - also ends those in use and those being established (a monitor's check timed out)
   */
  clear(cause: Error | undefined, interruptInUse = false): void {
    if (this.#state === 'closed') return;
    const wasReady = this.#state === 'ready';
    this.#generations.pool.value++;
    this.#state = 'paused';
    this.#clearedBy = cause;
    if (wasReady) this.#events.cleared(cause, interruptInUse);
    // Nobody waits for what is being established any more, and it could not be lent: it must keep no place from a new connection.
    for (const connection of [...this.#places.pending])
      this.#disposal.abandon(connection, 'stale', this.#clearedError());
    if (interruptInUse) {
      for (const connection of this.#places.inUse.all()) connection.close(interruptedError(this.address, cause));
    }
    this.#disposal.dropWaiting('stale');
    this.#waiters.failAll('connectionError', () => this.#clearedError());
  }

  /**
   * Makes the connections to one of the servers behind a load balancer stale. Nobody who waits is concerned: the next connection may lead
   * elsewhere (Load Balancers, "SDAM error handling").
   */
  clearService(serviceId: ObjectId, cause: Error | undefined): void {
    if (this.#state === 'closed') return;
    this.#generations.clear(serviceId);
    this.#events.cleared(cause, false, serviceId);
    this.#disposal.dropWaiting('stale');
    this.#assign();
    this.#fill();
  }

  /** Closes for good. Connections in use are closed when they come back. */
  close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#maintenance?.stop();
    for (const connection of [...this.#places.pending]) {
      this.#disposal.abandon(connection, 'poolClosed', this.#closedError());
    }
    this.#disposal.dropWaiting('poolClosed');
    this.#waiters.failAll('poolClosed', () => this.#closedError());
    this.#events.closed();
  }

  /**
   * Ends the operations that wait for a connection or use one, as the client begins to close. A pinned connection with nothing to wait for
   * stays: its transaction or cursor is still to be ended on it.
   */
  interruptOperations(makeError: () => Error): void {
    this.#waiters.failAll('poolClosed', makeError);
    for (const connection of this.#places.inUse.all()) {
      if (connection.pinnedBy === null || connection.busy) connection.close(makeError());
    }
  }

  /** Ends what is still in use, for closing a client. Each user has an error of his own, since whoever meets it adds to it. */
  interrupt(makeError: () => Error): void {
    for (const connection of this.#places.inUse.all()) connection.close(makeError());
  }

  // ── ConnectionOwner

  onDrained(connection: Connection, reply: Reply): void {
    const attempt = this.#places.draining.succeeded(connection);
    // The reply may come before the caller has given the connection back; then it is as good as any other.
    if (attempt === null) return;
    const cursor = lateCursor(reply, attempt);
    if (cursor === null) this.#arrived(connection);
    else void this.#ask(connection, deadline => killCursor(connection, cursor, this.#establish, deadline));
  }

  onClosed(connection: Connection): void {
    // One in use is given back by its user, who learns of it by the failed exchange.
    if (!this.#places.takeIdle(connection) && !this.#places.draining.failed(connection, 'error')) return;
    this.#disposal.discard(connection, 'error');
    this.#assign();
  }

  // ── The one place where connections go to those who wait

  #assign(): void {
    if (this.#waiters.length > 0 && this.#standstill.noticed()) this.#places.suspectIdle();
    while (this.#state === 'ready' && this.#waiters.length > 0) {
      const connection = this.#places.idle.at(-1);
      if (connection === undefined) break;
      const reason = this.#perished(connection);
      if (reason === null && connection.isSuspect && this.#places.pending.size >= this.#waiters.length) break;
      this.#places.idle.pop();
      if (reason !== null) this.#disposal.discard(connection, reason);
      else if (connection.isSuspect)
        void this.#ask(connection, deadline => probe(connection, this.#establish, deadline));
      else this.#give(connection);
    }
    while (this.#state === 'ready' && this.#places.pending.size < this.#room(this.#waiters.length)) {
      void this.#open(this.#establish);
    }
  }

  /** To the one who has waited longest. */
  #give(connection: Connection): void {
    const waiter = this.#waiters.shift();
    if (waiter === undefined) return;
    this.#places.inUse.add(connection, waiter.request);
    connection.uses++;
    this.#events.checkedOut(connection, waiter.request, this.#waiters.waitedMS(waiter));
    if (waiter.deadline.canEnd) waiter.deadline.record('checkOut');
    waiter.resolve(connection);
  }

  /** How many connections may be on their way when so many are missing. */
  #room(missing: number): number {
    const { maxPoolSize, maxConnecting } = this.#options;
    const room = (maxPoolSize === 0 ? Infinity : maxPoolSize) - this.#places.established;
    return Math.min(missing, maxConnecting, room);
  }

  // ── Opening

  /** Establishes one connection, for whoever comes first when it is ready. Its failure is that of the one who waits longest. */
  async #open(settings: EstablishSettings): Promise<void> {
    const connection = new Connection(this.#ports.connection, ++this.#lastConnectionId, this.#generations.pool);
    this.#places.pending.add(connection);
    this.#events.connectionCreated(connection);
    try {
      await establish(connection, settings, Deadline.background(this.#clock));
    } catch (error) {
      if (this.#places.pending.delete(connection)) this.#onOpenFailed(connection, error as Error);
      return;
    }
    if (!this.#places.pending.delete(connection)) return;
    this.#arrived(connection, () => {
      this.#events.connectionReady(connection);
      this.#ports.onConnectionReady?.();
    });
    this.#fill();
  }

  /** Asks the server something on a connection before it is lent again. What it does not answer in time, it never will. */
  async #ask(connection: Connection, question: (deadline: Deadline) => Promise<void>): Promise<void> {
    this.#places.pending.add(connection);
    try {
      await question(Deadline.background(this.#clock));
    } catch (error) {
      this.#disposal.abandon(connection, 'error', error as Error);
      this.#assign();
      return;
    }
    connection.isSuspect = false;
    if (this.#places.pending.delete(connection)) this.#arrived(connection);
  }

  /** A connection that was on its way, or aside, can be lent. */
  #arrived(connection: Connection, tell?: () => void): void {
    connection.owner = this;
    connection.idleSince = this.#clock.now();
    const reason = this.#perished(connection);
    if (reason === null) {
      this.#places.idle.push(connection);
      tell?.();
    } else {
      this.#disposal.discard(connection, reason);
    }
    this.#assign();
  }

  #onOpenFailed(connection: Connection, error: Error): void {
    // One that was opened for minPoolSize is nobody's loss while there are others on their way for all who wait.
    const waiter = this.#places.pending.size < this.#waiters.length ? this.#waiters.shift() : undefined;
    this.#ports.onConnectionError(error, connection);
    this.#disposal.gone(connection, 'error');
    if (waiter !== undefined) {
      setOrigin(error, { connectionId: connection.id });
      this.#waiters.fail(waiter, 'connectionError', error);
    }
    this.#assign();
  }

  // ── Background

  /** Closes what has been idle too long and opens what minPoolSize lacks, now and from time to time. */
  #maintain(): void {
    if (this.#state !== 'ready' || this.#maintenance === null) return;
    for (const connection of [...this.#places.idle]) {
      const reason = this.#perished(connection);
      if (reason !== null && this.#places.takeIdle(connection)) this.#disposal.discard(connection, reason);
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

  // ── Letting go

  readonly #onWaiterEnd = (waiter: CheckOut, end: DeadlineEnd): void => {
    const { loadBalanced } = this.#establish.handshake;
    const waitedMS = this.#waiters.waitedMS(waiter);
    const error = checkOutTimeout(end, this.address, waiter, waitedMS, this.#countsNow(), loadBalanced);
    this.#waiters.fail(waiter, 'timeout', error);
    // A connection for which nobody waits any more is not worth finishing; one for the next in line is.
    const wanted = Math.max(this.#waiters.length, this.#options.minPoolSize - this.#places.established);
    const excess = Math.max(0, this.#places.pending.size - wanted);
    // What is only asked something was of use before, and will be.
    const unfinished = [...this.#places.pending].filter(({ uses }) => uses === 0);
    for (const connection of unfinished.slice(0, excess)) this.#disposal.abandon(connection, 'error', error);
    // A listener that is told of it may wait for a connection by now.
    this.#assign();
  };

  #drain(connection: Connection, requestId: number, attempt: Attempt): void {
    const reason = this.#perished(connection);
    if (reason !== null) this.#disposal.discard(connection, reason);
    else if (this.#options.pendingResponseTimeoutMS > 0) this.#places.draining.add(connection, requestId, attempt);
    else this.#disposal.discard(connection, 'error', lateReplyError(this.address, attempt));
  }

  /** The counts, with what the oldest of the connections on their way waits for. */
  #countsNow(): PoolCounts {
    const [oldest] = this.#places.pending;
    if (oldest === undefined || oldest.uses > 0) return this.counts();
    const { step, since } = oldest.waitsFor;
    return { ...this.counts(), establishing: { phase: step, elapsedMS: this.#clock.now() - since } };
  }

  #onHello(connection: Connection): void {
    connection.description = sharing(connection.description, this.#lastDescription);
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
