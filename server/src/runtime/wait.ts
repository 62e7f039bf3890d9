import { type TimerGroup } from './clock.js';
import { type Signal } from './signal.js';

/**
 * Resolves when one of the signals comes, or the time has passed; whatever was set for it is let go. Without a duration only a signal
 * ends the waiting.
 */
export async function waitForAny(
  timers: TimerGroup,
  durationMS: number | undefined,
  signals: readonly Signal[],
): Promise<'signalled' | 'passed'> {
  return new Promise(resolve => {
    const done = (how: 'signalled' | 'passed'): void => {
      timer?.cancel();
      for (const end of ends) end();
      resolve(how);
    };
    const timer = durationMS === undefined ? undefined : timers.set(durationMS, () => done('passed'));
    const ends = signals.map(signal => signal.subscribe(() => done('signalled')));
  });
}
