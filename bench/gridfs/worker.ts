/** The client process: sends or reads one file, and watches its memory. */
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Db, GridFSBucket, MongoClient } from 'mongotempo';
import { answerTasks } from '../csot/processes.js';

export type ClientName = 'ours' | 'official';
export type Direction = 'upload' | 'download' | 'slow download';

export interface TransferTask {
  readonly client: ClientName;
  readonly direction: Direction;
  readonly uri: string;
  readonly bytes: number;
}

/** Bytes, as far as they are memory. */
export interface TransferSample {
  readonly bytes: number;
  readonly seconds: number;
  /** Resident before the transfer. */
  readonly rssBefore: number;
  /** The most that was resident. */
  readonly rssPeak: number;
  readonly heapPeak: number;
  /** Buffers outside of the heap. */
  readonly buffersPeak: number;
}

interface Package {
  readonly MongoClient: new (uri: string) => MongoClient;
  readonly GridFSBucket: new (db: Db) => GridFSBucket;
}

const PIECE_BYTES = 64 * 1024;
const LOOK_EVERY_MS = 10;
/** A slow reader takes this long for each piece, as long as the pause is noticed. */
const SLOW_PIECES = 400;
const SLOW_MS = 5;

const PACKAGES: Readonly<Record<ClientName, string>> = { ours: 'mongotempo', official: 'mongodb' };

async function transfer({ client: name, direction, uri, bytes }: TransferTask): Promise<TransferSample> {
  const { MongoClient, GridFSBucket } = (await import(PACKAGES[name])) as Package;
  const client = new MongoClient(uri);
  await client.connect();
  const bucket = new GridFSBucket(client.db('bench'));
  const before = process.memoryUsage().rss;
  const peak = { rss: before, heap: 0, buffers: 0 };
  const look = (): void => {
    const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
    peak.rss = Math.max(peak.rss, rss);
    peak.heap = Math.max(peak.heap, heapUsed);
    peak.buffers = Math.max(peak.buffers, arrayBuffers);
  };
  const timer = setInterval(look, LOOK_EVERY_MS);
  const began = performance.now();
  const moved = direction === 'upload' ? await upload(bucket, bytes) : await download(bucket, direction, look);
  const seconds = (performance.now() - began) / 1000;
  clearInterval(timer);
  look();
  await client.close();
  return {
    bytes: moved,
    seconds,
    rssBefore: before,
    rssPeak: peak.rss,
    heapPeak: peak.heap,
    buffersPeak: peak.buffers,
  };
}

/** The source is as fast as it is asked, as that of a file in the page cache. */
async function upload(bucket: GridFSBucket, bytes: number): Promise<number> {
  let left = bytes;
  const source = new Readable({
    read() {
      const size = Math.min(left, PIECE_BYTES);
      left -= size;
      this.push(size === 0 ? null : Buffer.alloc(size));
    },
  });
  const stream = bucket.openUploadStream('big');
  await pipeline(source, stream);
  return stream.gridFSFile?.length ?? 0;
}

async function download(bucket: GridFSBucket, direction: Direction, look: () => void): Promise<number> {
  const [file] = await bucket.find().toArray();
  if (file === undefined) throw new Error('There is no file');
  let bytes = 0;
  let pieces = 0;
  const reader = new Writable({
    write(piece: Buffer, _encoding, callback) {
      bytes += piece.length;
      look();
      if (direction === 'slow download' && pieces++ < SLOW_PIECES) setTimeout(callback, SLOW_MS);
      else callback();
    },
  });
  await pipeline(bucket.openDownloadStream(file._id), reader);
  return bytes;
}

answerTasks(transfer);
process.on('disconnect', () => process.exit(0));
