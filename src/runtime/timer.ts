/** A timer that has been set. */
export interface Timer {
  /** Clears the timer. Does nothing after it fired. */
  clear(): void;
}

/** `setTimeout` fires at once for longer times; about 24.8 days. */
export const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** A timer of this process for any length of time. */
export class SystemTimer implements Timer {
  #timeout: NodeJS.Timeout;

  /** @param ms - whole milliseconds */
  constructor(ms: number, callback: () => void, keepAlive: boolean) {
    this.#timeout = this.#arm(ms, callback, keepAlive);
  }

  #arm(ms: number, callback: () => void, keepAlive: boolean): NodeJS.Timeout {
    const timeout =
      ms > LONGEST_TIMEOUT_MS
        ? setTimeout(() => {
            this.#timeout = this.#arm(ms - LONGEST_TIMEOUT_MS, callback, keepAlive);
          }, LONGEST_TIMEOUT_MS)
        : setTimeout(callback, ms);
    if (!keepAlive) timeout.unref();
    return timeout;
  }

  clear(): void {
    clearTimeout(this.#timeout);
  }
}
