import { setTimeout as pause } from 'node:timers/promises';
import type { MongoClient } from '../../src/client/mongo_client.js';

/** What the process holds at one moment. */
export interface Sample {
  /** Beyond those of the pools' connections. */
  readonly sockets: number;
  /** After a collection, if the process was started with --expose-gc. */
  readonly heapMB: number;
}

const SAMPLES = 24;
const BYTES_PER_MB = 1024 * 1024;

/** Looks at the process from time to time, and counts the connections that are opened. */
export class Samples {
  /** Connections opened so far. */
  connections = 0;
  mostOpenedInASecond = 0;
  readonly #client: MongoClient;
  readonly #seconds: number;
  readonly #samples: Sample[] = [];

  constructor(client: MongoClient, seconds: number) {
    this.#client = client;
    this.#seconds = seconds;
    let second = 0;
    let opened = 0;
    client.on('connectionCreated', () => {
      this.connections++;
      const now = Math.floor(performance.now() / 1000);
      opened = now === second ? opened + 1 : 1;
      second = now;
      this.mostOpenedInASecond = Math.max(this.mostOpenedInASecond, opened);
    });
  }

  async take(): Promise<void> {
    for (let index = 0; index < SAMPLES; index++) {
      await pause((this.#seconds * 1000) / SAMPLES);
      globalThis.gc?.();
      this.#samples.push({
        sockets: openSockets() - this.#client.poolStats().reduce((sum, { total }) => sum + total, 0),
        heapMB: process.memoryUsage().heapUsed / BYTES_PER_MB,
      });
    }
  }

  /** Means of the first quarter and of the last. */
  quarters(): [Sample, Sample] {
    const size = SAMPLES / 4;
    return [meanOf(this.#samples.slice(0, size)), meanOf(this.#samples.slice(-size))];
  }
}

function openSockets(): number {
  return process.getActiveResourcesInfo().filter(name => name === 'TCPSocketWrap').length;
}

function meanOf(samples: readonly Sample[]): Sample {
  const mean = (field: keyof Sample) => samples.reduce((sum, sample) => sum + sample[field], 0) / samples.length;
  return { sockets: mean('sockets'), heapMB: mean('heapMB') };
}
