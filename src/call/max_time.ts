/** What to do with `maxTimeMS` when a command is about to be sent. */
export type MaxTime =
  /** Send the command with this `maxTimeMS`, or without one when undefined. */
  | { readonly send: true; readonly maxTimeMS: number | undefined }
  /** Do not send: a round trip takes longer than what remains. */
  | { readonly send: false };

const WITHOUT: MaxTime = Object.freeze({ send: true, maxTimeMS: undefined });
const DO_NOT_SEND: MaxTime = Object.freeze({ send: false });

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
 */
export function maxTimeOf(remainingMS: number, minRoundTripTimeMS: number): MaxTime {
  if (remainingMS === Infinity) return WITHOUT;
  const available = remainingMS - minRoundTripTimeMS;
  if (available <= 0) return DO_NOT_SEND;
  // Rounded down, so that the server's limit never lies behind ours; 0 would mean "no limit" to the server.
  const maxTimeMS = Math.max(1, Math.floor(available));
  return { send: true, maxTimeMS: maxTimeMS > LARGEST_MAX_TIME_MS ? undefined : maxTimeMS };
}
