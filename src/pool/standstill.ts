import type { Clock } from '../runtime/clock.js';

/** How far the wall clock must run ahead of the monotonic one. */
const NOTABLE_MS = 1000;
/** Within so short a time nothing can have happened that matters. */
const LOOK_AGAIN_MS = 1000;

/**
 * Notices that this process stood still: a serverless function between two calls, a machine that slept. Then the monotonic clock stood
 * still too and the wall clock did not, and whatever was connected may have been given up by the other end.
 */
export class Standstill {
  readonly #clock: Clock;
  #wall: number;
  /** How far the wall clock is ahead. */
  #ahead: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#wall = clock.wallTime();
    this.#ahead = this.#wall - clock.now();
  }

  /** Whether it stood still since this was last asked. Asked for each connection that is lent, so it looks at one clock only. */
  noticed(): boolean {
    const wall = this.#clock.wallTime();
    if (Math.abs(wall - this.#wall) < LOOK_AGAIN_MS) return false;
    const ahead = wall - this.#clock.now();
    const jumped = ahead - this.#ahead >= NOTABLE_MS;
    this.#wall = wall;
    this.#ahead = ahead;
    return jumped;
  }
}
