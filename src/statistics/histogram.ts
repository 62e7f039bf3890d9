/** Buckets in each doubling of a value, and microseconds that have a bucket each: values are known to one part in 32. */
const BUCKETS_PER_DOUBLING = 32;
const DOUBLING_BITS = 5;
/** About 71 minutes in microseconds: longer durations count as this. */
const LONGEST_US = 2 ** 32 - 1;
const BUCKETS = indexOf(LONGEST_US) + 1;

/** The bucket of a whole number of microseconds: one for each of the first 64 values, then 32 for each doubling. */
function indexOf(us: number): number {
  const shift = Math.max(0, 31 - DOUBLING_BITS - Math.clz32(us));
  return shift * BUCKETS_PER_DOUBLING + (us >>> shift);
}

/** The least number of microseconds in a bucket. */
function lowestOf(index: number): number {
  const shift = Math.max(0, (index >>> DOUBLING_BITS) - 1);
  return (index - shift * BUCKETS_PER_DOUBLING) * 2 ** shift;
}

/** Some durations in a histogram. @public */
export interface DurationBucket {
  /** The durations are below this many milliseconds, and not below that of the bucket before. */
  readonly belowMS: number;
  readonly count: number;
}

/** What a histogram holds, with or without the counts of its buckets. */
interface Sums {
  count: number;
  sumMS: number;
  minMS: number;
  maxMS: number;
}

/**
 * Counts durations in buckets whose width grows with the duration (as HdrHistogram does): 7 KB for good, about 10 ns for each duration, and percentiles that are
 * within 1.6 % (and half a microsecond) of the truth.
 */
export class HistogramRecorder {
  // A bucket of a busy client would overrun 32 bits in a day.
  readonly #counts = new Float64Array(BUCKETS);
  readonly #sums: Sums = { count: 0, sumMS: 0, minMS: Infinity, maxMS: 0 };

  /** @param ms - what is negative or not a number counts as 0 */
  record(ms: number): void {
    const value = ms > 0 ? ms : 0;
    const us = Math.round(value * 1000);
    const index = indexOf(us > LONGEST_US ? LONGEST_US : us);
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    const sums = this.#sums;
    sums.count++;
    sums.sumMS += value;
    if (value < sums.minMS) sums.minMS = value;
    if (value > sums.maxMS) sums.maxMS = value;
  }

  /** Takes over what another one has counted. */
  add(other: HistogramRecorder): void {
    addTo(this.#counts, other.#counts, 1);
    const { count, sumMS, minMS, maxMS } = other.#sums;
    const sums = this.#sums;
    sums.count += count;
    sums.sumMS += sumMS;
    sums.minMS = Math.min(sums.minMS, minMS);
    sums.maxMS = Math.max(sums.maxMS, maxMS);
  }

  snapshot(): DurationHistogram {
    return new DurationHistogram(this.#counts.slice(), { ...this.#sums });
  }
}

/**
 * Durations that were counted until one moment. Percentiles are within 1.6 % of the truth; count, sum, minimum and maximum are exact. All are 0 while nothing
 * has been counted.
 *
 * @public
 */
export class DurationHistogram {
  readonly count: number;
  readonly sumMS: number;
  readonly meanMS: number;
  readonly minMS: number;
  /** The median. */
  readonly p50MS: number;
  readonly p90MS: number;
  readonly p99MS: number;
  /** 99.9 of 100 durations are not above it. */
  readonly p999MS: number;
  readonly maxMS: number;
  readonly #counts: Float64Array;

  /** @internal */
  constructor(counts: Float64Array, { count, sumMS, minMS, maxMS }: Readonly<Sums>) {
    this.#counts = counts;
    this.count = count;
    this.sumMS = sumMS;
    this.meanMS = count === 0 ? 0 : sumMS / count;
    this.minMS = count === 0 ? 0 : minMS;
    this.maxMS = maxMS;
    this.p50MS = this.percentileMS(50);
    this.p90MS = this.percentileMS(90);
    this.p99MS = this.percentileMS(99);
    this.p999MS = this.percentileMS(99.9);
    Object.freeze(this);
  }

  /**
   * The duration that so many of a hundred durations do not exceed.
   *
   * @param percent - above 0, at most 100
   */
  percentileMS(percent: number): number {
    if (this.count === 0) return 0;
    const wanted = Math.max(1, Math.ceil((this.count * percent) / 100));
    let seen = 0;
    for (let index = 0; index < BUCKETS; index++) {
      seen += this.#counts[index] ?? 0;
      // The middle of the bucket, but nothing that has not been.
      if (seen >= wanted) return Math.min(this.maxMS, Math.max(this.minMS, middleMS(index)));
    }
    return this.maxMS;
  }

  /** The buckets that are not empty, from short to long: for exporters that have buckets of their own. */
  buckets(): DurationBucket[] {
    const buckets: DurationBucket[] = [];
    for (const [index, count] of this.#counts.entries()) {
      if (count > 0) buckets.push({ belowMS: aboveMS(index), count });
    }
    return buckets;
  }

  /**
   * What has been counted since an earlier snapshot of the same durations: the last ten seconds, say. The exact minimum and maximum of that time are not
   * known; those of its buckets take their place.
   */
  since(earlier: DurationHistogram): DurationHistogram {
    const counts = this.#counts.slice();
    addTo(counts, earlier.#counts, -1);
    const first = counts.findIndex(count => count > 0);
    const last = counts.findLastIndex(count => count > 0);
    return new DurationHistogram(counts, {
      count: counts.reduce((sum, count) => sum + count, 0),
      sumMS: Math.max(0, this.sumMS - earlier.sumMS),
      minMS: first < 0 ? 0 : Math.max(this.minMS, lowestOf(first) / 1000),
      maxMS: last < 0 ? 0 : Math.min(this.maxMS, aboveMS(last)),
    });
  }
}

/** Adds counts, as often as `factor` says, and never below 0. */
function addTo(counts: Float64Array, added: Float64Array, factor: 1 | -1): void {
  for (let index = 0; index < BUCKETS; index++) {
    counts[index] = Math.max(0, (counts[index] ?? 0) + factor * (added[index] ?? 0));
  }
}

/** The bound above all durations of a bucket: durations are rounded to microseconds. */
function aboveMS(index: number): number {
  return (lowestOf(index + 1) - 0.5) / 1000;
}

function middleMS(index: number): number {
  return (lowestOf(index) + lowestOf(index + 1) - 1) / 2000;
}
