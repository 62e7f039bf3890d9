/**
 * Puts the lines behind an error's stack that led to the call in which it is seen. An error that was made when a socket or a timer called
 * has none of them, and one that was made deep in the driver too few. Called where an error leaves the driver, in the reaction to a promise whose
 * outcome the user's code awaits: there the engine still knows who waits, so nothing need be kept while all goes well.
 *
 * @param above - the function that is left; frames down to its own are left out
 */
export function addCaller(error: unknown, above: (...args: never) => unknown): void {
  if (!(error instanceof Error)) return;
  const { stack } = error;
  if (typeof stack !== 'string') return;
  const here: { stack?: string } = {};
  Error.captureStackTrace(here, above);
  const known = new Set(stack.split('\n'));
  const [, ...frames] = (here.stack ?? '').split('\n');
  const missing = frames.filter(frame => !known.has(frame));
  // Set only if it can be: an error of the user's own may be frozen.
  if (missing.length > 0) Reflect.set(error, 'stack', [stack, ...missing].join('\n'));
}
