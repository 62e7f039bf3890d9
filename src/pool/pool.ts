import type { ObjectId } from '../bson/index.js';
import { Deadline, type DeadlineEnd } from '../csot/deadline.js';
import { Waiter } from '../csot/waiter.js';
import { MongoNetworkTimeoutError } from '../errors/network.js';
import type { PoolCounts } from '../errors/pool_counts.js';
import type { ConnectionCheckOutFailedReason, ConnectionClosedReason, PoolSnapshot } from '../events/pool.js';
import type { Clock, Timer } from '../runtime/clock.js';
import { Queue } from '../runtime/queue.js';
import { Connection, type ConnectionOwner } from './connection.js';
import { checkOutTimeout, interruptedError, MongoPoolClearedError, MongoPoolClosedError } from './errors.js';
import { type EstablishSettings, establish } from './establish.js';
import { Generations } from './generations.js';
import { PendingResponses } from './pending_responses.js';
import { perishedReason } from './perished.js';
import { Places } from './places.js';
import { PoolEvents } from './pool_events.js';
import type { PoolOptions, PoolPorts } from './pool_options.js';
import type { Purpose } from './purpose.js';

/** A pool at one moment. @public */
export interface PoolStats extends PoolCounts {
  /** `host:port` of the server, or the path of its Unix socket. */
  readonly address: string;
  /** `paused`: the server is not known to be available, and nobody gets a connection. */
  readonly state: 'paused' | 'ready' | 'closed';
  /** How often the pool was cleared. */
  readonly generation: number;
}

/** Someone who waits for a connection. */
type CheckOut = Waiter<Connection, Purpose>;

/** Idle connections are looked at this often (CMAP, "Background Thread": the driver's choice). */
const MAINTENANCE_INTERVAL_MS = 10_000;

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
  /** Why the pool was last cleared: told to those who come while it is paused. */
  #clearedBy: Error | undefined;

  readonly #places: Places;
  readonly #waiters = new Queue<CheckOut>();
  #maintenance: Timer | null = null;

  constructor(address: string, options: PoolOptions, ports: PoolPorts) {
    this.address = address;
    this.#options = options;
    this.#ports = ports;
    this.#clock = ports.clock;
    this.#events = new PoolEvents(ports.publisher, ports.clock, address, () => this.snapshot());
    this.#places = new Places(new PendingResponses(options.pendingResponseTimeoutMS, ports.clock, this.#events));
    this.#establishUnasked = { ...ports.establish, onHello: connection => this.#joinService(connection) };
    // The deadlines of those who wait bound what is done for them.
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

  get state(): 'paused' | 'ready' | 'closed' {
    return this.#state;
  }

  get maxIdleTimeMS(): number {
    return this.#options.maxIdleTimeMS;
  }

  snapshot(): PoolSnapshot {
    return this.#places.snapshot(this.#waiters.length, this.generation);
  }

  /** The pool as somebody sees it who looks from outside. */
  stats(): PoolStats {
    return { address: this.address, state: this.#state, generation: this.generation, ...this.counts() };
  }

  /** The same with all that an error tells. */
  counts(): PoolCounts {
    return this.#places.counts(this.snapshot(), this.#options.maxPoolSize);
  }

  // ── Checking out and in

  /** A connection at once, when one is idle and nobody is before the caller. Otherwise null, and nothing has happened. */
  tryCheckOut(purpose: Purpose): Connection | null {
    if (this.#state !== 'ready' || this.#waiters.length > 0) return null;
    const connection = this.#places.idle.at(-1);
    if (connection === undefined || this.#perished(connection) !== null) return null;
    // Before the first event: a listener may ask for a connection too, or close the pool.
    this.#places.idle.pop();
    this.#places.inUse.set(connection, purpose);
    this.#events.checkOutStarted(purpose);
    this.#lend(connection, purpose, 0);
    return connection;
  }

  /**
   * A connection, after those who came before have theirs.
   *
   * @throws MongoPoolClosedError, MongoPoolClearedError; the error of establishing a connection
   * @throws MongoOperationTimeoutError or MongoWaitQueueTimeoutError, or the abort reason, when the deadline ends
   */
  checkOut(purpose: Purpose, deadline: Deadline): Promise<Connection> {
    const startedAt = this.#clock.now();
    this.#events.checkOutStarted(purpose);
    const limit = deadline.timedByOperation ? deadline : deadline.within('checkOut', this.#options.waitQueueTimeoutMS);
    const waiter = new Waiter<Connection, Purpose>(purpose, limit, startedAt, this.#onWaiterEnd);
    if (this.#state === 'closed') this.#fail(waiter, 'poolClosed', new MongoPoolClosedError(this.address));
    else if (this.#state === 'paused') this.#fail(waiter, 'connectionError', this.#clearedError());
    else {
      waiter.waitIn(this.#waiters.push(waiter));
      this.#assign();
    }
    return waiter.promise;
  }

  /** Takes a connection back: to be closed if it has perished, kept aside while a late reply is due, lent again otherwise. */
  checkIn(connection: Connection): void {
    const purpose = this.#places.inUse.get(connection);
    if (purpose === undefined) return;
    this.#places.inUse.delete(connection);
    connection.pinnedBy = null;
    connection.idleSince = this.#clock.now();
    const reason = this.#perished(connection);
    if (reason === null && connection.draining) {
      this.#events.checkedIn(connection, purpose);
      this.#drain(connection, purpose);
    } else {
      if (reason === null) this.#places.idle.push(connection);
      this.#events.checkedIn(connection, purpose);
      if (reason !== null) this.#discard(connection, reason);
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
    this.#maintain();
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
    for (const connection of [...this.#places.pending]) this.#abandon(connection, 'stale', this.#clearedError());
    if (interruptInUse) {
      for (const connection of [...this.#places.inUse.keys()]) connection.close(interruptedError(this.address, cause));
    }
    for (const connection of this.#places.idle.splice(0)) this.#discard(connection, 'stale');
    for (const connection of this.#places.draining.connections()) this.#giveUpDraining(connection, 'stale');
    for (let waiter = this.#nextWaiter(); waiter !== undefined; waiter = this.#nextWaiter()) {
      this.#fail(waiter, 'connectionError', this.#clearedError());
    }
  }

  /** Makes the connections to one of the servers behind a load balancer stale. Nobody who waits is concerned: the next connection may lead
   * elsewhere (Load Balancers, "SDAM error handling"). */
  clearService(serviceId: ObjectId, cause: Error | undefined): void {
    if (this.#state === 'closed') return;
    this.#generations.clear(serviceId);
    this.#events.cleared(cause, false, serviceId);
    for (const connection of this.#places.idle.filter(({ isStale }) => isStale)) {
      if (this.#places.takeIdle(connection)) this.#discard(connection, 'stale');
    }
    for (const connection of this.#places.draining.connections()) {
      if (connection.isStale) this.#giveUpDraining(connection, 'stale');
    }
    this.#assign();
    this.#fill();
  }

  /** Closes for good. Connections in use are closed when they come back. */
  close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#maintenance?.clear();
    for (const connection of [...this.#places.pending]) {
      this.#abandon(connection, 'poolClosed', new MongoPoolClosedError(this.address));
    }
    for (const connection of this.#places.idle.splice(0)) this.#discard(connection, 'poolClosed');
    for (const connection of this.#places.draining.connections()) this.#giveUpDraining(connection, 'poolClosed');
    for (let waiter = this.#nextWaiter(); waiter !== undefined; waiter = this.#nextWaiter()) {
      this.#fail(waiter, 'poolClosed', new MongoPoolClosedError(this.address));
    }
    this.#events.closed();
  }

  /**
   * Ends what is still in use. For closing a client.
   *
   * @param makeError - with which the users are rejected; each has its own, since whoever meets it says of it what it was for
   */
  interrupt(makeError: () => Error): void {
    for (const connection of [...this.#places.inUse.keys()]) connection.close(makeError());
  }

  // ── ConnectionOwner

  onDrained(connection: Connection): void {
    // The reply may come before the caller has given the connection back; then it is as good as any other.
    if (!this.#places.draining.succeeded(connection)) return;
    const reason = this.#perished(connection);
    if (reason === null) this.#places.idle.push(connection);
    else this.#discard(connection, reason);
    this.#assign();
  }

  onClosed(connection: Connection): void {
    // One in use is given back by its user, who learns of it by the failed exchange.
    if (!this.#places.takeIdle(connection) && !this.#places.draining.failed(connection, 'error')) return;
    this.#discard(connection, 'error');
    this.#assign();
  }

  // ── The one place where connections go to those who wait

  #assign(): void {
    while (this.#state === 'ready' && this.#waiters.length > 0) {
      const connection = this.#places.idle.pop();
      if (connection === undefined) break;
      const reason = this.#perished(connection);
      const waiter = reason === null ? this.#nextWaiter() : undefined;
      if (waiter === undefined) {
        this.#discard(connection, reason ?? 'error');
        continue;
      }
      this.#lend(connection, waiter.request, this.#since(waiter.startedAt));
      if (waiter.deadline.canEnd) waiter.deadline.record('checkOut');
      waiter.resolve(connection);
    }
    while (this.#state === 'ready' && this.#places.pending.size < this.#room(this.#waiters.length))
      void this.#open(this.#establish);
  }

  /** Takes the one who has waited longest out of the queue. */
  #nextWaiter(): CheckOut | undefined {
    const waiter = this.#waiters.shift();
    waiter?.leave();
    return waiter;
  }

  /** How many connections may be on their way when so many are missing. */
  #room(missing: number): number {
    const { maxPoolSize, maxConnecting } = this.#options;
    const room = (maxPoolSize === 0 ? Infinity : maxPoolSize) - this.#places.established;
    return Math.min(missing, maxConnecting, room);
  }

  #lend(connection: Connection, purpose: Purpose, durationMS: number): void {
    this.#places.inUse.set(connection, purpose);
    connection.uses++;
    this.#events.checkedOut(connection, purpose, durationMS);
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
    this.#places.pending.delete(connection);
    connection.owner = this;
    connection.idleSince = this.#clock.now();
    const reason = this.#perished(connection);
    if (reason === null) {
      this.#places.idle.push(connection);
      this.#events.connectionReady(connection);
    } else {
      this.#discard(connection, reason);
    }
    this.#assign();
    this.#fill();
  }

  #onOpenFailed(connection: Connection, error: Error): void {
    // One that was opened for minPoolSize is nobody's loss while there are others on their way for all who wait.
    const waiter = this.#places.pending.size < this.#waiters.length ? this.#nextWaiter() : undefined;
    this.#ports.onConnectionError(error, connection);
    this.#leave(connection, 'error');
    if (waiter !== undefined) this.#fail(waiter, 'connectionError', error);
    this.#assign();
  }

  /** Gives up a connection that is being established. */
  #abandon(connection: Connection, reason: ConnectionClosedReason, error: Error): void {
    this.#places.pending.delete(connection);
    connection.close(error);
    this.#leave(connection, reason);
  }

  // ── Background

  /** Closes what has been idle too long and opens what minPoolSize lacks, now and from time to time. */
  #maintain(): void {
    const { minPoolSize, maxIdleTimeMS } = this.#options;
    if (this.#state !== 'ready' || (minPoolSize === 0 && maxIdleTimeMS === 0)) return;
    for (const connection of [...this.#places.idle]) {
      const reason = this.#perished(connection);
      if (reason !== null && this.#places.takeIdle(connection)) this.#discard(connection, reason);
    }
    this.#fill();
    this.#maintenance?.clear();
    this.#maintenance = this.#clock.setTimer(MAINTENANCE_INTERVAL_MS, () => this.#maintain());
  }

  #fill(): void {
    const missing = this.#options.minPoolSize - this.#places.established;
    while (this.#state === 'ready' && this.#places.pending.size < this.#room(missing))
      void this.#open(this.#establishUnasked);
  }

  // ── Letting go

  readonly #onWaiterEnd = (waiter: CheckOut, end: DeadlineEnd): void => {
    const { loadBalanced } = this.#establish.handshake;
    const waitedMS = this.#since(waiter.startedAt);
    const error = checkOutTimeout(end, this.address, waiter, waitedMS, this.counts(), loadBalanced);
    this.#fail(waiter, 'timeout', error);
    // A connection for which nobody waits any more is not worth finishing; one for the next in line is.
    const wanted = Math.max(this.#waiters.length, this.#options.minPoolSize - this.#places.established);
    const excess = Math.max(0, this.#places.pending.size - wanted);
    for (const connection of [...this.#places.pending].slice(0, excess)) this.#abandon(connection, 'error', error);
    // A listener that is told of it may wait for a connection by now.
    this.#assign();
  };

  #fail(waiter: CheckOut, reason: ConnectionCheckOutFailedReason, error: Error): void {
    waiter.leave();
    this.#events.checkOutFailed(reason, error, waiter.request, this.#since(waiter.startedAt));
    waiter.reject(error);
  }

  #drain(connection: Connection, purpose: Purpose): void {
    const reason = this.#perished(connection);
    if (reason !== null) {
      this.#discard(connection, reason);
    } else if (this.#options.pendingResponseTimeoutMS > 0) {
      this.#places.draining.add(connection, purpose);
    } else {
      connection.owner = null;
      const text = `the late reply from ${this.address} to ${purpose.name} is not waited for (pendingResponseTimeoutMS=0)`;
      connection.close(new MongoNetworkTimeoutError(text, { host: this.address, phase: 'read' }));
      this.#leave(connection, 'error');
    }
  }

  /** Does not wait for a late reply any longer, since the connection could not be lent after it. */
  #giveUpDraining(connection: Connection, reason: 'stale' | 'poolClosed'): void {
    if (this.#places.draining.failed(connection, reason)) this.#discard(connection, reason);
  }

  /** Closes a connection that is in none of the pool's places any more. */
  #discard(connection: Connection, reason: ConnectionClosedReason): void {
    connection.owner = null;
    connection.close(connection.error ?? new MongoPoolClosedError(this.address));
    this.#leave(connection, reason);
  }

  /** The end of every connection. */
  #leave(connection: Connection, reason: ConnectionClosedReason): void {
    if (connection.service !== null) this.#generations.leave(connection.service);
    this.#events.connectionClosed(connection, reason);
  }

  #joinService(connection: Connection): void {
    const { serviceId } = connection.description.server;
    if (this.#establish.handshake.loadBalanced && serviceId !== null) {
      connection.joinService(this.#generations.join(serviceId));
    }
  }

  #perished(connection: Connection): ConnectionClosedReason | null {
    return perishedReason(connection, this, this.#clock);
  }

  #clearedError(): MongoPoolClearedError {
    return new MongoPoolClearedError(this.address, this.#clearedBy);
  }

  #since(startedAt: number): number {
    return this.#clock.now() - startedAt;
  }
}
