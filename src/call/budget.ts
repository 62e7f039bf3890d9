import { MongoInvalidArgumentError } from '../errors/driver.js';

/** Where the `timeoutMS` in effect was set; shown in timeout errors. */
export type TimeoutSource = 'operation' | 'transaction' | 'session' | 'collection' | 'database' | 'client' | 'cursor';

/** How much time an operation has, and who said so. */
export interface Budget {
  /** Milliseconds; 0 is no limit; undefined: `timeoutMS` is not in use and each stage has its own timeout, as before CSOT. */
  readonly timeoutMS: number | undefined;
  readonly source: TimeoutSource | undefined;
}

/** The values of `timeoutMS` at each level; undefined means "inherit". */
export interface TimeoutLevels {
  readonly operation?: number | undefined;
  /** Given when a cursor was opened; for each `next` in iteration mode and for `close`, which start anew with the same time. */
  readonly cursor?: number | undefined;
  /** The one budget of a running `withTransaction` or of a transaction. */
  readonly transaction?: number | undefined;
  /** `defaultTimeoutMS` of the session: for commit, abort, withTransaction and endSession only. */
  readonly session?: number | undefined;
  readonly collection?: number | undefined;
  readonly database?: number | undefined;
  readonly client?: number | undefined;
}

export const UNTIMED: Budget = Object.freeze({ timeoutMS: undefined, source: undefined });

/** From the highest precedence to the lowest. */
const PRECEDENCE = ['operation', 'cursor', 'transaction', 'session', 'collection', 'database', 'client'] as const;

/**
 * The `timeoutMS` in effect: operation over cursor over transaction over session over collection over database over client.
 *
 * Source: Client Side Operations Timeout, "timeoutMS" and "Timeout behavior".
 */
export function budgetOf(levels: TimeoutLevels): Budget {
  for (const source of PRECEDENCE) {
    const timeoutMS = Object.hasOwn(levels, source) ? levels[source] : undefined;
    if (timeoutMS !== undefined) return { timeoutMS, source };
  }
  return UNTIMED;
}

/**
 * A `timeoutMS` as a user gave it.
 *
 * @param where - whose option it is, to stand after "of": `the client`, `insertOne`
 * @returns undefined for undefined and null, which both mean "inherit"
 * @throws MongoInvalidArgumentError if it is not a finite number from 0 on
 */
export function validateTimeoutMS(value: unknown, where: string): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && value >= 0 && value !== Infinity) return value;
  throw new MongoInvalidArgumentError(
    `timeoutMS of ${where} is ${shown(value)}; allowed are milliseconds as a number from 0 on, where 0 means no limit`,
  );
}

function shown(value: unknown): string {
  switch (typeof value) {
    case 'number':
    case 'bigint':
    case 'boolean':
      return `${String(value)} (${typeof value})`;
    case 'string':
      return `${JSON.stringify(value.slice(0, 40))} (string)`;
    default:
      return `of type ${typeof value}`;
  }
}
