import assert from 'node:assert/strict';
import type { Alarm } from '../../src/runtime/alarms.js';
import type { Clock, Timer } from '../../src/runtime/clock.js';

interface Pending {
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
}

/** Turns of the event loop that take no time. */
const MOST_TURNS_AT_ONCE = 500;
/** What each turn takes after that. */
const TURN_MS = 1 / 16;

/** A clock that stands still until the test moves it. */
export class FakeClock implements Clock {
  #now = 1000;
  #order = 0;
  #frozenMS = 0;
  #busyMS = 0;
  /** Polls that have been asked for at the same moment. */
  #turns = 0;
  readonly #pending = new Set<Pending>();
  readonly #alarms = new Map<Alarm, Timer>();

  now(): number {
    return this.#now;
  }

  /** The event loop of a test is busy only when the test says so. */
  busyMS(): number {
    return this.#busyMS;
  }

  wallTime(): number {
    return 1_700_000_000_000 + this.#now + this.#frozenMS;
  }

  setTimer(ms: number, callback: () => void): Timer {
    return this.#add(this.#now + Math.max(0, ms), callback);
  }

  /** Not rounded. */
  setAlarm(alarm: Alarm): void {
    assert.ok(!this.#alarms.has(alarm), 'the alarm is set already');
    const ring = () => {
      this.#alarms.delete(alarm);
      alarm.onAlarm();
    };
    this.#alarms.set(alarm, this.setTimer(alarm.endsAt - this.#now, ring));
  }

  clearAlarm(alarm: Alarm): void {
    this.#alarms.get(alarm)?.clear();
    this.#alarms.delete(alarm);
  }

  /** At the same moment; but who polls on and on, to wait out a rest of time, sees it pass. */
  afterPoll(callback: () => void): Timer {
    this.#turns++;
    return this.#add(this.#turns > MOST_TURNS_AT_ONCE ? this.#now + TURN_MS : this.#now, callback);
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
      if (next.at > this.#now + TURN_MS) this.#turns = 0;
      this.#now = Math.max(this.#now, next.at);
      next.callback();
      await settle();
    }
    if (target > this.#now) this.#turns = 0;
    this.#now = target;
  }

  /** Moves time without firing anything, because the event loop runs something else. */
  block(ms: number): void {
    this.#busyMS += ms;
    this.skip(ms);
  }

  /** Moves time without firing anything. */
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
