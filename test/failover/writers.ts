import { setTimeout as pause } from 'node:timers/promises';
import type { MongoClient } from '../../src/client/mongo_client.js';

/** After a failure, as a caller who does not hammer. */
const BREATH_MS = 5;

/** Callers that insert one document after another, and what became of each. */
export class Writers {
  /** Of the documents whose insert was acknowledged. */
  readonly acknowledged: string[] = [];
  /** Inserts that failed, by the name of the error. Some of them may have been applied. */
  readonly failed = new Map<string, number>();
  readonly #client: MongoClient;
  readonly #timeoutMS: number;
  #stopped = false;
  #callers: Promise<unknown> = Promise.resolve();
  #onAcknowledged: (() => void)[] = [];

  constructor(client: MongoClient, timeoutMS: number) {
    this.#client = client;
    this.#timeoutMS = timeoutMS;
  }

  start(count: number): void {
    this.#callers = Promise.all(Array.from({ length: count }, (_, caller) => this.#insertAgainAndAgain(caller)));
  }

  /** Resolves when all callers have had their last answer. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#callers;
  }

  /** Resolves with the next insert that is acknowledged. */
  acknowledgement(): Promise<void> {
    return new Promise(resolve => this.#onAcknowledged.push(resolve));
  }

  /** Those that were acknowledged and are not there. */
  async missing(): Promise<string[]> {
    const found = await this.#collection.find({}, { projection: { _id: 1 } }).toArray();
    const there = new Set(found.map(({ _id }) => String(_id)));
    return this.acknowledged.filter(id => !there.has(id));
  }

  get #collection() {
    return this.#client.db('shop').collection('failover');
  }

  async #insertAgainAndAgain(caller: number): Promise<void> {
    for (let number = 0; !this.#stopped; number++) {
      const id = `${caller}-${number}`;
      try {
        await this.#collection.insertOne({ _id: id as never }, { timeoutMS: this.#timeoutMS });
      } catch (error) {
        const { name } = error as Error;
        this.failed.set(name, (this.failed.get(name) ?? 0) + 1);
        await pause(BREATH_MS);
        continue;
      }
      this.acknowledged.push(id);
      for (const tell of this.#onAcknowledged.splice(0)) tell();
    }
  }
}
