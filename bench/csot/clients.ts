import type { MongoClient, MongoClientOptions } from 'mongotempo';
import type { PeerAddress } from './peer/peer.js';

export const DRIVERS = Object.freeze(['ours', 'mongodb-csot'] as const);
export type Driver = (typeof DRIVERS)[number];

type Constructor = new (uri: string, options: MongoClientOptions) => MongoClient;

/** Loaded by name, so that no process has code in it which it does not measure. */
async function constructorOf(driver: Driver): Promise<Constructor> {
  const { MongoClient } = driver === 'ours' ? await import('mongotempo') : await import('mongodb-csot');
  return MongoClient as unknown as Constructor;
}

/** The clients of one sample, and what becomes of their connections. */
export class SampleClients {
  readonly #make: (options: MongoClientOptions) => MongoClient;
  readonly #clients: MongoClient[] = [];
  /** Connections that were closed though their pool was not. */
  closed = 0;
  /** Connections on which a late reply is awaited. */
  #pending = 0;

  private constructor(make: (options: MongoClientOptions) => MongoClient) {
    this.#make = make;
  }

  static async of(driver: Driver, { uri, ca }: PeerAddress, common: MongoClientOptions): Promise<SampleClients> {
    const Client = await constructorOf(driver);
    return new SampleClients(options => new Client(uri, { ...common, ...options, ...(ca !== undefined && { ca }) }));
  }

  make(options: MongoClientOptions = {}): MongoClient {
    const client = this.#make(options);
    this.#clients.push(client);
    client.on('connectionClosed', ({ reason }) => {
      if (reason !== 'poolClosed') this.closed++;
    });
    // The official driver has no such events: it closes the connection at once.
    client.on('connectionPendingResponseStarted', () => this.#pending++);
    client.on('connectionPendingResponseSucceeded', () => this.#pending--);
    client.on('connectionPendingResponseFailed', () => this.#pending--);
    return client;
  }

  /** Waits until it is known of each connection whether the timeout cost it. */
  async settle(mostMS: number): Promise<void> {
    const end = performance.now() + mostMS;
    while (this.#pending > 0 && performance.now() < end) await new Promise(resolve => setTimeout(resolve, 20));
  }

  /** @param mostMS - a close that lasts longer is left to itself */
  async close(mostMS: number): Promise<void> {
    const closed = Promise.allSettled(this.#clients.map(async client => client.close()));
    await Promise.race([closed, new Promise(resolve => setTimeout(resolve, mostMS))]);
  }
}
