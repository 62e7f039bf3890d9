import type { Clock, Timer } from '../runtime/clock.js';
import type { Random } from '../runtime/random.js';

/** The interval if `maxIdleTimeMS` is not shorter (CMAP, "Background Thread": the driver's choice). */
const LONGEST_INTERVAL_MS = 10_000;
/** Check-out observes a shorter `maxIdleTimeMS`. The timer need not wake the process more often than this. */
const SHORTEST_INTERVAL_MS = 500;
/** When a server has restarted, all its clients fill their pools: each at a random moment within this time. */
const REFILL_SPREAD_MS = 500;

/** The timer of a pool's background work. Its intervals are random, so that the clients of a server do not work in step. */
export class Maintenance {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #work: () => void;
  readonly #intervalMS: number;
  #timer: Timer | null = null;

  /** @param maxIdleTimeMS - the interval is not longer; 0 is no limit */
  constructor(clock: Clock, random: Random, maxIdleTimeMS: number, work: () => void) {
    this.#clock = clock;
    this.#random = random;
    this.#work = work;
    const wantedMS = maxIdleTimeMS === 0 ? LONGEST_INTERVAL_MS : Math.max(SHORTEST_INTERVAL_MS, maxIdleTimeMS);
    this.#intervalMS = Math.min(LONGEST_INTERVAL_MS, wantedMS);
  }

  /**
   * Runs the work after the interval, give or take a quarter.
   *
   * @param withinMS - when the first idle connection expires, if that is sooner
   */
  later(withinMS = Infinity): void {
    const ms = this.#intervalMS * (0.75 + this.#random.next() / 2);
    this.#arm(Math.min(ms, Math.max(SHORTEST_INTERVAL_MS, withinMS)));
  }

  /** Runs the work within {@link REFILL_SPREAD_MS}. */
  soon(): void {
    this.#arm(REFILL_SPREAD_MS * this.#random.next());
  }

  stop(): void {
    this.#timer?.clear();
    this.#timer = null;
  }

  #arm(ms: number): void {
    this.stop();
    this.#timer = this.#clock.setTimer(ms, this.#work);
  }
}
