import { Lateness } from './lateness.js';

/** By how much all times of a test are multiplied, one after the other, until the machine keeps up. */
const FACTORS = [1, 4, 16, 48];
/** A process that was never later than this had all the time that a test gave it. */
const ON_TIME_MS = 3;

/** A time of a test, in proportion to its others. */
export type Pace = (ms: number) => number;

/**
 * For tests of behaviour in real time, where a fake clock cannot reach the other side: runs a test whose times are all given by `ms`. When it
 * fails and the machine was late meanwhile, it is run again with all times multiplied, until they are long in proportion to what the machine is
 * late by. A test that fails on a machine that was on time, or at the slowest pace, fails.
 */
export function paced(
  run: (ms: Pace) => Promise<void>,
  measure: () => Pick<Lateness, 'worstMS' | 'stop'> = () => new Lateness(),
): () => Promise<void> {
  return async () => {
    for (const [index, factor] of FACTORS.entries()) {
      const lateness = measure();
      try {
        await run(ms => ms * factor);
        return;
      } catch (error) {
        if (lateness.worstMS <= ON_TIME_MS || index === FACTORS.length - 1) throw error;
      } finally {
        lateness.stop();
      }
    }
  };
}
