import type { Deadline, EndDescription } from './deadline.js';
import { type DeadlineEnd, EndWatch, type EndWatcher } from './end_watch.js';

/** A place in a queue or a list, which the waiter leaves when it is settled. */
export interface Place {
  remove(): unknown;
}

/** A pending value with a deadline. Settled once: by the value, by an error, or by the end of the deadline. */
export class Waiter<T, Request> implements EndWatcher {
  /** What is waited for, and for which operation. */
  readonly request: Request;
  readonly deadline: Deadline;
  /** The clock's time at which the wait began. */
  readonly startedAt: number;
  readonly promise: Promise<T>;
  #resolve!: (value: T) => void;
  #reject!: (error: Error) => void;
  #place: Place | null = null;
  /** Null for a deadline that nothing can end. */
  #watch: EndWatch | null = null;
  readonly #onEnd: (waiter: Waiter<T, Request>, end: DeadlineEnd) => void;

  constructor(
    request: Request,
    deadline: Deadline,
    startedAt: number,
    onEnd: (waiter: Waiter<T, Request>, end: DeadlineEnd) => void,
  ) {
    this.request = request;
    this.deadline = deadline;
    this.startedAt = startedAt;
    this.#onEnd = onEnd;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** From here on the end of the deadline counts. */
  waitIn(place: Place | null): void {
    this.#place = place;
    if (!this.deadline.canEnd) return;
    this.#watch = new EndWatch(this);
    this.#watch.start(this.deadline);
  }

  resolve(value: T): void {
    this.leave();
    this.#resolve(value);
  }

  reject(error: Error): void {
    this.leave();
    this.#reject(error);
  }

  /** Waits no longer: neither its turn nor its deadline's end can come any more. To be called before anybody is told how it ended. */
  leave(): void {
    this.#watch?.stop();
    this.#place?.remove();
    this.#place = null;
  }

  onDeadlineEnd(end: DeadlineEnd): void {
    this.#onEnd(this, end);
  }
}

/**
 * Waits for work that others may wait for too, and so goes on when the deadline ends.
 *
 * @param describe - what is told when the deadline ends first
 * @param legacy - the class of the error without `timeoutMS`; null: MongoOperationTimeoutError there too
 */
export function waitFor<T>(
  work: Promise<T>,
  describe: () => EndDescription,
  legacy: ((text: string) => Error) | null,
  deadline: Deadline,
): Promise<T> {
  const waiter = new Waiter<T, null>(null, deadline, 0, (self, end) => {
    self.reject(deadline.errorOf(end, describe(), legacy ?? undefined));
  });
  waiter.waitIn(null);
  work.then(
    value => waiter.resolve(value),
    (error: unknown) => waiter.reject(error as Error),
  );
  return waiter.promise;
}
