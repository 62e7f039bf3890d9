import type { OperationPhase } from '../errors/base.js';
import type { StageTiming } from '../errors/timeout.js';
import type { Clock } from '../runtime/clock.js';
import type { Scope } from './scope.js';

/** A cursor may live for thousands of batches: beyond so many stretches, time is added to the last stretch of the same stage. */
const MOST_TIMINGS = 48;

/**
 * Where time went: stretches that follow one another without a gap, each spent in one stage. So they always add up to the whole.
 *
 * The calls in a transaction and the reads of a cursor are parts of a whole, which has a ledger of its own: what a part records counts there too, from
 * where the last stretch of the whole ended. So parts that overlap in time are counted once: a stretch belongs to the part that records first. While no part
 * runs, time is that of the caller.
 */
export class Ledger {
  readonly clock: Clock;
  readonly startedAt: number;
  /** The ledger of the whole; null for a ledger that is no part. */
  readonly whole: Ledger | null;
  /** Shared deadlines that are told of the whole, and not of this part; null for none. */
  readonly covered: Scope | null;
  /** Whether stages that end well are to be recorded. Otherwise only those that a timeout may have to tell of are. */
  isKept: boolean;
  /** The last look at the clock for the call: all that was decided since then was decided by it. */
  lookedAt: number;
  /** End of the last stretch. */
  #markedAt: number;
  #timings: StageTiming[] | null = null;
  /** Parts that run. */
  #running = 0;
  readonly #isCall: boolean;

  private constructor(clock: Clock, whole: Ledger | null, isCall: boolean, covered: Scope | null) {
    this.clock = clock;
    this.startedAt = clock.now();
    this.whole = whole;
    this.covered = covered;
    this.isKept = whole !== null;
    this.lookedAt = this.startedAt;
    this.#markedAt = this.startedAt;
    this.#isCall = isCall;
  }

  /** A ledger that begins now. */
  static start(clock: Clock): Ledger {
    return new Ledger(clock, null, false, null);
  }

  /**
   * The ledger of a call that is part of this one and begins now. To be ended by {@link Ledger.end}.
   *
   * @param covered - shared deadlines that are told of the whole, and not of the call
   */
  part(covered: Scope | null): Ledger {
    const part = new Ledger(this.clock, this, true, covered);
    this.#partBegins(part.startedAt);
    return part;
  }

  #partBegins(now: number): void {
    this.#recordCallerUntil(now);
    this.#running++;
    if (this.whole !== null) this.whole.#partBegins(now);
  }

  /** The ledger of a stretch with a time of its own, such as a batch of a cursor or an abort. */
  stretch(): Ledger {
    return new Ledger(this.clock, this, false, this.covered);
  }

  /** The clock's time. */
  look(): number {
    return (this.lookedAt = this.clock.now());
  }

  /** Stretches so far, in order. */
  get timings(): readonly StageTiming[] {
    return this.#timings ?? [];
  }

  /** Milliseconds from the start to the end of the last stretch: the sum of the stretches. */
  get recordedMS(): number {
    return this.#markedAt - this.startedAt;
  }

  /** The stage in which a moment fell: that of the caller before the start; null if it has not been recorded yet. */
  stageAt(moment: number): OperationPhase | null {
    if (moment > this.#markedAt) return null;
    let end = this.#markedAt;
    for (const { stage, durationMS } of this.timings.toReversed()) {
      end -= durationMS;
      if (durationMS > 0 && moment > end) return stage;
    }
    return 'caller';
  }

  /**
   * Records that the time since the last record was spent in a stage.
   *
   * @param now - the clock's time, of a caller that has just looked at it
   */
  record(stage: OperationPhase, now = this.clock.now()): void {
    this.lookedAt = now;
    this.#add(stage, now);
    this.whole?.record(stage, now);
  }

  /** The same for the time until a moment (by the clock) that has passed. Does nothing where that has been recorded. */
  recordUntil(stage: OperationPhase, moment: number): void {
    if (moment > this.#markedAt) this.#add(stage, moment);
    this.whole?.recordUntil(stage, moment);
  }

  /** Records the time of the caller, unless a part runs. */
  recordCaller(): void {
    this.#recordCallerUntil(this.clock.now());
  }

  #recordCallerUntil(moment: number): void {
    if (this.#running === 0 && moment > this.#markedAt) this.#add('caller', moment);
  }

  /** Records that the time since the last record was spent in a stage, which goes on if it is the last one. */
  prolong(stage: OperationPhase, now = this.clock.now()): void {
    this.lookedAt = now;
    const last = this.#timings?.at(-1);
    if (last?.stage === stage) {
      this.#timings?.pop();
      this.#markedAt -= last.durationMS;
    }
    this.#add(stage, now);
    this.whole?.prolong(stage, now);
  }

  /**
   * The call is over.
   *
   * @param stage - what it did since the last record; null: it went on with the last stage
   */
  end(stage: OperationPhase | null): void {
    if (this.isKept) this.#recordEnd(stage);
    if (!this.#isCall) return;
    for (let { whole } = this; whole !== null; { whole } = whole) whole.#running--;
  }

  #recordEnd(stage: OperationPhase | null): void {
    const last = this.#timings?.at(-1)?.stage;
    if (last !== undefined && (stage === null || stage === last)) this.prolong(last);
    else this.recordUntil(stage ?? 'read', this.clock.now());
  }

  #add(stage: OperationPhase, until: number): void {
    const durationMS = until - this.#markedAt;
    this.#markedAt = until;
    const timings = this.#timings;
    if (timings === null) {
      this.#timings = [{ stage, durationMS }];
      return;
    }
    const full = timings.length >= MOST_TIMINGS;
    const last = full ? timings.findLastIndex(timing => timing.stage === stage) : -1;
    const timing = timings[last];
    if (timing === undefined) timings.push({ stage, durationMS });
    else timings[last] = { stage, durationMS: timing.durationMS + durationMS };
  }
}
