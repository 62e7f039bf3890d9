import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BulkOperationBase } from '../../../src/bulk/bulk_operation.js';
import { Admin } from '../../../src/client/admin.js';
import { Collection } from '../../../src/client/collection.js';
import { AbstractCursor } from '../../../src/client/cursors/abstract_cursor.js';
import { ChangeStream } from '../../../src/client/cursors/change_stream.js';
import { ExplainableCursor } from '../../../src/client/cursors/explainable_cursor.js';
import { FindCursor } from '../../../src/client/cursors/find_cursor.js';
import { Db } from '../../../src/client/db.js';
import { MongoClient } from '../../../src/client/mongo_client.js';
import { MongoInvalidArgumentError } from '../../../src/errors/driver.js';
import { MongoOperationTimeoutError } from '../../../src/errors/timeout.js';
import { GridFSBucket } from '../../../src/gridfs/bucket.js';
import { ClientSession } from '../../../src/sessions/client_session.js';
import { ClientHarness } from '../../support/client_harness.js';
import { errorOf } from '../../support/engine_harness.js';
import { quiet } from '../../support/scripted_server.js';
import { answeringTheFirst, OF_CLIENT, type Own, orders, WAITING, type Waiting } from './waiting_methods.js';

/** Public methods that wait for no server, or whose waits never fail; and what is there for the driver itself. */
const OTHERS: Readonly<Record<string, readonly string[]>> = {
  Collection: [
    ...['find', 'aggregate', 'watch', 'initializeOrderedBulkOp', 'initializeUnorderedBulkOp'],
    ...['listIndexes', 'listSearchIndexes'],
  ],
  Db: ['collection', 'aggregate', 'runCursorCommand', 'admin', 'watch', 'listCollections'],
  Admin: [],
  // `connect` and `close` have tests of their own.
  MongoClient: [
    ...['connect', 'close', 'watch', 'startSession', 'appendMetadata', 'poolStats', 'stats', 'db', 'engine'],
    Symbol.asyncDispose.toString(),
  ],
  // An abort swallows its errors.
  ClientSession: [
    ...['advanceOperationTime', 'advanceClusterTime', 'equals', 'incrementTransactionNumber', 'inTransaction'],
    ...['startTransaction', 'abortTransaction', 'endWithClient', 'toBSON', Symbol.asyncDispose.toString()],
  ],
  BulkOperationBase: ['insert', 'find', 'raw', 'addToOperationsList', 'add'],
  GridFSBucket: [
    ...[
      'openUploadStream',
      'openUploadStreamWithId',
      'openDownloadStream',
      'openDownloadStreamByName',
      'download',
      'find',
    ],
  ],
  AbstractCursor: [
    ...['bufferedCount', 'readBufferedDocuments', 'close', 'rewind', 'map', 'addCursorFlag', 'withReadPreference'],
    ...['withReadConcern', 'batchSize', 'maxTimeMS', 'assertNotStarted', Symbol.asyncDispose.toString()],
  ],
  // `start` is there for tests of the specification.
  ChangeStream: ['bufferedCount', 'start', 'close', Symbol.asyncDispose.toString()],
  ExplainableCursor: ['openOperation', 'resolveExplainTimeoutOptions'],
  FindCursor: [
    ...['plainOperation', 'clone', 'map', 'filter', 'sort', 'limit', 'skip', 'project', 'hint', 'min', 'max'],
    ...['returnKey', 'showRecordId', 'comment', 'collation', 'allowDiskUse', 'maxAwaitTimeMS', 'addQueryModifier'],
  ],
};

const CLASSES: Readonly<Record<string, { readonly prototype: object }>> = {
  ...{ Collection, Db, Admin, MongoClient, ClientSession, GridFSBucket, AbstractCursor, ChangeStream },
  ...{ ExplainableCursor, FindCursor, BulkOperationBase },
};

/** Own methods of a class, by name. */
function methodsOf({ prototype }: { readonly prototype: object }): string[] {
  return Reflect.ownKeys(prototype)
    .filter(key => key !== 'constructor')
    .filter(key => typeof Object.getOwnPropertyDescriptor(prototype, key)?.value === 'function')
    .map(String);
}

/** How a method ends whose commands the server does not answer. */
interface Timeout {
  readonly error: MongoOperationTimeoutError;
  /** The operations that failed, by their events. */
  readonly failed: readonly string[];
}

async function timeoutOf(call: Waiting['call'], own: Own): Promise<Timeout> {
  await using harness = await ClientHarness.connected({ timeoutMS: 200 });
  const names: string[] = [];
  harness.client.on('operationFailed', ({ operationName }) => names.push(operationName));
  harness.answer = answeringTheFirst;
  async function lineOfTheCaller(): Promise<void> {
    await call(harness.client, own);
  }
  const failed = errorOf(lineOfTheCaller(), MongoOperationTimeoutError);
  await quiet();
  await harness.clock.advance(200);
  return { error: await failed, failed: names };
}

describe('the door', () => {
  for (const [type, methods] of Object.entries(WAITING)) {
    for (const [method, { call, operation = method, source = operation }] of Object.entries(methods)) {
      it(`bounds ${type}.${method}; its error and its events are named by it, and the error leads to the caller`, async () => {
        const isOfClient = source === OF_CLIENT;
        const timeoutMS = isOfClient ? 200 : 50;

        const { error, failed } = await timeoutOf(call, isOfClient ? {} : { timeoutMS });

        assert.equal(error.timeoutMS, timeoutMS);
        assert.match(error.message, new RegExp(`, timeoutMS=${timeoutMS} of ${source}: `));
        assert.ok(failed.includes(operation), failed.join());
        // A stream is read by Node.js, and not by a line of the caller.
        if (method !== 'stream') assert.match(error.stack ?? '', /at async lineOfTheCaller /);
      });
    }
  }

  for (const [type, constructor] of Object.entries(CLASSES)) {
    it(`is tried with every method of ${type} that waits`, () => {
      const known = [...Object.keys(WAITING[type] ?? {}), ...(OTHERS[type] ?? [])];

      assert.deepEqual(methodsOf(constructor).sort(), known.sort());
    });
  }

  it('gives each call a number of its own, and all calls on one cursor the same', async () => {
    await using harness = await ClientHarness.connected({ monitorCommands: true });
    const ids: [string, number][] = [];
    harness.client.on('commandStarted', ({ commandName, operationId }) => ids.push([commandName, operationId]));
    harness.answer = ({ name }) =>
      name === 'find' || name === 'getMore'
        ? { ok: 1, cursor: { id: 7n, ns: 'shop.orders', [name === 'find' ? 'firstBatch' : 'nextBatch']: [{ a: 1 }] } }
        : { ok: 1, n: 1 };

    const cursor = orders(harness.client).find();
    await cursor.next();
    await orders(harness.client).insertOne({});
    await cursor.next();
    await cursor.close();

    const first = ids[0]?.[1] ?? 0;
    assert.deepEqual(ids, [
      ['find', first],
      ['insert', first + 1],
      ['getMore', first],
      ['killCursors', first],
    ]);
  });

  it('refuses a wrong option before anything is connected', async () => {
    await using harness = new ClientHarness();

    const error = await errorOf(orders(harness.client).insertOne({}, { timeoutMS: -1 }), MongoInvalidArgumentError);

    assert.match(error.message, /^timeoutMS of insertOne is -1/);
    assert.equal(harness.server.peers.length, 0);
  });

  it('names the method that was called when it refuses an option of a cursor which the method reads by itself', async () => {
    await using harness = new ClientHarness();

    const error = await errorOf(orders(harness.client).indexes({ timeoutMS: -1 }), MongoInvalidArgumentError);

    assert.match(error.message, /^timeoutMS of indexes is -1/);
  });

  it('waits for the files of TLS before it sends, and opens no connection if one cannot be read', async () => {
    const tlsCAFile = '/no/such/file';
    for (const call of [
      (client: MongoClient) => orders(client).insertOne({}),
      (client: MongoClient) => orders(client).insertMany([{}]),
    ]) {
      await using harness = new ClientHarness({ tls: true, tlsCAFile });

      assert.match((await errorOf(call(harness.client), MongoInvalidArgumentError)).message, /no\/such\/file/);
      assert.equal(harness.server.peers.length, 0);
    }
  });

  it('refuses a signal that is none', async () => {
    await using harness = new ClientHarness();
    const signal = 'abort' as unknown as AbortSignal;

    const error = await errorOf(orders(harness.client).findOne({}, { signal }), MongoInvalidArgumentError);

    assert.match(error.message, /"signal" must be an AbortSignal, got string/);
  });

  it('leaves the reason of an abort as it is, its stack included', async () => {
    await using harness = await ClientHarness.connected();
    const controller = new AbortController();
    const reason = new Error('enough');
    const { stack } = reason;

    const failed = errorOf(orders(harness.client).findOne({}, { signal: controller.signal }));
    await quiet();
    controller.abort(reason);

    assert.equal(await failed, reason);
    assert.equal(reason.stack, stack);
  });

  it('refuses explain where the server can explain nothing', async () => {
    await using harness = new ClientHarness();
    const options = { explain: true } as object;

    for (const call of [
      () => orders(harness.client).insertOne({}, options),
      () => orders(harness.client).insertMany([{}], options),
    ]) {
      assert.match((await errorOf(call(), MongoInvalidArgumentError)).message, /"explain" is not supported/);
    }
    assert.equal(harness.server.peers.length, 0);
  });

  it('sends an explain of a command that the server can explain', async () => {
    await using harness = await ClientHarness.connected();
    harness.answer = () => ({ ok: 1, queryPlanner: {} });

    await orders(harness.client).findOne({}, { explain: true });

    assert.deepEqual(harness.story(), ['explain']);
  });
});

describe('the time of a call', () => {
  /** What the error says of the time, after `timeoutMS=`. */
  async function timeOf(harness: ClientHarness, call: () => Promise<unknown>): Promise<string | undefined> {
    const failed = errorOf(call(), MongoOperationTimeoutError);
    await quiet();
    await harness.clock.advance(1000);
    return /, timeoutMS=(.+?): /.exec((await failed).message)?.[1];
  }

  it('is that of the nearest level: operation, collection, database, client', async () => {
    await using harness = await ClientHarness.connected({ timeoutMS: 400 });
    const { client } = harness;
    const db = client.db('shop', { timeoutMS: 300 });
    const nearest = db.collection('orders', { timeoutMS: 200 });

    assert.equal(await timeOf(harness, () => nearest.findOne({}, { timeoutMS: 100 })), '100 of findOne');
    assert.equal(await timeOf(harness, () => nearest.findOne({})), '200 of the collection');
    assert.equal(await timeOf(harness, () => db.collection('orders').findOne({})), '300 of the database');
    assert.equal(await timeOf(harness, () => orders(client).findOne({})), '400 of the client');
  });

  it('is without limit where the nearest level says 0', async () => {
    await using harness = await ClientHarness.connected({ timeoutMS: 100 });
    let isOver = false;

    const finding = orders(harness.client).findOne({}, { timeoutMS: 0 });
    void finding.catch(() => undefined).then(() => (isOver = true));
    await quiet();
    await harness.clock.advance(1000);

    assert.equal(isOver, false);
  });

  it('is that of the session for the methods of a session, and not for operations in it', async () => {
    await using harness = await ClientHarness.connected({ timeoutMS: 400 });
    const { client } = harness;
    harness.answer = ({ name }) => (name === 'insert' ? { ok: 1, n: 1 } : null);
    const session = client.startSession({ defaultTimeoutMS: 300 });
    session.startTransaction();
    await orders(client).insertOne({}, { session });

    assert.equal(await timeOf(harness, () => orders(client).findOne({}, { session })), '400 of the client');
    assert.equal(await timeOf(harness, () => session.commitTransaction()), '300 of the session');
    assert.equal(
      await timeOf(harness, () => session.commitTransaction({ timeoutMS: 100 })),
      '100 of commitTransaction',
    );
  });

  it('is that of withTransaction for all that is done in it', async () => {
    await using harness = await ClientHarness.connected({ timeoutMS: 400 });
    const { client } = harness;

    const inside = await timeOf(harness, () =>
      client
        .startSession()
        .withTransaction(session => orders(client).find({}, { session }).toArray(), { timeoutMS: 150 }),
    );

    assert.equal(inside, '150 of withTransaction');
  });

  it('cannot be set for an operation in withTransaction, which shares the time of all', async () => {
    await using harness = await ClientHarness.connected();
    const { client } = harness;
    const session = client.startSession();
    const within = session.withTransaction(() => orders(client).findOne({}, { session, timeoutMS: 10 }), {
      timeoutMS: 100,
    });

    assert.match((await errorOf(within, MongoInvalidArgumentError)).message, /shares the time of the transaction/);
  });

  it('in withTransaction still ends when the caller of one operation aborts it', async () => {
    await using harness = await ClientHarness.connected();
    const { client } = harness;
    harness.answer = ({ name }) => (name === 'abortTransaction' ? { ok: 1 } : null);
    const controller = new AbortController();
    const reason = new Error('enough');
    const session = client.startSession();
    const within = errorOf(
      session.withTransaction(() => orders(client).findOne({}, { session, signal: controller.signal }), {
        timeoutMS: 100,
      }),
    );
    await quiet();
    controller.abort(reason);

    assert.equal(await within, reason);
  });

  it('of connect covers the wait for a server that does not answer', async () => {
    const harness = new ClientHarness();
    harness.server.hello = () => null;

    assert.equal(await timeOf(harness, () => harness.client.connect({ timeoutMS: 100 })), '100 of connect');
    await harness.client.close();
  });

  it('of close covers the abort of a transaction that the server does not answer', async () => {
    const harness = await ClientHarness.connected();
    const { client, clock } = harness;
    harness.answer = ({ name }) => (name === 'insert' ? { ok: 1, n: 1 } : null);
    const session = client.startSession();
    session.startTransaction();
    await orders(client).insertOne({}, { session });
    const begin = clock.now();
    let closedAt = 0;

    const closing = client.close({ timeoutMS: 100 }).then(() => (closedAt = clock.now()));
    await quiet();
    await clock.advance(1000);
    await closing;

    assert.equal(closedAt - begin, 100);
  });

  it('of close must be a number of milliseconds', async () => {
    await using harness = new ClientHarness();

    const error = await errorOf(harness.client.close({ timeoutMS: -1 }), MongoInvalidArgumentError);

    assert.match(error.message, /^timeoutMS of close is -1/);
  });

  it('of the close of a cursor must be a number of milliseconds', async () => {
    await using harness = new ClientHarness();
    const cursor = orders(harness.client).find();

    const error = await errorOf(cursor.close({ timeoutMS: -1 }), MongoInvalidArgumentError);

    assert.match(error.message, /^timeoutMS of find\.close is -1/);
  });
});

describe('the name of a cursor', () => {
  for (const [name, make] of [
    ['find', client => orders(client).find({}, { timeoutMS: 50 })],
    ['aggregate', client => orders(client).aggregate([], { timeoutMS: 50 })],
    ['listIndexes', client => orders(client).listIndexes({ timeoutMS: 50 })],
    ['listSearchIndexes', client => orders(client).listSearchIndexes({ timeoutMS: 50 })],
    ['listCollections', client => client.db('shop').listCollections({}, { timeoutMS: 50 })],
    ['runCursorCommand', client => client.db('shop').runCursorCommand({ find: 'orders' }, { timeoutMS: 50 })],
  ] satisfies readonly (readonly [string, (client: MongoClient) => AbstractCursor<unknown>])[]) {
    it(`is that of the method that made it: ${name}`, async () => {
      const { error, failed } = await timeoutOf(client => make(client).toArray(), {});

      assert.match(error.message, new RegExp(`timeoutMS=50 of ${name}: `));
      assert.deepEqual(failed, [`${name}.toArray`]);
    });
  }
});
