/* eslint-disable @typescript-eslint/no-require-imports -- Express has no types of its own, and the recipes are plain JavaScript */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { runInThisContext } from 'node:vm';
import { MongoClient, MongoOperationTimeoutError, withDeadline } from 'mongotempo';
import type { ReceivedCommand } from '../support/scripted_peer.js';
import { quiet, ScriptedServer } from '../support/scripted_server.js';

/** The recipes of docs/timeouts.md, by the name that their code has for the application. */
const RECIPES = new Map(
  [
    ...readFileSync(join(__dirname, '../../../docs/timeouts.md'), 'utf8').matchAll(/```js\n((app|fastify)\..*?)```/gs),
  ].map(([, code = '', name = '']) => [name, code]),
);

/** Runs a recipe on an application. */
function runRecipe(name: string, application: unknown): void {
  const code = RECIPES.get(name);
  assert.ok(code, `docs/timeouts.md has no recipe for ${name}`);
  const recipe = runInThisContext(`(${name}, withDeadline) => {\n${code}}`) as (...given: unknown[]) => void;
  recipe(application, withDeadline);
}

/** What a handler does: returns the body of the response, or rejects. */
type Handler = () => Promise<unknown>;

/** What the tests use of an application of Express. */
interface Express {
  use(...handlers: unknown[]): void;
  all(path: string, handler: (request: unknown, response: { json(body: unknown): void }) => Promise<void>): void;
}

/** What the tests use of an application of Fastify. */
interface Fastify {
  route(route: { readonly method: readonly string[]; readonly url: string; readonly handler: Handler }): void;
  setErrorHandler(
    handler: (error: unknown, request: unknown, reply: { code(status: number): { send(body: unknown): void } }) => void,
  ): void;
  ready(): Promise<unknown>;
  readonly routing: RequestListener;
}

/** An application with a recipe, by the name of its framework. Its error handler answers 504 with the message. */
const APPLICATIONS: Readonly<Record<string, (handler: Handler) => Promise<RequestListener>>> = {
  async Express(handler) {
    const express = require('express') as (() => Express & RequestListener) & { json(): unknown };
    const app = express();
    runRecipe('app', app);
    app.use(express.json());
    app.all('/', async (_, response) => response.json(await handler()));
    app.use(
      (error: Error, _: unknown, response: { status(code: number): { json(body: unknown): void } }, __: unknown) =>
        response.status(504).json({ message: error.message }),
    );
    return app;
  },
  async Fastify(handler) {
    const fastify = (require('fastify') as () => Fastify)();
    runRecipe('fastify', fastify);
    fastify.setErrorHandler((error, _, reply) => reply.code(504).send({ message: (error as Error).message }));
    fastify.route({ method: ['GET', 'POST'], url: '/', handler });
    await fastify.ready();
    return fastify.routing;
  },
};

/** A body that is read in several turns of the event loop. */
function inTwoParts(): ReadableStream<Uint8Array> {
  const parts = ['{"any":', '"body"}'];
  return new ReadableStream({
    async pull(controller) {
      await quiet();
      const part = parts.shift();
      if (part === undefined) controller.close();
      else controller.enqueue(Buffer.from(part));
    },
  });
}

interface Setup {
  readonly client: MongoClient;
  readonly received: ReceivedCommand[];
  readonly errors: readonly unknown[];
  readonly request: (
    method: 'GET' | 'POST',
    headers: Record<string, string>,
  ) => Promise<{ status: number; body: Record<string, unknown> }>;
}

/** An HTTP server whose handler inserts, which the database answers, and then finds, which it answers if it is told so. */
async function withService(
  framework: string,
  answersFind: boolean,
  run: (setup: Setup) => Promise<void>,
): Promise<void> {
  const database = await ScriptedServer.listen();
  const received: ReceivedCommand[] = [];
  const errors: unknown[] = [];
  database.answer = command => {
    received.push(command);
    if (command.name !== 'find') return { ok: 1, n: 1 };
    return answersFind ? { ok: 1, cursor: { id: 0n, ns: 'shop.orders', firstBatch: [] } } : null;
  };
  const { port } = database.target as { port: number };
  const client = new MongoClient(`mongodb://127.0.0.1:${port}`);
  const orders = client.db('shop').collection('orders');
  const handler: Handler = async () => {
    try {
      await orders.insertOne({ item: 'tea' });
      return { found: await orders.findOne({ item: 'tea' }) };
    } catch (error) {
      errors.push(error);
      throw error;
    }
  };
  const http = createServer(await (APPLICATIONS[framework] as (typeof APPLICATIONS)[string])(handler));
  try {
    await once(http.listen(0, '127.0.0.1'), 'listening');
    const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/`;
    await run({
      client,
      received,
      errors,
      async request(method, headers) {
        const sent = method === 'GET' ? {} : { body: inTwoParts(), duplex: 'half' as const };
        const response = await fetch(url, {
          method,
          headers: { 'content-type': 'application/json', ...headers },
          ...sent,
        });
        return { status: response.status, body: (await response.json()) as Record<string, unknown> };
      },
    });
  } finally {
    http.closeAllConnections();
    http.close();
    await client.close();
    await database.stop();
  }
}

for (const framework of Object.keys(APPLICATIONS)) {
  describe(`the recipe of docs/timeouts.md for ${framework}`, () => {
    for (const method of ['GET', 'POST'] as const) {
      it(`ends the operations of a handler (${method}) within the budget of the header, which the error names`, () =>
        withService(framework, false, async ({ request, errors, received }) => {
          const { status, body } = await request(method, { 'x-timeout-ms': '200' });

          assert.equal(status, 504);
          const [error] = errors;
          assert.ok(error instanceof MongoOperationTimeoutError, String(error));
          assert.equal(error.timeoutMS, 200);
          assert.match(error.timeoutSource ?? '', /^withDeadline at /);
          assert.equal(body['message'], error.message);
          // A machine that is slow enough ends in the first operation; otherwise the error tells what that one took.
          if (received.some(({ name }) => name === 'find'))
            assert.match(error.message, / after insertOne shop\.orders /);
        }));

      it(`gives a handler (${method}) whose request has no valid budget the default`, () =>
        withService(framework, true, async ({ request, received }) => {
          for (const header of [undefined, 'soon', '-1', '0', '1e99', '60000']) {
            received.length = 0;
            const { status } = await request(method, header === undefined ? {} : { 'x-timeout-ms': header });

            assert.equal(status, 200, header);
            for (const command of received) {
              const maxTimeMS = command.body['maxTimeMS'] as number;
              assert.ok(maxTimeMS > 0 && maxTimeMS <= 5000, `${header}: ${maxTimeMS}`);
            }
            assert.equal(received.length, 2);
          }
        }));
    }
  });
}
