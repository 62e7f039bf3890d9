import { PerformanceObserver } from 'node:perf_hooks';
import { setImmediate as turn } from 'node:timers/promises';

type Run = () => Promise<number>;

/** What a number of operations took, in microseconds for each. */
export interface TimeSample {
  readonly operations: number;
  /** User and system time of the whole process, with its GC and compiler threads. */
  readonly cpuUS: number;
  readonly wallUS: number;
}

/** What an operation allocated, in bytes. */
export interface HeapSample {
  readonly operations: number;
  readonly heapBytes: number;
  /** Outside of the heap: what sockets read into and messages are written from. */
  readonly bufferBytes: number;
}

/** Runs an operation so many times, so many at once. */
async function runMany(run: Run, expected: number, operations: number, inFlight: number): Promise<void> {
  let left = operations;
  const lane = async (): Promise<void> => {
    while (left > 0) {
      left--;
      const got = await run();
      if (got !== expected) throw new Error(`An operation gave ${got} documents, ${expected} were expected`);
    }
  };
  await Promise.all(Array.from({ length: Math.min(inFlight, operations) }, lane));
}

/**
 * Not after a `gc()`, though that would make the beginnings equal: a full collection also throws away what the compiler had learnt and
 * shrinks the new space, and for the next second everything takes up to twice as long, most of all what allocates much.
 */
export async function sampleTime(run: Run, expected: number, operations: number, inFlight: number) {
  const wall = performance.now();
  const cpu = process.cpuUsage();
  await runMany(run, expected, operations, inFlight);
  const { user, system } = process.cpuUsage(cpu);
  const wallUS = ((performance.now() - wall) * 1_000) / operations;
  return { operations, cpuUS: (user + system) / operations, wallUS } satisfies TimeSample;
}

/** Runs for some time, and tells how many operations a second were done in the last part of it. */
export async function warmUp(run: Run, expected: number, seconds: number, inFlight: number): Promise<number> {
  const start = performance.now();
  for (let operations = inFlight; ; operations *= 2) {
    const { wallUS } = await sampleTime(run, expected, operations, inFlight);
    if (performance.now() - start >= seconds * 1_000) return 1_000_000 / wallUS;
  }
}

/**
 * What is allocated between two looks at the heap, as long as nothing is collected in between: the process must have been started with a
 * new space that takes all of it. A run in which something was collected is done again with half as many operations.
 */
export async function sampleHeap(
  run: Run,
  expected: number,
  operations: number,
  inFlight: number,
): Promise<HeapSample> {
  let collections = 0;
  const observer = new PerformanceObserver(list => {
    collections += list.getEntries().length;
  });
  observer.observe({ entryTypes: ['gc'] });
  try {
    for (let count = operations; count >= inFlight; count = Math.floor(count / 2)) {
      global.gc?.();
      await turn();
      await turn();
      collections = 0;
      const before = process.memoryUsage();
      await runMany(run, expected, count, inFlight);
      const after = process.memoryUsage();
      // Entries are handed to observers in a turn of their own.
      await turn();
      await turn();
      if (collections > 0) continue;
      return {
        operations: count,
        heapBytes: (after.heapUsed - before.heapUsed) / count,
        bufferBytes: (after.arrayBuffers - before.arrayBuffers) / count,
      };
    }
  } finally {
    observer.disconnect();
  }
  return { operations: 0, heapBytes: Number.NaN, bufferBytes: Number.NaN };
}
