import { documentDecoder } from '../bson/decode.js';
import type { Document } from '../bson/index.js';
import type { OperationContext } from '../commands/context.js';
import { MongoGridFSChunkError, MongoGridFSStreamError } from '../errors/driver.js';
import { shown } from '../errors/shown.js';
import type { ByteRange } from './byte_range.js';
import type { GridFSFile } from './documents.js';

/** What a download has to know of a file, checked. */
export interface StoredFile {
  /** The `_id` as it is stored: a promoted value may have lost digits. */
  readonly id: unknown;
  readonly length: number;
  readonly chunkSize: number;
  /** The document as the caller's options decode it. */
  readonly document: GridFSFile;
}

/** No value is promoted: what is read is what is stored. */
const decodeExactly = documentDecoder({ promoteValues: false });
const decodeChunk = documentDecoder({ promoteBuffers: true });

/** The context of a files collection whose documents are decoded twice: for the driver, and for the caller. */
export function decodingFiles<C extends OperationContext>(context: C): C {
  const { raw: _, ...bsonOptions } = context.bsonOptions;
  const decode = documentDecoder(bsonOptions);
  return {
    ...context,
    bsonOptions,
    decode: (bytes: Buffer, offset: number): Document => ({
      exact: decodeExactly(bytes, offset),
      shown: decode(bytes, offset),
    }),
  };
}

/** The context of a chunks collection whose documents only the driver sees. */
export function decodingChunks<C extends OperationContext>(context: C): C {
  return { ...context, bsonOptions: {}, decode: decodeChunk };
}

/**
 * A file whose document was read in the context of {@link decodingFiles}.
 *
 * @throws MongoGridFSStreamError if the document is no file
 */
export function storedFileOf(found: Document, namespace: string): StoredFile {
  const { exact, shown: document } = found as { exact: Document; shown: Document };
  const chunkSize = sizeIn(exact, 'chunkSize', 1, namespace);
  const length = sizeIn(exact, 'length', 0, namespace);
  return { id: exact['_id'], length, chunkSize, document: document as GridFSFile };
}

/** A file's number of bytes may be stored as an int32, an int64 or a double. */
function sizeIn(exact: Document, field: 'length' | 'chunkSize', least: number, namespace: string): number {
  const value: unknown = exact[field];
  const type = bsonTypeOf(value);
  const size = type === 'Int32' || type === 'Long' || type === 'Double' ? Number(value) : Number.NaN;
  if (Number.isSafeInteger(size) && size >= least) return size;
  throw new MongoGridFSStreamError(
    `FileIsMalformed: the ${field} of a file in ${namespace} must be an integer from ${least} on, and is ${found(value)}`,
    { namespace },
  );
}

function bsonTypeOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const type: unknown = (value as { readonly _bsontype?: unknown })._bsontype;
  return typeof type === 'string' ? type : undefined;
}

function found(value: unknown): string {
  if (value === undefined) return 'missing';
  if (typeof value === 'string') return 'a string';
  const type = bsonTypeOf(value);
  return type === undefined ? shown(value).slice(0, 40) : `${textOf(value)} (${type})`;
}

/** Checks the chunks of a file as they come, and cuts the range out of them. */
export class ChunkSequence {
  readonly #file: StoredFile;
  readonly #range: ByteRange;
  readonly #namespace: string;
  #next: number;

  constructor(file: StoredFile, range: ByteRange, namespace: string) {
    this.#file = file;
    this.#range = range;
    this.#namespace = namespace;
    this.#next = range.firstChunk;
  }

  /** Whether all chunks of the range have come. */
  get complete(): boolean {
    return this.#next >= this.#range.endChunk;
  }

  /**
   * The bytes that are wanted of the next chunk.
   *
   * @throws MongoGridFSChunkError if it is not the chunk that follows, or has not as many bytes as it should
   */
  take(chunk: Document): Buffer {
    const expected = this.#next;
    const n = this.#numberOf(chunk);
    if (n > expected) this.#fail(`ChunkIsMissing: Got unexpected n: ${n}, expected: ${expected}`);
    if (n < expected) this.#fail(`ExtraChunk: Got unexpected n: ${n}, expected: ${expected}`);
    const data = this.#dataOf(chunk);
    const { length, chunkSize } = this.#file;
    const from = n * chunkSize;
    const size = Math.min(chunkSize, length - from);
    if (data.length !== size) {
      this.#fail(`ChunkIsWrongSize: Got unexpected length: ${data.length}, expected: ${size}`);
    }
    this.#next++;
    const { start, end } = this.#range;
    return data.subarray(Math.max(0, start - from), Math.min(size, end - from));
  }

  /**
   * What follows the last chunk. An empty chunk is what some drivers leave there.
   *
   * @throws MongoGridFSChunkError if it has bytes
   */
  takeExtra(chunk: Document): void {
    const n = this.#numberOf(chunk);
    const { length } = this.#dataOf(chunk);
    if (length === 0) return;
    const { length: size } = this.#file;
    this.#fail(
      `ExtraChunk: Got unexpected n: ${n}, expected file length ${size} bytes but already read ${this.#range.end} bytes`,
    );
  }

  /** @throws MongoGridFSChunkError if there are no more chunks, and the range is not complete */
  end(): void {
    if (this.complete) return;
    const { length, chunkSize } = this.#file;
    const count = Math.ceil(length / chunkSize);
    this.#fail(
      `ChunkIsMissing: no chunk with n: ${this.#next}; the file has ${count} chunks by its length of ${length}`,
    );
  }

  #numberOf(chunk: Document): number {
    const n: unknown = chunk['n'];
    if (typeof n === 'number' && Number.isInteger(n)) return n;
    return this.#fail(`ChunkIsMalformed: n must be an integer, and is of type ${typeof n}`);
  }

  #dataOf(chunk: Document): Buffer {
    const data: unknown = chunk['data'];
    if (data instanceof Uint8Array) return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    return this.#fail(`ChunkIsMalformed: data must be binary, and is of type ${data === null ? 'null' : typeof data}`);
  }

  #fail(what: string): never {
    const namespace = this.#namespace;
    throw new MongoGridFSChunkError(`${what} (file ${idShown(this.#file.id)} in ${namespace})`, { namespace });
  }
}

/** An id for messages: an ObjectId or another value that has a short text; of a document, its type. */
export function idShown(id: unknown): string {
  if (typeof id !== 'object' || id === null) return textOf(id);
  return bsonTypeOf(id) !== undefined || id instanceof Date ? textOf(id) : 'an object';
}

function textOf(value: unknown): string {
  return String(value).slice(0, 100);
}
