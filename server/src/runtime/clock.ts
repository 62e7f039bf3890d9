/** A timer that was set and may be cancelled; cancelling it twice, or after it ran, does nothing. */
export interface Timer {
  cancel(): void;
}

/** Time as the server sees it; replace it in tests of expiry and delays. */
export interface Clock {
  /** Monotonic milliseconds: for measuring. */
  now(): number;
  /** Milliseconds since 1970: for dates and cluster times. */
  wallTime(): number;
  setTimer(delayMS: number, run: () => void): Timer;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  wallTime: () => Date.now(),
  setTimer(delayMS, run) {
    const handle = setTimeout(run, delayMS);
    return { cancel: () => clearTimeout(handle) };
  },
};

/** The timers of one owner: none of them outlives it. */
export class TimerGroup {
  readonly #clock: Clock;
  readonly #running = new Set<Timer>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Monotonic milliseconds. */
  now(): number {
    return this.#clock.now();
  }

  set(delayMS: number, run: () => void): Timer {
    const inner = this.#clock.setTimer(delayMS, () => {
      this.#running.delete(timer);
      run();
    });
    const timer: Timer = {
      cancel: () => {
        this.#running.delete(timer);
        inner.cancel();
      },
    };
    this.#running.add(timer);
    return timer;
  }

  cancelAll(): void {
    for (const timer of [...this.#running]) timer.cancel();
  }
}
