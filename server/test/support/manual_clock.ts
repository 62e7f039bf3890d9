import { type Clock } from '../../src/index.js';

interface Due {
  readonly at: number;
  readonly run: () => void;
}

/** Time that passes only when a test says so. */
export class ManualClock implements Clock {
  readonly #timers = new Set<Due>();
  readonly #start = Date.UTC(2026, 0, 1);
  #now = 0;
  #onTimer: () => void = () => undefined;

  now(): number {
    return this.#now;
  }

  wallTime(): number {
    return this.#start + this.#now;
  }

  setTimer(delayMS: number, run: () => void): { cancel(): void } {
    const timer = { at: this.#now + delayMS, run };
    this.#timers.add(timer);
    this.#onTimer();
    return { cancel: () => void this.#timers.delete(timer) };
  }

  /** Lets time pass; what is due is run in its order. */
  advance(durationMS: number): void {
    const end = this.#now + durationMS;
    for (;;) {
      const [next] = [...this.#timers].filter(({ at }) => at <= end).sort((left, right) => left.at - right.at);
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.run();
    }
    this.#now = end;
  }

  /** Resolves when a timer is set for exactly so far from now. */
  async untilTimer(delayMS: number): Promise<void> {
    while (![...this.#timers].some(({ at }) => at === this.#now + delayMS)) {
      await new Promise<void>(resolve => (this.#onTimer = resolve));
    }
  }
}
