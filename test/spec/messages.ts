import type { DriverName } from './drivers/driver.js';
import type { Persona } from './personas.js';
import type { PlannedTest } from './plan.js';

/** What the process that plans and those that run tests tell each other. */
export interface UnifiedWork {
  readonly kind: 'unified';
  readonly driver: DriverName;
  readonly path: string;
  readonly persona: Persona;
  readonly tests: readonly PlannedTest[];
  /** A server that is there already; without: one of ours. */
  readonly uri?: string;
}

/** A file of an older format: of all its tests. */
export interface LegacyWork {
  readonly kind: 'legacy';
  readonly folder: string;
  readonly path: string;
}

export type Work = UnifiedWork | LegacyWork;

export type WorkerMessage =
  | { readonly kind: 'started'; readonly description: string }
  /** The test failed while the machine was late, and is run again. */
  | { readonly kind: 'repeated' }
  | { readonly kind: 'result'; readonly result: TestResult }
  /** The work is done; or it could not be done at all, for that reason. */
  | { readonly kind: 'done'; readonly trouble?: string };

export interface TestResult {
  readonly description: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  /** Why it failed or was skipped. */
  readonly message?: string;
  readonly durationMS: number;
  /** By how many milliseconds the process was late in each run that failed and was repeated for that. */
  readonly lateMS?: readonly number[];
}
