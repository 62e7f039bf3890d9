/**
 * What commands wrote that ended with an error, by the error. Kept beside the errors, since callers get these.
 *
 * A write whose write concern is not satisfied was carried out: its error decides over a retry, and its result still counts.
 */
const WRITTEN = new WeakMap<Error, unknown>();

/**
 * An error that tells what its command wrote nevertheless.
 *
 * @param result - what the operation would have resulted in without the error
 */
export function withWritten<E extends Error>(error: E, result: unknown): E {
  WRITTEN.set(error, result);
  return error;
}

/** What the command wrote that ended with an error, by this attempt or an earlier one; undefined if no attempt has told. */
export function writtenOf(error: unknown): unknown {
  if (!(error instanceof Error)) return undefined;
  return WRITTEN.get(error) ?? (error.cause instanceof Error ? WRITTEN.get(error.cause) : undefined);
}

/** Lets the error of an attempt tell what an earlier attempt wrote, unless its own attempt wrote something. */
export function inheritWritten(error: unknown, previous: Error | null): void {
  if (!(error instanceof Error)) return;
  const result = writtenOf(error) ?? writtenOf(previous);
  if (result !== undefined) WRITTEN.set(error, result);
}
