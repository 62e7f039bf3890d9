import { AsyncResource } from 'node:async_hooks';
import { Link, Ring } from './ring.js';
import { LONGEST_TIMEOUT_MS, type Timer } from './timer.js';

/** Something that is to be called at a moment. Set and cleared many times, for each wait of an operation, and nothing is allocated for that. */
export abstract class Alarm extends Link {
  /** The moment, by the clock. */
  abstract readonly endsAt: number;
  /**
   * Whether it may be called a fraction of a millisecond early, since it waits out the rest itself: then times are rounded to the nearest
   * millisecond, otherwise up.
   */
  abstract readonly mayBeEarly: boolean;
  /** For the clock: its own timer, if the moment is near. */
  timer: Timer | null = null;

  /** The moment has come. Called once, unless the alarm was cleared. */
  abstract onAlarm(): void;
}

/** A timer that keeps the process alive until it is told not to. */
export interface WakeTimer extends Timer {
  ref(): void;
  unref(): void;
}

/** What alarms are made of. */
export interface AlarmPorts {
  now(): number;
  /** A timer of whole milliseconds that keeps the process alive. */
  setTimer(ms: number, callback: () => void): Timer;
  /** The same, at most of {@link LONGEST_TIMEOUT_MS}, for the one timer that all alarms share. */
  setWakeTimer(ms: number, callback: () => void): WakeTimer;
}

/** So long before its moment an alarm gets a timer of its own. The shared timer may be late by this much and no alarm is. */
const LEAD_MS = 20;

/** The shared timer outlives the operation that sets it, whose asynchronous context it must not keep. */
const outside = new AsyncResource('mongotempo.Alarms');

/**
 * The alarms of a process. Nearly all are cleared long before their moment, when the reply is there. So they wait in one list, in no order, and one timer
 * wakes up shortly before the first moment: then those that are near get timers of their own, which are as precise as timers are. The shared timer
 * is not set anew for what leaves the list. If all operations have the same time, it wakes up once in that time.
 */
export class Alarms {
  readonly #ports: AlarmPorts;
  readonly #far = new Ring<Alarm>();
  #wakeTimer: WakeTimer | null = null;
  /** When the shared timer wakes up; no alarm of the list has its moment before {@link LEAD_MS} after that. Infinity if it is not set. */
  #wakesAt = Infinity;

  constructor(ports: AlarmPorts) {
    this.#ports = ports;
  }

  /** @param alarm - is not set */
  set(alarm: Alarm): void {
    // The usual case: an earlier alarm has set the timer, and the clock need not be asked.
    if (alarm.endsAt >= this.#wakesAt + LEAD_MS) this.#add(alarm);
    else this.#setSooner(alarm);
  }

  /** Does nothing if the alarm is not set. */
  clear(alarm: Alarm): void {
    if (alarm.timer !== null) {
      alarm.timer.clear();
      alarm.timer = null;
    } else if (alarm.isLinked) {
      alarm.unlink();
      if (this.#far.isEmpty) this.#wakeTimer?.unref();
    }
  }

  #add(alarm: Alarm): void {
    if (this.#far.isEmpty) this.#wakeTimer?.ref();
    this.#far.push(alarm);
  }

  #setSooner(alarm: Alarm): void {
    const now = this.#ports.now();
    if (isNear(alarm, now)) {
      this.#setTimer(alarm, now);
      return;
    }
    this.#wakeAt(alarm.endsAt - LEAD_MS, now);
    this.#far.push(alarm);
  }

  #setTimer(alarm: Alarm, now: number): void {
    const remainingMS = Math.max(0, alarm.endsAt - now);
    const ms = alarm.mayBeEarly ? Math.round(remainingMS) : Math.ceil(remainingMS);
    alarm.timer = this.#ports.setTimer(ms, () => {
      alarm.timer = null;
      alarm.onAlarm();
    });
  }

  #wakeAt(moment: number, now: number): void {
    this.#wakeTimer?.clear();
    const ms = Math.min(Math.ceil(moment - now), LONGEST_TIMEOUT_MS);
    this.#wakesAt = now + ms;
    this.#wakeTimer = outside.runInAsyncScope(() => this.#ports.setWakeTimer(ms, this.#onWake));
  }

  readonly #onWake = (): void => {
    this.#wakeTimer = null;
    this.#wakesAt = Infinity;
    const now = this.#ports.now();
    let first = Infinity;
    for (const alarm of this.#far) {
      if (isNear(alarm, now)) {
        alarm.unlink();
        this.#setTimer(alarm, now);
      } else {
        first = Math.min(first, alarm.endsAt);
      }
    }
    if (first !== Infinity) this.#wakeAt(first - LEAD_MS, now);
  };
}

/** So that the shared timer sleeps for at least {@link LEAD_MS}. */
function isNear({ endsAt }: Alarm, now: number): boolean {
  return endsAt - now < 2 * LEAD_MS;
}
