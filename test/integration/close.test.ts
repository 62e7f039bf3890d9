import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type Collection,
  Long,
  type MongoClient,
  MongoClientClosedError,
  MongoExpiredSessionError,
  MongoInvalidArgumentError,
} from 'mongotempo';
import { MongoClient as MongoClientOfSource } from '../../src/client/mongo_client.js';
import { systemRandom } from '../../src/runtime/random.js';
import type { MongoClientOptions } from '../../src/uri/client_options.js';
import { documents, failCommand, rejection, type SetupWithCluster, withServer } from '../support/cluster.js';
import { FakeClock } from '../support/fake_clock.js';
import { FakeResolver } from '../support/fake_resolver.js';
import { quiet, ScriptedServer, STANDALONE } from '../support/scripted_server.js';

const BLOCK = { blockConnection: true, blockTimeMS: 60_000 };

function withSix(run: (setup: SetupWithCluster) => Promise<void>, client = {}): Promise<void> {
  return withServer({ cluster: { topology: 'replicaset' }, client }, async setup => {
    await setup.collection.insertMany(documents(6));
    setup.log.clear();
    await run(setup);
  });
}

async function openCursor(collection: Collection, options = {}) {
  const cursor = collection.find({}, { batchSize: 2, ...options });
  await cursor.next();
  return cursor;
}

/** A client whose server does what the test says, and whose time stands still until the test moves it. */
function scripted(options: MongoClientOptions = {}) {
  const server = new ScriptedServer();
  const clock = new FakeClock();
  server.hello = () => ({ ...STANDALONE, setName: 'rs', hosts: ['a:27017'], me: 'a:27017', primary: 'a:27017' });
  const effects = { clock, random: systemRandom, open: server.open, resolver: new FakeResolver() };
  const client = new MongoClientOfSource('mongodb://a:27017/?replicaSet=rs', options, effects);
  return { server, clock, client };
}

/** A command that the server was sent and that it does not answer. */
async function commandNamed(server: ScriptedServer, name: string) {
  for (;;) {
    const commands = server.peers.flatMap(peer => peer.commands);
    const found = commands.find(command => command.name === name);
    if (found !== undefined) return found;
    await quiet();
  }
}

describe('closing a client that has open cursors', () => {
  it('kills the cursors that servers hold before it ends the sessions', () =>
    withSix(async ({ client, collection, log }) => {
      const cursor = await openCursor(collection);

      await client.close();

      assert.deepEqual(
        log.started().map(({ commandName }) => commandName),
        ['find', 'killCursors', 'endSessions'],
      );
      assert.deepEqual(log.started('killCursors')[0]!.command['cursors'], [(await openId(log)).id]);
      assert.equal(cursor.closed, true);
      assert.equal(cursor.killed, true);
    }));

  it('kills all cursors of a server and a namespace with one command', () =>
    withSix(async ({ client, collection, db, log }) => {
      await db.collection('others').insertMany(documents(6));
      for (let count = 0; count < 3; count++) await openCursor(collection);
      await openCursor(db.collection('others'));

      await client.close();

      const killed = log
        .started('killCursors')
        .map(({ command }) => [command['killCursors'] as string, (command['cursors'] as unknown[]).length]);
      assert.deepEqual(killed.sort(), [
        ['orders', 3],
        ['others', 1],
      ]);
    }));

  it('sends no killCursors for cursors that are exhausted, closed or were never opened', () =>
    withSix(async ({ client, collection, log }) => {
      await collection.find().next();
      await collection.find({}, { batchSize: 2 }).toArray();
      await (await openCursor(collection)).close();
      collection.find();
      log.clear();

      await client.close();

      assert.equal(log.started('killCursors').length, 0);
    }));

  it('ends the sessions of the killed cursors too', () =>
    withSix(async ({ client, collection, log }) => {
      await openCursor(collection);
      const { lsid } = log.started('find')[0]!.command as { lsid: unknown };

      await client.close();

      const ended = log.started('endSessions')[0]!.command['endSessions'] as unknown[];
      assert.ok(ended.some(id => JSON.stringify(id) === JSON.stringify(lsid)));
    }));

  it('leaves the cursor of an open transaction to the abort of the transaction', () =>
    withSix(async ({ client, collection, log }) => {
      const session = client.startSession();
      session.startTransaction();
      await openCursor(collection, { session });

      await client.close();

      assert.deepEqual(
        log.started().map(({ commandName }) => commandName),
        ['find', 'abortTransaction', 'endSessions'],
      );
    }));

  for (const [how, read] of Object.entries<(collection: Collection, close: () => Promise<void>) => Promise<unknown>>({
    next: async (collection, close) => {
      const cursor = await openCursor(collection);
      await close();
      return cursor.next();
    },
    hasNext: async (collection, close) => {
      const cursor = await openCursor(collection);
      await close();
      return cursor.hasNext();
    },
    tryNext: async (collection, close) => {
      const cursor = await openCursor(collection);
      await close();
      return cursor.tryNext();
    },
    toArray: async (collection, close) => {
      const cursor = await openCursor(collection);
      await close();
      return cursor.toArray();
    },
    'for await': async (collection, close) => {
      for await (const _ of collection.find({}, { batchSize: 2 })) await close();
    },
    batches: async (collection, close) => {
      for await (const _ of collection.find({}, { batchSize: 2 }).batches()) await close();
    },
    stream: async (collection, close) => {
      for await (const _ of collection.find({}, { batchSize: 2 }).stream()) await close();
    },
    'prefetching for await': async (collection, close) => {
      for await (const _ of collection.find({}, { batchSize: 2, prefetch: true })) await close();
    },
  })) {
    it(`${how} of a cursor that was open when its client was closed rejects instead of ending early`, () =>
      withSix(async ({ client, collection }) => {
        const error = await rejection(read(collection, () => client.close()));

        assert.ok(error instanceof MongoClientClosedError, String(error));
      }));
  }

  it('a cursor does not go on when its client is connected again', () =>
    withSix(async ({ client, collection, log }) => {
      const cursor = await openCursor(collection);
      await client.close();
      await client.connect();

      await assert.rejects(cursor.next(), MongoClientClosedError);
      await assert.rejects(cursor.next(), MongoClientClosedError);

      assert.equal(cursor.closed, true);
      assert.equal(log.started('getMore').length, 0);
      cursor.rewind();
      assert.equal((await cursor.toArray()).length, 6);
    }));

  it('a cursor whose results are all here can be read to its end', () =>
    withSix(async ({ client, collection }) => {
      const cursor = collection.find();
      await cursor.next();

      await client.close();

      assert.equal((await cursor.toArray()).length, 5);
    }));
});

describe('closing a client behind a load balancer', () => {
  it('kills cursors and aborts transactions on the connections that are pinned to them', () =>
    withServer({ cluster: { topology: 'load-balanced' } }, async ({ client, collection, log }) => {
      await collection.insertMany(documents(6));
      log.clear();
      await openCursor(collection);
      await openCursor(collection);
      const session = client.startSession();
      session.startTransaction();
      await collection.insertOne({}, { session });

      await client.close();

      const connections = (name: string) => log.started(name).map(({ connectionId }) => connectionId);
      assert.deepEqual(connections('killCursors').sort(), connections('find').sort());
      assert.deepEqual(connections('abortTransaction'), connections('insert'));
      assert.equal(log.named('connectionCheckedOut').length, log.named('connectionCheckedIn').length);
    }));
});

describe('closing a client in a listener of its own events', () => {
  for (const topology of ['replicaset', 'load-balanced'] as const) {
    it(`sends nothing more for the operation that the event tells of, and ends (${topology})`, () =>
      withServer({ cluster: { topology } }, async ({ client, collection, log }) => {
        await collection.insertMany(documents(6));
        const cursor = await openCursor(collection);
        await cursor.next();
        let closing: Promise<void> | undefined;
        client.on('commandStarted', ({ commandName }) => {
          if (commandName === 'getMore') closing = client.close();
        });

        await assert.rejects(cursor.next(), MongoClientClosedError);
        await closing;

        assert.equal(log.named('commandSucceeded').filter(({ commandName }) => commandName === 'getMore').length, 0);
        assert.equal(log.started('killCursors').length, 1);
      }));
  }
});

describe('the time that closing a client takes', () => {
  it('is 5 seconds at most by default when a server does not answer the abort of a transaction', async () => {
    const { server, clock, client } = scripted();
    server.answer = ({ name }) => (name === 'abortTransaction' ? null : { ok: 1, n: 1 });
    const session = client.startSession();
    session.startTransaction();
    await client.db('shop').collection('orders').insertOne({}, { session });
    let closed = false;

    const closing = client.close().then(() => (closed = true));
    await commandNamed(server, 'abortTransaction');
    await clock.advance(4990);
    assert.equal(closed, false);
    await clock.advance(10);
    await closing;

    assert.equal(clock.pendingTimers, 0);
  });

  it('is 1 second at most when a server answers neither killCursors nor endSessions', async () => {
    const { server, clock, client } = scripted();
    const firstBatch = [{ _id: 1 }, { _id: 2 }];
    server.answer = ({ name }) =>
      name === 'find' ? { ok: 1, cursor: { id: Long.fromNumber(5), ns: 'shop.orders', firstBatch } } : null;
    await client.db('shop').collection('orders').find().next();
    let closed = false;

    const closing = client.close().then(() => (closed = true));
    await clock.advance(990);
    assert.equal(closed, false);
    await clock.advance(10);
    await closing;

    assert.equal(clock.pendingTimers, 0);
  });

  for (const [what, clientOptions, closeOptions] of [
    ['timeoutMS of close', {}, { timeoutMS: 80 }],
    ['timeoutMS of the client', { timeoutMS: 80 }, undefined],
  ] as const) {
    it(`is bounded by ${what}`, async () => {
      const { server, clock, client } = scripted(clientOptions);
      server.answer = ({ name }) => (name === 'insert' ? { ok: 1, n: 1 } : null);
      const session = client.startSession();
      session.startTransaction();
      await client.db('shop').collection('orders').insertOne({}, { session });
      let closed = false;

      const closing = client.close(closeOptions).then(() => (closed = true));
      const abort = await commandNamed(server, 'abortTransaction');
      assert.equal(Number(abort.body['maxTimeMS']), 80);
      await clock.advance(79);
      assert.equal(closed, false);
      await clock.advance(1);
      await closing;

      assert.equal(session.hasEnded, true);
      assert.equal(clock.pendingTimers, 0);
    });
  }

  it('does not begin when timeoutMS is invalid', () =>
    withSix(async ({ client, collection }) => {
      await assert.rejects(client.close({ timeoutMS: -1 }), MongoInvalidArgumentError);

      assert.equal(await collection.countDocuments(), 6);
    }));
});

describe('an operation that the closing of its client interrupts', () => {
  async function interrupted(work: Promise<unknown>, client: MongoClient | MongoClientOfSource): Promise<void> {
    const rejected = rejection(work);
    await client.close();
    const error = await rejected;
    assert.ok(error instanceof MongoClientClosedError, String(error));
  }

  it('while it waits for its reply rejects with MongoClientClosedError', () =>
    withSix(async ({ client, collection, uri, log }) => {
      await failCommand(uri, { failCommands: ['find'], ...BLOCK });
      const started = log.next('commandStarted');
      const work = collection.findOne();
      await started;

      await interrupted(work, client);
    }));

  it('while it waits for a connection rejects with MongoClientClosedError', () =>
    withSix(
      async ({ client, collection, uri, log }) => {
        await failCommand(uri, { failCommands: ['find'], ...BLOCK });
        const started = log.next('commandStarted');
        const running = rejection(collection.findOne());
        await started;

        await interrupted(collection.findOne(), client);

        assert.ok((await running) instanceof MongoClientClosedError);
        assert.equal(log.named('connectionCheckOutFailed').length, 1);
      },
      { maxPoolSize: 1 },
    ));

  it('while it waits for a server rejects with MongoClientClosedError', async () => {
    const { server, client } = scripted();
    server.hello = () => null;
    const work = client.db('shop').collection('orders').findOne();
    await (await server.nextPeer()).nextCommand();

    await interrupted(work, client);
  });

  it('while its connection is being established rejects with MongoClientClosedError', async () => {
    const { server, client } = scripted();
    const { hello } = server;
    server.hello = command => (command.peer.number === 1 ? hello(command) : null);
    const work = client.db('shop').collection('orders').findOne();
    await server.nextPeer();
    await (await server.nextPeer()).nextCommand();

    await interrupted(work, client);
  });

  it('while it pauses before a retry rejects with MongoClientClosedError, and what it met as the cause', async () => {
    const { server, clock, client } = scripted();
    const errorLabels = ['SystemOverloadedError', 'RetryableError'];
    server.answer = ({ name }) => (name === 'find' ? { ok: 0, code: 462, errmsg: 'busy', errorLabels } : { ok: 1 });
    const failed = new Promise(resolve => void client.once('commandFailed', resolve));
    const found = rejection(client.db('shop').collection('orders').findOne());
    // The pause is the one thing left that waits for time, besides the monitor.
    await failed;
    await quiet();

    await client.close();

    const error = await found;
    assert.ok(error instanceof MongoClientClosedError, String(error));
    assert.match(String(error.cause), /busy/);
    assert.equal(clock.pendingTimers, 0);
  });

  it('in a cursor, while a batch is on its way, rejects with MongoClientClosedError, again and again', () =>
    withSix(async ({ client, collection, uri, log }) => {
      await failCommand(uri, { failCommands: ['getMore'], ...BLOCK });
      const cursor = await openCursor(collection);
      await cursor.next();
      const started = log.next('commandStarted');
      const work = cursor.next();
      await started;

      await interrupted(work, client);

      await assert.rejects(cursor.next(), MongoClientClosedError);
      assert.equal(log.started('killCursors').length, 1);
    }));

  it('in a session rejects with MongoClientClosedError, and so does the next one', () =>
    withSix(async ({ client, collection, uri, log }) => {
      await failCommand(uri, { failCommands: ['find'], ...BLOCK });
      const session = client.startSession();
      const started = log.next('commandStarted');
      const work = collection.findOne({}, { session });
      await started;

      await interrupted(work, client);

      await assert.rejects(collection.findOne({}, { session }), MongoClientClosedError);
      assert.throws(() => session.startTransaction(), MongoClientClosedError);
    }));

  it('in a transaction rejects with MongoClientClosedError, and the transaction is aborted', () =>
    withSix(async ({ client, collection, uri, log }) => {
      const session = client.startSession();
      session.startTransaction();
      await collection.insertOne({}, { session });
      await failCommand(uri, { failCommands: ['find'], ...BLOCK });
      const started = log.next('commandStarted');
      const work = collection.findOne({}, { session });
      await started;

      await interrupted(work, client);

      assert.equal(log.started('abortTransaction').length, 1);
      await assert.rejects(session.commitTransaction(), MongoClientClosedError);
    }));

  it('ends withTransaction with MongoClientClosedError', () =>
    withSix(async ({ client, collection, uri, log }) => {
      await failCommand(uri, { failCommands: ['insert'], ...BLOCK });
      const started = log.next('commandStarted');
      const work = client.withSession(session =>
        session.withTransaction(async () => {
          await collection.insertOne({}, { session });
        }),
      );
      await started;

      await interrupted(work, client);

      assert.equal(log.started('insert').length, 1);
    }));

  it('ends the pause of withTransaction before its next attempt', () =>
    withSix(async ({ client, collection }) => {
      let calls = 0;
      const work = client.withSession(session =>
        session.withTransaction(async () => {
          calls++;
          await collection.insertOne({}, { session });
          throw Object.assign(new MongoExpiredSessionError('again'), {
            errorLabelSet: new Set(['TransientTransactionError']),
          });
        }),
      );
      const rejected = rejection(work);
      while (calls < 3) await new Promise(setImmediate);

      await client.close();

      const error = await rejected;
      assert.ok(error instanceof MongoClientClosedError, String(error));
    }));

  it('in a connect that has just begun rejects with MongoClientClosedError', () =>
    withServer({}, async ({ client }) => {
      await interrupted(client.connect(), client);
    }));

  it('in connect rejects with MongoClientClosedError, and the client stays closed', async () => {
    const { server, client } = scripted();
    server.hello = () => null;
    const work = client.connect();
    await (await server.nextPeer()).nextCommand();

    await interrupted(work, client);

    await assert.rejects(client.db('shop').collection('orders').findOne(), { name: 'MongoNotConnectedError' });
  });
});

async function openId(log: SetupWithCluster['log']): Promise<{ id: unknown }> {
  const { reply } = await log.some('commandSucceeded', ({ commandName }) => commandName === 'find');
  return reply['cursor'] as { id: unknown };
}
