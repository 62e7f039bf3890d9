import type { Ready, Stage } from './callers.js';
import { type Driver, SampleClients } from './clients.js';
import { deadlines } from './deadlines.js';
import { measurePair, type Pair } from './pair.js';
import type { PeerAddress } from './peer/peer.js';
import type { Phase } from './phases.js';

/** What one driver did in one phase. */
export interface Sample {
  readonly pairs: readonly Pair[];
  readonly closedConnections: number;
}

const CALLERS = 64;
/** Operations of each caller, one after the other. */
const OPERATIONS = 4;
/** Callers start one after the other, so that they do not measure how long it takes to start all of them. */
const START_EVERY_MS = 1.5;
/** Longer than a connection waits for a late reply. */
const SETTLE_MS = 1_300;
/** The client notices that its connections are gone. */
const QUIET_MS = 50;
/** None but the phase `poolFull` is about waiting for a place in the pool. */
const CLIENT_OPTIONS = Object.freeze({ maxPoolSize: 0, maxConnecting: CALLERS });

/** Takes one sample. */
export class Sampler {
  readonly #phase: Phase;
  readonly #clients: SampleClients;
  readonly #stage: Stage;

  private constructor(phase: Phase, clients: SampleClients, stage: Stage) {
    this.#phase = phase;
    this.#clients = clients;
    this.#stage = stage;
  }

  /** Makes the client, and connects it if the phase wants that. The peer behaves well until then. */
  static async begin(driver: Driver, phase: Phase, address: PeerAddress): Promise<Sampler> {
    const { maxPoolSize = CLIENT_OPTIONS.maxPoolSize } = phase;
    const clients = await SampleClients.of(driver, address, { ...CLIENT_OPTIONS, maxPoolSize });
    const client = clients.make();
    if (phase.ownClients !== true) await client.connect();
    return new Sampler(phase, clients, { client, newClient: options => clients.make(options) });
  }

  async take(round: number): Promise<Sample> {
    this.#phase.setUp?.(this.#stage.client);
    await pause(QUIET_MS);
    this.#clients.closed = 0;
    const pairs = await runCallers(this.#phase, this.#stage, deadlines(CALLERS * OPERATIONS, round));
    await this.#clients.settle(SETTLE_MS);
    return { pairs, closedConnections: this.#clients.closed };
  }

  /** Closes the clients. Their peer has closed before, or they would wait for it. */
  async end(): Promise<void> {
    await this.#clients.close(SETTLE_MS);
  }
}

async function runCallers(phase: Phase, stage: Stage, timeouts: readonly number[]): Promise<Pair[]> {
  const pairs: Pair[] = [];
  // To make a client costs more than most operations do: it must not keep the event loop busy meanwhile.
  const prepared: Ready[] = [];
  if (phase.ownClients === true) {
    for (const [index, timeoutMS] of timeouts.entries()) prepared.push(await phase.caller(stage, timeoutMS, index));
  }
  const runCaller = async (caller: number): Promise<void> => {
    await pause(caller * START_EVERY_MS);
    for (let index = caller; index < timeouts.length; index += CALLERS) {
      const timeoutMS = timeouts[index] ?? 0;
      const ready = prepared[index] ?? (await phase.caller(stage, timeoutMS, index));
      pairs.push(await measurePair(timeoutMS, () => ready.run()));
      tidy(ready);
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, (_, caller) => runCaller(caller)));
  return pairs;
}

/** The server may be as silent to this as to the operation. */
function tidy(ready: Ready): void {
  ready.tidy?.().catch(() => undefined);
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms));
}
