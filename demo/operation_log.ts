import { MongoError, MongoServerError } from 'mongotempo';

/** An operation that took longer than its `timeoutMS` and this missed its deadline. */
export const TOLERANCE_MS = 25;

export interface Percentiles {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

interface KindRecord {
  readonly durations: number[];
  failed: number;
}

/** What became of each operation, and how long it took. */
export class OperationLog {
  readonly kinds = new Map<string, KindRecord>();
  readonly failures = new Map<string, number>();
  /** Times by `performance.now()` at which a write was acknowledged. */
  readonly writesAcknowledgedAt: number[] = [];
  deadlinesMet = 0;
  deadlinesMissed = 0;
  /** The operation that exceeded its `timeoutMS` the most, if any did. */
  latest: { readonly kind: string; readonly excessMS: number; readonly outcome: string } | undefined;
  #recent: number[] = [];

  /** Runs an operation and records it. A failure that the driver reports is returned; anything else is thrown. */
  async run<T>(kind: string, timeoutMS: number, operation: () => Promise<T>): Promise<T | MongoError> {
    const begin = performance.now();
    try {
      const result = await operation();
      this.#record(kind, performance.now() - begin, timeoutMS, 'succeeded');
      if (kind === 'insertOne' || kind === 'updateOne') this.writesAcknowledgedAt.push(performance.now());
      return result;
    } catch (error) {
      if (!(error instanceof MongoError)) throw error;
      const name = nameOf(error);
      this.#record(kind, performance.now() - begin, timeoutMS, name).failed++;
      this.failures.set(name, (this.failures.get(name) ?? 0) + 1);
      return error;
    }
  }

  get total(): number {
    return sum([...this.kinds.values()].map(({ durations }) => durations.length));
  }

  get failed(): number {
    return sum([...this.kinds.values()].map(record => record.failed));
  }

  /** Durations since this was last asked. */
  takeRecent(): number[] {
    const recent = this.#recent;
    this.#recent = [];
    return recent;
  }

  #record(kind: string, durationMS: number, timeoutMS: number, outcome: string): KindRecord {
    const record = this.kinds.get(kind) ?? { durations: [], failed: 0 };
    this.kinds.set(kind, record);
    record.durations.push(durationMS);
    this.#recent.push(durationMS);
    const excessMS = durationMS - timeoutMS;
    if (excessMS > (this.latest?.excessMS ?? 0)) this.latest = { kind, excessMS, outcome };
    if (excessMS > TOLERANCE_MS) this.deadlinesMissed++;
    else this.deadlinesMet++;
    return record;
  }
}

export function percentiles(durations: readonly number[]): Percentiles {
  const sorted = Float64Array.from(durations).sort();
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) };
}

/** The class of an error, and the code if a server sent it. */
export function nameOf(error: MongoError): string {
  if (!(error instanceof MongoServerError)) return error.name;
  return `${error.name} ${String(error.code)} ${error.codeName ?? ''}`.trim();
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
