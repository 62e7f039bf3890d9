/** Weight of a new sample (Server Selection, "Calculation of Average Round Trip Times"). */
const WEIGHT = 0.2;

/** Number of samples of which the minimum is taken (Server Monitoring, "Measuring RTT"). */
const KEPT_SAMPLES = 10;

/** With fewer samples the minimum is 0: timeouts must not depend on one slow sample. */
const FEWEST_SAMPLES = 2;

/** Round trip times of a server, measured by its checks. Never changes: a sample makes a new value. */
export class RoundTripTimes {
  static readonly none = new RoundTripTimes(-1, []);

  /** Exponentially weighted average in milliseconds; -1 without a sample. */
  readonly average: number;
  readonly #samples: readonly number[];

  private constructor(average: number, samples: readonly number[]) {
    this.average = average;
    this.#samples = samples;
    Object.freeze(this);
  }

  /** Minimum of the last ten samples in milliseconds; 0 while there are fewer than two. */
  get minimum(): number {
    return this.#samples.length < FEWEST_SAMPLES ? 0 : Math.min(...this.#samples);
  }

  /**
   * @param busyMS - for how long the event loop of this process was busy meanwhile: the reply may have lain in the kernel. The average is what programs
   * experience. The minimum is what the network takes at least, and operations that have less time left are not sent
   */
  add(sampleMS: number, busyMS: number): RoundTripTimes {
    const average = this.average < 0 ? sampleMS : WEIGHT * sampleMS + (1 - WEIGHT) * this.average;
    const least = Math.max(0, sampleMS - busyMS);
    return new RoundTripTimes(average, [...this.#samples, least].slice(-KEPT_SAMPLES));
  }
}
