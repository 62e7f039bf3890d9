import { performance } from 'node:perf_hooks';

/** A timer that has been set. */
export interface Timer {
  /** Clears the timer. Does nothing after it fired. */
  clear(): void;
}

/**
 * The only source of time of the driver. Tests pass a clock that they move themselves.
 */
export interface Clock {
  /** Monotonic milliseconds with fractions, from an arbitrary origin. Durations and deadlines are differences of it. */
  now(): number;
  /** Milliseconds since 1970 by the system's clock. For timestamps, never for durations. */
  wallTime(): number;
  /**
   * Calls back once, after `ms` rounded up to whole milliseconds. The timer does not keep the process alive unless `keepAlive` is true.
   */
  setTimer(ms: number, callback: () => void, keepAlive?: boolean): Timer;
  /**
   * Calls back once, after `ms` rounded to whole milliseconds: possibly a fraction of a millisecond early, for a caller that waits out the
   * rest with {@link Clock.afterPoll}. The alarm keeps the process alive.
   */
  setAlarm(ms: number, callback: () => void): Timer;
  /** Calls back after one turn of the event loop has polled for input. */
  afterPoll(callback: () => void): Timer;
}

/** `setTimeout` fires at once for longer times; about 24.8 days. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

class SystemTimer implements Timer {
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

/** The clock of this process. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallTime: () => Date.now(),
  setTimer: (ms, callback, keepAlive = false) => new SystemTimer(Math.max(0, Math.ceil(ms)), callback, keepAlive),
  setAlarm: (ms, callback) => new SystemTimer(Math.max(0, Math.round(ms)), callback, true),
  afterPoll(callback) {
    const immediate = setImmediate(callback);
    return {
      clear() {
        clearImmediate(immediate);
      },
    };
  },
};
