import { MongoError, type OperationPhase } from '../errors/base.js';
import { withShortJSON } from '../errors/failed_attempt.js';
import type { MongoOperationTimeoutError, OperationAttempt, StageTiming } from '../errors/timeout.js';
import { CallContext } from './call_context.js';
import type { Deadline } from './deadline.js';

/**
 * The timeouts of single stages, which apply where `timeoutMS` is not in use (and, for server selection, also where it is). In
 * milliseconds; 0 is no limit.
 */
export interface StageLimits {
  readonly serverSelectionTimeoutMS: number;
  readonly waitQueueTimeoutMS: number;
  readonly socketTimeoutMS: number;
}

export const NO_STAGE_LIMITS: StageLimits = Object.freeze({
  serverSelectionTimeoutMS: 0,
  waitQueueTimeoutMS: 0,
  socketTimeoutMS: 0,
});

/** The transactions of the session that a call is part of. */
export interface SessionTransactions {
  /** How many there have been. */
  readonly number: number;
  /** Whether one is open. */
  readonly isActive: boolean;
}

/** What is known of a call when it has ended, the same whether it succeeded or failed. */
export interface CallRecord {
  /** Where the time went, in order; the stretches add up to `elapsedMS`. */
  readonly timings: readonly StageTiming[];
  /** The tries of the commands of the call, in order. */
  readonly attempts: readonly OperationAttempt[];
  /** Milliseconds from the begin of the call to its end. */
  readonly elapsedMS: number;
}

/** Attempts that a call keeps: the first ones, and the last. Retries under `timeoutMS` have no number. */
const MOST_ATTEMPTS = 16;

/**
 * One call of a public method that may wait: what is running, and until when.
 *
 * A call runs one command (`findOne`), several (`insertMany`) or none (`connect`). Each command is tried in one or more attempts. All
 * calls on one cursor share one `operationId`.
 */
export class Call {
  /** Joins the events and errors of one operation. 0 for work that the driver does on its own account. */
  readonly operationId: number;
  /** What runs: the name of the public method, such as `insertMany`. */
  readonly name: string;
  /** `database.collection`, `database`, or `admin` for a call on the whole client. */
  readonly namespace: string;
  readonly deadline: Deadline;
  readonly limits: StageLimits;
  /** The transactions of the session that it is part of; null without one. Set when the call begins. */
  transaction: SessionTransactions | null = null;
  /** What a tracer keeps of the call: a field, since a WeakMap is slow for objects that live so shortly. Of a part: see {@link Call.whole}. */
  trace: object | null = null;
  #whole: Call = this;
  #context: CallContext | null = null;
  /** Attempts of all commands of the call: those that failed, and the others if a record is kept. Null while there is none. */
  #attempts: OperationAttempt[] | null = null;
  #isRecorded = false;
  #address: string | null = null;

  constructor(operationId: number, name: string, namespace: string, deadline: Deadline, limits: StageLimits) {
    this.operationId = operationId;
    this.name = name;
    this.namespace = namespace;
    this.deadline = deadline;
    this.limits = limits;
  }

  /** The same call with another deadline: for a part of it that has a time of its own, such as closing a cursor after a timeout. */
  until(deadline: Deadline): Call {
    if (deadline === this.deadline) return this;
    const part = new Call(this.operationId, this.name, this.namespace, deadline, this.limits);
    part.#whole = this.#whole;
    return part;
  }

  /** The call that this one is a part of, or itself. */
  get whole(): Call {
    return this.#whole;
  }

  /** What monitors are told of the call; made when one asks. Null for work that the driver does on its own account. */
  get context(): CallContext | null {
    if (this.operationId === 0) return null;
    const { operationId, name, namespace, deadline } = this.#whole;
    return (this.#whole.#context ??= new CallContext(operationId, name, namespace, deadline));
  }

  /** The server that was selected last for one of its commands; null if none was. */
  get address(): string | null {
    return this.#whole.#address;
  }

  /** A server was selected for a command of the call. */
  reached(address: string): void {
    this.#whole.#address = address;
  }

  /** Whether a record of the call is wanted. */
  get isRecorded(): boolean {
    return this.#whole.#isRecorded;
  }

  /** Asks for a record of the call. To be called when it begins: without it nothing is kept of what ends well. */
  keepRecord(): void {
    this.#isRecorded = true;
    this.deadline.ledger.isKept = true;
  }

  /**
   * The call has ended.
   *
   * @param stage - what it did since the last record; null: it went on with the last stage
   */
  end(stage: OperationPhase | null): void {
    this.deadline.ledger.end(stage);
  }

  /** What is known of the call, once it has ended; null if no record was wanted when it began. */
  record(): CallRecord | null {
    if (!this.#isRecorded) return null;
    const { ledger } = this.deadline;
    return { timings: [...ledger.timings], attempts: [...(this.#attempts ?? [])], elapsedMS: ledger.recordedMS };
  }

  /** Keeps what an attempt met, for the error of the call and for its record. */
  attemptEnded(attempt: OperationAttempt): void {
    const attempts = (this.#whole.#attempts ??= []);
    if (attempts.length === MOST_ATTEMPTS) attempts.pop();
    attempts.push(attempt);
  }

  /** Puts on a timeout error what the call knows: its name and its attempts. */
  completeTimeout(error: MongoOperationTimeoutError): void {
    error.operationName ??= this.name;
    if (this.#attempts === null || error.attempts.length > 0) return;
    // The time ran out in this attempt: its error is the one that shows it.
    error.attempts = withShortJSON(
      this.#attempts.map(attempt => (attempt.error === error ? { ...attempt, error: undefined } : attempt)),
    );
    if (error.attempts.length > 1) error.message += `. Attempts: ${error.attempts.map(textOfFailed).join('; ')}`;
  }

  /** Work that no caller waits for: a hello, an authentication, a ping of the pool. */
  static background(name: string, deadline: Deadline): Call {
    return new Call(0, name, 'admin', deadline, NO_STAGE_LIMITS);
  }
}

/** `db1:27017 12.0 ms MongoServerError 10107` */
function textOfFailed({ host, durationMS, error }: OperationAttempt): string {
  const code = error instanceof MongoError && error.code !== undefined ? ` ${error.code}` : '';
  return `${host ?? 'no server'} ${durationMS.toFixed(1)} ms${error === undefined ? '' : ` ${error.name}${code}`}`;
}
