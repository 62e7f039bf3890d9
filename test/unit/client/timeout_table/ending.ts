import type { Method } from './methods.js';
import { type Outcome, observe } from './observe.js';
import type { PhaseName } from './phases.js';
import type { Times } from './settings.js';

/** Two times of which one is over first, in milliseconds. */
export const SOON = 50;
export const LATE = 80;
/** Beyond it, a wait counts as endless. */
const LONG = 200;

/** The wait in which the settings are tried. */
function phaseOf({ connects }: Method): PhaseName {
  return connects === true ? 'hello' : 'reply';
}

/** How a call ended that waits in one phase, by default for a reply. */
export function ending(method: Method, times: Times, phase = phaseOf(method)): Promise<Outcome> {
  return observe(method, phase, times, { healAfterMS: SOON - 1, waitMS: LONG });
}

/** Milliseconds after which it ended. */
export async function endsAfter(method: Method, times: Times): Promise<number> {
  return (await ending(method, times)).afterMS;
}
