import { Writable } from 'node:stream';
import { type Document, Long, ObjectId } from '../bson/index.js';
import type { Call } from '../call/call.js';
import type { EndDescription } from '../call/deadline.js';
import { waitFor } from '../call/waiter.js';
import type { Collection } from '../client/collection.js';
import type { Inherited } from '../client/inherit.js';
import { unacknowledged, withOverrides } from '../commands/context.js';
import { deleteDocuments } from '../commands/delete.js';
import { insertOne } from '../commands/insert.js';
import { WriteConcern, type WriteConcernOptions } from '../concern/write_concern.js';
import { MongoError } from '../errors/base.js';
import { MongoAPIError, MongoInvalidArgumentError } from '../errors/driver.js';
import { MongoServerError } from '../errors/server.js';
import { shown } from '../errors/shown.js';
import { isGiven, ownOptions } from '../runtime/own_options.js';
import type { BucketPlace, GridFSTimeOptions } from './bucket_place.js';
import type { GridFSChunk, GridFSFile } from './documents.js';
import { byId, chunksOf } from './filters.js';
import { ensureIndexes, type IndexCheck } from './indexes.js';
import { StreamLife } from './stream_life.js';

/** @public */
export interface GridFSBucketWriteStreamOptions extends WriteConcernOptions, GridFSTimeOptions {
  /** Bytes in each chunk of this file. Default: that of the bucket. */
  chunkSizeBytes?: number;
  /** The `_id` of the file. Default: a new ObjectId. */
  id?: ObjectId;
  /** What the program keeps with the file. */
  metadata?: Document;
}

/** What an upload needs of its bucket. */
export interface UploadPort {
  readonly place: BucketPlace;
  readonly indexes: IndexCheck;
  readonly chunkSizeBytes: number;
  readonly writeConcern: WriteConcern | undefined;
  readonly files: Collection<GridFSFile>;
  readonly chunks: Collection<GridFSChunk>;
}

type Callback = (error?: Error | null) => void;

const INSERTS_UNDER_WAY: EndDescription = Object.freeze({
  during: 'while waiting for inserts of chunks that were on their way',
  phase: 'read',
});
/** Inserts of one write that may be on their way at once. */
const MOST_INSERTS = 4;
/** A chunk size is an int32 in the files document. */
const LARGEST_CHUNK_BYTES = 0x7fffffff;

/**
 * Writes a file to a bucket. Made by {@link GridFSBucket.openUploadStream}; events are those of a Writable.
 *
 * `timeoutMS` bounds the whole life of the stream, the time in which it waits for its source included.
 *
 * @public
 */
export class GridFSBucketWriteStream extends Writable {
  /** The collection of the chunks. */
  chunks: Collection<GridFSChunk>;
  /** The collection of the files. */
  files: Collection<GridFSFile>;
  filename: string;
  options: GridFSBucketWriteStreamOptions;
  /** Whether all chunks are stored, and the files document is or is about to be. */
  done = false;
  /** The `_id` of the file. */
  id: ObjectId;
  /** Bytes in each chunk. */
  chunkSizeBytes: number;
  /** Bytes that do not fill a chunk yet. */
  bufToStore: Uint8Array;
  /** Bytes written to the stream so far. */
  length = 0;
  /** Chunks whose insert has begun. */
  n = 0;
  /** Bytes in `bufToStore`. */
  pos = 0;
  state: {
    /** The stream has been ended, and what was left is being stored. */
    streamEnd: boolean;
    /** Inserts of chunks that are on their way. */
    outstandingRequests: number;
    /** A command failed. */
    errored: boolean;
    /** {@link GridFSBucketWriteStream.abort} was called. */
    aborted: boolean;
  } = { streamEnd: false, outstandingRequests: 0, errored: false, aborted: false };
  /** Of every insert. Undefined: that of the database. */
  writeConcern?: WriteConcern;
  /** The files document, from the event `finish` on; null before, and after an error. */
  gridFSFile: GridFSFile | null = null;

  readonly #port: UploadPort;
  readonly #life: StreamLife;
  readonly #filesContext: Inherited;
  readonly #chunksContext: Inherited;
  readonly #ownId: boolean;
  readonly #destroyed = new AbortController();
  /** Settles when no insert of a chunk is on its way. */
  #inserts: Promise<unknown> = Promise.resolve();
  /** Positions whose insert failed: a chunk there may be of another file with the same id. */
  readonly #failed: number[] = [];
  #aborting = false;
  /** `uploadDate` of the files document, as long as that is or may be stored. */
  #storedAt: Date | null = null;

  /**
   * @param method - the public method that opens the stream, for messages
   * @internal
   */
  constructor(port: UploadPort, method: string, filename: string, given: GridFSBucketWriteStreamOptions | undefined) {
    // What may throw comes first: Node.js goes on with a stream that is only half made.
    const options = ownOptions(given);
    checkUploadOptions(filename, options);
    const { place } = port;
    const life = new StreamLife(place, 'gridfs.upload', method, options);
    const writeConcern = WriteConcern.fromOptions(options) ?? port.writeConcern;
    const concern = writeConcern === undefined ? undefined : { writeConcern };
    const chunkSizeBytes = options.chunkSizeBytes ?? port.chunkSizeBytes;
    const bufToStore = Buffer.alloc(chunkSizeBytes);
    super();
    this.#port = port;
    this.#life = life;
    this.#filesContext = withOverrides(place.files, concern);
    this.#chunksContext = withOverrides(place.chunks, concern);
    this.#ownId = !isGiven(options.id);
    this.files = port.files;
    this.chunks = port.chunks;
    this.filename = filename;
    this.options = given ?? {};
    if (writeConcern !== undefined) this.writeConcern = writeConcern;
    this.id = options.id ?? new ObjectId();
    this.chunkSizeBytes = chunkSizeBytes;
    this.bufToStore = bufToStore;
    life.watch(error => this.#endIdle(error));
  }

  /** @internal */
  override _construct(callback: Callback): void {
    const { indexes, place } = this.#port;
    if (!indexes.isDue) {
      callback();
      return;
    }
    const ensure = () =>
      this.#life.run('createIndexes', place.files, call => ensureIndexes(place, call), this.#destroyed.signal);
    // A stream that was destroyed meanwhile has its error already, or needs none.
    this.#settle(
      indexes.run(ensure).catch((error: unknown) => {
        if (!this.destroyed) throw error;
      }),
      callback,
    );
  }

  /** @internal */
  override _write(data: Buffer, _encoding: BufferEncoding, callback: Callback): void {
    if (this.state.aborted) {
      callback(abortedError());
      return;
    }
    this.length += data.length;
    if (this.pos + data.length < this.chunkSizeBytes) {
      this.#keep(data);
      callback();
      return;
    }
    this.#settle(this.#storeFull(data), callback);
  }

  /** @internal */
  override _final(callback: Callback): void {
    if (this.state.aborted) {
      callback(abortedError());
      return;
    }
    this.state.streamEnd = true;
    this.#settle(this.#finish(), callback);
  }

  /** @internal */
  override _destroy(error: Error | null, callback: Callback): void {
    this.#life.unwatch();
    callback(error);
  }

  /** Ends the stream. What is stored stays: `abort` deletes it. */
  override destroy(error?: Error): this {
    // The check of the indexes would go on, and `close` wait for it.
    this.#destroyed.abort(error);
    return super.destroy(error);
  }

  /**
   * Gives the upload up: deletes the chunks that are stored. Whatever is written afterwards fails. It waits for inserts that are on their way, or else they
   * would be carried out after the delete.
   *
   * @param options - default: what is left of the time of the stream; the whole of it once more if it is over
   * @throws MongoAPIError if the upload is complete, or the method was called before; what the delete fails with
   */
  async abort(options?: GridFSTimeOptions): Promise<void> {
    if (this.state.streamEnd && !this.state.errored) {
      throw new MongoAPIError('Cannot abort a stream that has already completed');
    }
    if (this.#aborting) throw new MongoAPIError('Cannot call abort() on a stream twice');
    this.#aborting = true;
    this.state.aborted = true;
    try {
      await this.#life.tidyUp('abort', this.#chunksContext, options, async call => {
        await waitFor(this.#inserts, () => INSERTS_UNDER_WAY, null, call.deadline);
        await this.#deleteStored(call);
      });
    } catch (error) {
      // It may be tried again.
      this.#aborting = false;
      throw error;
    }
  }

  /**
   * Deletes what a failed upload has left, unless it has begun no chunk or the file may be complete. Never rejects.
   *
   * @param error - what the upload failed with
   * @returns settles when it is done; at once where the caller should not wait for the server any longer
   * @internal
   */
  async cleanUpAfter(error: unknown): Promise<void> {
    if (this.#storedAt !== null || this.#aborting || this.n === 0) return;
    this.state.errored = true;
    const cleaning = this.abort().catch(() => undefined);
    const serverAnswers = error instanceof MongoServerError || !(error instanceof MongoError);
    if (serverAnswers && !this.isAbortReason(error)) await cleaning;
  }

  /** Whether an error is the reason of an abort by the caller of the upload. @internal */
  isAbortReason(error: unknown): boolean {
    return this.#life.isAbortReason(error);
  }

  async #deleteStored(call: Call): Promise<void> {
    if (this.#storedAt !== null) {
      const file = { ...byId(this.id), uploadDate: this.#storedAt };
      await this.#life.execute(deleteDocuments('deleteOne', this.#filesContext, file, {}), call);
    }
    const chunks = this.#ownChunks();
    if (chunks === null) return;
    await this.#life.execute(deleteDocuments('deleteMany', this.#chunksContext, chunks, {}), call);
  }

  /** The chunks that this stream has stored. With an id of the caller's there may be a file already, whose chunks must stay. Null: none are. */
  #ownChunks(): Document | null {
    const filter = chunksOf(this.id);
    if (this.#ownId) return filter;
    // Without an answer it is not known which inserts were refused.
    if (this.n === 0 || unacknowledged(this.#chunksContext)) return null;
    return { ...filter, n: { $lt: this.n, ...(this.#failed.length > 0 && { $nin: this.#failed }) } };
  }

  /** The time ended while the stream waited for its source. Without a listener the event would end the process. */
  #endIdle(error: unknown): void {
    this.state.errored = true;
    if (this.listenerCount('error') > 0) this.destroy(error as Error);
    else this.destroy();
  }

  /** Tells the stream how its work ended. Node.js takes an error that is falsy (the reason of an abort may be one) for success. */
  #settle(work: Promise<void>, callback: Callback): void {
    work.then(
      () => callback(),
      (error: unknown) => {
        this.state.errored = true;
        if (!isTruthy(error)) this.destroy();
        callback(error as Error);
      },
    );
  }

  #keep(data: Uint8Array): void {
    this.bufToStore.set(data, this.pos);
    this.pos += data.length;
  }

  /** Stores what fills chunks, and keeps the rest. */
  async #storeFull(data: Buffer): Promise<void> {
    const size = this.chunkSizeBytes;
    const head = this.pos === 0 ? 0 : size - this.pos;
    const rest = (data.length - head) % size;
    const pieces: Uint8Array[] = [];
    if (head > 0) {
      this.#keep(data.subarray(0, head));
      pieces.push(this.bufToStore.subarray(0, size));
    }
    for (let from = head; from + size <= data.length; from += size) pieces.push(data.subarray(from, from + size));
    await this.#insertAll(pieces);
    this.pos = 0;
    this.#keep(data.subarray(data.length - rest));
  }

  /** Inserts chunks, some of them at once. Fails with the first that fails; others may still be on their way then. */
  async #insertAll(pieces: readonly Uint8Array[]): Promise<void> {
    let next = 0;
    const insertNext = async (): Promise<void> => {
      for (let piece = pieces[next++]; piece !== undefined; piece = pieces[next++]) {
        this.#mustGoOn();
        await this.#insert(piece);
      }
    };
    const workers = Array.from({ length: Math.min(MOST_INSERTS, pieces.length) }, insertNext);
    this.#inserts = Promise.allSettled(workers);
    await Promise.all(workers);
  }

  /** @throws MongoAPIError if nothing more is to be stored: a file whose stream was given up must not come about */
  #mustGoOn(): void {
    if (this.state.aborted || this.state.errored || this.destroyed) throw abortedError();
  }

  async #insert(data: Uint8Array): Promise<void> {
    const n = this.n++;
    this.state.outstandingRequests++;
    const document = { _id: new ObjectId(), files_id: this.id, n, data };
    const context = this.#chunksContext;
    try {
      await this.#life.run('write', context, call => this.#life.execute(insertOne(context, document, {}), call));
    } catch (error) {
      this.#failed.push(n);
      throw error;
    } finally {
      this.state.outstandingRequests--;
    }
  }

  async #finish(): Promise<void> {
    if (this.pos > 0) await this.#insertAll([this.bufToStore.subarray(0, this.pos)]);
    this.#mustGoOn();
    this.done = true;
    const { id: _id, length, chunkSizeBytes: chunkSize, filename } = this;
    const { metadata } = ownOptions(this.options);
    const uploadDate = new Date(this.#port.place.client.clock.wallTime());
    const file: GridFSFile = { _id, length, chunkSize, uploadDate, filename, ...(isGiven(metadata) && { metadata }) };
    const context = this.#filesContext;
    const stored = { ...file, length: Long.fromNumber(length) };
    this.#life.unwatch();
    this.#storedAt = uploadDate;
    try {
      await this.#life.run('end', context, call => this.#life.execute(insertOne(context, stored, {}), call));
    } catch (error) {
      if (error instanceof MongoServerError) this.#storedAt = null;
      throw error;
    }
    this.gridFSFile = file;
  }
}

function abortedError(): MongoAPIError {
  return new MongoAPIError('Stream has been aborted');
}

function isTruthy(value: unknown): boolean {
  return Boolean(value);
}

/** @throws MongoInvalidArgumentError */
function checkUploadOptions(filename: unknown, { chunkSizeBytes, metadata }: GridFSBucketWriteStreamOptions): void {
  // As in the official driver a file may have no name.
  if (isGiven(filename) && typeof filename !== 'string') {
    throw new MongoInvalidArgumentError(`A filename must be a string, got ${typeof filename}`);
  }
  checkChunkSize(chunkSizeBytes);
  if (isGiven(metadata) && (typeof metadata !== 'object' || Array.isArray(metadata))) {
    throw new MongoInvalidArgumentError(`Option "metadata" must be an object, got ${shown(metadata).slice(0, 40)}`);
  }
}

/** @throws MongoInvalidArgumentError */
export function checkChunkSize(size: unknown): void {
  if (!isGiven(size)) return;
  if (Number.isInteger(size) && (size as number) > 0 && (size as number) <= LARGEST_CHUNK_BYTES) return;
  throw new MongoInvalidArgumentError(
    `Option "chunkSizeBytes" must be an integer from 1 to ${LARGEST_CHUNK_BYTES}, got ${shown(size)}`,
  );
}
