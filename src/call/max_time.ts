/** The server reads `maxTimeMS` as a signed 32-bit integer. */
const LARGEST_MAX_TIME_MS = 2 ** 31 - 1;

/**
 * `maxTimeMS` of a command: what remains of the operation's time, less the fastest round trip seen to that server, so that the
 * server gives up before the driver does and the connection stays usable.
 *
 * Source: Client Side Operations Timeout, "Command Execution".
 *
 * @param remainingMS - what remains of `timeoutMS`; Infinity when there is no limit
 * @param minRoundTripTimeMS - from the server description that was used for selection; 0 until two samples exist
 * @returns whole milliseconds; Infinity: the command goes without; 0: it is not to be sent, since a round trip takes longer than what remains
 */
export function maxTimeOf(remainingMS: number, minRoundTripTimeMS: number): number {
  const available = remainingMS - minRoundTripTimeMS;
  if (available <= 0) return 0;
  // Rounded down, so that the server's limit never lies behind ours; 0 would mean "no limit" to the server.
  const maxTimeMS = Math.max(1, Math.floor(available));
  return maxTimeMS > LARGEST_MAX_TIME_MS ? Infinity : maxTimeMS;
}

/** The smaller of two limits as servers read it: an integer from 1 on. */
export function smallerMaxTime(a: number, b: number): number {
  return Math.min(Math.max(1, Math.floor(Math.min(a, b))), LARGEST_MAX_TIME_MS);
}
