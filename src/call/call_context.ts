import type { Deadline } from './deadline.js';

/** The time of a call, as listeners see it. @public */
export interface CallDeadline {
  /** Milliseconds that the call has; 0 is no limit; undefined if `timeoutMS` is not in use. */
  readonly timeoutMS: number | undefined;
  /** Where that was set: `the collection`, `insertOne`, `withDeadline at handle (orders.js:12:9)`. */
  readonly timeoutSource: string | undefined;
  /** Milliseconds left now, never negative; Infinity when nothing limits it. */
  readonly remainingMS: number;
}

/**
 * What monitors are told of the call that caused an event: one call of a public method. The object is the same for all events of one call, so that
 * a monitor may keep what it knows of the call in a `WeakMap`.
 *
 * @public
 */
export class CallContext {
  /** The same for all events of one operation; calls on one cursor share it. */
  readonly operationId: number;
  /** The public method: `insertOne`; of a cursor `find.toArray`. */
  readonly operationName: string;
  /** `database.collection`, `database`, or `admin` for a call on the whole client. */
  readonly namespace: string;
  readonly deadline: CallDeadline;
  readonly #signals: readonly AbortSignal[];
  #signal: AbortSignal | null = null;

  /** @internal */
  constructor(operationId: number, operationName: string, namespace: string, deadline: Deadline) {
    this.operationId = operationId;
    this.operationName = operationName;
    this.namespace = namespace;
    this.deadline = new DeadlineView(deadline);
    this.#signals = deadline.signals;
    Object.freeze(this);
  }

  /** What the caller can abort the call with; undefined if nothing. */
  get signal(): AbortSignal | undefined {
    if (this.#signals.length < 2) return this.#signals[0];
    return (this.#signal ??= AbortSignal.any([...this.#signals]));
  }
}

/** Shows a deadline and does not let anybody end it. */
class DeadlineView implements CallDeadline {
  readonly #deadline: Deadline;

  constructor(deadline: Deadline) {
    this.#deadline = deadline;
  }

  get timeoutMS(): number | undefined {
    return this.#deadline.budget.timeoutMS;
  }

  get timeoutSource(): string | undefined {
    const { timeoutMS, source } = this.#deadline.budget;
    return timeoutMS === undefined ? undefined : source;
  }

  get remainingMS(): number {
    return this.#deadline.remainingMS;
  }
}
