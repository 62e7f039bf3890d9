import type { Attempt } from '../call/attempt.js';
import { MongoNetworkTimeoutError } from '../errors/network.js';
import type { Clock, Timer } from '../runtime/clock.js';
import type { Connection } from './connection.js';
import type { LateResponse, PoolEvents } from './pool_events.js';

interface PendingResponse extends LateResponse {
  readonly since: number;
  timer: Timer;
}

/** The draining connections of a pool: the reply is still to come, and the caller is gone. */
export class PendingResponses {
  readonly #timeoutMS: number;
  readonly #clock: Clock;
  readonly #events: PoolEvents;
  readonly #connections = new Map<Connection, PendingResponse>();

  constructor(timeoutMS: number, clock: Clock, events: PoolEvents) {
    this.#timeoutMS = timeoutMS;
    this.#clock = clock;
    this.#events = events;
  }

  get size(): number {
    return this.#connections.size;
  }

  connections(): Connection[] {
    return [...this.#connections.keys()];
  }

  /**
   * Waits for the late reply, and closes the connection if it does not come in time.
   *
   * @param requestId - number of the request that the reply answers
   */
  add(connection: Connection, requestId: number, attempt: Attempt): void {
    const giveUp = () => {
      const text = `no reply from ${connection.address} to an abandoned ${attempt.commandName} within ${this.#timeoutMS} ms`;
      connection.close(new MongoNetworkTimeoutError(text, { host: connection.address, phase: 'read' }));
    };
    // A timer that fires late says nothing about the server: the reply may lie in the kernel already.
    const timer = this.#clock.setTimer(this.#timeoutMS, () => {
      response.timer = this.#clock.afterPoll(giveUp);
    });
    const response: PendingResponse = { requestId, attempt, since: this.#clock.now(), timer };
    this.#connections.set(connection, response);
    this.#events.pendingResponseStarted(connection, response, this.#timeoutMS);
  }

  /** The reply came. Returns what it answers, or null if the connection was not draining. */
  succeeded(connection: Connection): Attempt | null {
    const response = this.#take(connection);
    if (response === undefined) return null;
    this.#events.pendingResponseSucceeded(connection, response, this.#clock.now() - response.since);
    return response.attempt;
  }

  /** The reply will not come. Returns false if the connection was not draining. */
  failed(connection: Connection, reason: 'error' | 'stale' | 'poolClosed'): boolean {
    const response = this.#take(connection);
    if (response === undefined) return false;
    const why = reason === 'error' && connection.error instanceof MongoNetworkTimeoutError ? 'timeout' : reason;
    this.#events.pendingResponseFailed(connection, response, this.#clock.now() - response.since, why);
    return true;
  }

  #take(connection: Connection): PendingResponse | undefined {
    const response = this.#connections.get(connection);
    response?.timer.clear();
    this.#connections.delete(connection);
    return response;
  }
}
