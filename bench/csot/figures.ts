import type { Driver } from './clients.js';
import type { Pair } from './pair.js';
import type { Outcome, Phase } from './phases.js';
import type { Sample } from './sample.js';

/** Milliseconds. */
export interface Quantiles {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** What one driver did in one phase, over all rounds. */
export interface Figures {
  readonly driver: Driver;
  readonly n: number;
  /** How much later the operation ended than a timer that was started with it. */
  readonly difference: Quantiles;
  /** How late that timer was: how busy the machine was. */
  readonly timer: Quantiles;
  readonly early: number;
  readonly wrong: number;
  readonly unended: number;
  readonly closedConnections: number;
  /** How many operations ended in which way, and waiting for what. */
  readonly endings: Readonly<Record<string, number>>;
}

const EXPECTED: readonly Outcome[] = ['MongoOperationTimeoutError'];
/** Timers count in milliseconds: one that ends so much before its time is not early. */
const TIMER_MS = 1;

export function figuresOf(driver: Driver, phase: Phase, samples: readonly Sample[]): Figures {
  const pairs = samples.flatMap(sample => sample.pairs);
  const ended = pairs.filter(pair => pair.operationMS !== null);
  const expected: readonly string[] = phase.expects ?? EXPECTED;
  return {
    driver,
    n: pairs.length,
    difference: quantiles(ended.map(({ operationMS, timerMS }) => (operationMS ?? 0) - timerMS)),
    timer: quantiles(pairs.map(({ timerMS, timeoutMS }) => timerMS - timeoutMS)),
    early: ended.filter(({ operationMS, timeoutMS }) => (operationMS ?? 0) < timeoutMS - TIMER_MS).length,
    wrong: ended.filter(({ outcome }) => !expected.includes(outcome)).length,
    unended: pairs.length - ended.length,
    closedConnections: samples.reduce((sum, sample) => sum + sample.closedConnections, 0),
    endings: countBy(pairs, ({ outcome, waitedFor }) => (waitedFor === '' ? outcome : `${outcome} ${waitedFor}`)),
  };
}

function quantiles(values: readonly number[]): Quantiles {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}

function countBy(pairs: readonly Pair[], keyOf: (pair: Pair) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const pair of pairs) counts[keyOf(pair)] = (counts[keyOf(pair)] ?? 0) + 1;
  return counts;
}
