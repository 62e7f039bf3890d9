import { MongoInvalidArgumentError } from '../errors/driver.js';

/** How much time a call has, and where that was set. */
export interface Budget {
  /** Milliseconds; 0 is no limit; undefined: `timeoutMS` is not in use and each stage has its own timeout, as before CSOT. */
  readonly timeoutMS: number | undefined;
  /** Where `timeoutMS` was set, as messages say it: `the collection`, `insertOne`. */
  readonly source: string;
}

export const UNTIMED: Budget = Object.freeze({ timeoutMS: undefined, source: 'the client' });

/**
 * The budget at one level. This is the precedence of `timeoutMS`: the operation, then the session (for the methods of a session only), the
 * collection, the database, the client. The nearest level that sets it decides; 0 is a value too, and overrides.
 *
 * A running `withTransaction` stands above these levels: the operations in it share its deadline (`client/door.ts`).
 *
 * Source: Client Side Operations Timeout, "timeoutMS" and "Timeout behavior".
 *
 * @param source - the level, as messages say it
 * @param given - its `timeoutMS`, as the user gave it; undefined and null inherit
 * @throws MongoInvalidArgumentError if `given` is not an integer from 0 on
 */
export function budgetAt(source: string, given: unknown, inherited: Budget): Budget {
  if (given === undefined || given === null) return inherited;
  return { timeoutMS: validateTimeoutMS(given, source), source };
}

/**
 * A `timeoutMS` as a user gave it.
 *
 * @param where - whose option it is, to stand after "of": `the client`, `insertOne`
 * @returns undefined for undefined and null, which both mean "inherit"
 * @throws MongoInvalidArgumentError if it is not an integer from 0 on that a number holds exactly (up to 2^53 - 1)
 */
export function validateTimeoutMS(value: unknown, where: string): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  throw new MongoInvalidArgumentError(
    `timeoutMS of ${where} is ${shown(value)}; allowed are milliseconds as an integer from 0 to ${Number.MAX_SAFE_INTEGER}, where 0 means no limit`,
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
