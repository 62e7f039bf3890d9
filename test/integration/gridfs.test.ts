import assert from 'node:assert/strict';
import { type EventEmitter, once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { finished, pipeline } from 'node:stream/promises';
import { describe, it } from 'node:test';
import {
  type Document,
  GridFSBucket,
  type GridFSBucketReadStream,
  type GridFSFile,
  MongoAPIError,
  MongoGridFSChunkError,
  MongoGridFSStreamError,
  MongoInvalidArgumentError,
  MongoRuntimeError,
  MongoServerError,
  ObjectId,
} from 'mongotempo';
import { failCommand, rejection, type SetupWithCluster, withServer } from '../support/cluster.js';

interface Setup extends SetupWithCluster {
  readonly bucket: GridFSBucket;
}

/** A bucket with chunks of four bytes. */
function withBucket(run: (setup: Setup) => Promise<void>): Promise<void> {
  return withServer({}, setup => run({ ...setup, bucket: new GridFSBucket(setup.db, { chunkSizeBytes: 4 }) }));
}

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz';

/** Names of the events of a stream, in order. */
function eventsOf(stream: EventEmitter, ...names: string[]): string[] {
  const seen: string[] = [];
  for (const name of names) stream.on(name, () => seen.push(name));
  return seen;
}

/** What each command is and where it goes: `insert fs.chunks`. */
function story({ log }: Setup): string[] {
  return log.started().map(({ commandName, command }) => `${commandName} ${String(command[commandName])}`);
}

describe('an upload to GridFS', () => {
  it('makes the indexes, stores the chunks, and then the file', () =>
    withBucket(async setup => {
      const { bucket, db } = setup;
      const indexed = once(bucket, 'index');
      const stream = bucket.openUploadStream('letters', { metadata: { kind: 'text' } });
      const events = eventsOf(stream, 'finish', 'error', 'close');
      assert.equal(stream.gridFSFile, null);

      stream.write('abc');
      stream.end('defghij');
      await finished(stream);
      await indexed;

      assert.deepEqual(story(setup), [
        'find fs.files',
        'listIndexes fs.files',
        'createIndexes fs.files',
        'listIndexes fs.chunks',
        'createIndexes fs.chunks',
        'insert fs.chunks',
        'insert fs.chunks',
        'insert fs.chunks',
        'insert fs.files',
      ]);
      assert.deepEqual(events, ['finish', 'close']);
      const stored = await db.collection<GridFSFile>('fs.files').findOne({ _id: stream.id });
      assert.equal(stored?.length, 10);
      assert.equal(stored.chunkSize, 4);
      assert.deepEqual(stored.metadata, { kind: 'text' });
      assert.deepEqual(stored, stream.gridFSFile);
      const chunks = await db
        .collection('fs.chunks')
        .find({}, { promoteBuffers: true, sort: { n: 1 } })
        .toArray();
      assert.deepEqual(
        chunks.map(({ n, data }) => [n, String(data)] as unknown),
        [
          [0, 'abcd'],
          [1, 'efgh'],
          [2, 'ij'],
        ],
      );
    }));

  it('looks for the indexes once for each bucket object', () =>
    withBucket(async setup => {
      await setup.bucket.upload('a', 'a');
      setup.log.clear();

      await setup.bucket.upload('b', 'b');

      assert.deepEqual(story(setup), ['insert fs.chunks', 'insert fs.files']);
    }));

  it('of an empty file stores no chunk', () =>
    withBucket(async setup => {
      const { _id } = await setup.bucket.upload('empty', new Uint8Array());

      assert.equal(await setup.db.collection('fs.chunks').countDocuments(), 0);
      assert.deepEqual(await setup.bucket.readAll(_id), Buffer.alloc(0));
    }));

  it('takes what fills many chunks in one piece, whatever was left of the last', () =>
    withBucket(async ({ bucket }) => {
      for (const cuts of [[0], [1], [3, 4], [2, 15], [4, 8], [5, 6, 25]]) {
        const pieces = [...cuts, ALPHABET.length].map((to, at) => ALPHABET.slice(at === 0 ? 0 : cuts[at - 1], to));

        const { _id, length } = await bucket.upload(
          'letters',
          pieces.map(piece => Buffer.from(piece)),
        );

        assert.equal(length, ALPHABET.length);
        assert.equal(String(await bucket.readAll(_id)), ALPHABET);
      }
    }));

  it('stores strings in their encoding', () =>
    withBucket(async ({ bucket }) => {
      const stream = bucket.openUploadStream('hex');
      stream.write('e29883', 'hex');
      stream.end('☃');
      await finished(stream);

      assert.equal(String(await bucket.readAll(stream.id)), '☃☃');
    }));

  it('goes on where the user may not look at indexes', () =>
    withBucket(async ({ bucket, uri }) => {
      await failCommand(uri, { failCommands: ['listIndexes'], errorCode: 13 });
      let indexed = 0;
      bucket.on('index', () => indexed++);

      const { _id } = await bucket.upload('a', 'bytes');

      assert.equal(String(await bucket.readAll(_id)), 'bytes');
      assert.equal(indexed, 0);
    }));

  it('that fails emits one error, leaves no other, and can be aborted', () =>
    withBucket(async ({ bucket, db, uri }) => {
      await bucket.upload('first', 'x');
      await failCommand(uri, { failCommands: ['insert'], errorCode: 14 }, { skip: 2 });
      const stream = bucket.openUploadStream('a');
      const errors: Error[] = [];
      stream.on('error', error => errors.push(error));

      const closed = new Promise(resolve => stream.once('close', resolve));
      stream.write(ALPHABET);
      await closed;
      await stream.abort();

      assert.equal(errors.length, 1);
      assert.ok(errors[0] instanceof MongoServerError);
      assert.equal(stream.gridFSFile, null);
      assert.equal(await db.collection('fs.chunks').countDocuments({ files_id: stream.id }), 0);
    }));
});

describe('abort of an upload', () => {
  it('deletes its chunks, and what is written then fails', () =>
    withBucket(async ({ bucket, db }) => {
      const stream = bucket.openUploadStream('a');
      await new Promise(resolve => stream.write(ALPHABET, resolve));

      await stream.abort();

      assert.equal(await db.collection('fs.chunks').countDocuments(), 0);
      assert.match((await rejection(stream.abort())).message, /Cannot call abort\(\) on a stream twice/);
      const failed = once(stream, 'error');
      stream.end('more');
      const [error] = (await failed) as [Error];
      assert.ok(error instanceof MongoAPIError);
      assert.equal(error.message, 'Stream has been aborted');
    }));

  it('is refused when the file is complete', () =>
    withBucket(async ({ bucket }) => {
      const stream = bucket.openUploadStream('a');
      stream.end('a');
      await finished(stream);

      const error = await rejection(stream.abort());
      assert.equal(error.message, 'Cannot abort a stream that has already completed');
    }));

  it('leaves the chunks of another file with the same id alone', () =>
    withBucket(async ({ bucket }) => {
      const { _id } = await bucket.upload('letters', ALPHABET);
      const stream = bucket.openUploadStreamWithId(_id, 'other');
      const failed = once(stream, 'error');
      stream.write(ALPHABET);
      const [error] = (await failed) as [MongoServerError];

      await stream.abort();

      assert.equal(error.code, 11000);
      assert.equal(String(await bucket.readAll(_id)), ALPHABET);
    }));

  it('may be called again if it failed', () =>
    withBucket(async ({ bucket, db, uri }) => {
      const stream = bucket.openUploadStream('a');
      await new Promise(resolve => stream.write(ALPHABET, resolve));
      await failCommand(uri, { failCommands: ['delete'], errorCode: 14 });

      assert.ok((await rejection(stream.abort())) instanceof MongoServerError);
      await stream.abort();

      assert.equal(await db.collection('fs.chunks').countDocuments(), 0);
    }));
});

describe('upload', () => {
  it('takes streams, iterables, bytes and strings', () =>
    withBucket(async ({ bucket }) => {
      async function* pieces() {
        yield 'abcdefghijklm';
        yield Buffer.from('nopqrstuvwxyz');
      }
      for (const source of [Readable.from([ALPHABET]), pieces(), Buffer.from(ALPHABET), ALPHABET]) {
        const { _id } = await bucket.upload('letters', source);

        assert.equal(String(await bucket.readAll(_id)), ALPHABET);
      }
    }));

  it('refuses what cannot be read, and a wrong option, before anything is sent', () =>
    withBucket(async setup => {
      const { bucket } = setup;
      for (const call of [
        () => bucket.upload('a', 7 as never),
        () => bucket.upload('a', null as never),
        () => bucket.upload({ $ne: '' } as never, 'a'),
        () => bucket.upload('a', 'a', { chunkSizeBytes: 0 }),
        () => bucket.upload('a', 'a', { chunkSizeBytes: 1.5 }),
        () => bucket.upload('a', 'a', { metadata: 'text' as never }),
      ]) {
        assert.ok((await rejection(call())) instanceof MongoInvalidArgumentError);
      }
      assert.deepEqual(story(setup), []);
    }));

  it('destroys its source also if an option is wrong', () =>
    withBucket(async ({ bucket }) => {
      const source = new PassThrough();

      await rejection(bucket.upload('a', source, { timeoutMS: -1 }));

      assert.equal(source.destroyed, true);
    }));

  it('whose source fails rejects with that error, once the chunks are deleted', () =>
    withBucket(async ({ bucket, db }) => {
      await bucket.upload('first', '');
      const reason = new Error('the source broke');
      async function* breaking() {
        yield Buffer.from(ALPHABET);
        yield Buffer.from(ALPHABET);
        throw reason;
      }

      const error = await rejection(bucket.upload('a', breaking()));

      assert.equal(error, reason);
      assert.equal(await db.collection('fs.chunks').countDocuments(), 0);
    }));

  it('that the server refuses destroys its source', () =>
    withBucket(async ({ bucket, uri }) => {
      await failCommand(uri, { failCommands: ['insert'], errorCode: 14 });
      const source = new PassThrough();
      source.write(ALPHABET);

      const error = await rejection(bucket.upload('a', source));

      assert.ok(error instanceof MongoServerError);
      assert.equal(source.destroyed, true);
    }));

  it('ends with the reason of its signal, whatever that is', () =>
    withBucket(async ({ bucket, log }) => {
      for (const reason of [new Error('enough'), 'enough', 0, null]) {
        const controller = new AbortController();
        const source = new PassThrough();
        const stored = log.next('commandSucceeded', ({ commandName }) => commandName === 'insert');
        const failed = rejection(bucket.upload('a', source, { signal: controller.signal }));
        source.write(ALPHABET);
        await stored;
        controller.abort(reason);

        assert.equal(await failed, reason);
        assert.equal(source.destroyed, true);
      }
    }));
});

describe('a download from GridFS', () => {
  it('tells the file, its bytes and its end', () =>
    withBucket(async ({ bucket }) => {
      const { _id } = await bucket.upload('letters', ALPHABET);
      const stream = bucket.openDownloadStream(_id);
      const events = eventsOf(stream, 'file', 'data', 'end', 'error', 'close');
      const [file] = (await once(stream, 'file')) as [GridFSFile];
      await once(stream, 'close');

      assert.equal(file.length, ALPHABET.length);
      assert.deepEqual(events, ['file', ...Array<string>(7).fill('data'), 'end', 'close']);
    }));

  it('of an empty file tells it too', () =>
    withBucket(async ({ bucket }) => {
      const { _id } = await bucket.upload('empty', '');
      const stream = bucket.openDownloadStream(_id);
      const events = eventsOf(stream, 'file', 'data', 'end', 'close');
      await once(stream, 'close');

      assert.deepEqual(events, ['file', 'end', 'close']);
    }));

  it('reads any range of bytes, and only its chunks', () =>
    withBucket(async setup => {
      const { bucket, log } = setup;
      const text = ALPHABET.slice(0, 11);
      const { _id } = await bucket.upload('letters', text);
      for (let start = 0; start <= text.length; start++) {
        for (let end = Math.max(1, start); end <= text.length; end++) {
          const read = await buffer(bucket.openDownloadStream(_id, { start, end }));
          assert.equal(String(read), text.slice(start, end), `${start} to ${end}`);
        }
        assert.equal(String(await bucket.readAll(_id, { start })), text.slice(start));
      }
      log.clear();
      await bucket.readAll(_id, { start: 5, end: 8 });

      const { filter, limit } = log.started().at(-1)?.command as Document;
      assert.deepEqual(filter, { files_id: _id, n: { $gte: 1 } });
      assert.equal(limit, 1);
    }));

  it('takes its range until it has begun', () =>
    withBucket(async ({ bucket }) => {
      const { _id } = await bucket.upload('letters', ALPHABET);
      const stream = bucket.openDownloadStream(_id).start(2).end(6);

      assert.equal(String(await buffer(stream)), 'cdef');
      assert.throws(() => stream.start(1), MongoGridFSStreamError);
      assert.throws(() => stream.end(1), MongoGridFSStreamError);
    }));

  it('refuses a range that is none', () =>
    withBucket(async ({ bucket }) => {
      const { _id } = await bucket.upload('letters', ALPHABET);
      for (const [range, message] of [
        [{ start: -1 }, /Stream start \(-1\) must not be negative/],
        [{ start: 5, end: 3 }, /Stream start \(5\) must not be greater than stream end \(3\)/],
        [{ start: 27 }, /Stream start \(27\) must not be more than the length of the file \(26\)/],
        [{ end: 27 }, /Stream end \(27\) must not be more than the length of the file \(26\)/],
        [{ start: 0.5 }, /Stream start must be an integer, got 0.5/],
        [{ end: Number.NaN }, /Stream end must be an integer/],
        [{ start: '1' as never }, /Stream start must be an integer, got "1"/],
      ] as const) {
        const error = await rejection(bucket.readAll(_id, range));
        assert.ok(error instanceof MongoInvalidArgumentError);
        assert.match(error.message, message);
      }
    }));

  it('finds the revision of a name', () =>
    withBucket(async ({ bucket, db }) => {
      for (const [day, text] of ['oldest', 'older', 'newest'].entries()) {
        const { _id } = await bucket.upload('a', text);
        await db.collection('fs.files').updateOne({ _id }, { $set: { uploadDate: new Date(day) } });
      }
      const read = async (revision?: number) =>
        String(await buffer(bucket.openDownloadStreamByName('a', revision === undefined ? undefined : { revision })));

      assert.deepEqual(await Promise.all([read(), read(-1), read(-2), read(-3)]), [
        'newest',
        'newest',
        'older',
        'oldest',
      ]);
      assert.deepEqual(await Promise.all([read(0), read(1), read(2)]), ['oldest', 'older', 'newest']);
      const noRevision = await rejection<MongoRuntimeError>(read(3));
      assert.match(noRevision.message, /^RevisionNotFound: file a has no revision 3/);
      assert.equal(noRevision.code, 'ENOENT');
      const noFile = await rejection<MongoRuntimeError>(buffer(bucket.openDownloadStreamByName('b', { revision: 3 })));
      assert.equal(noFile.message, 'FileNotFound: file b was not found');
      assert.equal(noFile.code, 'ENOENT');
    }));

  it('of a file that does not exist fails', () =>
    withBucket(async ({ bucket }) => {
      const id = new ObjectId('0123456789abcdef01234567');

      const error = await rejection<MongoRuntimeError>(bucket.readAll(id));

      assert.ok(error instanceof MongoRuntimeError);
      assert.equal(error.message, `FileNotFound: file ${id.toHexString()} was not found`);
      assert.equal(error.code, 'ENOENT');
      assert.equal(error.namespace, 'shop.fs.files');
    }));

  it('takes an id for a value, and never for operators', () =>
    withBucket(async ({ bucket }) => {
      await bucket.upload('a', 'secret');
      for (const id of [{ $ne: null }, { $gt: '' }, [/./], /./]) {
        const error = await rejection(bucket.readAll(id as never));
        assert.match(error.message, /FileNotFound|_id/);
        assert.match((await rejection(bucket.delete(id as never))).message, /File not found/);
      }
      assert.throws(() => bucket.openDownloadStreamByName({ $ne: null } as never), MongoInvalidArgumentError);
      assert.equal((await bucket.find().toArray()).length, 1);
    }));

  for (const [title, end] of [
    ['aborted', stream => stream.abort()],
    [
      'destroyed',
      async stream => {
        await finished(stream.destroy()).catch(() => undefined);
      },
    ],
  ] as readonly [string, (stream: GridFSBucketReadStream) => Promise<void>][]) {
    it(`that is ${title} ends, and its cursor is closed`, () =>
      withServer({}, async ({ db, log }) => {
        const bucket = new GridFSBucket(db, { chunkSizeBytes: 1 });
        const { _id } = await bucket.upload('long', 'a'.repeat(1500));
        const stream = bucket.openDownloadStream(_id);
        await once(stream, 'readable');
        const killed = log.next('commandStarted', ({ commandName }) => commandName === 'killCursors');

        await end(stream);

        await killed;
        assert.equal(stream.destroyed, true);
      }));
  }
});

describe('chunks that are not what the file says', () => {
  for (const [title, sizes, message] of [
    ['one is missing', { 0: 4, 2: 2 }, /^ChunkIsMissing: Got unexpected n: 2, expected: 1 /],
    ['the last is missing', { 0: 4, 1: 4 }, /^ChunkIsMissing: no chunk with n: 2; the file has 3 chunks/],
    ['all are missing', {}, /^ChunkIsMissing: no chunk with n: 0/],
    ['one is too short', { 0: 4, 1: 3, 2: 2 }, /^ChunkIsWrongSize: Got unexpected length: 3, expected: 4 /],
    ['one is too long', { 0: 5, 1: 4, 2: 2 }, /^ChunkIsWrongSize: Got unexpected length: 5, expected: 4 /],
    ['the last is too long', { 0: 4, 1: 4, 2: 4 }, /^ChunkIsWrongSize: Got unexpected length: 4, expected: 2 /],
    ['one follows', { 0: 4, 1: 4, 2: 2, 3: 4 }, /^ExtraChunk: Got unexpected n: 3, expected file length 10 bytes/],
    ['one lies before', { '-1': 4, 0: 4, 1: 4, 2: 2 }, /^ExtraChunk: Got unexpected n: -1, expected: 0/],
  ] as const) {
    it(`are an error: ${title}`, () =>
      withBucket(async ({ bucket, db }) => {
        const _id = await fileOf(db, { length: 10 }, sizes);

        const error = await rejection(bucket.readAll(_id));

        assert.ok(error instanceof MongoGridFSChunkError);
        assert.match(error.message, message);
        assert.equal(error.namespace, 'shop.fs.chunks');
      }));
  }

  it('are no error if an empty one follows', () =>
    withBucket(async ({ bucket, db }) => {
      const _id = await fileOf(db, { length: 4 }, { 0: 4, 1: 0 });

      assert.equal((await bucket.readAll(_id)).length, 4);
    }));

  for (const [title, file, message] of [
    ['a negative length', { length: -1 }, /length of a file in shop.fs.files must be an integer from 0 on, and is -1/],
    ['a length that is no number', { length: '4' }, /length .* and is a string/],
    ['a length that is NaN', { length: Number.NaN }, /length .* and is NaN/],
    ['a fraction for a length', { length: 0.5 }, /length .* and is 0.5/],
    ['a length that no number holds', { length: 2n ** 60n }, /length .* and is 1152921504606846976/],
    ['no chunk size', { chunkSize: 0 }, /chunkSize .* from 1 on, and is 0/],
    ['a negative chunk size', { chunkSize: -4 }, /chunkSize .* and is -4/],
  ] as const) {
    it(`cannot be read by a files document with ${title}`, () =>
      withBucket(async ({ bucket, db }) => {
        const _id = await fileOf(db, { length: 4, ...file }, { 0: 4 });

        const error = await rejection(bucket.readAll(_id));

        assert.ok(error instanceof MongoGridFSStreamError);
        assert.match(error.message, message);
      }));
  }

  it('cannot be read without a number or bytes', () =>
    withBucket(async ({ bucket, db }) => {
      for (const chunk of [{ n: 'a' }, { n: 0.5 }, { data: 'abcd' }, { data: null }, { data: [1, 2, 3, 4] }]) {
        const _id = await fileOf(db, { length: 4 }, {});
        await db.collection('fs.chunks').insertOne({ files_id: _id, n: 0, data: Buffer.alloc(4), ...chunk });

        const error = await rejection(bucket.readAll(_id));

        assert.ok(error instanceof MongoGridFSChunkError);
        assert.match(error.message, /^Chunk(IsMalformed|IsMissing): /);
      }
    }));
});

/** A file with chunks of these sizes, by their numbers. */
async function fileOf(db: SetupWithCluster['db'], fields: Document, sizes: Document): Promise<ObjectId> {
  const _id = new ObjectId();
  await db.collection('fs.files').insertOne({ _id, chunkSize: 4, uploadDate: new Date(0), filename: 'a', ...fields });
  for (const [n, size] of Object.entries(sizes)) {
    await db.collection('fs.chunks').insertOne({ files_id: _id, n: Number(n), data: Buffer.alloc(size as number) });
  }
  return _id;
}

describe('the options of the database for BSON', () => {
  for (const options of [
    { promoteLongs: false },
    { useBigInt64: true },
    { promoteValues: false },
    { promoteBuffers: true },
    { raw: true },
  ]) {
    it(`do not matter: ${JSON.stringify(options)}`, () =>
      withServer({ client: options }, async ({ db }) => {
        const bucket = new GridFSBucket(db, { chunkSizeBytes: 4 });
        const { _id } = await bucket.upload('letters', ALPHABET);

        assert.equal(String(await bucket.readAll(_id)), ALPHABET);
      }));
  }
});

describe('readAll', () => {
  it('refuses what is longer than it may be', () =>
    withBucket(async setup => {
      const { bucket } = setup;
      const { _id } = await bucket.upload('letters', ALPHABET);
      setup.log.clear();

      const error = await rejection(bucket.readAll(_id, { maxBytes: 25 }));

      assert.ok(error instanceof MongoGridFSStreamError);
      assert.match(error.message, /^FileIsTooLarge: .* has 26 bytes to read, and maxBytes is 25/);
      assert.deepEqual(story(setup), ['find fs.files']);
      assert.equal((await bucket.readAll(_id, { maxBytes: 26 })).length, 26);
      assert.equal((await bucket.readAll(_id, { maxBytes: 4, start: 22 })).length, 4);
      assert.ok((await rejection(bucket.readAll(_id, { maxBytes: -1 }))) instanceof MongoInvalidArgumentError);
    }));
});

describe('files of a bucket', () => {
  it('are found, renamed and deleted, one or all of a name', () =>
    withBucket(async ({ bucket, db }) => {
      const names = async () => (await bucket.find({}, { sort: { filename: 1 } }).toArray()).map(file => file.filename);
      const { _id } = await bucket.upload('a', ALPHABET);
      await bucket.upload('b', ALPHABET);
      await bucket.upload('b', ALPHABET);

      await bucket.rename(_id, 'c');
      assert.deepEqual(await names(), ['b', 'b', 'c']);
      await bucket.renameByName('b', 'd');
      assert.deepEqual(await names(), ['c', 'd', 'd']);
      await bucket.deleteByName('d');
      assert.deepEqual(await names(), ['c']);
      assert.equal(await db.collection('fs.chunks').countDocuments(), 7);
      await bucket.delete(_id);
      assert.deepEqual(await names(), []);
      assert.equal(await db.collection('fs.chunks').countDocuments(), 0);
    }));

  it('that do not exist are an error', () =>
    withBucket(async ({ bucket }) => {
      const id = new ObjectId('0123456789abcdef01234567');
      for (const [call, message] of [
        [() => bucket.delete(id), 'File not found for id 0123456789abcdef01234567'],
        [() => bucket.rename(id, 'a'), 'File with id 0123456789abcdef01234567 not found'],
        [() => bucket.deleteByName('a'), 'File not found for filename a'],
        [() => bucket.renameByName('a', 'b'), 'File with filename a not found'],
      ] as const) {
        const error = await rejection(call());
        assert.ok(error instanceof MongoRuntimeError);
        assert.equal(error.message, message);
      }
    }));

  it('are dropped with their chunks, and a bucket that has none too', () =>
    withBucket(async setup => {
      await setup.bucket.upload('a', 'a');
      await setup.bucket.drop();
      await setup.bucket.drop();

      assert.deepEqual(await setup.db.collections(), []);
      assert.deepEqual(
        story(setup).filter(command => command.startsWith('drop')),
        ['drop fs.files', 'drop fs.chunks', 'drop fs.files', 'drop fs.chunks'],
      );
    }));

  it('have the write concern of their bucket', () =>
    withServer({}, async ({ db, log }) => {
      const bucket = new GridFSBucket(db, { bucketName: 'b', writeConcern: { w: 1, journal: true } });
      const { _id } = await bucket.upload('a', 'a', { writeConcern: { w: 1 } });
      await bucket.delete(_id);

      const concerns = log
        .started()
        .filter(({ commandName }) => ['insert', 'delete'].includes(commandName))
        .map(({ command }) => command['writeConcern'] as unknown);
      assert.deepEqual(concerns, [{ w: 1 }, { w: 1 }, { w: 1, j: true }, { w: 1, j: true }]);
    }));
});

describe('a bucket', () => {
  it('warns of an option that is misspelt', () =>
    withBucket(async ({ bucket }) => {
      const warned = once(process, 'warning');
      await bucket.upload('a', 'a', { timeoutMs: 5, chunkSizeBytes: 8 } as object);

      const [warning] = (await warned) as [Error];
      assert.match(warning.message, /"timeoutMs" is not known .* did you mean "timeoutMS"/);
    }));

  it('refuses what is no database, and wrong options', () =>
    withServer({}, async ({ db, client }) => {
      for (const other of [client, undefined, 'shop', db.collection('a')]) {
        assert.throws(() => new GridFSBucket(other as never), /must be a database/);
      }
      for (const options of [{ bucketName: '' }, { bucketName: 7 }, { chunkSizeBytes: -1 }, { timeoutMS: -1 }]) {
        assert.throws(() => new GridFSBucket(db, options as never), MongoInvalidArgumentError);
      }
      await pipeline(Readable.from([]), new GridFSBucket(db).openUploadStream('a'));
    }));
});
