import type { OperationPhase } from '../errors/base.js';
import {
  MongoOperationTimeoutError,
  type MongoOperationTimeoutErrorDetails,
  type StageTiming,
} from '../errors/timeout.js';
import type { Clock } from '../runtime/clock.js';
import { type Budget, UNTIMED } from './budget.js';
import { abortedOf, type DeadlineEnd, EndWatch } from './end_watch.js';
import { Ledger } from './ledger.js';
import type { Scope } from './scope.js';
import { SharedDeadline } from './shared_deadline.js';

/** What a place that waited knows about its failure; the deadline adds the numbers. */
export interface EndDescription extends Omit<MongoOperationTimeoutErrorDetails, 'timeoutMS' | 'elapsedMS' | 'timings'> {
  /** What was being done, to follow "Timed out": `during connection checkout from db1:27017`. */
  readonly during: string;
  readonly phase: OperationPhase;
  /** What is known of the reason. Default: the message of the cause. */
  readonly detail?: string;
  /** What an operator may try, if that is known. */
  readonly hint?: string;
}

/** Compared by identity: a deadline without signals is the usual case. */
const NO_SIGNALS: readonly AbortSignal[] = Object.freeze([]);

/** A timer later than this by the clock says that the event loop was busy, not that the timer was coarse. */
const NOTABLE_DELAY_MS = 5;
/** Shorter stretches are shown as 0.0. */
const LEAST_SHOWN_MS = 0.05;

/**
 * The one object that ends an operation: by its `timeoutMS`, by the timeout of a stage, or by the caller's `AbortSignal`.
 *
 * It is made once per operation and handed, as the last argument, to every function that can wait; retries, backoff and the getMores of a
 * lifetime cursor use the same one. No timer exists until something waits ({@link EndWatch}).
 *
 * Source: Client Side Operations Timeout, "Timeout Behavior".
 */
export class Deadline {
  /** Where the time goes. Deadlines that are derived from one another share it. */
  readonly ledger: Ledger;
  /** The ledger of its whole time. That of a call in a transaction began with the transaction. */
  readonly #time: Ledger;
  readonly budget: Budget;
  /** Signals of the call and of its scope: each ends it. */
  readonly signals: readonly AbortSignal[];
  /** Shared deadlines and signals that limit the operation beside its own options. */
  readonly scope: Scope | null;
  /** The clock's time at which it ends; Infinity when nothing limits it. */
  readonly endsAt: number;
  /** What sets its end: the operation's `timeoutMS`, or the stage whose own timeout comes first. */
  readonly boundBy: 'timeoutMS' | OperationPhase;

  private constructor(
    ledger: Ledger,
    time: Ledger,
    budget: Budget,
    signals: readonly AbortSignal[],
    scope: Scope | null,
    endsAt: number,
    boundBy: 'timeoutMS' | OperationPhase,
  ) {
    this.ledger = ledger;
    this.#time = time;
    this.budget = budget;
    this.signals = signals;
    this.scope = scope;
    this.endsAt = endsAt;
    this.boundBy = boundBy;
  }

  /**
   * Starts the time of an operation. `timeoutMS: 0` and an unset `timeoutMS` have no end; they differ in {@link timedByOperation}.
   *
   * @param ledger - begins now; default: one that is no part of another
   * @param scope - see {@link Deadline.in}
   */
  static start(
    budget: Budget,
    clock: Clock,
    signal?: AbortSignal,
    ledger = Ledger.start(clock),
    scope: Scope | null = null,
  ): Deadline {
    const own = signal === undefined ? NO_SIGNALS : [signal];
    const signals = scope === null ? own : joined(own, scope.signals);
    const endsAt = endOf(budget, ledger);
    const shared = sooner(scope, endsAt);
    return new Deadline(ledger, ledger, shared ?? budget, signals, scope, shared?.endsAt ?? endsAt, 'timeoutMS');
  }

  /** This deadline within a scope: a shared deadline that ends sooner takes its place, and the signals of the scope end it too. */
  in(scope: Scope | null): Deadline {
    if (scope === null || scope === this.scope) return this;
    const signals = joined(this.signals, scope.signals);
    const shared = sooner(scope, this.endsAt);
    if (shared === null) {
      return new Deadline(this.ledger, this.#time, this.budget, signals, scope, this.endsAt, this.boundBy);
    }
    return new Deadline(this.ledger, this.ledger, shared, signals, scope, shared.endsAt, 'timeoutMS');
  }

  /**
   * The same time for a call that is one of several under it: an operation of a transaction, or a read of a cursor. To be ended by
   * {@link Ledger.end}.
   *
   * @param isReported - whether shared deadlines are told of this deadline as a whole, and so not of the call
   */
  part(isReported: boolean): Deadline {
    const ledger = this.ledger.part(isReported ? this.scope : null);
    return new Deadline(ledger, this.#time, this.budget, this.signals, this.scope, this.endsAt, this.boundBy);
  }

  /** A deadline for work that no operation waits for (monitors, filling a pool): only its stages are limited. */
  static background(clock: Clock): Deadline {
    return Deadline.start(UNTIMED, clock);
  }

  /** Milliseconds left, never negative; Infinity when nothing limits it. */
  get remainingMS(): number {
    return this.endsAt === Infinity ? Infinity : Math.max(0, this.endsAt - this.ledger.look());
  }

  /** Milliseconds since its time began. */
  get elapsedMS(): number {
    return this.#time.clock.now() - this.#time.startedAt;
  }

  /** Whether `timeoutMS` is in use (0 included): it decides the class of errors, `maxTimeMS`, and which old options are ignored. */
  get timedByOperation(): boolean {
    return this.budget.timeoutMS !== undefined;
  }

  /** Whether a signal has ended it. */
  get aborted(): boolean {
    return abortedOf(this.signals) !== undefined;
  }

  /** Whether an error is the reason of an abort that has ended it: the caller's own value, which stays as it is. */
  isAbortReason(error: unknown): boolean {
    return this.signals !== NO_SIGNALS && this.signals.some(signal => signal.aborted && signal.reason === error);
  }

  /** Whether something can end it at all: if not, nothing need watch. */
  get canEnd(): boolean {
    return this.endsAt !== Infinity || this.signals !== NO_SIGNALS;
  }

  /** Stretches of its time recorded so far, in order. */
  get timings(): readonly StageTiming[] {
    return this.#time.timings;
  }

  /** Whether stages are to be recorded: an error may have to tell of them, or a record is wanted. */
  get isRecorded(): boolean {
    return this.canEnd || this.ledger.isKept;
  }

  /** The stage in which its end fell, if that stage is over; else null. An end before the call began fell into the time of the caller. */
  get endedIn(): OperationPhase | null {
    return this.#time.stageAt(this.endsAt);
  }

  /**
   * This deadline, or `capMS` from now if that is sooner: the limit of a stage (`serverSelectionTimeoutMS`, `connectTimeoutMS`, …). A cap
   * of 0 or Infinity is no limit.
   */
  within(stage: OperationPhase, capMS: number): Deadline {
    // A cap from the start on that does not shorten the time does not shorten it from now on either.
    if (capMS === 0 || capMS === Infinity || this.ledger.startedAt + capMS >= this.endsAt) return this;
    const endsAt = this.ledger.look() + capMS;
    if (endsAt >= this.endsAt) return this;
    return new Deadline(this.ledger, this.#time, this.budget, this.signals, this.scope, endsAt, stage);
  }

  /** This deadline for one of the operations that share it, which its caller may abort. */
  withSignal(signal: AbortSignal): Deadline {
    const signals = [...this.signals, signal];
    return new Deadline(this.ledger, this.#time, this.budget, signals, this.scope, this.endsAt, this.boundBy);
  }

  /**
   * A new start with the whole budget: for `close` and `abortTransaction`, which may follow a timeout. What is recorded counts for this deadline too.
   */
  refreshed(timeoutMS: number | undefined = this.budget.timeoutMS): Deadline {
    const budget = timeoutMS === this.budget.timeoutMS ? this.budget : { timeoutMS, source: this.budget.source };
    const ledger = this.ledger.stretch();
    return new Deadline(ledger, ledger, budget, NO_SIGNALS, null, endOf(budget, ledger), 'timeoutMS');
  }

  /**
   * Why it has ended, or null while it has not.
   *
   * @param now - the clock's time, or that of the last look at it
   */
  ended(now = this.ledger.look()): DeadlineEnd | null {
    const aborted = abortedOf(this.signals);
    if (aborted !== undefined) return { kind: 'aborted', reason: aborted.reason };
    return now < this.endsAt ? null : { kind: 'expired', lateByMS: 0 };
  }

  /** Waits so long, at most until its end: the pause before another attempt. */
  async pause(ms: number): Promise<void> {
    if (ms <= 0) return;
    await new Promise<void>(resolve => {
      new EndWatch({ onDeadlineEnd: () => resolve() }).start(this.within('backoff', ms));
    });
    this.record('backoff');
  }

  /**
   * Records that the time since the last record was spent in a stage.
   *
   * @param now - the clock's time, of a caller that has just looked at it
   */
  record(stage: OperationPhase, now?: number): void {
    this.ledger.record(stage, now);
  }

  /** The same for the time until a moment (by the clock) that has passed. Does nothing if all of it has been recorded. */
  recordUntil(stage: OperationPhase, moment: number): void {
    this.ledger.recordUntil(stage, moment);
  }

  /** Throws the reason of the signal that has ended it, if one has. */
  throwIfAborted(): void {
    const signal = abortedOf(this.signals);
    if (signal !== undefined) throw signal.reason as Error;
  }

  /** Throws if it has ended: the signal's own reason, or what `describe` says as a timeout error. */
  throwIfEnded(describe: () => EndDescription): void {
    const end = this.ended();
    if (end !== null) throw this.errorOf(end, describe());
  }

  /**
   * The error with which a wait fails: the caller's own abort reason; a {@link MongoOperationTimeoutError} when `timeoutMS` is in use;
   * otherwise the class that the stage has always had, made by `legacy`.
   */
  errorOf(end: DeadlineEnd, description: EndDescription, legacy?: (text: string) => Error): Error {
    // Its end fell into a stage that is over: no new one begins.
    if (this.endedIn === description.phase) this.ledger.prolong(description.phase);
    else this.record(description.phase);
    // The reason is the caller's own value, whatever it is; the platform's default is a DOMException.
    if (end.kind === 'aborted') return end.reason as Error;
    const { budget } = this;
    const { during, hint, detail: given, ...details } = description;
    const detail = given ?? (details.cause instanceof Error ? details.cause.message : '');
    const text = `Timed out ${during}${detail === '' ? '' : `: ${detail}`} (${this.#whereItWent()})${hint === undefined ? '' : `. ${hint}`}`;
    if (!this.timedByOperation && legacy !== undefined) return legacy(text);
    return new MongoOperationTimeoutError(text, {
      ...details,
      elapsedMS: this.#time.recordedMS,
      timings: [...this.timings],
      ...(budget.timeoutMS !== undefined && { timeoutMS: budget.timeoutMS, timeoutSource: budget.source }),
      ...(end.lateByMS >= NOTABLE_DELAY_MS && { eventLoopDelayMS: end.lateByMS }),
    });
  }

  /**
   * The error for a limit that the server had from this deadline, as `maxTimeMS`, and that has run out there: a timeout of the operation (CSOT,
   * "Errors"). Null where `timeoutMS` is not in use: the limit was then the user's own, and the error of the server stands.
   */
  errorOnServer(description: Omit<EndDescription, 'phase' | 'maybeApplied'>): Error | null {
    if (!this.timedByOperation) return null;
    return this.errorOf({ kind: 'expired', lateByMS: 0 }, { ...description, phase: 'server', maybeApplied: true });
  }

  /** `after 501.2 ms, timeoutMS=500 of the client: serverSelection 2.0 ms, checkOut 499.2 ms` */
  #whereItWent(): string {
    const { budget } = this;
    const { timeoutMS, source } = budget;
    // The last is where it ended. Of the others, those that are shown as 0.0 tell nothing.
    const stages = this.timings
      .filter(({ durationMS }, index, { length }) => durationMS >= LEAST_SHOWN_MS || index === length - 1)
      .map(({ stage, durationMS }) => `${stage} ${durationMS.toFixed(1)} ms`)
      .join(', ');
    // Under `timeoutMS`, a stage whose own limit was sooner is named: otherwise the numbers would not fit.
    const limit = this.boundBy === 'timeoutMS' ? '' : `the limit of ${this.boundBy}, within `;
    const spent = budget instanceof SharedDeadline && budget.spent !== '' ? ` after ${budget.spent}` : '';
    // 0 would be no limit: a shared deadline had passed when it was made.
    const whole = timeoutMS === 0 ? `a deadline that had passed, of ${source}` : `timeoutMS=${timeoutMS} of ${source}`;
    const time = timeoutMS === undefined ? '' : `, ${limit}${whole}${spent}`;
    return `after ${this.#time.recordedMS.toFixed(1)} ms${time}: ${stages}`;
  }
}

/** A stage in which a time ran out, as messages say it. */
export function inStage(stage: OperationPhase): string {
  return `in ${stage === 'caller' ? "the caller's own time" : stage}`;
}

/** The clock's time at which a budget that begins with a ledger ends. */
function endOf({ timeoutMS }: Budget, { startedAt }: Ledger): number {
  return timeoutMS === undefined || timeoutMS === 0 ? Infinity : startedAt + timeoutMS;
}

/** The shared deadline of a scope that ends before a moment; null if there is none. */
function sooner(scope: Scope | null, endsAt: number): SharedDeadline | null {
  const shared = scope === null ? null : scope.soonest;
  return shared !== null && shared.endsAt < endsAt ? shared : null;
}

function joined(own: readonly AbortSignal[], added: readonly AbortSignal[]): readonly AbortSignal[] {
  if (added.length === 0) return own;
  return own.length === 0 ? added : [...own, ...added];
}
