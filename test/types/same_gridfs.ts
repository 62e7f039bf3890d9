// GridFS in one program, compiled twice: against this package, and against `mongodb` (test/types/official).
import { createReadStream } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import {
  type Collection,
  type Document,
  type Filter,
  type FindCursor,
  GridFSBucket,
  type GridFSBucketEvents,
  type GridFSBucketOptions,
  GridFSBucketReadStream,
  type GridFSBucketReadStreamOptions,
  type GridFSBucketReadStreamOptionsWithRevision,
  GridFSBucketWriteStream,
  type GridFSBucketWriteStreamOptions,
  type GridFSChunk,
  type GridFSFile,
  MongoClient,
  MongoGridFSChunkError,
  MongoGridFSStreamError,
  MongoRuntimeError,
  ObjectId,
  ReadPreference,
  TypedEventEmitter,
  WriteConcern,
} from 'mongotempo';

export async function files(client: MongoClient): Promise<void> {
  const options: GridFSBucketOptions = {
    bucketName: 'files',
    chunkSizeBytes: 1024,
    readPreference: ReadPreference.primary,
    writeConcern: { w: 'majority' },
    timeoutMS: 100,
  };
  const bucket: GridFSBucket = new GridFSBucket(client.db('shop'), options);
  const emitter: TypedEventEmitter<GridFSBucketEvents> = bucket;
  bucket.on(GridFSBucket.INDEX, () => undefined);
  bucket.once('index', () => undefined).off('index', () => undefined);

  const writing: GridFSBucketWriteStreamOptions = {
    chunkSizeBytes: 512,
    id: new ObjectId(),
    metadata: { owner: 'ann' },
    writeConcern: new WriteConcern(1),
    timeoutMS: 100,
  };
  const upload: GridFSBucketWriteStream = bucket.openUploadStream('a', writing);
  const withId: Writable = bucket.openUploadStreamWithId(new ObjectId(), 'a', { metadata: {} });
  createReadStream('a')
    .pipe(upload)
    .on('finish', () => upload.gridFSFile?._id.toHexString());
  const { chunks, files, filename, done, id, chunkSizeBytes, bufToStore, length, n, pos, state } = upload;
  const parts: Collection<GridFSChunk> = chunks;
  const stored: Collection<GridFSFile> = files;
  const { streamEnd, outstandingRequests, errored, aborted } = state;
  const flags: boolean[] = [done, streamEnd, errored, aborted];
  const numbers: number[] = [chunkSizeBytes, length, n, pos, outstandingRequests];
  const owner: GridFSBucket = upload.bucket;
  const own: GridFSBucketWriteStreamOptions = upload.options;
  const concern: WriteConcern | undefined = upload.writeConcern;
  const bytes: Uint8Array = bufToStore;
  await upload.abort();

  const reading: GridFSBucketReadStreamOptions = { start: 1, end: 2, sort: { uploadDate: -1 }, skip: 0, timeoutMS: 1 };
  const byRevision: GridFSBucketReadStreamOptionsWithRevision = { ...reading, revision: -1 };
  const download: GridFSBucketReadStream = bucket.openDownloadStream(id, reading).start(1).end(2);
  const byName: Readable = bucket.openDownloadStreamByName(filename, byRevision);
  download.on(GridFSBucketReadStream.FILE, (file: GridFSFile) => file.length);
  for await (const piece of byName) bytes.set(piece as Buffer);
  await download.abort();

  const filter: Filter<GridFSFile> = { filename: 'a', length: { $gt: 1 }, 'metadata.owner': 'ann' };
  const cursor: FindCursor<GridFSFile> = bucket.find(filter, { sort: { uploadDate: 1 }, limit: 1 });
  const [file] = await cursor.toArray();
  const metadata: Document | undefined = file?.metadata;
  const when: number | undefined = file?.uploadDate.getTime();
  await bucket.find().next();
  await bucket.rename(id, 'b', { timeoutMS: 10 });
  await bucket.delete(id, { timeoutMS: 10 });
  await bucket.drop();
  const errors: (error: unknown) => boolean = error =>
    (error instanceof MongoGridFSChunkError || error instanceof MongoGridFSStreamError) &&
    error instanceof MongoRuntimeError;
  void [emitter, withId, parts, stored, flags, numbers, owner, own, concern, metadata, when, errors];
}
