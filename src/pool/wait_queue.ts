import type { Attempt } from '../call/attempt.js';
import type { DeadlineEnd } from '../call/deadline.js';
import { Waiter } from '../call/waiter.js';
import type { ConnectionCheckOutFailedReason } from '../events/pool.js';
import type { Clock } from '../runtime/clock.js';
import { Queue } from '../runtime/queue.js';
import type { Connection } from './connection.js';
import type { PoolEvents } from './pool_events.js';

/** Someone who waits for a connection. */
export type CheckOut = Waiter<Connection, Attempt>;

/** Those who wait for a connection of a pool, strictly in the order in which they came. Each is settled once, after it was told of. */
export class WaitQueue {
  readonly #clock: Clock;
  readonly #events: PoolEvents;
  readonly #onEnd: (waiter: CheckOut, end: DeadlineEnd) => void;
  readonly #waiters = new Queue<CheckOut>();

  /** @param onEnd - the deadline of one has ended */
  constructor(clock: Clock, events: PoolEvents, onEnd: (waiter: CheckOut, end: DeadlineEnd) => void) {
    this.#clock = clock;
    this.#events = events;
    this.#onEnd = onEnd;
  }

  get length(): number {
    return this.#waiters.length;
  }

  /** Someone who does not wait yet. */
  waiter(attempt: Attempt): CheckOut {
    return new Waiter<Connection, Attempt>(attempt, attempt.limitOf('checkOut'), this.#clock.now(), this.#onEnd);
  }

  push(waiter: CheckOut): void {
    waiter.waitIn(this.#waiters.push(waiter));
  }

  /** Takes the one who has waited longest. */
  shift(): CheckOut | undefined {
    const waiter = this.#waiters.shift();
    waiter?.leave();
    return waiter;
  }

  waitedMS({ startedAt }: CheckOut): number {
    return this.#clock.now() - startedAt;
  }

  fail(waiter: CheckOut, reason: ConnectionCheckOutFailedReason, error: Error): void {
    waiter.leave();
    this.#events.checkOutFailed(reason, error, waiter.request, this.waitedMS(waiter));
    waiter.reject(error);
  }

  /** @param makeError - each has its own, since whoever meets it adds to it */
  failAll(reason: ConnectionCheckOutFailedReason, makeError: () => Error): void {
    for (let waiter = this.shift(); waiter !== undefined; waiter = this.shift()) this.fail(waiter, reason, makeError());
  }
}
