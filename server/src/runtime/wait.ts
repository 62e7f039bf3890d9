import { type TimerGroup } from './clock.js';
import { type Signal } from './signal.js';

/** Resolves when one of the signals comes or the time has passed; whatever was set for it is let go. */
export async function waitForAny(timers: TimerGroup, durationMS: number, signals: readonly Signal[]): Promise<void> {
  await new Promise<void>(resolve => {
    const done = (): void => {
      timer.cancel();
      for (const end of ends) end();
      resolve();
    };
    const timer = timers.set(durationMS, done);
    const ends = signals.map(signal => signal.subscribe(done));
  });
}
