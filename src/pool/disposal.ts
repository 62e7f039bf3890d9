import type { ConnectionClosedReason } from '../events/pool.js';
import type { Connection } from './connection.js';
import { MongoPoolClosedError } from './errors.js';
import type { Generations } from './generations.js';
import type { Places } from './places.js';
import type { PoolEvents } from './pool_events.js';

/** How connections leave a pool: each once, out of its place, and told of. */
export class Disposal {
  readonly #address: string;
  readonly #places: Places;
  readonly #generations: Generations;
  readonly #events: PoolEvents;

  constructor(address: string, places: Places, generations: Generations, events: PoolEvents) {
    this.#address = address;
    this.#places = places;
    this.#generations = generations;
    this.#events = events;
  }

  /** Closes a connection that is in none of the pool's places any more. */
  discard(connection: Connection, reason: ConnectionClosedReason, error?: Error): void {
    connection.owner = null;
    connection.close(connection.error ?? error ?? new MongoPoolClosedError(this.#address));
    this.gone(connection, reason);
  }

  /** One that closed by itself, and is in no place any more. */
  gone(connection: Connection, reason: ConnectionClosedReason): void {
    if (connection.service !== null) this.#generations.leave(connection.service);
    this.#events.connectionClosed(connection, reason);
  }

  /** Gives up a connection that is on its way. */
  abandon(connection: Connection, reason: ConnectionClosedReason, error: Error): void {
    if (this.#places.pending.delete(connection)) this.discard(connection, reason, error);
  }

  /** Takes out of the pool what lies there and cannot be lent any more. */
  dropWaiting(reason: 'stale' | 'poolClosed'): void {
    const isMeant = (connection: Connection) => reason === 'poolClosed' || connection.isStale;
    for (const connection of this.#places.idle.filter(isMeant)) {
      if (this.#places.takeIdle(connection)) this.discard(connection, reason);
    }
    // Nor is a late reply waited for, since the connection could not be lent after it.
    for (const connection of this.#places.draining.connections().filter(isMeant)) {
      if (this.#places.draining.failed(connection, reason)) this.discard(connection, reason);
    }
  }
}
