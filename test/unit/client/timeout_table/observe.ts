import { ClientHarness } from '../../../support/client_harness.js';
import { quiet } from '../../../support/scripted_server.js';
import type { Method } from './methods.js';
import { ALL_WELL, PHASES, type Phase, type PhaseName, SMALL_BATCHES } from './phases.js';
import { callWith, clientOptions, setLevels, type Times, url } from './settings.js';

/** How a call that waits in one phase ended. */
export interface Outcome {
  /** Milliseconds after which it ended; 0: it did not wait; Infinity: nothing has ended it. */
  readonly afterMS: number;
  readonly error: unknown;
}

/** A cursor that has a next batch, for what is done before the wait begins. */
const OPEN_CURSOR = Object.freeze({ id: 7n, ns: 'shop.orders', firstBatch: [{ a: 1 }] });
/** Input and output run after each step. A divisor of the times that tests look for. */
const STEP_MS = 10;

/** A client on the fake clock with a primary that answers everything. */
async function clientWith(times: Times, { maxPoolSize }: Phase): Promise<ClientHarness> {
  const pool = maxPoolSize === undefined ? {} : { maxPoolSize };
  const harness = new ClientHarness({ ...clientOptions(times), ...pool }, { url: url(times) });
  harness.server.hello = () => SMALL_BATCHES;
  harness.answer = command =>
    command.name === 'find' || command.name === 'aggregate'
      ? { ok: 1, cursor: OPEN_CURSOR }
      : (ALL_WELL(command) ?? { ok: 1 });
  setLevels(harness.client, times);
  return harness;
}

/**
 * Calls a method, makes it wait in one phase, and moves the time on.
 *
 * @param healAfterMS - from then on, what the call begins anew succeeds: a retry after a legacy timeout
 * @param waitMS - how long it is observed
 */
export async function observe(
  method: Method,
  phase: PhaseName,
  times: Times,
  { healAfterMS, waitMS }: { readonly healAfterMS: number; readonly waitMS: number },
): Promise<Outcome> {
  const wait = PHASES[phase];
  const { collection: _, ...others } = times;
  const harness = await clientWith(method.withoutCollection === true ? others : times, wait);
  const { client, clock } = harness;
  const withoutSession = method.withoutSession === true || method.connects === true;
  if (method.connects === true) wait.beginUnconnected?.(harness);
  else await client.connect();
  const call = await method.prepare(client);
  if (method.connects !== true) await wait.begin(harness);
  const begin = clock.now();
  const seen: { outcome: Outcome | null } = { outcome: null };
  const end = (error?: unknown) => (seen.outcome ??= { afterMS: clock.now() - begin, error });
  callWith(client, clock, times, call, withoutSession).then(() => end(), end);
  await turns();
  await clock.advance(healAfterMS);
  await turns();
  wait.heal(harness);
  for (let stepMS = 1; seen.outcome === null && clock.now() - begin < waitMS; stepMS = STEP_MS) {
    await clock.advance(stepMS);
    await turns();
  }
  const outcome = seen.outcome ?? { afterMS: Infinity, error: undefined };
  await finish(harness);
  return outcome;
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await quiet();
}

/** What still waits is ended by the close. */
async function finish({ client, clock }: ClientHarness): Promise<void> {
  const closing = client.close();
  await quiet();
  await clock.advance(10_000);
  await closing;
}
