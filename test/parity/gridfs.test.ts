// The same programs with the GridFS of both packages: what they see, event by event.
import assert from 'node:assert/strict';
import type { EventEmitter } from 'node:events';
import { Readable, type Writable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { after, before, describe, it } from 'node:test';
import * as official from 'mongodb';
import * as ours from 'mongotempo';
import { TestCluster } from 'mongotempo-server';

/** What a program works with; both packages have the same interface. */
interface Subject {
  readonly db: official.Db;
  /** Chunks of four bytes, empty. */
  readonly bucket: official.GridFSBucket;
  /** What is seen, in order. */
  readonly seen: string[];
}

type Program = (subject: Subject) => Promise<void>;

const ID = new official.ObjectId('0123456789abcdef01234567');
const UPLOAD = ['pipe', 'unpipe', 'drain', 'prefinish', 'finish', 'error', 'close'];
const DOWNLOAD = ['file', 'data', 'end', 'error', 'close'];

/** Writes down the events of a stream. */
function watch({ seen }: Subject, stream: EventEmitter, names: readonly string[]): void {
  for (const name of names) {
    stream.on(name, (value: unknown) => seen.push(value instanceof Error ? `${name} ${shown(value)}` : name));
  }
}

function shown(error: unknown): string {
  const { name, code, message } = error as Error & { code?: unknown };
  return `${name} ${String(code)} ${message.replace(/ \(file .*\)$/, '')}`;
}

/** Settles when a stream has closed, with or without an error. */
function closed(stream: EventEmitter): Promise<unknown> {
  return new Promise(resolve => stream.once('close', resolve));
}

async function store({ bucket }: Subject, text: string, name = 'a'): Promise<official.ObjectId> {
  const stream = bucket.openUploadStream(name);
  stream.end(text);
  await finished(stream);
  return stream.id;
}

async function read(subject: Subject, stream: Readable): Promise<void> {
  watch(subject, stream, DOWNLOAD);
  const pieces: Buffer[] = [];
  stream.on('data', (piece: Buffer) => pieces.push(piece));
  await closed(stream);
  subject.seen.push(String(Buffer.concat(pieces)));
}

async function tried({ seen }: Subject, run: () => unknown): Promise<void> {
  try {
    seen.push(String(await run()));
  } catch (error) {
    seen.push(shown(error));
  }
}

const written = (stream: Writable, text: string) => new Promise(resolve => stream.write(text, resolve));

const programs: Readonly<Record<string, Program>> = {
  async 'an upload'(subject) {
    const { bucket, seen } = subject;
    bucket.on('index', () => seen.push('index'));
    const stream = bucket.openUploadStreamWithId(ID, 'a', { metadata: { x: 1 } });
    watch(subject, stream, UPLOAD);
    const { length, n, pos, done, state, chunkSizeBytes, writeConcern, gridFSFile, filename, id } = stream;
    seen.push(JSON.stringify([length, n, pos, done, state, chunkSizeBytes, writeConcern, gridFSFile, filename, id]));
    seen.push(String(stream.write('hello')), String(stream.write('world!')));
    stream.end();
    await closed(stream);
    const { uploadDate, ...file } = stream.gridFSFile ?? { uploadDate: null };
    seen.push(JSON.stringify([stream.length, stream.pos, stream.done, stream.state, file, uploadDate instanceof Date]));
  },
  async 'an upload by pipe'(subject) {
    const stream = subject.bucket.openUploadStream('a');
    watch(subject, stream, UPLOAD);
    Readable.from([Buffer.from('abc'), Buffer.from('defghijklmnop')]).pipe(stream);
    await closed(stream);
  },
  async 'an upload whose source fails'(subject) {
    const stream = subject.bucket.openUploadStream('a');
    watch(subject, stream, UPLOAD);
    const source = Readable.from(
      (async function* () {
        yield Buffer.from('abcdefgh');
        await closed(subject.bucket.openUploadStream('other').end());
        throw new Error('the source broke');
      })(),
    );
    const isClosed = closed(stream);
    await assert.rejects(pipeline(source, stream), /the source broke/);
    await isClosed;
    await tried(subject, () => stream.abort());
  },
  async 'an upload that ends with more than a chunk'(subject) {
    const stream = subject.bucket.openUploadStream('a');
    watch(subject, stream, UPLOAD);
    stream.end('abcdefghij');
    await closed(stream);
  },
  async 'an upload without a name'(subject) {
    const stream = subject.bucket.openUploadStream(undefined as never);
    stream.end('a');
    await finished(stream);
    const file = await subject.db.collection('fs.files').findOne();
    subject.seen.push(String(file?.['filename']));
  },
  async 'a write after the end'(subject) {
    const stream = subject.bucket.openUploadStream('a');
    watch(subject, stream, UPLOAD);
    stream.end('a');
    stream.write('b');
    await closed(stream);
  },
  async 'a write of an object'({ bucket, seen }) {
    const stream = bucket.openUploadStream('a');
    assert.throws(
      () => stream.write({}),
      (error: Error & { code?: unknown }) => {
        seen.push(shown(error));
        return true;
      },
    );
    stream.end();
    await finished(stream);
  },
  async 'an id twice'(subject) {
    for (const text of ['abcdefgh', 'ijklmnop']) {
      const stream = subject.bucket.openUploadStreamWithId(ID, 'a');
      watch(subject, stream, ['finish', 'close']);
      stream.on('error', (error: Error & { code?: unknown }) =>
        subject.seen.push(`${error.name} ${String(error.code)}`),
      );
      stream.end(text);
      await closed(stream);
      subject.seen.push(JSON.stringify([stream.state.errored, stream.gridFSFile === null]));
    }
  },
  async 'an abort, and what is written then'(subject) {
    const stream = subject.bucket.openUploadStream('a');
    watch(subject, stream, UPLOAD);
    await written(stream, 'abcdefgh');
    await tried(subject, () => stream.abort());
    subject.seen.push(JSON.stringify(stream.state), String(await subject.db.collection('fs.chunks').countDocuments()));
    await tried(subject, () => stream.abort());
    stream.write('more');
    await closed(stream);
  },
  async 'an abort, and the end'(subject) {
    const stream = subject.bucket.openUploadStream('a');
    watch(subject, stream, UPLOAD);
    await written(stream, 'abcdefgh');
    await stream.abort();
    stream.end();
    await closed(stream);
  },
  async 'an abort after the end'(subject) {
    const stream = subject.bucket.openUploadStream('a');
    watch(subject, stream, UPLOAD);
    stream.end('abcd');
    await closed(stream);
    await tried(subject, () => stream.abort());
  },
  async 'destroying an upload'(subject) {
    const stream = subject.bucket.openUploadStream('a');
    watch(subject, stream, UPLOAD);
    await written(stream, 'abcdefgh');
    stream.destroy();
    await closed(stream);
    subject.seen.push(String(await subject.db.collection('fs.chunks').countDocuments()));
  },
  async 'a download'(subject) {
    await read(subject, subject.bucket.openDownloadStream(await store(subject, 'hello world')));
  },
  async 'a download of what is not there'(subject) {
    await read(subject, subject.bucket.openDownloadStream(ID));
  },
  async 'a download by a name that is not there'(subject) {
    await read(subject, subject.bucket.openDownloadStreamByName('b'));
  },
  async 'a download by name and revision'(subject) {
    for (const [day, text] of ['oldest', 'older', 'newest'].entries()) {
      const _id = await store(subject, text);
      await subject.db.collection('fs.files').updateOne({ _id }, { $set: { uploadDate: new Date(day) } });
    }
    for (const revision of [undefined, 0, 1, 2, -1, -2, -3]) {
      const options = revision === undefined ? {} : { revision };
      await read(subject, subject.bucket.openDownloadStreamByName('a', options));
    }
  },
  async 'ranges of a file'(subject) {
    const id = await store(subject, 'hello world');
    const ranges = [
      [0, 0],
      [5, 5],
      [0, 1],
      [3, 5],
      [4, 8],
      [8, 11],
      [11, 11],
      [0, 11],
      [0, 12],
      [-1, 0],
      [5, 3],
    ];
    for (const [start = 0, end = 0] of ranges) {
      subject.seen.push(`${start} to ${end}`);
      await read(subject, subject.bucket.openDownloadStream(id, { start, end }));
    }
    await read(subject, subject.bucket.openDownloadStream(id).start(2).end(6));
  },
  async 'a range that is set too late'(subject) {
    const stream = subject.bucket.openDownloadStream(await store(subject, 'hello world'));
    await read(subject, stream);
    await tried(subject, () => stream.start(1));
    await tried(subject, () => stream.end(1));
  },
  async 'an abort of a download'(subject) {
    const stream = subject.bucket.openDownloadStream(await store(subject, 'hello world'));
    watch(subject, stream, ['file', 'error', 'close']);
    const isClosed = closed(stream);
    await new Promise(resolve => stream.once('file', resolve).resume());
    await stream.abort();
    await isClosed;
    subject.seen.push(String(stream.destroyed));
  },
  async 'an abort of a download that was not read'(subject) {
    const stream = subject.bucket.openDownloadStream(ID);
    watch(
      subject,
      stream,
      DOWNLOAD.filter(name => name !== 'data'),
    );
    const isClosed = closed(stream);
    await stream.abort();
    await isClosed;
  },
  async 'chunks that are wrong'(subject) {
    for (const sizes of [
      { 0: 4, 2: 2 },
      { 0: 4, 1: 3, 2: 2 },
      { 0: 4, 1: 4, 2: 2, 3: 4 },
      { 0: 4, 1: 4, 2: 2, 3: 0 },
    ]) {
      const _id = new official.ObjectId();
      await subject.db
        .collection('fs.files')
        .insertOne({ _id, length: 10, chunkSize: 4, uploadDate: new Date(0), filename: 'a' });
      for (const [n, size] of Object.entries(sizes)) {
        await subject.db.collection('fs.chunks').insertOne({ files_id: _id, n: Number(n), data: Buffer.alloc(size) });
      }
      await read(subject, subject.bucket.openDownloadStream(_id));
    }
  },
  async 'rename, delete and drop'(subject) {
    const { bucket, seen } = subject;
    await tried(subject, () => bucket.rename(ID, 'b'));
    await tried(subject, () => bucket.delete(ID));
    const id = await store(subject, 'hello');
    await tried(subject, () => bucket.rename(id, 'b'));
    seen.push((await bucket.find({ filename: 'b' }).toArray()).map(file => `${file.filename} ${file.length}`).join());
    await tried(subject, () => bucket.delete(id));
    await tried(subject, () => bucket.drop());
    await tried(subject, () => bucket.drop());
  },
};

/** Deliberate differences: docs/differences.md has the reasons. */
const different: Readonly<Record<string, Program>> = {
  async 'a download of an empty file'(subject) {
    await read(subject, subject.bucket.openDownloadStream(await store(subject, '')));
  },
  async 'a file whose last chunk is missing'(subject) {
    const id = await store(subject, 'hello world');
    await subject.db.collection('fs.chunks').deleteOne({ n: 2 });
    await read(subject, subject.bucket.openDownloadStream(id));
  },
  async 'a range without an end'(subject) {
    await read(subject, subject.bucket.openDownloadStream(await store(subject, 'hello world'), { start: 5 }));
  },
  async 'a revision that is not there'(subject) {
    await store(subject, 'hello');
    await read(subject, subject.bucket.openDownloadStreamByName('a', { revision: 7 }));
  },
};

describe('the same programs with the GridFS of mongotempo and of the official driver', () => {
  const clusters: TestCluster[] = [];
  const clients: { close(): Promise<void> }[] = [];
  const drivers: ((program: Program) => Promise<readonly string[]>)[] = [];

  before(async () => {
    for (const driver of [ours, official] as unknown as (typeof official)[]) {
      const cluster = await TestCluster.start({ seed: 1 });
      const client = new driver.MongoClient(cluster.uri);
      clusters.push(cluster);
      clients.push(client);
      drivers.push(async program => {
        const db = client.db('parity');
        await db.dropDatabase();
        const subject = { db, bucket: new driver.GridFSBucket(db, { chunkSizeBytes: 4 }), seen: [] };
        await program(subject);
        return subject.seen;
      });
    }
  });

  after(async () => {
    for (const client of clients) await client.close();
    for (const cluster of clusters) await cluster.stop();
  });

  for (const [name, program] of Object.entries(programs)) {
    it(`see the same: ${name}`, async () => {
      const [mine, theirs] = await Promise.all(drivers.map(async run => run(program)));

      assert.deepEqual(mine, theirs);
      assert.notEqual(mine?.length, 0);
    });
  }

  for (const [name, program] of Object.entries(different)) {
    it(`see something else on purpose: ${name}`, async () => {
      const [mine, theirs] = await Promise.all(drivers.map(async run => run(program)));

      assert.notDeepEqual(mine, theirs, 'no difference any more');
    });
  }
});
