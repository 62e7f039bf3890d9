import type { OperationName } from './clients/client.js';
import type { HeapSample, TimeSample } from './sample.js';
import type { CpuProfile } from './self_time.js';

/** How many operations run at once, on how many connections. */
export interface Concurrency {
  readonly inFlight: number;
  readonly connections: number;
}

/** One kind of measurement of one operation at one concurrency. */
export interface Cell {
  readonly operation: OperationName;
  readonly concurrency: Concurrency;
}

/** What the process that runs the benchmark asks of a worker, one at a time. */
export type Task =
  | { readonly kind: 'warmUp'; readonly cell: Cell; readonly seconds: number }
  | { readonly kind: 'time' | 'heap' | 'profile'; readonly cell: Cell; readonly operations: number };

export type TaskResult<K extends Task['kind']> = {
  warmUp: number;
  time: TimeSample;
  heap: HeapSample;
  profile: CpuProfile;
}[K];

export type Answer = { readonly result: unknown } | { readonly failure: string };
