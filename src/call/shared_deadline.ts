import { inspect } from 'node:util';
import { MongoInvalidArgumentError } from '../errors/driver.js';
import { type Clock, systemClock, type Timer } from '../runtime/clock.js';
import { validateTimeoutMS } from './budget.js';

/** An operation that has run within a shared deadline. */
export interface SharedOperation {
  readonly name: string;
  readonly namespace: string;
  readonly durationMS: number;
}

/** Operations whose names and durations a shared deadline keeps; the earlier ones are counted. */
const MOST_OPERATIONS = 8;

/**
 * A deadline that several operations share, and the program's own work as well. Made by {@link Deadline.after} or {@link Deadline.at}; given to operations as the
 * option `deadline`, or to {@link withDeadline} for all operations that are started in a function.
 *
 * @example
 * ```ts
 * const deadline = Deadline.after(500);
 * const order = await orders.findOne({ _id }, { deadline });
 * const response = await fetch(url, { signal: deadline.signal });
 * await orders.updateOne({ _id }, { $set: { status } }, { deadline });
 * ```
 *
 * @public
 */
export class SharedDeadline {
  readonly #clock: Clock;
  /** The clock's time (monotonic milliseconds). @internal */
  readonly endsAt: number;
  /** The whole time, in milliseconds. @internal */
  readonly timeoutMS: number;
  /** Holds the stack of the code that made the deadline. It becomes text only if it is asked for. */
  readonly #origin: { readonly stack?: string } = {};
  readonly #method: string;
  /** The last operations, each in the place of the one that is no longer kept. */
  readonly #operations: SharedOperation[] = [];
  #recorded = 0;
  #controller: AbortController | null = null;
  #timer: Timer | null = null;

  private constructor(timeoutMS: number, clock: Clock, method: string, above: unknown) {
    this.#clock = clock;
    this.timeoutMS = timeoutMS;
    this.endsAt = clock.now() + timeoutMS;
    this.#method = method;
    Error.captureStackTrace(this.#origin, above as () => void);
  }

  /**
   * Ends in so many milliseconds.
   *
   * @param ms - an integer from 1 on
   * @throws MongoInvalidArgumentError if `ms` is none
   */
  static after(ms: number): SharedDeadline {
    // eslint-disable-next-line @typescript-eslint/unbound-method -- it is looked for in the stack, and not called
    return SharedDeadline.start(ms, 'Deadline.after', SharedDeadline.after, systemClock);
  }

  /**
   * Ends at a moment, such as `Date.now() + 500`. A moment that has passed is allowed: operations then fail at once.
   *
   * @param epochMilliseconds - milliseconds since 1970
   * @throws MongoInvalidArgumentError if it is no finite number
   */
  static at(epochMilliseconds: number): SharedDeadline {
    if (!Number.isFinite(epochMilliseconds)) {
      throw new MongoInvalidArgumentError(
        `Deadline.at takes milliseconds since 1970 as a number, got ${String(epochMilliseconds)}`,
      );
    }
    const left = Math.max(0, epochMilliseconds - systemClock.wallTime());
    // eslint-disable-next-line @typescript-eslint/unbound-method -- it is looked for in the stack, and not called
    return new SharedDeadline(left, systemClock, 'Deadline.at', SharedDeadline.at);
  }

  /**
   * @param method - by which the deadline is made, for messages
   * @param above - the function that the caller called: what lies below it in the stack is not shown
   * @internal
   */
  static start(ms: unknown, method: string, above: unknown, clock: Clock): SharedDeadline {
    const timeoutMS = validateTimeoutMS(ms, method);
    if (timeoutMS === undefined || timeoutMS === 0) {
      throw new MongoInvalidArgumentError(`${method} takes milliseconds as an integer from 1 on, got ${String(ms)}`);
    }
    return new SharedDeadline(timeoutMS, clock, method, above);
  }

  /** Milliseconds left; 0 when the deadline is over. */
  get remainingMS(): number {
    return Math.max(0, this.endsAt - this.#clock.now());
  }

  /**
   * Aborts when the deadline is over, with a `TimeoutError` as reason: for `fetch` and other work of the program. Its timer does not keep
   * the process alive.
   */
  get signal(): AbortSignal {
    const controller = (this.#controller ??= new AbortController());
    if (this.#timer === null && !controller.signal.aborted) {
      const abort = () => controller.abort(new DOMException(`The deadline is over: ${this.source}`, 'TimeoutError'));
      if (this.remainingMS === 0) abort();
      else this.#timer = this.#clock.setTimer(this.remainingMS, abort);
    }
    return controller.signal;
  }

  /**
   * Lets go of the signal and its timer before the deadline is over: `using deadline = Deadline.after(60_000)` holds neither after its block. The signal does not
   * abort any more; operations keep the deadline.
   */
  [Symbol.dispose](): void {
    this.#timer?.clear();
    this.#timer = null;
    this.#controller = null;
  }

  /** @internal */
  [inspect.custom](): string {
    return `Deadline { remainingMS: ${this.remainingMS}, source: '${this.source}' }`;
  }

  /** @internal */
  toJSON(): { remainingMS: number; source: string } {
    return { remainingMS: this.remainingMS, source: this.source };
  }

  /** Who set the deadline, as messages say it: `withDeadline at handle (orders.js:12:3)`. @internal */
  get source(): string {
    const caller = this.#origin.stack?.split('\n').at(1)?.trim();
    return caller === undefined ? this.#method : `${this.#method} ${caller}`;
  }

  /** Keeps what an operation took, for the error of a later one. @internal */
  record(operation: SharedOperation): void {
    this.#operations[this.#recorded % MOST_OPERATIONS] = operation;
    this.#recorded++;
  }

  /** What the earlier operations took, as messages say it; empty if there were none. @internal */
  get spent(): string {
    const operations = this.#operations;
    const earlier = this.#recorded - operations.length;
    const first = earlier % MOST_OPERATIONS;
    const last = [...operations.slice(first), ...operations.slice(0, first)].map(
      ({ name, namespace, durationMS }) => `${name} ${namespace} ${durationMS.toFixed(1)} ms`,
    );
    return [...(earlier > 0 ? [`${earlier} more`] : []), ...last].join(', ');
  }
}
