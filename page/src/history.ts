import type { ClientStatistics, OperationStatistics, PoolStats } from 'mongotempo';

/** One second of a client's life. */
export interface Point {
  /** Seconds since 1970. */
  readonly time: number;
  /** Operations that ended, in each second; null where nothing is counted. */
  readonly perSecond: number | null;
  readonly failedPerSecond: number | null;
  /** Percentiles of the operations that ended in that second; null if none did. */
  readonly p50MS: number | null;
  readonly p90MS: number | null;
  readonly p99MS: number | null;
  readonly maxMS: number | null;
  /** Connections of all pools. */
  readonly inUse: number;
  readonly idle: number;
  readonly pending: number;
  /** Operations that wait for a connection. */
  readonly waiting: number;
}

const MOST_POINTS = 300;

/** The last five minutes, a point for each second. */
export class History {
  readonly points: Point[] = [];
  #last: ClientStatistics | null = null;

  /** @param statistics - null if the client does not count */
  add(time: number, pools: readonly PoolStats[], statistics: ClientStatistics | null): Point {
    const last = this.#last;
    this.#last = statistics;
    const point = { time, ...ratesOf(last, statistics), ...sumOf(pools) };
    this.points.push(point);
    if (this.points.length > MOST_POINTS) this.points.shift();
    return point;
  }
}

const NO_RATES = { perSecond: null, failedPerSecond: null, p50MS: null, p90MS: null, p99MS: null, maxMS: null };

function ratesOf(last: ClientStatistics | null, now: ClientStatistics | null) {
  if (last === null || now === null) return NO_RATES;
  const seconds = (now.monotonicTimeMS - last.monotonicTimeMS) / 1000;
  if (seconds <= 0) return NO_RATES;
  const { count, p50MS, p90MS, p99MS, maxMS } = now.operations.durations.since(last.operations.durations);
  const failedPerSecond = (now.operations.failed - last.operations.failed) / seconds;
  if (count === 0) return { ...NO_RATES, perSecond: 0, failedPerSecond };
  return { perSecond: count / seconds, failedPerSecond, p50MS, p90MS, p99MS, maxMS };
}

function sumOf(pools: readonly PoolStats[]) {
  const sum = { inUse: 0, idle: 0, pending: 0, waiting: 0 };
  for (const { inUse, idle, pending, waitQueueLength } of pools) {
    sum.inUse += inUse;
    sum.idle += idle;
    sum.pending += pending;
    sum.waiting += waitQueueLength;
  }
  return sum;
}

/** One row of the table of operations. */
export interface ShownMethod {
  readonly name: string;
  readonly succeeded: number;
  readonly failed: number;
  readonly timedOut: number;
  readonly p50MS: number;
  readonly p90MS: number;
  readonly p99MS: number;
  readonly maxMS: number;
}

/** The methods that were called most, since counting began. */
export function shownMethods(byName: Readonly<Record<string, OperationStatistics>>): ShownMethod[] {
  return Object.entries(byName)
    .map(
      ([
        name,
        {
          succeeded,
          failed,
          timedOut,
          durations: { p50MS, p90MS, p99MS, maxMS },
        },
      ]) => {
        return { name, succeeded, failed, timedOut, p50MS, p90MS, p99MS, maxMS };
      },
    )
    .sort((first, second) => second.succeeded + second.failed - first.succeeded - first.failed)
    .slice(0, 20);
}
