import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type Collection,
  type Document,
  MongoClient,
  MongoNetworkError,
  MongoUnexpectedServerResponseError,
} from 'mongotempo';
import { serialize } from '../../src/bson/index.js';
import { rejection } from '../support/cluster.js';
import { replyMessage } from '../support/scripted_peer.js';
import { type Answer, ScriptedServer, STANDALONE } from '../support/scripted_server.js';

/** A server that answers a command as `answer` says, and every other with ok. */
async function withScript(
  server: { hello?: Document; answer: Answer },
  run: (collection: Collection, ends: { client: MongoClient; scripted: ScriptedServer }) => Promise<void>,
): Promise<void> {
  const scripted = await ScriptedServer.listen();
  scripted.hello = () => server.hello ?? STANDALONE;
  scripted.answer = command => (command.name === 'endSessions' ? { ok: 1 } : server.answer(command));
  const { host, port } = scripted.target as { host: string; port: number };
  const client = new MongoClient(`mongodb://${host}:${port}/?directConnection=true`, {
    serverMonitoringMode: 'poll',
    serverSelectionTimeoutMS: 5000,
  });
  try {
    await run(client.db('shop').collection('orders'), { client, scripted });
  } finally {
    await client.close();
    await scripted.stop();
  }
}

/** `{ok: 0, <field>: {a: 1}}`, where the value inside has a type that does not exist. */
function brokenInside(field: string): Buffer {
  const bytes = Buffer.from(serialize({ ok: 0, [field]: { a: 1 } }));
  const inner = bytes.indexOf(`${field}\0`) + field.length + 1;
  bytes[inner + 4] = 0x7e;
  return bytes;
}

describe('a server whose reply is broken inside', () => {
  for (const field of ['$clusterTime', 'errInfo']) {
    it(`loses the connection when ${field} cannot be decoded`, () =>
      withScript(
        {
          answer(command) {
            if (command.name !== 'insert') return { ok: 1 };
            command.peer.send(replyMessage(brokenInside(field), command.requestId));
            return null;
          },
        },
        async (collection, { client }) => {
          const reasons: string[] = [];
          client.on('connectionClosed', ({ reason }) => reasons.push(reason));

          const error = await rejection(collection.insertOne({}));

          assert.ok(error instanceof MongoUnexpectedServerResponseError, String(error));
          assert.deepEqual(reasons, ['error']);
        },
      ));
  }
});

describe('a retry that lands on a server without retryable writes', () => {
  it('is not sent; the error of the first attempt is reported', async () => {
    const primary = { ...STANDALONE, setName: 'rs', hosts: ['a:1'], me: 'a:1' };
    const sent: Document[] = [];
    let hellos: Document = primary;
    await withScript(
      {
        answer(command) {
          if (command.name !== 'insert') return { ok: 1 };
          sent.push(command.body);
          hellos = STANDALONE;
          command.peer.reset();
          return null;
        },
      },
      async (collection, { scripted }) => {
        scripted.hello = () => hellos;

        const error = await rejection(collection.insertOne({}));

        assert.ok(error instanceof MongoNetworkError, String(error));
        assert.equal(sent.length, 1);
        assert.ok('txnNumber' in sent[0]!);
      },
    );
  });
});
