import { type Document, deserialize, ObjectId } from 'bson';
import { BODY_OFFSET, opMsg } from '../canned.js';
import { FIND_ONE_FILTER, INSERT_MANY_COUNT, newUser } from '../documents.js';
import type { BenchClient } from './client.js';
import { findCommand, findOneCommand, getMoreCommand, insertCommand, pingCommand } from './commands.js';
import { FramePool } from './frame_pool.js';

interface CursorPart {
  readonly id: number;
  readonly firstBatch?: Document[];
  readonly nextBatch?: Document[];
}

/** The least that a client with documents can do: serialize the command, one write, deserialize the whole reply, one promise. */
export class LeanClient implements BenchClient {
  readonly name = 'lean';
  readonly #pool = new FramePool();

  connect(uri: string, poolSize: number): Promise<void> {
    return this.#pool.open(uri, poolSize);
  }

  async ping(): Promise<number> {
    return (await this.#command(pingCommand()))['ok'] as number;
  }

  async findOne(): Promise<number> {
    const { firstBatch = [] } = await this.#cursor(findOneCommand(FIND_ONE_FILTER));
    return firstBatch[0] === undefined ? 0 : 1;
  }

  async insertOne(): Promise<number> {
    return this.#insert([{ _id: new ObjectId(), ...newUser() }]);
  }

  async findToArray(): Promise<number> {
    const documents: Document[] = [];
    for await (const batch of this.#batches()) for (const document of batch) documents.push(document);
    return documents.length;
  }

  async findForAwait(): Promise<number> {
    let count = 0;
    for await (const _document of this.#documents()) count++;
    return count;
  }

  insertMany(): Promise<number> {
    return this.#insert(Array.from({ length: INSERT_MANY_COUNT }, () => ({ _id: new ObjectId(), ...newUser() })));
  }

  close(): Promise<void> {
    this.#pool.close();
    return Promise.resolve();
  }

  async *#documents(): AsyncGenerator<Document, void, undefined> {
    for await (const batch of this.#batches()) yield* batch;
  }

  async *#batches(): AsyncGenerator<Document[], void, undefined> {
    let cursor = await this.#cursor(findCommand());
    yield cursor.firstBatch ?? [];
    while (cursor.id !== 0) {
      cursor = await this.#cursor(getMoreCommand(BigInt(cursor.id)));
      yield cursor.nextBatch ?? [];
    }
  }

  async #insert(documents: Document[]): Promise<number> {
    return (await this.#command(insertCommand(documents)))['n'] as number;
  }

  async #cursor(command: Document): Promise<CursorPart> {
    return (await this.#command(command))['cursor'] as CursorPart;
  }

  async #command(command: Document): Promise<Document> {
    const reply = await this.#pool.request(opMsg(command));
    return deserialize(reply.subarray(BODY_OFFSET));
  }
}
