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

/** Something that waits. It is called at most once for each wait, and not after it stopped waiting. */
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
 * Watches the end of one deadline after another for one that waits: it sets the alarm and listens to the signals when a wait begins, and takes both away
 * when the wait is over. A connection has one for all its requests, so that a wait allocates nothing.
 */
export class EndWatch extends Alarm {
  endsAt = Infinity;
  readonly #watcher: EndWatcher;
  /** Null while nothing waits: a connection that is idle must not keep the last operation alive. */
  #watched: Watched | null = null;
  /** One for each signal of the deadline that had most. Null until there was a signal. */
  #listeners: AbortListener[] | null = null;
  /** The operation's last look at the clock before the alarm was set. */
  #setAt = 0;
  /** Turns of the event loop that are waited for in place of the alarm. */
  #poll: Timer | null = null;

  constructor(watcher: EndWatcher) {
    super();
    this.#watcher = watcher;
  }

  /** An end by `timeoutMS` is worth to be waited for to the fraction of a millisecond. */
  get mayBeEarly(): boolean {
    return this.#watched?.boundBy === 'timeoutMS';
  }

  /**
   * A wait begins. If the deadline has already ended, the watcher is called after one turn of the event loop, so that what has already arrived is
   * seen first. To be called while nothing waits.
   */
  start(watched: Watched): void {
    const { endsAt, signals, ledger } = watched;
    const isSigned = signals.length > 0;
    if (endsAt === Infinity && !isSigned) return;
    this.#watched = watched;
    this.endsAt = endsAt;
    this.#setAt = ledger.lookedAt;
    if (isSigned) {
      if (abortedOf(signals) !== undefined) {
        this.#poll = ledger.clock.afterPoll(() => this.onAbort());
        return;
      }
      this.#listenTo(signals);
    }
    if (endsAt !== Infinity) this.#wait(watched, ledger.lookedAt);
  }

  /** The wait is over. Does nothing if none has begun. */
  stop(): void {
    const watched = this.#watched;
    if (watched === null) return;
    this.#watched = null;
    watched.ledger.clock.clearAlarm(this);
    if (this.#poll !== null) {
      this.#poll.clear();
      this.#poll = null;
    }
    if (watched.signals.length > 0) this.#stopListening();
  }

  #listenTo(signals: readonly AbortSignal[]): void {
    const listeners = (this.#listeners ??= []);
    for (let index = 0; index < signals.length; index++) {
      const listener = (listeners[index] ??= new AbortListener(this));
      listener.listen(signals[index] as AbortSignal);
    }
  }

  #stopListening(): void {
    const listeners = this.#listeners;
    if (listeners === null) return;
    for (let index = 0; index < listeners.length; index++) listeners[index]?.stop();
  }

  /**
   * Timers count whole milliseconds. An operation that gets one rounded up ends 0.5 ms late on average. So the end of `timeoutMS` is rounded
   * to the nearest millisecond, and what then remains is waited out in turns of the event loop that do not sleep. The limits of stages, and
   * pauses, are not worth the CPU time.
   */
  #wait({ ledger: { clock }, boundBy }: Watched, now: number): void {
    const remainingMS = this.endsAt - now;
    const isOver = remainingMS < (boundBy === 'timeoutMS' ? MOST_POLLED_MS : 0);
    if (isOver) this.#poll = clock.afterPoll(() => this.onAlarm());
    else clock.setAlarm(this);
  }

  /**
   * A timer that fires late says nothing about the server: the reply may already be in the kernel. So input is polled once more before the
   * operation fails.
   */
  onAlarm(): void {
    const watched = this.#watched;
    if (watched === null) return;
    const now = watched.ledger.look();
    if (now < this.endsAt) {
      this.#wait(watched, now);
      return;
    }
    // A timer can be late only since it was set: before that, the time was the caller's own.
    const lateByMS = now - Math.max(this.endsAt, this.#setAt);
    this.#poll = watched.ledger.clock.afterPoll(() => this.#end({ kind: 'expired', lateByMS }));
  }

  onAbort(): void {
    const reason: unknown = abortedOf(this.#watched?.signals ?? NO_SIGNALS)?.reason;
    this.#end({ kind: 'aborted', reason });
  }

  #end(end: DeadlineEnd): void {
    this.stop();
    this.#watcher.onDeadlineEnd(end);
  }
}

const NO_SIGNALS: readonly AbortSignal[] = Object.freeze([]);

/** The signal that has aborted; undefined if none has. */
export function abortedOf(signals: readonly AbortSignal[]): AbortSignal | undefined {
  // An iterator is made anew for each `for of`, and this is asked several times for each operation.
  for (let index = 0; index < signals.length; index++) if (signals[index]?.aborted === true) return signals[index];
  return undefined;
}
