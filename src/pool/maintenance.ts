import type { Clock, Timer } from '../runtime/clock.js';
import type { Random } from '../runtime/random.js';

/** Idle connections are looked at this often (CMAP, "Background Thread": the driver's choice). */
const INTERVAL_MS = 10_000;
/** After a server came back, all clients of it fill their pools; not all in the same moment. */
const REFILL_SPREAD_MS = 500;

/** When the background work of a pool is done: from time to time, and never at the same time as that of other clients. */
export class Maintenance {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #work: () => void;
  #timer: Timer | null = null;

  constructor(clock: Clock, random: Random, work: () => void) {
    this.#clock = clock;
    this.#random = random;
    this.#work = work;
  }

  /** A quarter more or less than the interval from now. */
  later(): void {
    this.#arm(INTERVAL_MS * (0.75 + this.#random.next() / 2));
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
