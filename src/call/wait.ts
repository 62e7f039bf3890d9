import type { Deadline, EndDescription } from './deadline.js';
import { Waiter } from './waiter.js';

/**
 * Waits for work that others may wait for too, and so goes on when the deadline ends.
 *
 * @param describe - what is told when the deadline ends first
 */
export function waitFor<T>(
  work: Promise<T>,
  deadline: Deadline,
  describe: () => EndDescription,
  legacy?: (text: string) => Error,
): Promise<T> {
  const waiter = new Waiter<T, null>(null, deadline, 0, (self, end) => {
    self.reject(deadline.errorOf(end, describe(), legacy));
  });
  waiter.waitIn(null);
  work.then(
    value => waiter.resolve(value),
    (error: unknown) => waiter.reject(error as Error),
  );
  return waiter.promise;
}
