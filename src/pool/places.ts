import type { Attempt } from '../call/attempt.js';
import type { PoolCounts } from '../errors/pool_counts.js';
import type { ConnectionClosedReason, PoolSnapshot } from '../events/pool.js';
import type { Clock } from '../runtime/clock.js';
import type { Connection } from './connection.js';
import { MongoPoolClosedError } from './errors.js';
import type { Generations } from './generations.js';
import type { PendingResponses } from './pending_responses.js';
import type { PoolEvents } from './pool_events.js';

/** The wall clock must run ahead of the monotonic one by this much. */
const NOTABLE_MS = 1000;
/** A standstill within so short a time does no harm. */
const LOOK_AGAIN_MS = 1000;

/**
 * The connections of a pool: each is in exactly one of four places, or it has left the pool, closed, once, with its event.
 *
 *     pending ─► idle ◄─► in use ─► draining ─► idle
 */
export class Places {
  /** Connections that are being established, or that run a command of the driver's own. */
  readonly pending = new Set<Connection>();
  /** Last in, first out, so that connections that are not needed grow old. */
  readonly idle: Connection[] = [];
  readonly inUse = new InUse();
  readonly draining: PendingResponses;
  readonly #address: string;
  readonly #generations: Generations;
  readonly #events: PoolEvents;
  readonly #standstill: Standstill;

  constructor(address: string, draining: PendingResponses, generations: Generations, events: PoolEvents, clock: Clock) {
    this.#address = address;
    this.draining = draining;
    this.#generations = generations;
    this.#events = events;
    this.#standstill = new Standstill(clock);
  }

  /** The number of connections that have been established. */
  get established(): number {
    return this.idle.length + this.inUse.size + this.draining.size;
  }

  /** Takes an idle connection out. False if it is not idle: a listener may have caused the pool to discard it. */
  takeIdle(connection: Connection): boolean {
    const index = this.idle.indexOf(connection);
    if (index >= 0) this.idle.splice(index, 1);
    return index >= 0;
  }

  /** If this process stood still, the connections that are idle now are probed before they are checked out. */
  noticeStandstill(): void {
    if (!this.#standstill.noticed()) return;
    for (const connection of this.idle) connection.suspect();
  }

  // ── Leaving the pool

  /**
   * Closes a connection that was taken out of its place.
   *
   * @param attempt - whose error it is; null if no operation used the connection
   */
  discard(connection: Connection, reason: ConnectionClosedReason, error?: Error, attempt: Attempt | null = null): void {
    connection.close(error ?? new MongoPoolClosedError(this.#address));
    this.closed(connection, reason, attempt);
  }

  /** A connection closed by itself, and is in no place any more. */
  closed(connection: Connection, reason: ConnectionClosedReason, attempt: Attempt | null = null): void {
    if (connection.service !== null) this.#generations.leave(connection.service);
    this.#events.connectionClosed(connection, reason, attempt);
  }

  discardPending(connection: Connection, reason: ConnectionClosedReason, error: Error): void {
    if (this.pending.delete(connection)) this.discard(connection, reason, error);
  }

  /** Discards the idle and draining connections: the stale ones, or all. A stale one could not be used after its late reply either. */
  discardUnused(reason: 'stale' | 'poolClosed'): void {
    const mustGo = (connection: Connection) => reason === 'poolClosed' || connection.isStale;
    for (const connection of this.idle.filter(mustGo)) {
      if (this.takeIdle(connection)) this.discard(connection, reason);
    }
    for (const connection of this.draining.connections().filter(mustGo)) {
      if (this.draining.failed(connection, reason)) this.discard(connection, reason);
    }
  }

  // ── Counting

  snapshot(waitQueueLength: number, generation: number): PoolSnapshot {
    return {
      total: this.established + this.pending.size,
      idle: this.idle.length,
      inUse: this.inUse.size,
      pending: this.pending.size,
      draining: this.draining.size,
      waitQueueLength,
      generation,
    };
  }

  /** A snapshot with everything that errors report. */
  counts(snapshot: PoolSnapshot, maxPoolSize: number): PoolCounts {
    let inUseByCursors = 0;
    let inUseByTransactions = 0;
    for (const { pinnedBy } of this.inUse.all()) {
      if (pinnedBy === 'cursor') inUseByCursors++;
      else if (pinnedBy === 'transaction') inUseByTransactions++;
    }
    const { generation: _, ...counts } = snapshot;
    return { ...counts, maxPoolSize, inUseByCursors, inUseByTransactions };
  }
}

/** The connections in use. Each knows its own slot, so that check-in does not search. */
class InUse {
  readonly #connections: Connection[] = [];

  get size(): number {
    return this.#connections.length;
  }

  add(connection: Connection, attempt: Attempt): void {
    connection.checkOut(attempt, this.#connections.length);
    this.#connections.push(connection);
  }

  /** @returns what the connection was checked out for, or null if it is not in use here */
  take(connection: Connection): Attempt | null {
    const { slot } = connection;
    if (slot < 0 || this.#connections[slot] !== connection) return null;
    const last = this.#connections.pop();
    if (last !== undefined && last !== connection) {
      this.#connections[slot] = last;
      last.moveTo(slot);
    }
    return connection.checkIn();
  }

  all(): Connection[] {
    return [...this.#connections];
  }
}

/**
 * Notices that this process stood still: a serverless function between two calls, a machine that slept. The monotonic clock stood still
 * too, and the wall clock did not. The servers may have closed connections meanwhile.
 */
class Standstill {
  readonly #clock: Clock;
  #wall: number;
  /** Milliseconds by which the wall clock is ahead. */
  #ahead: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#wall = clock.wallTime();
    this.#ahead = this.#wall - clock.now();
  }

  /** Whether the process stood still since the last call. Called for each check-out, so it reads only one clock as a rule. */
  noticed(): boolean {
    const wall = this.#clock.wallTime();
    if (Math.abs(wall - this.#wall) < LOOK_AGAIN_MS) return false;
    const ahead = wall - this.#clock.now();
    const jumped = ahead - this.#ahead >= NOTABLE_MS;
    this.#wall = wall;
    this.#ahead = ahead;
    return jumped;
  }
}
