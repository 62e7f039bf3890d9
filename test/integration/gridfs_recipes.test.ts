import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, it } from 'node:test';
import { runInThisContext } from 'node:vm';
import { GridFSBucket, type GridFSFile, MongoServerError, ObjectId } from 'mongotempo';
import { failCommand, rejection, type SetupWithCluster, withServer } from '../support/cluster.js';

interface Recipes {
  readonly receive: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  readonly receiveForm: (request: IncomingMessage, form: Writable) => Promise<readonly GridFSFile[]>;
  readonly send: (request: IncomingMessage, response: ServerResponse, id: ObjectId) => Promise<void>;
}

const DOCUMENT = readFileSync(join(__dirname, '../../../docs/gridfs.md'), 'utf8');

/** The functions of docs/gridfs.md, as they stand there. */
function recipesWith(bucket: GridFSBucket): Recipes {
  const codes = [...DOCUMENT.matchAll(/```js\n(.*?)```/gs)].map(([, code = '']) => code);
  const script = `(bucket, pipeline) => {\n${codes.join('\n')}\nreturn { receive, receiveForm, send };\n}`;
  const make = runInThisContext(script) as (...given: unknown[]) => Recipes;
  return make(bucket, pipeline);
}

interface Setup extends SetupWithCluster {
  readonly bucket: GridFSBucket;
  readonly url: string;
}

/** A server of HTTP that answers with what a recipe does. */
function withRecipe(
  handler: (recipes: Recipes, request: IncomingMessage, response: ServerResponse) => Promise<void>,
  run: (setup: Setup) => Promise<void>,
): Promise<void> {
  return withServer({}, async setup => {
    const bucket = new GridFSBucket(setup.db, { chunkSizeBytes: 4 });
    const recipes = recipesWith(bucket);
    const server = createServer((request, response) => {
      // The client has gone away.
      handler(recipes, request, response).catch(() => response.destroy());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      await run({ ...setup, bucket, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` });
    } finally {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    }
  });
}

/** A form as a parser of multipart gives it: each line of the body is a file. */
class Form extends Writable {
  override _write(piece: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    for (const line of String(piece).split('\n')) {
      const file = new PassThrough();
      this.emit('file', 'field', file, { filename: 'a.txt', mimeType: 'text/plain' });
      file.end(line);
    }
    callback();
  }
}

describe('the recipes of docs/gridfs.md', () => {
  it('store a request', () =>
    withRecipe(
      ({ receive }, request, response) => receive(request, response),
      async ({ bucket, url }) => {
        const { status, headers } = await fetch(url, { method: 'POST', body: 'hello world' });

        assert.equal(status, 201);
        const id = new ObjectId(headers.get('location')?.split('/').at(-1));
        assert.equal(String(await bucket.readAll(id)), 'hello world');
      },
    ));

  it('delete what was stored of a request that the client breaks off', () =>
    withRecipe(
      ({ receive }, request, response) => receive(request, response),
      async ({ db, log, url }) => {
        const stored = log.next('commandSucceeded', ({ commandName }) => commandName === 'insert');
        const deleted = log.next('commandSucceeded', ({ commandName }) => commandName === 'delete');
        const sending = httpRequest(url, { method: 'POST' });
        sending.on('error', () => undefined);
        sending.write('hello world');
        await stored;

        sending.destroy();

        await deleted;
        assert.equal(await db.collection('fs.chunks').countDocuments(), 0);
      },
    ));

  it('store the files of a form', () =>
    withRecipe(
      async ({ receiveForm }, request, response) => {
        const files = await receiveForm(request, new Form());
        response.end(JSON.stringify(files.map(file => file._id)));
      },
      async ({ bucket, url }) => {
        const response = await fetch(url, { method: 'POST', body: 'hello\nworld!' });

        const ids = ((await response.json()) as string[]).map(id => new ObjectId(id));
        const texts = await Promise.all(ids.map(async id => String(await bucket.readAll(id))));
        assert.deepEqual(texts, ['hello', 'world!']);
        const [file] = await bucket.find().toArray();
        assert.deepEqual(file?.metadata, { mimeType: 'text/plain' });
      },
    ));

  it('end a form of which one upload fails', () =>
    withServer({}, async ({ db, uri }) => {
      await failCommand(uri, { failCommands: ['insert'], errorCode: 14 });
      const { receiveForm } = recipesWith(new GridFSBucket(db));
      const request = new PassThrough();
      request.write('hello');

      const error = await rejection(receiveForm(request as never, new Form()));

      assert.ok(error instanceof MongoServerError);
      assert.equal(request.destroyed, true);
    }));

  it('answer ranges', () =>
    withRecipe(
      ({ send }, request, response) => send(request, response, new ObjectId(request.url?.slice(1))),
      async ({ bucket, url }) => {
        const { _id } = await bucket.upload('a', 'hello world');
        const { _id: empty } = await bucket.upload('a', '');
        const answers: unknown[] = [];
        for (const [id, range] of [
          [_id, undefined],
          [_id, 'bytes=0-0'],
          [_id, 'bytes=6-'],
          [_id, 'bytes=3-7'],
          [_id, 'bytes=3-99'],
          [_id, 'bytes=11-'],
          [_id, 'bytes=7-3'],
          [_id, 'lines=1-2'],
          [empty, undefined],
          [empty, 'bytes=0-'],
          [new ObjectId('0123456789abcdef01234567'), undefined],
        ] as const) {
          const response = await fetch(`${url}${id.toHexString()}`, range === undefined ? {} : { headers: { range } });
          answers.push([response.status, response.headers.get('content-range'), await response.text()]);
        }

        assert.deepEqual(answers, [
          [200, null, 'hello world'],
          [206, 'bytes 0-0/11', 'h'],
          [206, 'bytes 6-10/11', 'world'],
          [206, 'bytes 3-7/11', 'lo wo'],
          [206, 'bytes 3-10/11', 'lo world'],
          [416, 'bytes */11', ''],
          [416, 'bytes */11', ''],
          [200, null, 'hello world'],
          [200, null, ''],
          [416, 'bytes */0', ''],
          [404, null, ''],
        ]);
      },
    ));

  it('close the cursor of a download when the client goes away', () =>
    withRecipe(
      ({ send }, request, response) => send(request, response, new ObjectId(request.url?.slice(1))),
      async ({ bucket, log, url }) => {
        const piece = Buffer.alloc(1024 * 1024);
        const { _id } = await bucket.upload('a', Array<Buffer>(40).fill(piece), { chunkSizeBytes: piece.length });
        const killed = log.next('commandStarted', ({ commandName }) => commandName === 'killCursors');
        const reading = httpRequest(`${url}${_id.toHexString()}`);
        reading.on('error', () => undefined);
        const [response] = (await once(reading.end(), 'response')) as [IncomingMessage];
        response.on('error', () => undefined);
        await once(response, 'readable');

        response.destroy();

        await killed;
      },
    ));
});
