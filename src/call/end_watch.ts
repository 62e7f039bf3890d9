import { Alarm } from '../runtime/alarms.js';
import type { Timer } from '../runtime/clock.js';
import { AbortListener } from './abort_watch.js';
import type { Ledger } from './ledger.js';

/** Why a deadline ended. */
export type DeadlineEnd =
  | {
      readonly kind: 'expired';
      /** How late the timer came because the event loop was busy; 0 when nothing waited. */
      readonly lateByMS: number;
    }
  | { readonly kind: 'aborted'; readonly reason: unknown };

/** Something that waits. It is called at most once, and not after it stopped watching. */
export interface EndWatcher {
  onDeadlineEnd(end: DeadlineEnd): void;
}

/** The deadline whose end is watched. */
export interface Watched {
  readonly endsAt: number;
  readonly boundBy: string;
  readonly signals: readonly AbortSignal[];
  readonly ledger: Ledger;
}

/** Time that is waited out without sleeping. An alarm for less would be rounded to 0. */
const MOST_POLLED_MS = 0.5;

/**
 * Those who wait for the end of a deadline, made when the first of them waits: it sets the one alarm and listens to the signals; the last to go takes both
 * away.
 */
export class EndWatch extends Alarm {
  /** Asked each time: a copy of what it knows would be made for each operation. */
  readonly #watched: Watched;
  readonly #listeners: readonly AbortListener[];
  /** The one that waits for longest, in nearly all cases the only one; null if none does. */
  #first: EndWatcher | null = null;
  #others: EndWatcher[] | null = null;
  /** Watchers that are still to be called while the end is made known. */
  #ending: EndWatcher[] | null = null;
  /** The operation's last look at the clock before the alarm was set. */
  #setAt = 0;
  /** Turns of the event loop that are waited for in place of the alarm. */
  #poll: Timer | null = null;

  constructor(watched: Watched) {
    super();
    this.#watched = watched;
    const { signals } = watched;
    this.#listeners = signals.length === 0 ? NO_LISTENERS : signals.map(signal => new AbortListener(signal, this));
  }

  get endsAt(): number {
    return this.#watched.endsAt;
  }

  /** An end by `timeoutMS` is worth to be waited for to the fraction of a millisecond. */
  get mayBeEarly(): boolean {
    return this.#watched.boundBy === 'timeoutMS';
  }

  add(watcher: EndWatcher): void {
    if (this.#first !== null) {
      (this.#others ??= []).push(watcher);
      return;
    }
    this.#first = watcher;
    this.#arm();
  }

  remove(watcher: EndWatcher): void {
    if (this.#ending !== null && removed(this.#ending, watcher)) return;
    if (this.#first !== watcher) {
      if (this.#others !== null) removed(this.#others, watcher);
      return;
    }
    this.#first = this.#others?.shift() ?? null;
    if (this.#first === null) this.#disarm();
  }

  /** How late it is, by a look at the clock; 0 while nothing waits. A timer can be late only since it was set: before that, the time was the caller's own. */
  lateByMS(now: number): number {
    return this.#first === null ? 0 : now - Math.max(this.endsAt, this.#setAt);
  }

  #arm(): void {
    const { signals, ledger, endsAt } = this.#watched;
    const { clock, lookedAt } = ledger;
    this.#setAt = lookedAt;
    if (abortedOf(signals) !== undefined) {
      this.#poll = clock.afterPoll(() => this.onAbort());
      return;
    }
    for (let index = 0; index < this.#listeners.length; index++) this.#listeners[index]?.listen();
    if (endsAt !== Infinity) this.#wait(lookedAt);
  }

  /**
   * Timers count whole milliseconds. An operation that gets one rounded up ends 0.5 ms late on average. So the end of `timeoutMS` is rounded
   * to the nearest millisecond, and what then remains is waited out in turns of the event loop that do not sleep. The limits of stages, and
   * pauses, are not worth the CPU time.
   */
  #wait(now: number): void {
    const { clock } = this.#watched.ledger;
    const remainingMS = this.endsAt - now;
    const isOver = remainingMS < (this.mayBeEarly ? MOST_POLLED_MS : 0);
    if (isOver) this.#poll = clock.afterPoll(() => this.onAlarm());
    else clock.setAlarm(this);
  }

  /**
   * A timer that fires late says nothing about the server: the reply may already be in the kernel. So input is polled once more before the
   * operation fails.
   */
  onAlarm(): void {
    const now = this.#watched.ledger.look();
    if (now < this.endsAt) {
      this.#wait(now);
      return;
    }
    const lateByMS = this.lateByMS(now);
    this.#poll = this.#watched.ledger.clock.afterPoll(() => this.#end({ kind: 'expired', lateByMS }));
  }

  onAbort(): void {
    this.#end({ kind: 'aborted', reason: abortedOf(this.#watched.signals)?.reason });
  }

  #end(end: DeadlineEnd): void {
    const ending = this.#first === null ? [] : [this.#first, ...(this.#others ?? [])];
    this.#ending = ending;
    this.#first = null;
    this.#others = null;
    this.#disarm();
    // One that is called may take back the watch of another.
    for (let next = ending.shift(); next !== undefined; next = ending.shift()) next.onDeadlineEnd(end);
    this.#ending = null;
  }

  #disarm(): void {
    this.#watched.ledger.clock.clearAlarm(this);
    if (this.#poll !== null) {
      this.#poll.clear();
      this.#poll = null;
    }
    for (let index = 0; index < this.#listeners.length; index++) this.#listeners[index]?.stop();
  }
}

const NO_LISTENERS: readonly AbortListener[] = Object.freeze([]);

/** The signal that has aborted; undefined if none has. */
export function abortedOf(signals: readonly AbortSignal[]): AbortSignal | undefined {
  // An iterator is made anew for each `for of`, and this is asked several times for each operation.
  for (let index = 0; index < signals.length; index++) if (signals[index]?.aborted === true) return signals[index];
  return undefined;
}

function removed(watchers: EndWatcher[], watcher: EndWatcher): boolean {
  const index = watchers.indexOf(watcher);
  if (index >= 0) watchers.splice(index, 1);
  return index >= 0;
}
