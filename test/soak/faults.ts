import { setTimeout as pause } from 'node:timers/promises';
import type { LaunchedServer } from 'mongotempo-server';
import type { SeededRandom } from '../fuzz/random.js';

/** How often something goes wrong. */
const PAUSE_MS = 1000;

interface Fault {
  readonly name: string;
  /** How often it is drawn, relative to the others. */
  readonly weight: number;
  /** @param primary - index of the node that gets the operations */
  readonly inject: (server: LaunchedServer, primary: number) => Promise<unknown>;
}

const cutReply = (afterBytes: number, then: 'reset' | 'silence'): Fault['inject'] => {
  return (server, primary) => server.call('failReplies', primary, { kind: 'cut', afterBytes, then });
};

const FAULTS: readonly Fault[] = [
  { name: 'reset before a reply', weight: 6, inject: cutReply(0, 'reset') },
  { name: 'reset inside a reply', weight: 3, inject: cutReply(20, 'reset') },
  { name: 'silence instead of a reply', weight: 3, inject: cutReply(0, 'silence') },
  {
    name: 'garbage instead of a reply',
    weight: 1,
    inject: (server, primary) => server.call('failReplies', primary, { kind: 'garbage' }),
  },
  {
    name: 'all 100 ms late, for 500 ms',
    weight: 3,
    async inject(server, primary) {
      await server.call('delay', primary, { toClientMS: 100 });
      await pause(500);
      await server.call('delay', primary, {});
    },
  },
  {
    name: 'no answer for 300 ms',
    weight: 2,
    async inject(server, primary) {
      await server.call('cut', primary);
      await pause(300);
      await server.call('mend', primary);
    },
  },
  { name: 'step-down', weight: 2, inject: server => server.call('stepDown') },
];

/** Lets things go wrong on a server, one at a time, until it is told to stop. */
export class Faults {
  readonly counts = new Map<string, number>(FAULTS.map(({ name }) => [name, 0]));
  readonly #server: LaunchedServer;
  readonly #random: SeededRandom;
  readonly #bag = FAULTS.flatMap(fault => Array.from({ length: fault.weight }, () => fault));
  #primary = 0;
  #stopped = false;
  #loop: Promise<void> = Promise.resolve();

  constructor(server: LaunchedServer, random: SeededRandom) {
    this.#server = server;
    this.#random = random;
  }

  /** Address of the node that gets the operations. */
  set primary(address: string) {
    const index = this.#server.nodes.findIndex(node => node.address === address);
    if (index >= 0) this.#primary = index;
  }

  get total(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0);
  }

  start(): void {
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#loop;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      await pause(PAUSE_MS);
      const { name, inject } = this.#random.pick(this.#bag);
      this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
      await inject(this.#server, this.#primary);
    }
  }
}
