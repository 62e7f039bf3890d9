import { type Document, deserialize, ObjectId, serializeWithBufferAndIndex } from 'bson';
import { BODY_OFFSET, makeReplies } from '../canned.js';
import { BATCHES, INSERT_MANY_COUNT, newUser } from '../documents.js';
import type { BenchClient } from './client.js';

interface CursorReply {
  readonly cursor: { readonly firstBatch?: Document[]; readonly nextBatch?: Document[] };
}

/** Room for the documents of an insertMany. */
const ROOM = 1024 * 1024;

/** The package `bson` and nothing else: decodes the bytes of the replies, and encodes the documents, that the others read and send. */
export class BsonClient implements BenchClient {
  readonly name = 'bson';
  readonly #replies: readonly Buffer[];
  readonly #room = Buffer.alloc(ROOM);

  constructor() {
    const { firstBatch, nextBatch } = makeReplies();
    this.#replies = [firstBatch, ...nextBatch.slice(0, BATCHES - 1)];
  }

  connect(): Promise<void> {
    return Promise.resolve();
  }

  ping(): Promise<number> {
    return notMeasured();
  }

  findOne(): Promise<number> {
    return notMeasured();
  }

  insertOne(): Promise<number> {
    return notMeasured();
  }

  // As with the other clients there are as many results half read as operations in flight: what they hold costs the garbage collector
  // more than a few promises do.
  async findToArray(): Promise<number> {
    const documents: Document[] = [];
    for (const reply of this.#replies) {
      for (const document of decode(reply)) documents.push(document);
      await Promise.resolve();
    }
    return documents.length;
  }

  async findForAwait(): Promise<number> {
    let count = 0;
    for (const reply of this.#replies) {
      for (const _document of decode(reply)) count++;
      await Promise.resolve();
    }
    return count;
  }

  insertMany(): Promise<number> {
    const documents = Array.from({ length: INSERT_MANY_COUNT }, () => ({ _id: new ObjectId(), ...newUser() }));
    let end = 0;
    for (const document of documents) end = serializeWithBufferAndIndex(document, this.#room, { index: end }) + 1;
    return Promise.resolve(documents.length);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function decode(reply: Buffer): Document[] {
  const { firstBatch, nextBatch } = (deserialize(reply.subarray(BODY_OFFSET)) as CursorReply).cursor;
  return firstBatch ?? nextBatch ?? [];
}

function notMeasured(): Promise<number> {
  return Promise.reject(new Error('The package bson alone has no such operation'));
}
