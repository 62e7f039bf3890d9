/** How often the event loop is asked whether it is on time. */
const PERIOD_MS = 2;

/**
 * Measures how late this process is: by how many milliseconds, at the most, a timer fired after it was due. A process that shares its cores
 * with others, or that computes for long, is late; on an idle machine it is a millisecond or two.
 */
export class Lateness {
  #worstMS = 0;
  #last = performance.now();
  readonly #timer = setInterval(() => {
    this.#worstMS = this.worstMS;
    this.#last = performance.now();
  }, PERIOD_MS).unref();

  /** The worst so far. */
  get worstMS(): number {
    return Math.max(this.#worstMS, performance.now() - this.#last - PERIOD_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
