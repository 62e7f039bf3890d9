import { performance } from 'node:perf_hooks';
import { type Alarm, Alarms } from './alarms.js';
import { SystemTimer, type Timer } from './timer.js';

export type { Timer };

/**
 * The only source of time of the driver. Tests pass a clock that they move themselves.
 */
export interface Clock {
  /** Monotonic milliseconds with fractions, from an arbitrary origin. Durations and deadlines are differences of it. */
  now(): number;
  /** Milliseconds, from an arbitrary origin, for which the event loop has been running code, and so could not take in what had arrived. */
  busyMS(): number;
  /** Milliseconds since 1970 by the system's clock. For timestamps, never for durations. */
  wallTime(): number;
  /**
   * Calls back once, after `ms` rounded up to whole milliseconds. The timer does not keep the process alive unless `keepAlive` is true.
   */
  setTimer(ms: number, callback: () => void, keepAlive?: boolean): Timer;
  /**
   * Calls an alarm at its moment. It keeps the process alive until then. To be used where most are cleared before: setting and clearing one costs next to
   * nothing.
   *
   * @param alarm - is not set
   */
  setAlarm(alarm: Alarm): void;
  /** Does nothing if the alarm is not set. */
  clearAlarm(alarm: Alarm): void;
  /** Calls back after one turn of the event loop has polled for input. */
  afterPoll(callback: () => void): Timer;
}

/** Taken before tests of a program can fake it: all operations share the timer that is made with it, and a fake one might never fire. */
const { setTimeout: setNativeTimeout, clearTimeout: clearNativeTimeout } = globalThis;

const alarms = new Alarms({
  now: () => performance.now(),
  setTimer: (ms, callback) => new SystemTimer(ms, callback, true),
  setWakeTimer(ms, callback) {
    const timeout = setNativeTimeout(callback, ms);
    return {
      clear: () => clearNativeTimeout(timeout),
      ref: () => void timeout.ref(),
      unref: () => void timeout.unref(),
    };
  },
});

/** The clock of this process. */
export const systemClock: Clock = {
  now: () => performance.now(),
  busyMS: () => performance.eventLoopUtilization().active,
  wallTime: () => Date.now(),
  setTimer: (ms, callback, keepAlive = false) => new SystemTimer(Math.max(0, Math.ceil(ms)), callback, keepAlive),
  setAlarm: alarm => alarms.set(alarm),
  clearAlarm: alarm => alarms.clear(alarm),
  afterPoll(callback) {
    const immediate = setImmediate(callback);
    return {
      clear() {
        clearImmediate(immediate);
      },
    };
  },
};
