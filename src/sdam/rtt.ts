/** Weight of a new sample (Server Selection, "Calculation of Average Round Trip Times"). */
const WEIGHT = 0.2;

/** How many samples the minimum is taken of (Server Monitoring, "Measuring RTT"). */
const KEPT_SAMPLES = 10;

/** With fewer samples the minimum is 0: one slow connection setup must not decide over timeouts. */
const FEWEST_SAMPLES = 2;

/** How long a server takes to answer, as its checks measured it. Never changes; a sample makes a new value. */
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

  /** Goes on from an average of which the samples are not known. */
  static from(average: number): RoundTripTimes {
    return new RoundTripTimes(average, []);
  }

  /** Minimum of the last ten samples in milliseconds; 0 while there are fewer than two. */
  get minimum(): number {
    return this.#samples.length < FEWEST_SAMPLES ? 0 : Math.min(...this.#samples);
  }

  add(sampleMS: number): RoundTripTimes {
    const average = this.average < 0 ? sampleMS : WEIGHT * sampleMS + (1 - WEIGHT) * this.average;
    return new RoundTripTimes(average, [...this.#samples, sampleMS].slice(-KEPT_SAMPLES));
  }
}
