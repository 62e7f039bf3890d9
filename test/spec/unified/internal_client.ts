import { type Document, MongoClient } from 'mongodb';
import { plain } from './bson_values.js';
import { directUri, type TestServer } from './servers.js';
import type { CollectionData } from './test_file.js';

const MAJORITY = { writeConcern: { w: 'majority' } } as const;

/** What the runner does by itself, always with the official driver, so that the driver that is tested has no part in it. */
export class InternalClient {
  readonly #client: MongoClient;
  readonly #server: TestServer;
  readonly #direct = new Map<string, MongoClient>();

  constructor(server: TestServer) {
    this.#server = server;
    this.#client = new MongoClient(server.uri, {
      minHeartbeatFrequencyMS: 50,
      promoteValues: false,
      promoteLongs: false,
    });
  }

  async prepare(data: readonly CollectionData[]): Promise<void> {
    for (const { databaseName, collectionName, createOptions, documents } of data) {
      const db = this.#client.db(databaseName);
      await db.dropCollection(collectionName, MAJORITY).catch(() => false);
      if (createOptions !== undefined || documents.length === 0) {
        await db.createCollection(collectionName, { ...(plain(createOptions ?? {}) as object), ...MAJORITY });
      }
      if (documents.length > 0) {
        await db.collection(collectionName).insertMany([...documents], MAJORITY);
      }
    }
  }

  /** What a collection holds in the end, as the primary has it. */
  async read(databaseName: string, collectionName: string): Promise<readonly Document[]> {
    return this.#client
      .db(databaseName)
      .collection(collectionName, { readPreference: 'primary', readConcern: { level: 'local' } })
      .find({}, { sort: { _id: 1 } })
      .toArray();
  }

  async collectionNames(databaseName: string): Promise<readonly string[]> {
    const infos = await this.#client.db(databaseName).listCollections({}, { nameOnly: true }).toArray();
    return infos.map(({ name }) => name);
  }

  async indexNames(databaseName: string, collectionName: string): Promise<readonly string[]> {
    if (!(await this.collectionNames(databaseName)).includes(collectionName)) return [];
    const indexes = await this.#client.db(databaseName).collection(collectionName).listIndexes().toArray();
    return indexes.map(({ name }) => String(name));
  }

  /** Runs an admin command on one process of the deployment. */
  async command(address: string, command: Document): Promise<Document> {
    const known = this.#direct.get(address);
    const client = known ?? new MongoClient(directUri(this.#server, address), { serverSelectionTimeoutMS: 5000 });
    this.#direct.set(address, client);
    return client.db('admin').command(command);
  }

  async admin(command: Document): Promise<Document> {
    return this.#client.db('admin').command(command);
  }

  async close(): Promise<void> {
    await Promise.all([this.#client, ...this.#direct.values()].map(async client => client.close()));
  }
}
