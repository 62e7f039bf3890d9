import type { Clock, Timer } from '../runtime/clock.js';
import type { Random } from '../runtime/random.js';

/** Idle connections are looked at this often when no `maxIdleTimeMS` is shorter (CMAP, "Background Thread": the driver's choice). */
const LONGEST_INTERVAL_MS = 10_000;
/** A shorter `maxIdleTimeMS` is kept when a connection is asked for; the timer need not wake the process more often than this. */
const SHORTEST_INTERVAL_MS = 500;
/** After a server came back, all clients of it fill their pools; not all in the same moment. */
const REFILL_SPREAD_MS = 500;

/** When the background work of a pool is done: from time to time, and never at the same time as that of other clients. */
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
   * A quarter more or less than the interval from now.
   *
   * @param withinMS - when the first idle connection expires, if that is sooner
   */
  later(withinMS = Infinity): void {
    const ms = this.#intervalMS * (0.75 + this.#random.next() / 2);
    this.#arm(Math.min(ms, Math.max(SHORTEST_INTERVAL_MS, withinMS)));
  }

  /** Within the next moments. */
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
