import type { Deadline, DeadlineEnd, EndWatcher } from '../csot/deadline.js';
import { type Queue } from '../runtime/queue.js';
import type { Connection } from './connection.js';
import type { Purpose } from './purpose.js';

/** Someone who waits for a connection. Settled once: by a connection, by an error, or by the end of its deadline. */
export class Waiter implements EndWatcher {
  readonly purpose: Purpose;
  readonly deadline: Deadline;
  readonly startedAt: number;
  readonly promise: Promise<Connection>;
  #resolve!: (connection: Connection) => void;
  #reject!: (error: Error) => void;
  #leave: (() => void) | null = null;
  readonly #onEnd: (waiter: Waiter, end: DeadlineEnd) => void;

  constructor(
    purpose: Purpose,
    deadline: Deadline,
    startedAt: number,
    onEnd: (waiter: Waiter, end: DeadlineEnd) => void,
  ) {
    this.purpose = purpose;
    this.deadline = deadline;
    this.startedAt = startedAt;
    this.#onEnd = onEnd;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  enqueue(queue: Queue<Waiter>): void {
    const entry = queue.push(this);
    this.#leave = () => void entry.remove();
    this.deadline.watch(this);
  }

  resolve(connection: Connection): void {
    this.leave();
    this.#resolve(connection);
  }

  reject(error: Error): void {
    this.leave();
    this.#reject(error);
  }

  /** Waits no longer: neither its turn nor its deadline's end can come any more. To be called before anybody is told how it ended. */
  leave(): void {
    this.deadline.unwatch(this);
    this.#leave?.();
    this.#leave = null;
  }

  onDeadlineEnd(end: DeadlineEnd): void {
    this.#onEnd(this, end);
  }
}
