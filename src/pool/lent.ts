import type { Attempt } from '../call/attempt.js';
import type { Connection } from './connection.js';

/** The connections that are in use, and for what. Each knows its own slot, so that none has to be looked for. */
export class Lent {
  readonly #connections: Connection[] = [];

  get size(): number {
    return this.#connections.length;
  }

  add(connection: Connection, attempt: Attempt): void {
    connection.attempt = attempt;
    connection.slot = this.#connections.push(connection) - 1;
  }

  /** Takes a connection back. What it was lent for, or null if it was not lent here. */
  take(connection: Connection): Attempt | null {
    const { slot, attempt } = connection;
    if (slot < 0 || this.#connections[slot] !== connection) return null;
    const last = this.#connections.pop();
    if (last !== undefined && last !== connection) {
      this.#connections[slot] = last;
      last.slot = slot;
    }
    connection.slot = -1;
    connection.attempt = null;
    return attempt;
  }

  all(): Connection[] {
    return [...this.#connections];
  }
}
