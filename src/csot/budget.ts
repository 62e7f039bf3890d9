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
const PRECEDENCE = ['operation', 'transaction', 'session', 'collection', 'database', 'client'] as const;

/**
 * The `timeoutMS` in effect: operation over transaction over session over collection over database over client.
 *
 * Source: Client Side Operations Timeout, "timeoutMS" and "Timeout behavior".
 */
export function budgetOf(levels: TimeoutLevels): Budget {
  for (const source of PRECEDENCE) {
    const timeoutMS = levels[source];
    if (timeoutMS !== undefined) return { timeoutMS, source };
  }
  return UNTIMED;
}
