import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { describe, it } from 'node:test';
import { type Document, ObjectId } from '../../../src/bson/index.js';
import { withDeadline } from '../../../src/call/scope.js';
import { MongoClientClosedError, MongoGridFSChunkError } from '../../../src/errors/driver.js';
import { MongoOperationTimeoutError } from '../../../src/errors/timeout.js';
import { GridFSBucket, type GridFSBucketOptions } from '../../../src/gridfs/bucket.js';
import type { MongoClientOptions } from '../../../src/uri/client_options.js';
import { ClientHarness } from '../../support/client_harness.js';
import { errorOf, failure } from '../../support/engine_harness.js';
import type { ReceivedCommand } from '../../support/scripted_peer.js';
import { type Answer, quiet } from '../../support/scripted_server.js';

const FILE_ID = new ObjectId('0123456789abcdef01234567');
const CHUNK_SIZE = 4;

/** A client whose server answers as the test says, and else as an empty bucket does. */
async function open(options: MongoClientOptions = {}, answer: Answer = () => ANSWERED): Promise<ClientHarness> {
  const harness = await ClientHarness.connected(options, { checksEvents: true });
  harness.answer = answer;
  return harness;
}

const ANSWERED: Document = Object.freeze({ ok: 1, n: 1, cursor: { id: 0n, ns: 'shop.fs.files', firstBatch: [] } });

/** Answers all commands but those of one name. */
function allBut(silent: string): Answer {
  return ({ name }) => (name === silent ? null : ANSWERED);
}

function bucketOf({ client }: ClientHarness, options: GridFSBucketOptions = {}): GridFSBucket {
  return new GridFSBucket(client.db('shop'), { chunkSizeBytes: CHUNK_SIZE, ...options });
}

/** A server with a file of so many full chunks, whose batches have so many. */
function serving(chunks: number, batchSize: number, chunkSize = CHUNK_SIZE): Answer {
  let next = 0;
  const batch = (field: string): Document => {
    const documents = Array.from({ length: Math.min(batchSize, chunks - next) }, (_, index) => ({
      files_id: FILE_ID,
      n: next + index,
      data: Buffer.alloc(chunkSize),
    }));
    next += documents.length;
    return { ok: 1, cursor: { id: next < chunks ? 7n : 0n, ns: 'shop.fs.chunks', [field]: documents } };
  };
  const file = { _id: FILE_ID, length: chunks * chunkSize, chunkSize, filename: 'a' };
  return ({ name, body }) => {
    if (name === 'getMore') return batch('nextBatch');
    if (name !== 'find') return { ok: 1 };
    return body['find'] === 'fs.chunks'
      ? batch('firstBatch')
      : { ok: 1, cursor: { id: 0n, ns: 'shop.fs.files', firstBatch: [file] } };
  };
}

/** The next command of a name that the server has not answered. */
async function waiting({ server }: ClientHarness, name: string): Promise<ReceivedCommand> {
  for (;;) {
    for (const { commands } of server.peers) {
      const index = commands.findIndex(command => command.name === name);
      const [command] = index < 0 ? [] : commands.splice(index, 1);
      if (command !== undefined) return command;
    }
    await quiet();
  }
}

/** Lets everything run that is due. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 8; turn++) await quiet();
}

function written(stream: NodeJS.WritableStream, bytes: number): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(Buffer.alloc(bytes), error => (error ? reject(error) : resolve()));
  });
}

describe('the time of an upload', () => {
  it('ends it while its source stalls, and the error says so', async () => {
    await using harness = await open();
    const stream = bucketOf(harness).openUploadStream('a', { timeoutMS: 100 });
    const failed = errorOf(finished(stream), MongoOperationTimeoutError);
    await written(stream, 2 * CHUNK_SIZE);

    await harness.advance(100);

    const error = await failed;
    assert.match(error.message, /^Timed out while waiting for the program to go on with gridfs\.upload shop\.fs/);
    assert.match(error.message, /timeoutMS=100 of openUploadStream/);
    assert.equal(error.phase, 'caller');
    assert.equal(error.namespace, 'shop.fs');
    assert.equal(error.operationName, 'gridfs.upload.wait');
    assert.equal(error.timings.at(-1)?.stage, 'caller');
    assert.equal(stream.destroyed, true);
  });

  it('destroys it without an event where nothing listens for errors', async () => {
    await using harness = await open({ timeoutMS: 100 });
    const stream = bucketOf(harness).openUploadStream('a');
    await turns();

    await harness.advance(100);

    assert.equal(stream.destroyed, true);
    assert.equal(stream.gridFSFile, null);
  });

  it('covers all of its commands together', async () => {
    for (const name of ['find', 'listIndexes', 'createIndexes', 'insert']) {
      await using harness = await open({ timeoutMS: 100 }, allBut(name));
      const stream = bucketOf(harness).openUploadStream('a');
      const failed = errorOf(finished(stream), MongoOperationTimeoutError);
      stream.end('abcdef');
      const first = await waiting(harness, name);
      await harness.advance(60);
      first.reply(ANSWERED);
      if (name === 'find') harness.answer = allBut('insert');
      await turns();

      await harness.advance(40);

      const error = await failed;
      assert.equal(error.elapsedMS, 100);
      assert.match(error.namespace ?? '', /^shop\.fs\.(files|chunks)$/);
      assert.match(error.operationName ?? '', /^gridfs\.upload\.(createIndexes|write|end)$/);
    }
  });

  it('is that of the bucket, before that of the database', async () => {
    await using harness = await open({ timeoutMS: 1000 }, allBut('find'));
    const stream = bucketOf(harness, { timeoutMS: 50 }).openUploadStream('a');
    const failed = errorOf(finished(stream), MongoOperationTimeoutError);

    await harness.advance(50);

    assert.match((await failed).message, /timeoutMS=50 of the bucket/);
  });

  it('is that of the scope in which it was opened, wherever it is written to', async () => {
    await using harness = await open({ timeoutMS: 1000 });
    const abort = new AbortController();
    const reason = new Error('enough');
    const stream = withDeadline(abort.signal, () => bucketOf(harness).openUploadStream('a'));
    const failed = errorOf(finished(stream));
    await written(stream, CHUNK_SIZE);

    abort.abort(reason);
    await turns();

    assert.equal(await failed, reason);
  });

  it('no longer counts once the file is there, and leaves no timer', async () => {
    await using harness = await open();
    const stream = bucketOf(harness).openUploadStream('a', { timeoutMS: 100 });
    const timers = harness.clock.pendingTimers;
    stream.end('a');
    await finished(stream);

    await harness.advance(200);

    assert.notEqual(stream.gridFSFile, null);
    assert.ok(harness.clock.pendingTimers < timers);
  });

  it('is had once more by an abort when nothing of it is left', async () => {
    await using harness = await open();
    const stream = bucketOf(harness).openUploadStream('a', { timeoutMS: 100 });
    const failed = errorOf(finished(stream), MongoOperationTimeoutError);
    await written(stream, CHUNK_SIZE);
    await harness.advance(100);
    await failed;
    harness.answer = allBut('delete');

    const aborted = errorOf(stream.abort(), MongoOperationTimeoutError);
    await waiting(harness, 'delete');
    await harness.advance(99);
    harness.answer = () => ANSWERED;
    await harness.advance(1);

    assert.equal((await aborted).operationName, 'gridfs.upload.abort');
    await stream.abort();
    assert.equal(harness.story().filter(name => name === 'delete').length, 2);
  });

  it('bounds an abort by what is left, unless the abort has a time of its own', async () => {
    await using harness = await open({}, allBut('delete'));
    for (const [options, ms] of [
      [undefined, 40],
      [{ timeoutMS: 10 }, 10],
    ] as const) {
      const stream = bucketOf(harness).openUploadStream('a', { timeoutMS: 100 });
      stream.on('error', () => undefined);
      await written(stream, CHUNK_SIZE);
      await harness.advance(60);
      let isOver = false;

      const aborted = errorOf(stream.abort(options), MongoOperationTimeoutError).finally(() => (isOver = true));
      await turns();
      await harness.advance(ms - 1);
      assert.equal(isOver, false);
      await harness.advance(1);
      await aborted;
    }
  });
});

describe('an abort of an upload', () => {
  it('deletes only after the inserts that are on their way', async () => {
    await using harness = await open({}, allBut('insert'));
    const stream = bucketOf(harness).openUploadStream('a');
    stream.write('abcd');
    const insert = await waiting(harness, 'insert');

    const aborting = stream.abort();
    await turns();
    assert.equal(harness.story().includes('delete'), false);
    insert.reply({ ok: 1, n: 1 });
    await aborting;

    assert.equal(harness.story().at(-1), 'delete');
  });

  it('sends no delete if its id may be of another file and nothing was stored', async () => {
    await using harness = await open();
    const stream = bucketOf(harness).openUploadStreamWithId(FILE_ID, 'a');
    await turns();

    await stream.abort();

    assert.equal(harness.story().includes('delete'), false);
  });
});

describe('upload', () => {
  it('cleans up after its time is over, for which the caller does not wait', async () => {
    await using harness = await open({}, allBut('insert'));
    const failed = errorOf(bucketOf(harness).upload('a', 'abcd', { timeoutMS: 100 }), MongoOperationTimeoutError);
    const insert = await waiting(harness, 'insert');
    harness.answer = allBut('delete');
    await harness.advance(100);

    await failed;
    insert.reply({ ok: 1, n: 1 });
    await waiting(harness, 'delete');
  });

  it('leaves the chunks of a file that may be complete', async () => {
    await using harness = await open({}, ({ body }) => (body['insert'] === 'fs.files' ? null : ANSWERED));
    const failed = errorOf(bucketOf(harness).upload('a', 'abcd', { timeoutMS: 100 }), MongoOperationTimeoutError);
    await waiting(harness, 'insert');
    await harness.advance(100);

    assert.equal((await failed).maybeApplied, true);
    await turns();
    assert.equal(harness.story().includes('delete'), false);
  });
});

describe('a stream that is destroyed while its last chunk is stored', () => {
  it('makes no file', async () => {
    await using harness = await open({}, allBut('insert'));
    const stream = bucketOf(harness).openUploadStream('a');
    stream.end('ab');
    const insert = await waiting(harness, 'insert');

    stream.destroy();
    harness.answer = () => ANSWERED;
    insert.reply({ ok: 1, n: 1 });
    await turns();

    assert.deepEqual(
      harness.received.filter(({ name }) => name === 'insert').map(({ body }) => body['insert'] as unknown),
      ['fs.chunks'],
    );
  });
});

describe('a stream that is destroyed while it looks for indexes', () => {
  it('closes at once', async () => {
    await using harness = await open({}, allBut('find'));
    const stream = bucketOf(harness).openUploadStream('a');
    const closed = new Promise(resolve => stream.once('close', resolve));
    await waiting(harness, 'find');

    stream.destroy();

    await closed;
  });
});

describe('memory', () => {
  it('of an upload is that of one chunk and four inserts, however fast the source is', async () => {
    await using harness = await open({ maxPoolSize: 20 }, allBut('insert'));
    let read = 0;
    const source = new Readable({
      highWaterMark: CHUNK_SIZE,
      read() {
        read++;
        this.push(read > 1000 ? null : Buffer.alloc(CHUNK_SIZE * 10));
      },
    });
    const stream = source.pipe(bucketOf(harness).openUploadStream('a', { timeoutMS: 100 }));
    const failed = errorOf(finished(stream), MongoOperationTimeoutError);
    await waiting(harness, 'insert');
    await turns();

    assert.equal(harness.story().filter(name => name === 'insert').length, 4);
    assert.equal(stream.state.outstandingRequests, 4);
    assert.ok(read < 700, `${read} pieces were read`);
    await harness.advance(100);
    await failed;
  });

  it('of a download is that of one batch, however slow the reader is', async () => {
    await using harness = await open({}, serving(20, 5, 20_000));
    const stream = bucketOf(harness).openDownloadStream(FILE_ID);
    const getMores = () => harness.story().filter(name => name === 'getMore').length;
    const seen: number[] = [];

    for await (const _ of stream) {
      await turns();
      seen.push(getMores());
    }

    // Node.js buffers one chunk, and asks for another while that is read.
    for (const [read, batches] of seen.entries()) assert.ok(batches <= Math.floor((read + 3) / 5), `after ${read}`);
    assert.equal(getMores(), 3);
  });
});

describe('the time of a download', () => {
  it('ends it while its reader does not read, as long as there is more to come', async () => {
    await using harness = await open({}, serving(100_000, 1000));
    const stream = bucketOf(harness).openDownloadStream(FILE_ID, { timeoutMS: 100 });
    const failed = errorOf(finished(stream), MongoOperationTimeoutError);
    stream.read();
    await turns();

    await harness.advance(100);

    const error = await failed;
    assert.equal(error.phase, 'caller');
    assert.equal(error.operationName, 'gridfs.download.wait');
    assert.match(error.message, /timeoutMS=100 of openDownloadStream/);
  });

  it('does not matter for what is here already', async () => {
    await using harness = await open({}, serving(100_000, 100_000));
    const stream = bucketOf(harness).openDownloadStream(FILE_ID, { timeoutMS: 100 });
    stream.read();
    await turns();
    await harness.advance(1000);

    let bytes = 0;
    for await (const piece of stream) bytes += (piece as Buffer).length;

    assert.equal(bytes, 100_000 * CHUNK_SIZE);
  });

  it('covers both of its commands', async () => {
    for (const collection of ['fs.files', 'fs.chunks']) {
      const answers = serving(3, 3);
      await using harness = await open({}, command => (command.body['find'] === collection ? null : answers(command)));
      const failed = errorOf(bucketOf(harness).readAll(FILE_ID, { timeoutMS: 100 }), MongoOperationTimeoutError);
      await waiting(harness, 'find');

      await harness.advance(100);

      const error = await failed;
      assert.equal(error.namespace, `shop.${collection}`);
      assert.match(error.message, /timeoutMS=100 of readAll/);
    }
  });

  it('leaves its signal in force, and the reason is the error', async () => {
    await using harness = await open({}, serving(100_000, 100_000));
    const abort = new AbortController();
    const reason = new Error('enough');
    const stream = bucketOf(harness).openDownloadStream(FILE_ID, { timeoutMS: 100, signal: abort.signal });
    const failed = errorOf(finished(stream));
    stream.read();
    await turns();
    await harness.advance(1000);

    abort.abort(reason);
    await turns();

    assert.equal(await failed, reason);
  });
});

describe('a download', () => {
  it('fails when its client is closed', async () => {
    await using harness = await open({}, serving(100_000, 1000));
    const stream = bucketOf(harness).openDownloadStream(FILE_ID);
    stream.read();
    await turns();
    const failed = errorOf(finished(stream), MongoClientClosedError);

    await harness.client.close();
    stream.resume();

    await failed;
  });

  it('closes its cursor after a chunk that is wrong', async () => {
    const answers = serving(10, 2);
    await using harness = await open({}, command => {
      const answer = answers(command);
      const [chunk] = ((answer?.['cursor'] as Document | undefined)?.['firstBatch'] ?? []) as Document[];
      if (chunk !== undefined && 'n' in chunk) chunk['n'] = 3;
      return answer;
    });

    const error = await errorOf(bucketOf(harness).readAll(FILE_ID), MongoGridFSChunkError);
    await turns();

    assert.match(error.message, /^ChunkIsMissing: Got unexpected n: 3, expected: 0/);
    assert.deepEqual(harness.story(), ['find', 'find', 'killCursors']);
  });

  it('ends where a server sends empty chunks without end', async () => {
    const answers = serving(2, 2);
    let isOver = false;
    await using harness = await open({}, command => {
      const answer = command.name === 'getMore' ? null : answers(command);
      const cursor = answer?.['cursor'] as Document | undefined;
      if (command.body['find'] === 'fs.chunks' && cursor !== undefined) cursor['id'] = 7n;
      const nextBatch = Array.from({ length: 100 }, () => ({ files_id: FILE_ID, n: 2, data: Buffer.alloc(0) }));
      if (command.name === 'killCursors') isOver = true;
      return answer ?? { ok: 1, cursor: { id: 7n, ns: 'shop.fs.chunks', nextBatch } };
    });

    assert.equal((await bucketOf(harness).readAll(FILE_ID)).length, 2 * CHUNK_SIZE);

    await turns();
    assert.equal(isOver, true);
  });
});

describe('the calls of a stream', () => {
  it('have one number, and say what the stream waits for', async () => {
    await using harness = await open();
    const seen: string[] = [];
    const numbers = new Set<number>();
    harness.client.on('operationStarted', ({ operationName, operationId, namespace }) => {
      seen.push(`${operationName} ${namespace}`);
      numbers.add(operationId);
    });
    harness.client.on('commandStarted', ({ operationId }) => numbers.add(operationId));

    await bucketOf(harness).upload('a', 'abcdef');

    assert.deepEqual(seen, [
      'gridfs.upload.createIndexes shop.fs.files',
      'gridfs.upload.write shop.fs.chunks',
      'gridfs.upload.write shop.fs.chunks',
      'gridfs.upload.end shop.fs.files',
    ]);
    assert.equal(numbers.size, 1);
  });

  it('are those of a download and of its cursor', async () => {
    await using harness = await open({}, serving(100_000, 1000));
    const seen: string[] = [];
    const numbers = new Set<number>();
    harness.client.on('operationStarted', ({ operationName, operationId }) => {
      seen.push(operationName);
      numbers.add(operationId);
    });
    harness.client.on('commandStarted', ({ operationId }) => numbers.add(operationId));
    const stream = bucketOf(harness).openDownloadStream(FILE_ID);

    for await (const _ of stream) break;

    await turns();
    assert.deepEqual([...new Set(seen)], ['gridfs.download.file', 'gridfs.download.read', 'gridfs.download.close']);
    assert.equal(numbers.size, 1);
  });

  it('fail with what the promise or the stream fails with', async () => {
    await using harness = await open({}, command => (command.name === 'insert' ? failure(14) : ANSWERED));
    const failures: unknown[] = [];
    harness.client.on('operationFailed', ({ failure: one }) => failures.push(one));

    const error = await errorOf(bucketOf(harness).upload('a', 'abcdef'));

    assert.equal(failures[0], error);
  });
});
