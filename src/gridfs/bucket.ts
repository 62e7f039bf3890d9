import { pipeline } from 'node:stream/promises';
import type { ObjectId } from '../bson/index.js';
import { budgetAt } from '../call/budget.js';
import type { Collection } from '../client/collection.js';
import { FindCursor, type FindOptions } from '../client/cursors/find_cursor.js';
import type { Db } from '../client/db.js';
import { withOverrides } from '../commands/context.js';
import { checkFilter } from '../commands/find.js';
import type { Abortable } from '../commands/options.js';
import type { ReadConcernLike } from '../concern/read_concern.js';
import type { ReadPreferenceLike } from '../concern/read_preference.js';
import { WriteConcern, type WriteConcernOptions } from '../concern/write_concern.js';
import { MongoInvalidArgumentError } from '../errors/driver.js';
import { shown } from '../errors/shown.js';
import { addCaller } from '../errors/stack_trace.js';
import { TypedEventEmitter } from '../events/typed_event_emitter.js';
import { isGiven, ownOptions } from '../runtime/own_options.js';
import type { Filter } from '../types/filter.js';
import { deleteByName, deleteFile, dropBucket, renameByName, renameFile } from './bucket_operations.js';
import { type BucketPlace, checkNames, type GridFSTimeOptions } from './bucket_place.js';
import type { GridFSChunk, GridFSFile } from './documents.js';
import { byId, checkFilename, checkId } from './filters.js';
import { IndexCheck } from './indexes.js';
import {
  type FileSearch,
  GridFSBucketReadStream,
  type GridFSBucketReadStreamOptions,
  type GridFSBucketReadStreamOptionsWithRevision,
} from './read_stream.js';
import { idShown } from './stored_file.js';
import { checkChunkSize, GridFSBucketWriteStream, type GridFSBucketWriteStreamOptions } from './write_stream.js';

/** @public */
export interface GridFSBucketOptions extends WriteConcernOptions {
  /** The collections are `<bucketName>.files` and `<bucketName>.chunks`. Default `fs`. */
  bucketName?: string;
  /** Bytes in each chunk of the files that are uploaded. Default 261,120 (255 KiB). */
  chunkSizeBytes?: number;
  /** Default: that of the database. */
  readPreference?: ReadPreferenceLike;
  /** Default: that of the database. */
  readConcern?: ReadConcernLike;
  /**
   * Milliseconds for each method, and for the whole life of each stream. 0 is no limit. Default: that of the database.
   */
  timeoutMS?: number;
}

/** @public */
export type GridFSBucketEvents = { index(): void };

/** @public */
export interface GridFSReadAllOptions extends GridFSBucketReadStreamOptions {
  /** Refuses what is longer, before its bytes are read. Default: no limit but that of a Buffer. */
  maxBytes?: number;
}

/** What `upload` takes: a stream, anything else that is iterated over in pieces, or all bytes at once. @public */
export type GridFSUploadSource =
  | NodeJS.ReadableStream
  | AsyncIterable<Uint8Array | string>
  | Iterable<Uint8Array>
  | Uint8Array
  | string;

const DEFAULT_NAME = 'fs';
const DEFAULT_CHUNK_BYTES = 255 * 1024;

// Here and not there, since the file of the stream cannot import this one: that would be a cycle.
declare module './write_stream.js' {
  interface GridFSBucketWriteStream {
    bucket: GridFSBucket;
  }
}

/**
 * Files in MongoDB: each is a document in one collection, and its bytes are in chunks in another.
 *
 * @example
 * ```ts
 * const bucket = new GridFSBucket(client.db('shop'), { bucketName: 'invoices' });
 * const file = await bucket.upload('2024-17.pdf', createReadStream('17.pdf'));
 * bucket.download(file._id).pipe(response);
 * ```
 *
 * Source: GridFS.
 *
 * @public
 */
export class GridFSBucket extends TypedEventEmitter<GridFSBucketEvents> {
  /** The first upload has found or made the indexes. */
  static readonly INDEX = 'index' as const;

  readonly #place: BucketPlace;
  readonly #files: Collection<GridFSFile>;
  readonly #chunks: Collection<GridFSChunk>;
  readonly #chunkSizeBytes: number;
  readonly #writeConcern: WriteConcern | undefined;
  readonly #indexes = new IndexCheck(() => this.emit(GridFSBucket.INDEX));

  /** @throws MongoInvalidArgumentError if an option is wrong */
  constructor(db: Db, given?: GridFSBucketOptions) {
    super();
    this.setMaxListeners(0);
    mustBeDatabase(db);
    const options = ownOptions(given);
    checkNames(options);
    const bucketName = nameOf(options.bucketName);
    checkChunkSize(options.chunkSizeBytes);
    const { readPreference, readConcern } = options;
    const writeConcern = WriteConcern.fromOptions(options);
    const levels = {
      ...(isGiven(readPreference) && { readPreference }),
      ...(isGiven(readConcern) && { readConcern }),
      ...(writeConcern !== undefined && { writeConcern }),
      ...(isGiven(options.timeoutMS) && { timeoutMS: options.timeoutMS }),
    };
    const budget = budgetAt('the bucket', options.timeoutMS, db.context.budget);
    this.#files = db.collection<GridFSFile>(`${bucketName}.files`, levels);
    this.#chunks = db.collection<GridFSChunk>(`${bucketName}.chunks`, levels);
    this.#chunkSizeBytes = options.chunkSizeBytes ?? DEFAULT_CHUNK_BYTES;
    this.#writeConcern = writeConcern;
    this.#place = {
      client: this.#files.client,
      files: { ...this.#files.context, budget },
      chunks: { ...this.#chunks.context, budget },
      namespace: `${db.databaseName}.${bucketName}`,
      budget,
    };
  }

  // ── Uploads

  /**
   * A stream that writes a file. The file is there from its event `finish` on.
   *
   * @param filename - need not be unique: files of one name are revisions
   */
  openUploadStream(filename: string, options?: GridFSBucketWriteStreamOptions): GridFSBucketWriteStream {
    return this.#openUpload('openUploadStream', filename, options);
  }

  #openUpload(
    method: string,
    filename: string,
    options: GridFSBucketWriteStreamOptions | undefined,
  ): GridFSBucketWriteStream {
    const port = {
      place: this.#place,
      indexes: this.#indexes,
      chunkSizeBytes: this.#chunkSizeBytes,
      writeConcern: this.#writeConcern,
      files: this.#files,
      chunks: this.#chunks,
    };
    const stream = new GridFSBucketWriteStream(port, method, filename, options);
    stream.bucket = this;
    return stream;
  }

  /** The same for a file whose `_id` the program chooses. */
  openUploadStreamWithId(
    id: ObjectId,
    filename: string,
    options?: GridFSBucketWriteStreamOptions,
  ): GridFSBucketWriteStream {
    return this.#openUpload('openUploadStreamWithId', filename, { ...options, id });
  }

  /**
   * Stores a file. Resolves when it is there, with its files document. If it fails, the chunks that are stored already are deleted, and the source is
   * destroyed; no event is left without a listener.
   *
   * @param source - read no faster than the chunks are stored
   * @throws what the source fails with; what a command fails with; the reason of the signal
   *
   * @example
   * ```ts
   * const file = await bucket.upload(name, request, { signal, metadata: { owner } });
   * ```
   */
  upload(filename: string, source: GridFSUploadSource, options?: GridFSBucketWriteStreamOptions): Promise<GridFSFile> {
    return uploadAll(() => this.#openUpload('upload', filename, options), source, options?.signal);
  }

  // ── Downloads

  /** A stream that reads a file. Nothing is sent before it is read. */
  openDownloadStream(id: ObjectId, options?: GridFSBucketReadStreamOptions): GridFSBucketReadStream {
    return new GridFSBucketReadStream(this.#place, 'openDownloadStream', searchById(id, options), options);
  }

  /** A stream that reads a file of a name: the one that was uploaded last, or the one of the `revision`. */
  openDownloadStreamByName(
    filename: string,
    options?: GridFSBucketReadStreamOptionsWithRevision,
  ): GridFSBucketReadStream {
    checkFilename(filename);
    const search = searchByName(filename, ownOptions(options).revision ?? -1);
    return new GridFSBucketReadStream(this.#place, 'openDownloadStreamByName', search, options);
  }

  /** The bytes of a file as a stream: {@link GridFSBucket.openDownloadStream} by a shorter name. */
  download(id: ObjectId, options?: GridFSBucketReadStreamOptions): GridFSBucketReadStream {
    return new GridFSBucketReadStream(this.#place, 'download', searchById(id, options), options);
  }

  /**
   * The bytes of a file, all at once. `maxBytes` is for files whose size the program does not know.
   *
   * @throws MongoRuntimeError with code `ENOENT` if there is no such file; MongoGridFSStreamError if it is longer than `maxBytes`;
   * MongoGridFSChunkError if its chunks are not what they should be
   */
  readAll(id: ObjectId, options?: GridFSReadAllOptions): Promise<Buffer> {
    return readWhole(() => {
      const { maxBytes, ...own } = ownOptions(options);
      if (isGiven(maxBytes) && !(typeof maxBytes === 'number' && maxBytes >= 0)) {
        throw new MongoInvalidArgumentError(
          `Option "maxBytes" must be a number from 0 on, got ${shown(maxBytes).slice(0, 40)}`,
        );
      }
      return new GridFSBucketReadStream(this.#place, 'readAll', searchById(id, own), own, maxBytes ?? Infinity);
    });
  }

  // ── Files

  /** The files documents that match. Nothing is sent before the cursor is read. */
  find(filter?: Filter<GridFSFile> | null, options?: FindOptions & Abortable): FindCursor<GridFSFile> {
    const wanted = filter ?? {};
    checkFilter(wanted);
    const { client, files } = this.#place;
    return new FindCursor<GridFSFile>(client, withOverrides(files, options), wanted, options ?? {});
  }

  /**
   * Deletes a file.
   *
   * @throws MongoRuntimeError if there is none; chunks without a file are deleted all the same
   */
  delete(id: ObjectId, options?: GridFSTimeOptions): Promise<void> {
    return deleteFile(this.#place, id, options);
  }

  /**
   * Deletes all files of a name.
   *
   * @throws MongoRuntimeError if there is none
   */
  deleteByName(filename: string, options?: GridFSTimeOptions): Promise<void> {
    return deleteByName(this.#place, filename, options);
  }

  /**
   * Gives a file another name.
   *
   * @throws MongoRuntimeError if there is none
   */
  rename(id: ObjectId, filename: string, options?: GridFSTimeOptions): Promise<void> {
    return renameFile(this.#place, id, filename, options);
  }

  /**
   * Gives all files of a name another name.
   *
   * @throws MongoRuntimeError if there is none
   */
  renameByName(filename: string, newFilename: string, options?: GridFSTimeOptions): Promise<void> {
    return renameByName(this.#place, filename, newFilename, options);
  }

  /** Drops both collections of the bucket. No error if they do not exist. */
  drop(options?: GridFSTimeOptions): Promise<void> {
    return dropBucket(this.#place, options);
  }
}

/**
 * The database may be of a second copy of this package.
 *
 * @throws MongoInvalidArgumentError
 */
function mustBeDatabase(db: unknown): asserts db is Db {
  const { collection, context } = (db ?? {}) as Partial<Db>;
  if (typeof collection === 'function' && typeof context === 'object') return;
  throw new MongoInvalidArgumentError('The first argument of GridFSBucket must be a database (client.db())');
}

/** @throws MongoInvalidArgumentError */
function nameOf(bucketName: unknown): string {
  if (!isGiven(bucketName)) return DEFAULT_NAME;
  if (typeof bucketName === 'string' && bucketName !== '') return bucketName;
  throw new MongoInvalidArgumentError('Option "bucketName" must be a string that is not empty');
}

function searchById(id: unknown, options: GridFSBucketReadStreamOptions | undefined): FileSearch {
  checkId(id);
  const { sort, skip } = ownOptions(options);
  return { filter: byId(id), sort, skip, shown: idShown(id) };
}

/** @throws MongoInvalidArgumentError */
function searchByName(filename: string, revision: unknown): FileSearch {
  if (typeof revision !== 'number' || !Number.isInteger(revision)) {
    throw new MongoInvalidArgumentError(`Option "revision" must be an integer, got ${shown(revision).slice(0, 40)}`);
  }
  const skip = revision < 0 ? -revision - 1 : revision;
  return {
    filter: { filename },
    sort: { uploadDate: revision < 0 ? -1 : 1 },
    shown: filename,
    ...(skip > 0 && { skip, revision }),
  };
}

async function uploadAll(
  open: () => GridFSBucketWriteStream,
  source: GridFSUploadSource,
  signal: AbortSignal | undefined,
): Promise<GridFSFile> {
  let stream: GridFSBucketWriteStream | null = null;
  try {
    const pieces = piecesOf(source);
    stream = open();
    await pipeline(pieces, stream);
    return stream.gridFSFile as GridFSFile;
  } catch (failure) {
    // Node.js has no error for a reason that is falsy.
    const isAborted = signal?.aborted === true;
    const error: unknown = isAborted ? signal.reason : failure;
    if (stream === null) destroy(source);
    else await stream.cleanUpAfter(error);
    if (!isAborted && stream?.isAbortReason(error) !== true) addCaller(error, uploadAll);
    throw error;
  }
}

/** A source of which nothing is read would make its producer wait for ever. */
function destroy(source: unknown): void {
  const { destroy: method } = ((typeof source === 'object' ? source : null) ?? {}) as { destroy?: unknown };
  if (typeof method === 'function') method.call(source);
}

/** @throws MongoInvalidArgumentError if it is nothing that could be read */
function piecesOf(source: unknown): AsyncIterable<unknown> | Iterable<unknown> {
  // Iterating over them would give numbers and characters.
  if (typeof source === 'string' || source instanceof Uint8Array) return [source];
  if (typeof source === 'object' && source !== null) {
    if (Symbol.asyncIterator in source || Symbol.iterator in source) return source as AsyncIterable<unknown>;
  }
  throw new MongoInvalidArgumentError(
    'The source of an upload must be a stream, an iterable of pieces, a Uint8Array or a string',
  );
}

async function readWhole(open: () => GridFSBucketReadStream): Promise<Buffer> {
  let stream: GridFSBucketReadStream | null = null;
  try {
    stream = open();
    const pieces: Buffer[] = [];
    for await (const piece of stream) pieces.push(piece as Buffer);
    const [only, ...others] = pieces;
    return only !== undefined && others.length === 0 ? only : Buffer.concat(pieces);
  } catch (error) {
    if (stream?.isAbortReason(error) !== true) addCaller(error, readWhole);
    throw error;
  }
}
