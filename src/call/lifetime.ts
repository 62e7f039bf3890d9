import type { Deadline } from './deadline.js';
import { Waiter } from './waiter.js';

/** The time from the opening of a client to its close, as its operations see it. */
export class Lifetime {
  #closing = false;
  readonly #pauses = new Set<Waiter<void, null>>();

  /** Whether the client has begun to close. From then on no operation starts, and none is retried. */
  get closing(): boolean {
    return this.#closing;
  }

  /** The client begins to close: ends the pauses before retries. */
  end(): void {
    this.#closing = true;
    for (const pause of this.#pauses) pause.resolve();
  }

  /** The pause before a retry. Ends early with the deadline, and when the client begins to close. */
  async pause(ms: number, deadline: Deadline): Promise<void> {
    if (ms <= 0 || this.#closing) return;
    const waiter = new Waiter<void, null>(null, deadline.within('backoff', ms), 0, self => self.resolve());
    this.#pauses.add(waiter);
    waiter.waitIn({ remove: () => this.#pauses.delete(waiter) });
    await waiter.promise;
    deadline.record('backoff');
  }
}
