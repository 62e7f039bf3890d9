import { type Collection, type Db, MongoClient } from 'mongodb';
import { COLLECTION, DATABASE, FIND_ONE_FILTER, INSERT_MANY_COUNT, newUser } from '../documents.js';
import type { BenchClient } from './client.js';

/** The official driver with default options. */
export class OfficialClient implements BenchClient {
  readonly name = 'official';
  #client!: MongoClient;
  #db!: Db;
  #users!: Collection;

  async connect(uri: string, poolSize: number): Promise<void> {
    this.#client = await MongoClient.connect(uri, { maxPoolSize: poolSize });
    this.#db = this.#client.db(DATABASE);
    this.#users = this.#db.collection(COLLECTION);
  }

  async ping(): Promise<number> {
    const { ok } = await this.#db.command({ ping: 1 });
    return ok as number;
  }

  async findOne(): Promise<number> {
    return (await this.#users.findOne(FIND_ONE_FILTER)) === null ? 0 : 1;
  }

  async insertOne(): Promise<number> {
    return (await this.#users.insertOne(newUser())).acknowledged ? 1 : 0;
  }

  async findToArray(): Promise<number> {
    return (await this.#users.find().toArray()).length;
  }

  async findForAwait(): Promise<number> {
    let count = 0;
    for await (const _document of this.#users.find()) count++;
    return count;
  }

  async insertMany(): Promise<number> {
    return (await this.#users.insertMany(Array.from({ length: INSERT_MANY_COUNT }, newUser))).insertedCount;
  }

  async close(): Promise<void> {
    await this.#client.close();
  }
}
