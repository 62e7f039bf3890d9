/** Retries that follow at once, as long as the server shows no sign of overload. */
const IMMEDIATE_RETRIES = 4;
const LONGEST_PAUSE_MS = 100;
/** The end of the time does not shorten a pause to less, since timers count whole milliseconds. */
const SHORTEST_BOUND_MS = 1;

/**
 * Milliseconds to wait before the next attempt of what only time limits. Without a pause, retries would hammer a server that refuses at once for as long
 * as there is time. The pause is at most half of what remains, so that there is time for the attempt after it.
 *
 * @param attempt - the attempt that failed, 1 for the first
 * @param chance - from 0 to 1: clients must not come back all together
 * @param remainingMS - what remains of the time; Infinity if nothing limits it
 */
export function retryPause(attempt: number, chance: number, remainingMS: number): number {
  if (attempt <= IMMEDIATE_RETRIES) return 0;
  const pauseMS = chance * Math.min(LONGEST_PAUSE_MS, 2 ** (attempt - IMMEDIATE_RETRIES));
  return Math.min(pauseMS, Math.max(SHORTEST_BOUND_MS, Math.floor(remainingMS / 2)));
}
