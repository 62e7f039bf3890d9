import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import {
  type Collection,
  type Document,
  Long,
  MongoBulkWriteError,
  type MongoClientOptions,
  MongoError,
  MongoNetworkError,
  MongoServerError,
  MongoUnexpectedServerResponseError,
  ObjectId,
  Timestamp,
} from 'mongotempo';
import { Binary, serialize } from '../../src/bson/index.js';
import { MongoClient } from '../support/checked_client.js';
import { rejection } from '../support/cluster.js';
import { EventLog } from '../support/event_log.js';
import { paced } from '../support/pace.js';
import { brokenDocument, type ReceivedCommand, replyMessage } from '../support/scripted_peer.js';
import { type Answer, ScriptedServer, STANDALONE } from '../support/scripted_server.js';

/** A server that answers a command as `answer` says, and every other with ok. */
async function withScript(
  server: { hello?: Document; answer: Answer; options?: MongoClientOptions },
  run: (collection: Collection, ends: { client: MongoClient; scripted: ScriptedServer }) => Promise<void>,
): Promise<void> {
  const scripted = await ScriptedServer.listen();
  scripted.hello = () => server.hello ?? STANDALONE;
  scripted.answer = command => (command.name === 'endSessions' ? { ok: 1 } : server.answer(command));
  const { host, port } = scripted.target as { host: string; port: number };
  const client = new MongoClient(`mongodb://${host}:${port}/?directConnection=true`, {
    serverMonitoringMode: 'poll',
    serverSelectionTimeoutMS: 5000,
    heartbeatFrequencyMS: 500,
    minHeartbeatFrequencyMS: 20,
    ...server.options,
  });
  try {
    await run(client.db('shop').collection('orders'), { client, scripted });
  } finally {
    await client.close();
    await scripted.stop();
  }
}

/** hello of a primary, to which retryable writes can be sent. */
const PRIMARY: Document = { ...STANDALONE, setName: 'rs', hosts: ['a:1'], me: 'a:1' };

/** Objects that only look like BSON values. */
const LOOKALIKES: readonly Document[] = [{ valueOf: 1 }, { __isLong__: true }, { toString: 1 }];

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

describe('a server whose hello holds an object that only looks like a number', () => {
  const cases: readonly [name: string, hello: (value: Document) => Document][] = [
    ['maxWireVersion', value => ({ maxWireVersion: value })],
    ['lastWrite.lastWriteDate', value => ({ lastWrite: { lastWriteDate: value } })],
    ['topologyVersion.counter', value => ({ topologyVersion: { processId: new ObjectId(), counter: value } })],
    ['connectionId', value => ({ connectionId: value })],
    ['hosts', value => ({ setName: 'rs', hosts: [value] })],
  ];
  for (const [name, hello] of cases) {
    it(
      `fails the check and does not end the process: ${name}`,
      paced(async ms => {
        for (const value of LOOKALIKES) {
          await withScript(
            {
              hello: { ...STANDALONE, ...hello(value) },
              answer: () => ({ ok: 1 }),
              options: { serverSelectionTimeoutMS: ms(100) },
            },
            async collection => {
              const error = await rejection(collection.insertOne({}));
              assert.ok(error instanceof MongoError, String(error));
              const { cause } = error;
              assert.ok(cause instanceof MongoUnexpectedServerResponseError, inspect(error));
              assert.match(cause.message, /in the hello reply of 127\.0\.0\.1:\d+ must be/);
            },
          );
        }
      }),
    );
  }

  it('fails the check of a connection that was good before, polled or streamed', async () => {
    for (const serverMonitoringMode of ['poll', 'stream'] as const) {
      const topologyVersion = { processId: new ObjectId(), counter: Long.fromNumber(1) };
      const awaiting: ReceivedCommand[] = [];
      await withScript(
        { hello: PRIMARY, answer: () => ({ ok: 1 }), options: { serverMonitoringMode } },
        async (collection, { client, scripted }) => {
          scripted.hello = command => {
            if (command.body['maxAwaitTimeMS'] === undefined) return { ...PRIMARY, topologyVersion };
            awaiting.push(command);
            return null;
          };
          await collection.insertOne({});
          const log = new EventLog(client);
          const failed = log.next('serverHeartbeatFailed');

          const bad = { ...PRIMARY, topologyVersion: { ...topologyVersion, counter: { __isLong__: true } } };
          scripted.hello = () => bad;
          for (const command of awaiting) command.reply(bad);

          const { failure } = await failed;
          assert.ok(failure instanceof MongoUnexpectedServerResponseError, inspect(failure));
          scripted.hello = () => PRIMARY;
          await collection.insertOne({});
        },
      );
    }
  });

  it('may say true for ok', () =>
    withScript({ hello: { ...STANDALONE, ok: true }, answer: () => ({ ok: true }) }, async collection => {
      await collection.insertOne({});
    }));
});

describe('an error reply whose topologyVersion is malformed', () => {
  it('breaks its connection; a write is repeated with its number', async () => {
    for (const counter of [...LOOKALIKES, 'x', 1.5]) {
      const sent: Document[] = [];
      await withScript(
        {
          hello: PRIMARY,
          answer(command) {
            if (command.name !== 'insert') return { ok: 1 };
            sent.push(command.body);
            if (sent.length > 1) return { ok: 1, n: 1 };
            const topologyVersion = { processId: new ObjectId(), counter };
            return { ok: 0, code: 10107, errmsg: 'not primary', topologyVersion };
          },
        },
        async collection => {
          await collection.insertOne({});
          assert.equal(sent.length, 2);
          assert.deepEqual(sent[0]!['txnNumber'], sent[1]!['txnNumber']);
        },
      );
    }
  });
});

describe('a server that sends one malformed cluster time', () => {
  const signature = { hash: new Binary(Buffer.alloc(20)), keyId: Long.fromNumber(1) };
  const time = { clusterTime: new Timestamp({ t: 9, i: 1 }), signature };
  const broken = Buffer.from(serialize({ ok: 1, n: 1, $clusterTime: time }));
  broken[broken.indexOf(Buffer.from('hash\0')) - 1] = 0x7e;

  it('does not have it sent back to it', async () => {
    const sent: Document[] = [];
    await withScript(
      {
        hello: PRIMARY,
        answer(command) {
          if (command.name !== 'insert') return { ok: 1 };
          sent.push(command.body);
          if (sent.length > 1) return { ok: 1, n: 1 };
          command.peer.send(replyMessage(broken, command.requestId));
          return null;
        },
      },
      async collection => {
        await collection.insertOne({});
        await collection.insertOne({});

        assert.equal(sent.length, 3);
        for (const body of sent) assert.equal(body['$clusterTime'], undefined);
      },
    );
  });
});

describe('a server whose maxWriteBatchSize is not a number from 1 on', () => {
  for (const limit of [0, -1, NaN, 0.5, Infinity]) {
    it(`is sent all documents once: ${limit}`, async () => {
      const counts: number[] = [];
      await withScript(
        {
          hello: { ...STANDALONE, maxWriteBatchSize: limit, maxBsonObjectSize: limit, maxMessageSizeBytes: limit },
          answer(command) {
            if (command.name !== 'insert') return { ok: 1 };
            counts.push((command.sequences['documents'] ?? []).length);
            return { ok: 1, n: 3 };
          },
        },
        async collection => {
          const { insertedCount } = await collection.insertMany([{}, {}, {}]);
          assert.equal(insertedCount, 3);
          assert.deepEqual(counts, [3]);
        },
      );
    });
  }
});

describe('a malformed reply to a write', () => {
  const malformed: readonly Document[] = [
    { writeErrors: 5 },
    { writeErrors: {} },
    { writeErrors: [null] },
    { writeErrors: [5] },
    { writeErrors: ['x'] },
    { writeErrors: [[]] },
    { writeErrors: [{ index: 'x', code: 1 }] },
    { writeErrors: [{ index: { valueOf: 1 }, code: 1 }] },
    { writeErrors: [{ index: 7, code: 1 }] },
    { writeErrors: [{ index: -1, code: 1 }] },
    { writeErrors: [{ index: 0, code: 'x' }] },
    { writeErrors: [{ index: 0, code: { valueOf: 1 } }] },
    { writeErrors: [{ index: 0, code: 1, errmsg: { toString: 1 } }] },
    { upserted: 5 },
    { upserted: [null] },
    { upserted: [{ index: 'x', _id: 1 }] },
    { upserted: [{ index: 9, _id: 1 }] },
    { n: 'x' },
    { n: { valueOf: 1 } },
    { n: -1 },
    { n: NaN },
    { nModified: 'x' },
    { writeConcernError: 5 },
    { writeConcernError: [null] },
    { writeConcernError: { code: 'x' } },
    { writeConcernError: { code: 64, errmsg: { toString: 1 } } },
  ];
  const writes: readonly [name: string, write: (collection: Collection) => Promise<unknown>][] = [
    ['insertOne', collection => collection.insertOne({})],
    ['insertMany', collection => collection.insertMany([{}, {}])],
    ['updateOne', collection => collection.updateOne({}, { $set: { a: 1 } })],
    ['deleteOne', collection => collection.deleteOne({})],
    [
      'bulkWrite',
      collection => collection.bulkWrite([{ updateOne: { filter: {}, update: { $set: { a: 1 } }, upsert: true } }]),
    ],
    ['unordered bulkWrite', collection => collection.bulkWrite([{ deleteOne: { filter: {} } }], { ordered: false })],
    ['findOneAndUpdate', collection => collection.findOneAndUpdate({}, { $set: { a: 1 } })],
  ];
  for (const [name, write] of writes) {
    it(`is no TypeError for ${name}, and whatever is refused costs the connection`, async () => {
      for (const fields of malformed) {
        let refused = 0;
        await withScript(
          {
            hello: PRIMARY,
            answer: ({ name: command }) =>
              ['insert', 'update', 'delete', 'findAndModify'].includes(command)
                ? { ok: 1, n: 1, ...fields }
                : { ok: 1 },
            options: { serverSelectionTimeoutMS: 2000 },
          },
          async (collection, { client }) => {
            client.on('connectionClosed', ({ reason }) => {
              if (reason === 'error') refused++;
            });
            const error = await write(collection).then(
              () => null,
              (error: unknown) => error as MongoError,
            );
            if (error === null || !(error instanceof MongoUnexpectedServerResponseError)) {
              // Of a field that this command does not have nothing is read.
              assert.ok(error === null || error instanceof MongoServerError, inspect([fields, error]));
              return;
            }
            assert.equal(error.phase, 'read');
            assert.match(String(error.host), /^127\.0\.0\.1:/);
            assert.ok(refused > 0, `the connection was kept: ${inspect(fields)}`);
          },
        );
      }
    });
  }

  const refusedBy: readonly [name: string, fields: readonly Document[]][] = [
    ['insertOne', malformed.slice(0, 13)],
    ['insertMany', malformed.slice(0, 13)],
    ['updateOne', malformed],
    ['bulkWrite', malformed],
  ];
  for (const [name, fields] of refusedBy) {
    it(`is refused by ${name}`, async () => {
      const write = writes.find(([other]) => other === name)![1];
      for (const field of fields) {
        await withScript({ hello: PRIMARY, answer: () => ({ ok: 1, n: 1, ...field }) }, async collection => {
          const error = await rejection(write(collection));
          const refusal = error instanceof MongoBulkWriteError ? error.cause : error;
          assert.ok(refusal instanceof MongoUnexpectedServerResponseError, inspect([field, error]));
        });
      }
    });
  }
});

describe('a reply to a write that is no message, or one to another request', () => {
  const replies: readonly [name: string, reply: (command: ReceivedCommand) => void][] = [
    ['text', ({ peer }) => peer.send(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'))],
    ['a length of 3', ({ peer }) => peer.send(Buffer.from([3, 0, 0, 0, 1, 1, 1, 1]))],
    ['a wrong responseTo', command => command.reply({ ok: 1, n: 1 }, { responseTo: command.requestId + 1 })],
    ['an unknown flag', command => command.reply({ ok: 1, n: 1 }, { flags: 1 << 5 })],
    ['a broken document', ({ peer, requestId }) => peer.send(replyMessage(brokenDocument(), requestId))],
    [
      'a broken writeConcernError',
      ({ peer, requestId }) => peer.send(replyMessage(brokenInside('writeConcernError'), requestId)),
    ],
  ];
  for (const [name, reply] of replies) {
    it(`has a retryable write sent again with the same txnNumber: ${name}`, async () => {
      const sent: Document[] = [];
      await withScript(
        {
          hello: PRIMARY,
          answer(command) {
            if (command.name !== 'insert') return { ok: 1 };
            sent.push(command.body);
            if (sent.length > 1) return { ok: 1, n: 1 };
            reply(command);
            return null;
          },
        },
        async (collection, { client }) => {
          const reasons: string[] = [];
          client.on('connectionClosed', ({ reason }) => reasons.push(reason));

          await collection.insertOne({});

          assert.equal(sent.length, 2);
          assert.deepEqual(sent[0]!['txnNumber'], sent[1]!['txnNumber']);
          assert.ok(sent[0]!['txnNumber'] !== undefined);
          assert.equal(reasons[0], 'error');
        },
      );
    });

    it(`is a network error that says where it happened and that the write may have been applied: ${name}`, async () => {
      for (const [retryWrites, label] of [
        [true, true],
        [false, false],
      ] as const) {
        await withScript(
          {
            hello: PRIMARY,
            options: { retryWrites },
            answer(command) {
              if (command.name !== 'insert') return { ok: 1 };
              reply(command);
              return null;
            },
          },
          async collection => {
            const error = await rejection(collection.insertOne({}));
            assert.ok(error instanceof MongoNetworkError, inspect(error));
            assert.ok(error instanceof MongoUnexpectedServerResponseError);
            assert.equal(error.phase, 'read');
            assert.equal(error.maybeApplied, true);
            assert.equal(error.namespace, 'shop.orders');
            assert.equal(error.hasErrorLabel('RetryableWriteError'), label);
            assert.ok(error.cause instanceof MongoUnexpectedServerResponseError);
          },
        );
      }
    });
  }

  it('says that a write may have been applied when the connection breaks, too', () =>
    withScript(
      {
        answer(command) {
          if (command.name !== 'insert') return { ok: 1 };
          command.peer.reset();
          return null;
        },
      },
      async collection => {
        const error = await rejection(collection.insertOne({}));
        assert.ok(error instanceof MongoNetworkError);
        assert.equal(error.maybeApplied, true);
      },
    ));

  it('has a read sent again', async () => {
    let finds = 0;
    await withScript(
      {
        answer(command) {
          if (command.name !== 'find') return { ok: 1 };
          if (++finds > 1) return { ok: 1, cursor: { id: 0n, ns: 'shop.orders', firstBatch: [{ _id: 1 }] } };
          command.peer.send(Buffer.from([3, 0, 0, 0, 1, 1, 1, 1]));
          return null;
        },
      },
      async collection => {
        assert.deepEqual(await collection.findOne({}), { _id: 1 });
      },
    );
  });
});

describe('a cursor whose reply names no usable namespace', () => {
  for (const ns of [undefined, null, '', 'nodot', '.orders', 'shop.', 'shop.or\0ders', 5]) {
    it(`goes on in the namespace that is known: ${JSON.stringify(ns)}`, async () => {
      const bodies: Document[] = [];
      await withScript(
        {
          answer({ name, body }) {
            if (name === 'find' || name === 'aggregate' || name === 'listCollections') {
              return { ok: 1, cursor: { id: 5n, ...(ns !== undefined && { ns }), firstBatch: [{ _id: 1 }] } };
            }
            bodies.push(body);
            if (name === 'getMore')
              return { ok: 1, cursor: { id: 0n, ...(ns !== undefined && { ns }), nextBatch: [] } };
            return { ok: 1 };
          },
        },
        async (collection, { client }) => {
          await collection.find({}).toArray();
          await collection.aggregate([]).toArray();
          await client
            .db('shop')
            .aggregate([{ $currentOp: {} }])
            .toArray();
          await client.db('shop').listCollections().toArray();

          const where = bodies.map(({ getMore, collection: name, $db }) => [typeof getMore, $db, name] as unknown);
          assert.deepEqual(where, [
            ['number', 'shop', 'orders'],
            ['number', 'shop', 'orders'],
            ['number', 'shop', '$cmd.aggregate'],
            ['number', 'shop', '$cmd.listCollections'],
          ]);
        },
      );
    });
  }

  it('is refused for a command of the user, whose collection the driver does not know', async () => {
    const names: string[] = [];
    await withScript(
      {
        answer({ name }) {
          names.push(name);
          return { ok: 1, cursor: { id: 5n, ns: 'nodot', firstBatch: [] } };
        },
      },
      async (_, { client }) => {
        const cursor = client.db('shop').runCursorCommand({ mine: 1 });
        const error = await rejection(cursor.toArray());
        assert.ok(error instanceof MongoUnexpectedServerResponseError, inspect(error));
        assert.ok(!names.includes('getMore'));
      },
    );
  });
});

describe('a reply with a live cursor to an operation that reads one batch', () => {
  const operations: readonly [name: string, run: (collection: Collection) => Promise<unknown>, expected: unknown][] = [
    ['findOne', collection => collection.findOne({}), { _id: 1, n: 3 }],
    ['countDocuments', collection => collection.countDocuments({}), 3],
  ];
  for (const [name, run, expected] of operations) {
    it(`has the cursor closed on the server, and ${name} does not wait for that`, async () => {
      const killed: ReceivedCommand[] = [];
      let arrived: () => void = () => undefined;
      const kill = new Promise<void>(resolve => (arrived = resolve));
      await withScript(
        {
          hello: PRIMARY,
          answer(command) {
            if (command.name !== 'killCursors') {
              return { ok: 1, cursor: { id: 77n, ns: 'shop.orders', firstBatch: [{ _id: 1, n: 3 }] } };
            }
            killed.push(command);
            arrived();
            return null;
          },
        },
        async (collection, { client, scripted }) => {
          const log = new EventLog(client);
          assert.deepEqual(await run(collection), expected);
          await kill;

          const { body, peer } = killed[0]!;
          assert.equal(body['killCursors'], 'orders');
          assert.deepEqual(body['cursors'], [77]);
          assert.equal(body['$db'], 'shop');
          const started = log.started();
          assert.equal(started.at(-1)!.commandName, 'killCursors');
          assert.deepEqual(started.at(-1)!.command['lsid'], started[0]!.command['lsid']);
          assert.equal(started.at(-1)!.connectionId, started[0]!.connectionId);
          // The connection is lent again when the server has answered.
          const checkedIn = log.next('connectionCheckedIn');
          killed[0]!.reply({ ok: 1 });
          await checkedIn;
          assert.ok(!peer.closed);
          assert.equal(scripted.openPeers.length, 2);
        },
      );
    });

    it(`does not keep the result of ${name} nor its connection when the server does not answer`, async () => {
      await withScript(
        {
          hello: PRIMARY,
          answer: ({ name }) =>
            name === 'killCursors'
              ? null
              : { ok: 1, cursor: { id: 77n, ns: 'shop.orders', firstBatch: [{ _id: 1, n: 3 }] } },
        },
        async (collection, { client }) => {
          const log = new EventLog(client);
          assert.deepEqual(await run(collection), expected);
          await log.next('connectionCheckedIn');
        },
      );
    });
  }

  it('is closed before the next command of a session of the user', async () => {
    const names: string[] = [];
    await withScript(
      {
        hello: PRIMARY,
        answer({ name, body }) {
          names.push(name);
          assert.ok(body['lsid'] !== undefined || name === 'endSessions');
          return name === 'find'
            ? { ok: 1, cursor: { id: 77n, ns: 'shop.orders', firstBatch: [{ _id: 1 }] } }
            : { ok: 1, n: 1 };
        },
      },
      async (collection, { client }) => {
        await client.withSession(async session => {
          await collection.findOne({}, { session });
          await collection.insertOne({}, { session });
        });
        assert.deepEqual(names.slice(0, 3), ['find', 'killCursors', 'insert']);
      },
    );
  });
});
