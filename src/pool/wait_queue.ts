import type { Attempt } from '../call/attempt.js';
import type { DeadlineEnd } from '../call/end_watch.js';
import { Waiter } from '../call/waiter.js';
import type { ConnectionCheckOutFailedReason } from '../events/pool.js';
import type { Clock } from '../runtime/clock.js';
import type { Connection } from './connection.js';
import type { PoolEvents } from './pool_events.js';
import { Queue } from './queue.js';

/** A check-out that waits, or is about to. */
export type CheckOut = Waiter<Connection, Attempt>;

/** The waiting check-outs of a pool, strictly in the order in which they began. Each is settled once, after its event. */
export class WaitQueue {
  readonly #clock: Clock;
  readonly #events: PoolEvents;
  readonly #onEnd: (waiter: CheckOut, end: DeadlineEnd) => void;
  readonly #waiters = new Queue<CheckOut>();

  /** @param onEnd - called when the deadline of a check-out ends */
  constructor(clock: Clock, events: PoolEvents, onEnd: (waiter: CheckOut, end: DeadlineEnd) => void) {
    this.#clock = clock;
    this.#events = events;
    this.#onEnd = onEnd;
  }

  get length(): number {
    return this.#waiters.length;
  }

  /** The clock's time at which the oldest check-out began to wait; Infinity if none waits. */
  get oldestSince(): number {
    return this.#waiters.first?.startedAt ?? Infinity;
  }

  /** A check-out that does not wait yet. */
  waiter(attempt: Attempt): CheckOut {
    return new Waiter<Connection, Attempt>(attempt, attempt.limitOf('checkOut'), this.#clock.now(), this.#onEnd);
  }

  push(waiter: CheckOut): void {
    this.#events.checkOutWaits(waiter.request);
    waiter.waitIn(this.#waiters.push(waiter));
  }

  /** Takes the oldest check-out out of the queue. */
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

  /** @param makeError - called for each check-out, since callers add to their errors */
  failAll(reason: ConnectionCheckOutFailedReason, makeError: () => Error): void {
    for (let waiter = this.shift(); waiter !== undefined; waiter = this.shift()) this.fail(waiter, reason, makeError());
  }
}
