import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Socket } from 'node:net';
import { describe, it } from 'node:test';
import { createSecureContext } from 'node:tls';
import { Worker } from 'node:worker_threads';
import { CertificateAuthority } from 'mongotempo-server';
import { type Document, Long, serialize } from '../../src/bson/index.js';
import { type ClientEffects, MongoClient } from '../../src/client/mongo_client.js';
import { OPTION_NAMES as METHOD_OPTIONS } from '../../src/commands/option_names.js';
import { systemClock } from '../../src/runtime/clock.js';
import { systemResolver } from '../../src/runtime/dns.js';
import type { OpenTransport } from '../../src/runtime/transport.js';
import type { MongoClientOptions } from '../../src/uri/client_options.js';
import { OPTION_NAMES, optionNamed } from '../../src/uri/options/table.js';
import { Deferred } from '../support/deferred.js';
import { STANDALONE } from '../support/scripted_server.js';

/** Fields of what options are made of: traits of the table, concerns, credentials, addresses, metadata. */
const FIELDS: readonly string[] = [
  ...OPTION_NAMES.flatMap(name => Object.keys(optionNamed(name))),
  ...['level', 'mode', 'preference', 'strict', 'tags', 'hedge', 'deprecationErrors', 'api', 'username', 'password'],
  ...['socketPath', 'host', 'port', 'path', 'platform'],
  ...['database', 'collection', 'client', 'operation', 'transaction'],
];

const VALUES: readonly unknown[] = [true, 7, 'polluted'];

/** With a property on `Object.prototype`, as an attacker or a careless library puts it there. */
async function polluted<T>(name: string | null, value: unknown, run: () => Promise<T>): Promise<T> {
  if (name === null) return await run();
  Object.defineProperty(Object.prototype, name, { value, enumerable: true, configurable: true, writable: true });
  try {
    return await run();
  } finally {
    Reflect.deleteProperty(Object.prototype, name);
  }
}

/** What would make a client trust another authority, connect elsewhere, or fail. */
function optionsOfNode(ca: string): [string, unknown][] {
  const context = createSecureContext({ ca });
  return [
    ['tls', true],
    ['tls', false],
    ['ssl', true],
    ['tlsInsecure', true],
    ['tlsAllowInvalidCertificates', true],
    ['tlsAllowInvalidHostnames', true],
    ['tlsCAFile', '/nonexistent'],
    ['tlsCRLFile', '/nonexistent'],
    ['tlsCertificateKeyFile', '/nonexistent'],
    ['rejectUnauthorized', false],
    ['checkServerIdentity', () => undefined],
    ['ca', ca],
    ['ca', []],
    ['caFile', '/nonexistent'],
    ['cert', 'polluted'],
    ['key', 'polluted'],
    ['pfx', 'polluted'],
    ['crl', 'polluted'],
    ['passphrase', 'polluted'],
    ['secureContext', context],
    ['context', context],
    ['session', Buffer.from('polluted')],
    ['servername', 'elsewhere.test'],
    ['ALPNProtocols', ['polluted']],
    ['pskCallback', () => null],
    ['ciphers', 'polluted'],
    ['minVersion', 'TLSv1'],
    ['maxVersion', 'TLSv1'],
    ['secureProtocol', 'TLSv1_method'],
    ['minDHSize', 1],
    ['requestOCSP', 'polluted'],
    ['enableTrace', true],
    ['allowPartialTrustChain', true],
    ['socketPath', '/nonexistent.sock'],
    ['path', '/nonexistent.sock'],
    ['host', 'elsewhere.test'],
    ['port', 1],
    ['socket', new Socket()],
    ['lookup', () => undefined],
    ['family', 6],
    ['hints', -1],
    ['localAddress', '203.0.113.1'],
    ['localPort', 1],
    ['autoSelectFamily', 'polluted'],
    ['autoSelectFamilyAttemptTimeout', 'polluted'],
    // Node.js itself makes its sockets of TLS with options that inherit this one; a value of a wrong type makes it throw.
    ['keepAliveInitialDelay', 5],
    ['signal', AbortSignal.abort()],
    ['timeout', 1],
    ['proxy', { host: '127.0.0.1', port: 1 }],
    ['proxyHost', '127.0.0.1'],
    ['proxyPort', 1],
    ['username', 'polluted'],
    ['credentials', 'polluted'],
    ['lookup', 'polluted'],
  ];
}

const REPLY: Document = {
  ok: 1,
  n: 1,
  nModified: 0,
  value: null,
  values: [],
  cursor: { id: Long.fromNumber(0), ns: 'shop.orders', firstBatch: [{ _id: 1, n: Long.fromNumber(5) }] },
};
const HELLO_BYTES = Buffer.from(serialize(STANDALONE));
const REPLY_BYTES = Buffer.from(serialize(REPLY));
const OP_MSG = 2013;

/** Answers without any options of its own, so that it answers the same whatever is polluted. Records what is sent, as bytes. */
function recorder(sent: string[], hellos: Set<string>): OpenTransport {
  return (_address, _options, handler) => {
    let isOpen = true;
    queueMicrotask(() => handler.onConnect());
    return {
      flushed: true,
      write(bytes) {
        const message = Buffer.from(bytes);
        const isMessage = message.readInt32LE(12) === OP_MSG;
        const id = message.readInt32LE(4);
        message.writeInt32LE(0, 4);
        const text = message.toString('latin1');
        const isHello = /\x10(?:hello|ismaster|isMaster)\x00|\x01(?:hello|ismaster)\x00|admin\.\$cmd/.test(text);
        if (isHello) hellos.add(text);
        else sent.push(text);
        const body = isHello ? HELLO_BYTES : REPLY_BYTES;
        const head = Buffer.alloc(isMessage ? 21 : 36);
        head.writeInt32LE(head.length + body.length, 0);
        head.writeInt32LE(id, 8);
        head.writeInt32LE(isMessage ? OP_MSG : 1, 12);
        if (!isMessage) head.writeInt32LE(1, 32);
        const reply = Buffer.concat([head, body]);
        queueMicrotask(() => {
          if (isOpen) handler.onData(reply, reply.length);
        });
        return true;
      },
      destroy() {
        if (!isOpen) return;
        isOpen = false;
        queueMicrotask(() => handler.onClose(null));
      },
    };
  };
}

/** What a program does, with no options, with empty ones, and with some. */
const PROGRAM: readonly ((client: MongoClient) => Promise<unknown>)[] = [
  client => orders(client).insertOne({ _id: 1 }),
  client => orders(client).insertOne({ _id: 1, a: 2 }, {}),
  client => client.db('shop', {}).collection('orders').insertOne({ a: 2 }),
  client => orders(client).insertMany([{ _id: 1 }, { _id: 2 }], { comment: 'c' }),
  client => orders(client).updateOne({ _id: 1 }, { $set: { a: 1 } }),
  client => orders(client).updateMany({}, { $set: { a: 1 } }, { writeConcern: { journal: true } }),
  client => orders(client).replaceOne({ _id: 1 }, { a: 1 }, {}),
  client => orders(client).deleteOne({ _id: 1 }),
  client => orders(client).deleteMany({ a: 1 }, {}),
  client => orders(client).findOneAndUpdate({ _id: 1 }, { $set: { a: 1 } }),
  client => orders(client).findOneAndReplace({ _id: 1 }, { a: 1 }, {}),
  client => orders(client).findOneAndDelete({ _id: 1 }),
  client =>
    orders(client).bulkWrite([
      { insertOne: { document: { _id: 1 } } },
      { updateOne: { filter: { _id: 1 }, update: { $set: { a: 1 } } } },
      { replaceOne: { filter: { _id: 1 }, replacement: { a: 1 } } },
      { deleteOne: { filter: { _id: 1 } } },
    ]),
  client => orders(client).initializeOrderedBulkOp().insert({ _id: 1 }).execute(),
  client =>
    orders(client)
      .initializeUnorderedBulkOp({})
      .find({ a: 1 })
      .updateOne({ $set: { b: 1 } })
      .execute(),
  client => orders(client).findOne({ _id: 1 }),
  client => orders(client).find({ a: 1 }).toArray(),
  client => orders(client).find({ a: 1 }, { readPreference: 'secondaryPreferred' }).limit(2).toArray(),
  client =>
    orders(client)
      .aggregate([{ $match: { a: 1 } }])
      .toArray(),
  client => orders(client).countDocuments({ a: 1 }),
  client => orders(client).estimatedDocumentCount({}),
  client => orders(client).distinct('a'),
  client => orders(client).createIndex({ a: 1 }),
  client => orders(client).listIndexes().toArray(),
  client => orders(client).dropIndex('a_1'),
  client => orders(client).drop(),
  client => client.db('shop').createCollection('orders'),
  client => client.db('shop').listCollections().toArray(),
  client => client.db('shop').command({ ping: 1 }),
  client => client.db('shop').command({ ping: 1 }, { readPreference: 'primary' }),
  client =>
    client
      .db('shop', { writeConcern: { w: 'majority' } })
      .collection<{ _id: number }>('orders', {})
      .insertOne({ _id: 3 }),
  client =>
    client
      .db('shop')
      .collection('orders', { readConcern: { level: 'local' } })
      .findOne({}),
  client => client.db('shop').stats(),
  client => client.db('shop').admin().listDatabases(),
  client => client.bulkWrite([{ name: 'deleteOne', namespace: 'shop.orders', filter: { a: 4 } }]),
  client => client.withSession(async session => await orders(client).insertOne({ _id: 5 }, { session })),
  client =>
    client.withSession({ causalConsistency: true }, async session => {
      session.startTransaction({ readConcern: { level: 'snapshot' } });
      await orders(client).insertOne({ _id: 6 }, { session });
      await session.commitTransaction();
    }),
];

function orders(client: MongoClient) {
  return client.db('shop').collection<{ _id: number; a?: number }>('orders');
}

interface Trace {
  readonly hellos: string;
  readonly steps: readonly string[];
}

/** Everything that the program sends and gets, with a client made while `name` is polluted, once for each value. */
async function trace(name: string | null): Promise<Trace> {
  const sent: string[] = [];
  const hellos = new Set<string>();
  const effects: ClientEffects = {
    clock: systemClock,
    random: { next: () => 0.5, bytes: (size: number) => Buffer.alloc(size, 1) },
    resolver: systemResolver,
    open: recorder(sent, hellos),
  };
  const steps: string[] = [];
  const client = await polluted(name, VALUES[0], async () => {
    const made = new MongoClient(
      'mongodb://db1:27017/shop',
      { serverSelectionTimeoutMS: 2000, maxPoolSize: 1, pkFactory: { createPk: () => 9 } },
      effects,
    );
    return await made.connect();
  });
  for (const value of VALUES) {
    await polluted(name, value, async () => {
      for (const step of PROGRAM) {
        let outcome: string;
        try {
          outcome = textOf(await step(client));
        } catch (error) {
          outcome = String(error);
        }
        steps.push(`${outcome} ${sent.splice(0).join()}`);
      }
    });
  }
  await polluted(name, VALUES[0], () => client.close());
  return { hellos: [...hellos].sort().join(), steps };
}

function textOf(value: unknown): string {
  if (value === undefined) return 'undefined';
  return JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? String(item) : item));
}

/** What differs, in words. */
function differences(name: string, clean: Trace, dirty: Trace): string[] {
  const found = clean.steps.flatMap((step, index) => {
    if (dirty.steps[index] === step) return [];
    const value = VALUES[Math.floor(index / PROGRAM.length)];
    return [
      `${name} = ${String(value)}: ${String(PROGRAM[index % PROGRAM.length])} → ${String(dirty.steps[index]).slice(0, 300)}`,
    ];
  });
  return clean.hellos === dirty.hellos ? found : [...found, `${name}: another hello`];
}

/** In a thread of its own, where nothing is polluted: answers every message, in the clear and by TLS. */
const SERVER = `
const { parentPort, workerData } = require('node:worker_threads');
const net = require('node:net');
const tls = require('node:tls');
function serve(socket) {
  let unread = Buffer.alloc(0);
  socket.on('error', () => undefined);
  socket.on('data', chunk => {
    unread = Buffer.concat([unread, chunk]);
    while (unread.length >= 16 && unread.length >= unread.readInt32LE(0)) {
      const size = unread.readInt32LE(0);
      const isMessage = unread.readInt32LE(12) === 2013;
      const head = Buffer.alloc(isMessage ? 21 : 36);
      head.writeInt32LE(head.length + workerData.hello.length, 0);
      head.writeInt32LE(unread.readInt32LE(4), 8);
      head.writeInt32LE(isMessage ? 2013 : 1, 12);
      if (!isMessage) head.writeInt32LE(1, 32);
      socket.write(Buffer.concat([head, workerData.hello]));
      unread = unread.subarray(size);
    }
  });
}
const plain = net.createServer(serve).listen(0, '127.0.0.1', () => {
  const secure = tls.createServer({ cert: workerData.cert, key: workerData.key }, serve);
  secure.on('tlsClientError', () => undefined);
  secure.listen(0, '127.0.0.1', () => parentPort.postMessage({ plain: plain.address().port, secure: secure.address().port }));
});
`;

/** How the first check of a server ends: "succeeded", or why it did not. */
async function firstCheck(uri: string, options: MongoClientOptions): Promise<string> {
  const client = new MongoClient(uri, options);
  const outcome = new Deferred<string>();
  client.on('serverHeartbeatSucceeded', () => outcome.resolve('succeeded'));
  client.on('serverHeartbeatFailed', ({ failure }) => outcome.resolve(failure.message));
  client.connect().catch(() => undefined);
  const text = await outcome.promise;
  await client.close();
  return text.replace(/\d+(\.\d+)?/g, 'N');
}

describe('a polluted Object.prototype', () => {
  it('changes neither which authorities a client trusts nor where it connects to', async () => {
    const authority = new CertificateAuthority('an authority');
    const { cert, key } = authority.issue({ commonName: 'server', hosts: ['127.0.0.1'] });
    const server = new Worker(SERVER, { eval: true, workerData: { hello: HELLO_BYTES, cert, key } });
    try {
      const [ports] = (await once(server, 'message')) as [{ plain: number; secure: number }];
      const ca = authority.certificate;
      const secure = `mongodb://127.0.0.1:${ports.secure}/`;
      const run = async () => [
        await firstCheck(`mongodb://127.0.0.1:${ports.plain}/`, {}),
        await firstCheck(secure, { tls: true }),
        await firstCheck(secure, { tls: true, ca }),
        await firstCheck(secure, { tls: true, ca, servername: 'elsewhere.test' }),
      ];
      const clean = await run();
      assert.equal(clean[0], 'succeeded');
      assert.match(clean[1]!, /certificate/);
      assert.equal(clean[2], 'succeeded');
      assert.match(clean[3]!, /elsewhere\.test/);
      const found: string[] = [];
      for (const [name, value] of optionsOfNode(ca)) {
        const dirty = await polluted(name, value, run).catch((error: unknown) => [String(error)]);
        if (dirty.join() !== clean.join()) found.push(`${name} = ${String(value)}: ${dirty.join(', ')}`);
      }

      assert.deepEqual(found, []);
    } finally {
      await server.terminate();
    }
  });

  it('changes nothing of what is sent, whichever option it pretends to be', async () => {
    const clean = await trace(null);
    assert.deepEqual(differences('nothing', clean, await trace(null)), []);
    const found: string[] = [];
    for (const name of new Set<string>([...OPTION_NAMES, ...METHOD_OPTIONS, ...FIELDS])) {
      try {
        found.push(...differences(name, clean, await trace(name)));
      } catch (error) {
        found.push(`${name}: ${String((error as Error).stack)}`);
      }
    }

    assert.deepEqual(found, []);
  });
});
