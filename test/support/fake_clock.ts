import type { Clock, Timer } from '../../src/runtime/clock.js';

interface Pending {
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
}

/** A clock that stands still until the test moves it. */
export class FakeClock implements Clock {
  #now = 1000;
  #order = 0;
  #frozenMS = 0;
  readonly #pending = new Set<Pending>();

  now(): number {
    return this.#now;
  }

  wallTime(): number {
    return 1_700_000_000_000 + this.#now + this.#frozenMS;
  }

  setTimer(ms: number, callback: () => void): Timer {
    return this.#add(this.#now + Math.max(0, ms), callback);
  }

  /** Not rounded: the time of this clock stands still while a caller polls for the rest. */
  setAlarm(ms: number, callback: () => void): Timer {
    return this.setTimer(ms, callback);
  }

  afterPoll(callback: () => void): Timer {
    return this.#add(this.#now, callback);
  }

  /** Timers that have been set and have neither fired nor been cleared. */
  get pendingTimers(): number {
    return this.#pending.size;
  }

  /** Moves time on, firing what falls due in order, with microtasks run after each. */
  async advance(ms: number): Promise<void> {
    const target = this.#now + ms;
    await settle();
    for (;;) {
      const next = [...this.#pending]
        .filter(({ at }) => at <= target)
        .sort((a, b) => a.at - b.at || a.order - b.order)
        .at(0);
      if (next === undefined) break;
      this.#pending.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.callback();
      await settle();
    }
    this.#now = target;
  }

  /** Moves time without firing anything: an event loop that was blocked. */
  skip(ms: number): void {
    this.#now += ms;
  }

  /** The process stands still for so long, and its monotonic clock with it. */
  freeze(ms: number): void {
    this.#frozenMS += ms;
  }

  #add(at: number, callback: () => void): Timer {
    const entry = { at, order: this.#order++, callback };
    this.#pending.add(entry);
    return { clear: () => void this.#pending.delete(entry) };
  }
}

/** Lets every promise reaction that is due run. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}
