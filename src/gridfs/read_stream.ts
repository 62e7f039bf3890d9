import { Readable } from 'node:stream';
import type { Document } from '../bson/index.js';
import type { Call } from '../call/call.js';
import { find, findOne } from '../commands/find.js';
import type { CursorCore } from '../cursor/cursor_core.js';
import { MongoGridFSStreamError, MongoRuntimeError } from '../errors/driver.js';
import { isGiven, ownOptions } from '../runtime/own_options.js';
import type { Sort } from '../types/sort.js';
import type { BucketPlace, GridFSTimeOptions } from './bucket_place.js';
import { type ByteRange, checkRange, rangeOf, type WantedRange } from './byte_range.js';
import { chunksOf } from './filters.js';
import { internalCursor } from './internal_cursor.js';
import { ChunkSequence, decodingChunks, decodingFiles, type StoredFile, storedFileOf } from './stored_file.js';
import { StreamLife } from './stream_life.js';

/** @public */
export interface GridFSBucketReadStreamOptions extends GridFSTimeOptions {
  sort?: Sort;
  skip?: number;
  /** The first byte to read. Default 0. */
  start?: number;
  /** The byte after the last one to read. Default: the end of the file. */
  end?: number;
}

/** @public */
export interface GridFSBucketReadStreamOptionsWithRevision extends GridFSBucketReadStreamOptions {
  /** Which of the files of one name: 0 is the oldest, 1 the one after it; -1 the newest (default), -2 the one before it. */
  revision?: number;
}

/** Which file a download is of. */
export interface FileSearch {
  readonly filter: Document;
  readonly sort?: Sort | undefined;
  readonly skip?: number | undefined;
  /** The file, for messages. */
  readonly shown: string;
  /** What was asked for, if it need not be that there is no file of the name. */
  readonly revision?: number | undefined;
}

/** Bytes of chunks in each batch: what a reader who is slow holds in memory. */
const BATCH_BYTES = 4 * 1024 * 1024;
const MOST_CHUNKS_IN_BATCH = 1000;

/**
 * Reads a file of a bucket. Made by {@link GridFSBucket.openDownloadStream}; events are those of a Readable, and `file` with the files document before the
 * first byte.
 *
 * Asks for chunks when bytes are wanted, so that a slow reader holds one batch of a few megabytes. `timeoutMS` bounds the whole life of the stream, until its
 * last chunk has come.
 *
 * @public
 */
export class GridFSBucketReadStream extends Readable {
  /** The files document was found. */
  static readonly FILE = 'file' as const;

  readonly #place: BucketPlace;
  readonly #life: StreamLife;
  readonly #search: FileSearch;
  readonly #maxBytes: number;
  readonly #wanted: WantedRange;
  #hasBegun = false;
  #isReading = false;
  #chunks: ChunkSequence | null = null;
  #cursor: CursorCore | null = null;
  #closing: Promise<void> | null = null;

  /**
   * @param maxBytes - refuses what is longer
   * @internal
   */
  constructor(
    place: BucketPlace,
    method: string,
    search: FileSearch,
    given: GridFSBucketReadStreamOptions | undefined,
    maxBytes = Infinity,
  ) {
    const options = ownOptions(given);
    const life = new StreamLife(place, 'gridfs.download', method, options);
    super();
    this.#place = place;
    this.#search = search;
    this.#maxBytes = maxBytes;
    this.#wanted = { start: options.start, end: options.end };
    this.#life = life;
    life.watch(error => this.#endIdle(error));
  }

  /**
   * The first byte to read.
   *
   * @throws MongoGridFSStreamError if the stream has begun
   */
  start(start = 0): this {
    this.#mustNotHaveBegun();
    this.#wanted.start = start;
    return this;
  }

  /**
   * The byte after the last one to read.
   *
   * @throws MongoGridFSStreamError if the stream has begun
   */
  end(end = 0): this {
    this.#mustNotHaveBegun();
    this.#wanted.end = end;
    return this;
  }

  #mustNotHaveBegun(): void {
    if (this.#hasBegun) {
      throw new MongoGridFSStreamError('Options cannot be changed after the stream is initialized');
    }
  }

  /**
   * Ends the stream: no more bytes come. Events `end`, if it is read, and `close`.
   *
   * @param options - of the close of the cursor; default: the `timeoutMS` of the stream once more. A server that does not answer is no error
   */
  async abort(options?: GridFSTimeOptions): Promise<void> {
    this.push(null);
    const closing = this.#close(options);
    this.destroy();
    await closing;
  }

  /** Whether an error is the reason of an abort by the caller. @internal */
  isAbortReason(error: unknown): boolean {
    return this.#life.isAbortReason(error);
  }

  /** @internal */
  override _read(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    void this.#pump();
  }

  /** @internal */
  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#life.unwatch();
    const closing = this.#close();
    // Closing has a time of its own, which a reader who gets an error is not made to wait for.
    if (error === null) {
      closing.then(
        () => callback(null),
        () => callback(null),
      );
      return;
    }
    closing.catch(() => undefined);
    callback(error);
  }

  #close(options?: GridFSTimeOptions): Promise<void> {
    const cursor = this.#cursor;
    this.#closing ??=
      cursor === null || cursor.closed ? Promise.resolve() : this.#life.close(cursor, this.#place.chunks, options);
    return this.#closing;
  }

  async #pump(): Promise<void> {
    try {
      if (!this.#hasBegun) await this.#begin();
      for (;;) {
        if (this.destroyed) return;
        const data = await this.#next();
        // The reader may have destroyed it meanwhile.
        if (this.#isDestroyed()) return;
        if (data === null) {
          this.#life.unwatch();
          this.push(null);
          return;
        }
        if (data.length > 0 && !this.push(data)) break;
      }
      this.#isReading = false;
    } catch (error) {
      this.destroy(error as Error);
    }
  }

  #isDestroyed(): boolean {
    return this.destroyed;
  }

  /** Finds the file. */
  async #begin(): Promise<void> {
    this.#hasBegun = true;
    checkRange(this.#wanted);
    const { files, chunks } = this.#place;
    const file = await this.#life.run('file', files, call => this.#find(call));
    if (this.destroyed) return;
    const range = rangeOf(this.#wanted, file.length, file.chunkSize);
    const size = range.end - range.start;
    if (size > this.#maxBytes) {
      throw new MongoGridFSStreamError(
        `FileIsTooLarge: ${this.#search.shown} in ${files.namespace} has ${size} bytes to read, and maxBytes is ${this.#maxBytes}`,
        { namespace: files.namespace },
      );
    }
    this.#chunks = new ChunkSequence(file, range, chunks.namespace);
    if (range.endChunk > range.firstChunk) this.#cursor = this.#open(file, range);
    this.emit(GridFSBucketReadStream.FILE, file.document);
  }

  /** The next bytes; null at the end. */
  async #next(): Promise<Buffer | null> {
    const cursor = this.#cursor;
    const chunks = this.#chunks;
    if (cursor === null || chunks === null) return null;
    const chunk = cursor.nextBuffered() ?? (await this.#fetch(cursor));
    if (chunk === null) {
      chunks.end();
      return null;
    }
    if (!chunks.complete) return chunks.take(chunk);
    chunks.takeExtra(chunk);
    return null;
  }

  async #fetch(cursor: CursorCore): Promise<Document | null> {
    const chunk = await this.#life.run('read', this.#place.chunks, call => cursor.next(call));
    // What is here already is given to the reader however late that comes for it.
    if (cursor.id === 0n) this.#life.waitForNothing();
    return chunk;
  }

  #open({ id, chunkSize }: StoredFile, { firstChunk, endChunk, toEndOfFile }: ByteRange): CursorCore {
    const { client, chunks } = this.#place;
    const context = decodingChunks(chunks);
    const filter = { ...chunksOf(id), ...(firstChunk > 0 && { n: { $gte: firstChunk } }) };
    const batchSize = Math.max(1, Math.min(Math.floor(BATCH_BYTES / chunkSize), MOST_CHUNKS_IN_BATCH));
    // Without a limit a chunk is seen that lies behind the end of the file.
    const limit = toEndOfFile ? 0 : endChunk - firstChunk;
    const open = () => find(context, filter, { sort: { n: 1 }, batchSize, ...(limit > 0 && { limit }) });
    return internalCursor(client, this.#life, context, open, { batchSize, limit });
  }

  /** @throws MongoRuntimeError with code ENOENT if there is none; MongoGridFSStreamError if its document is malformed */
  async #find(call: Call): Promise<StoredFile> {
    const { files } = this.#place;
    const { filter, sort, skip, shown, revision } = this.#search;
    const options = { ...(isGiven(sort) && { sort }), ...(isGiven(skip) && { skip }) };
    const found = await this.#life.execute(findOne(decodingFiles(files), filter, options), call);
    if (found !== null) return storedFileOf(found, files.namespace);
    const isNamed =
      revision !== undefined &&
      isGiven(skip) &&
      (await this.#life.execute(findOne(decodingFiles(files), filter, { projection: { _id: 1 } }), call)) !== null;
    const error = new MongoRuntimeError(
      isNamed
        ? `RevisionNotFound: file ${shown} has no revision ${revision} (in ${files.namespace})`
        : `FileNotFound: file ${shown} was not found`,
      { namespace: files.namespace },
    );
    error.code = 'ENOENT';
    throw error;
  }

  /** The time ended while the stream waited for its reader. Without a listener the event would end the process. */
  #endIdle(error: unknown): void {
    if (this.listenerCount('error') > 0) this.destroy(error as Error);
    else this.destroy();
  }
}
