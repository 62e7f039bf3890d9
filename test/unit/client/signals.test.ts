import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { withDeadline } from '../../../src/call/scope.js';
import { SharedDeadline } from '../../../src/call/shared_deadline.js';
import type { MongoClient } from '../../../src/client/mongo_client.js';
import type { ExplainCommandOptions } from '../../../src/commands/explain.js';
import { MongoError } from '../../../src/errors/base.js';
import { MongoOperationTimeoutError } from '../../../src/errors/timeout.js';
import { ClientHarness } from '../../support/client_harness.js';
import { quiet } from '../../support/scripted_server.js';
import { countedSignal } from '../call/watching.js';
import { answeringTheFirst, OF_CLIENT, type Own, orders, WAITING } from './waiting_methods.js';

/** How a promise ended; null while it has not. */
interface Ending {
  readonly kind: 'resolved' | 'rejected';
  readonly value: unknown;
}

function watched(promise: Promise<unknown>): { ending: Ending | null } {
  const watch: { ending: Ending | null } = { ending: null };
  promise.then(
    value => (watch.ending = { kind: 'resolved', value }),
    (value: unknown) => (watch.ending = { kind: 'rejected', value }),
  );
  return watch;
}

/** Lets promise reactions run, but neither a timer nor a reply. */
async function microtasks(): Promise<void> {
  for (let turn = 0; turn < 200; turn++) await Promise.resolve();
}

/** The number of connections that were opened and have closed. */
function closedConnections({ server }: ClientHarness): number {
  return server.peers.filter(({ closed }) => closed).length;
}

/** Methods by what a test calls them; those that can be given no signal have the one of a scope. */
const METHODS: [name: string, call: (client: MongoClient, signal: AbortSignal) => Promise<unknown>][] = [];
for (const [type, methods] of Object.entries(WAITING)) {
  for (const [method, { call, source }] of Object.entries(methods)) {
    const takesOptions = source !== OF_CLIENT;
    METHODS.push([
      `${type}.${method}`,
      (client, signal) => (takesOptions ? call(client, { signal }) : withDeadline(signal, () => call(client, {}))),
    ]);
  }
}
METHODS.push([
  'ClientSession.abortTransaction',
  async (client, signal) => {
    const session = client.startSession();
    session.startTransaction();
    await orders(client).insertOne({}, { session });
    await session.abortTransaction({ signal });
  },
]);

/** Methods whose first command has to be answered before they wait with the signal. */
const AFTER_A_COMMAND = /^ClientSession\.(commitTransaction|abortTransaction|endSession)$/;

/** The signal's reasons: the platform's own, an error, and values that are none. */
const REASONS: readonly unknown[] = [undefined, new Error('enough'), 'enough', 0, null, { any: 'value' }];
/** Methods that read or write a stream of Node.js, which tells its error in a turn of its own. */
const OF_STREAMS: ReadonlySet<string> = new Set([
  'AbstractCursor.stream',
  'ChangeStream.stream',
  'GridFSBucket.upload',
  'GridFSBucket.readAll',
]);
/** Node.js tells no error of a stream that is falsy. */
const TRUTHY_REASONS = REASONS.filter(reason => reason !== 0 && reason !== null);

describe('a signal ends the wait at once with its own reason, and its connection serves the next operation', () => {
  for (const [name, call] of METHODS) {
    it(name, async () => {
      for (const reason of OF_STREAMS.has(name) ? TRUTHY_REASONS : REASONS) {
        await using harness = await ClientHarness.connected({ maxPoolSize: 1 });
        harness.answer = answeringTheFirst;
        const { controller, listeners } = countedSignal();
        const ended = watched(call(harness.client, controller.signal));
        await quiet();
        const pending = harness.received.at(-1);
        assert.equal(listeners(), 1);

        controller.abort(reason);
        await (OF_STREAMS.has(name) ? quiet() : microtasks());

        assert.deepEqual(ended.ending, { kind: 'rejected', value: controller.signal.reason as unknown });
        assert.equal(ended.ending.value, controller.signal.reason);
        assert.equal(listeners(), 0);
        // The late reply comes, and the next operation has the connection.
        harness.answer = () => ({ ok: 1, cursor: { id: 0n, ns: 'shop.orders', firstBatch: [] } });
        pending?.reply({ ok: 1, n: 1, cursor: { id: 0n, ns: 'shop.orders', firstBatch: [] } });
        await quiet();
        assert.equal(await orders(harness.client).findOne(), null);
        assert.equal(harness.received.at(-1)?.peer, pending?.peer);
        assert.equal(closedConnections(harness), 0);
      }
    });
  }
});

describe('a signal ends at once, with its own reason and without a command,', () => {
  for (const [name, call] of METHODS) {
    if (AFTER_A_COMMAND.test(name)) continue;

    it(`${name} that waits for a connection`, async () => {
      await using harness = await ClientHarness.connected({ maxPoolSize: 1 });
      const { controller, listeners } = countedSignal();
      const blocking = orders(harness.client).findOne();
      await quiet();
      const ended = watched(call(harness.client, controller.signal));
      await quiet();

      controller.abort('enough');
      await (OF_STREAMS.has(name) ? quiet() : microtasks());

      assert.deepEqual(ended.ending, { kind: 'rejected', value: 'enough' });
      assert.equal(listeners(), 0);
      assert.deepEqual(harness.story(), ['find']);
      harness.received[0]?.reply({ ok: 1, cursor: { id: 0n, ns: 'shop.orders', firstBatch: [] } });
      assert.equal(await blocking, null);
      assert.equal(closedConnections(harness), 0);
    });

    it(`${name} that waits for a server`, async () => {
      await using harness = new ClientHarness();
      harness.server.hello = () => null;
      const { controller, listeners } = countedSignal();
      const ended = watched(call(harness.client, controller.signal));
      await quiet();

      controller.abort('enough');
      await (OF_STREAMS.has(name) ? quiet() : microtasks());

      assert.deepEqual(ended.ending, { kind: 'rejected', value: 'enough' });
      assert.equal(listeners(), 0);
      assert.deepEqual(harness.story(), []);
    });

    it(`${name} that is called with an aborted signal`, async () => {
      await using harness = await ClientHarness.connected();

      const ended = watched(call(harness.client, AbortSignal.abort('too late')));
      await quiet();

      assert.deepEqual(ended.ending, { kind: 'rejected', value: 'too late' });
      assert.deepEqual(harness.story(), []);
    });
  }
});

const FIRST_BATCH = { ok: 1, cursor: { id: 7n, ns: 'shop.orders', firstBatch: [{ a: 1 }] } };

/** Ways to read a cursor of which one document is here and the next batch does not come. */
const READERS: Readonly<Record<string, (cursor: ReturnType<typeof openCursor>) => Promise<unknown>>> = {
  next: async cursor => {
    await cursor.next();
    await cursor.next();
  },
  hasNext: async cursor => {
    await cursor.next();
    await cursor.hasNext();
  },
  tryNext: async cursor => {
    await cursor.tryNext();
    await cursor.tryNext();
  },
  toArray: cursor => cursor.toArray(),
  forEach: cursor => cursor.forEach(() => true),
  async batches(cursor) {
    for await (const _ of cursor.batches());
  },
  async 'for await'(cursor) {
    for await (const _ of cursor);
  },
  async stream(cursor) {
    for await (const _ of cursor.stream());
  },
};

function openCursor(client: MongoClient, own: Own & { timeoutMode?: 'iteration'; prefetch?: boolean }) {
  return orders(client).find({}, { batchSize: 1, ...own });
}

describe('the signal of a cursor that waits for its next batch', () => {
  for (const [how, read] of Object.entries(READERS)) {
    for (const own of [
      {},
      { timeoutMS: 500 },
      { timeoutMS: 500, timeoutMode: 'iteration' },
      { prefetch: true },
    ] as const) {
      it(`ends ${how} at once with its reason (${JSON.stringify(own)})`, async () => {
        await using harness = await ClientHarness.connected({ maxPoolSize: 1 });
        harness.answer = ({ name }) => (name === 'find' ? FIRST_BATCH : null);
        const { controller, listeners } = countedSignal();
        const ended = watched(read(openCursor(harness.client, { signal: controller.signal, ...own })));
        await quiet();
        const pending = harness.received.at(-1);
        assert.equal(pending?.name, 'getMore');

        controller.abort('enough');
        await (how === 'stream' ? quiet() : microtasks());

        assert.deepEqual(ended.ending, { kind: 'rejected', value: 'enough' });
        assert.equal(listeners(), 0);
        // The server forgets the cursor once its late reply has freed the connection.
        harness.answer = () => ({ ok: 1, cursorsKilled: [7n] });
        pending.reply({ ok: 1, cursor: { id: 7n, ns: 'shop.orders', nextBatch: [] } });
        await quiet();
        assert.deepEqual(harness.story(), ['find', 'getMore', 'killCursors']);
        assert.equal(harness.received.at(-1)?.peer, pending.peer);
        assert.equal(closedConnections(harness), 0);
      });
    }
  }

  it('destroys a stream that is not read from, which then has no listener on the signal', async () => {
    await using harness = await ClientHarness.connected();
    harness.answer = ({ name }) => (name === 'find' ? FIRST_BATCH : { ok: 1 });
    const { controller, listeners } = countedSignal();
    const stream = openCursor(harness.client, { signal: controller.signal }).stream();
    const errors: unknown[] = [];
    stream.on('error', error => errors.push(error));
    const reason = new Error('enough');
    await quiet();

    controller.abort(reason);
    await quiet();

    assert.deepEqual(errors, [reason]);
    assert.equal(stream.destroyed, true);
    assert.equal(listeners(), 0);
  });

  it('destroys a stream that was made after the abort', async () => {
    await using harness = await ClientHarness.connected();
    const reason = new Error('enough');
    const stream = openCursor(harness.client, { signal: AbortSignal.abort(reason) }).stream();
    const errors: unknown[] = [];
    stream.on('error', error => errors.push(error));

    await quiet();

    assert.deepEqual(errors, [reason]);
    assert.deepEqual(harness.story(), []);
  });

  it('leaves no listener of a stream that was read to its end, or destroyed', async () => {
    await using harness = await ClientHarness.connected();
    harness.answer = ({ name }) =>
      name === 'find' ? { ok: 1, cursor: { id: 0n, ns: 'shop.orders', firstBatch: [{ a: 1 }] } } : { ok: 1 };
    const { controller, listeners } = countedSignal();
    const { client } = harness;
    const { signal } = controller;

    for await (const _ of openCursor(client, { signal }).stream());
    const unread = openCursor(client, { signal }).stream();
    unread.destroy();
    await quiet();

    assert.equal(listeners(), 0);
  });
});

describe('the signal of connect and close', () => {
  it('ends connect at once while no server answers, and leaves no listener', async () => {
    for (const reason of REASONS) {
      await using harness = new ClientHarness();
      harness.server.hello = () => null;
      const { controller, listeners } = countedSignal();
      const ended = watched(harness.client.connect({ signal: controller.signal }));
      await quiet();

      controller.abort(reason);
      await microtasks();

      assert.equal(ended.ending?.kind, 'rejected');
      assert.equal(ended.ending.value, controller.signal.reason);
      assert.equal(listeners(), 0);
    }
  });

  it('ends close at once while endSessions is not answered, with all connections closed', async () => {
    for (const reason of REASONS) {
      const harness = await ClientHarness.connected();
      harness.answer = ({ name }) =>
        name === 'find' ? { ok: 1, cursor: { id: 0n, ns: 'shop.orders', firstBatch: [] } } : null;
      await orders(harness.client).findOne();
      const { controller, listeners } = countedSignal();
      const ended = watched(harness.client.close({ signal: controller.signal }));
      await quiet();
      assert.equal(harness.story().at(-1), 'endSessions');

      controller.abort(reason);
      await microtasks();

      assert.equal(ended.ending?.kind, 'rejected');
      assert.equal(ended.ending.value, controller.signal.reason);
      assert.equal(listeners(), 0);
      await quiet();
      assert.equal(harness.server.openPeers.length, 0);
    }
  });
});

describe('the signal of the close of a cursor', () => {
  it('ends the wait for killCursors at once, which the server still gets', async () => {
    for (const reason of REASONS) {
      await using harness = await ClientHarness.connected({ maxPoolSize: 1 });
      harness.answer = ({ name }) => (name === 'find' ? FIRST_BATCH : null);
      const { controller, listeners } = countedSignal();
      const cursor = openCursor(harness.client, {});
      await cursor.next();
      const blocking = orders(harness.client).insertOne({});
      const ended = watched(cursor.close({ signal: controller.signal }));
      await quiet();
      assert.deepEqual(harness.story(), ['find', 'insert']);

      controller.abort(reason);
      await microtasks();

      assert.equal(ended.ending?.kind, 'rejected');
      assert.equal(ended.ending.value, controller.signal.reason);
      assert.equal(listeners(), 0);
      harness.received.at(-1)?.reply({ ok: 1, n: 1 });
      await blocking;
      await quiet();
      assert.deepEqual(harness.story(), ['find', 'insert', 'killCursors']);
    }
  });
});

describe('a signal that a listener aborts', () => {
  for (const name of ['serverSelectionSucceeded', 'connectionCheckedOut'] as const) {
    it(`ends the operation before anything is sent, in ${name}`, async () => {
      await using harness = await ClientHarness.connected();
      harness.answer = () => ({ ok: 1, n: 1 });
      const controller = new AbortController();
      harness.client.once(name, () => controller.abort('heard'));

      const ended = watched(orders(harness.client).insertOne({}, { signal: controller.signal }));
      await quiet();

      assert.deepEqual(ended.ending, { kind: 'rejected', value: 'heard' });
      assert.deepEqual(harness.story(), []);
    });
  }
});

describe('the reason of a signal', () => {
  it('stays as it is, also if it is an error of this package', async () => {
    await using harness = await ClientHarness.connected();
    const controller = new AbortController();
    const reason = new MongoError('mine');
    const ended = watched(orders(harness.client).findOne({}, { signal: controller.signal }));
    await quiet();

    controller.abort(reason);
    await quiet();

    assert.equal(ended.ending?.value, reason);
    assert.deepEqual([reason.operationId, reason.connectionId, reason.namespace], [undefined, undefined, undefined]);
  });

  it('ends connect also on a client that is connected', async () => {
    await using harness = await ClientHarness.connected();

    const ended = watched(harness.client.connect({ signal: AbortSignal.abort('why') }));
    await quiet();

    assert.deepEqual(ended.ending, { kind: 'rejected', value: 'why' });
    assert.notEqual(harness.client.topologyDescription, null);
  });
});

describe('the timeoutMS of explain', () => {
  const both: ExplainCommandOptions & { timeoutMS: number } = { verbosity: 'queryPlanner', timeoutMS: 60 };
  const explains: [string, (client: MongoClient) => Promise<unknown>][] = [
    ['beside the verbosity', client => orders(client).find().explain('queryPlanner', { timeoutMS: 60 })],
    ['in one object with the verbosity', client => orders(client).find().explain(both)],
    [
      'of the cursor, if its own is null',
      client =>
        orders(client)
          .find({}, { timeoutMS: 60 })
          .explain({ timeoutMS: null as unknown as number }),
    ],
  ];
  for (const [what, explain] of explains) {
    it(`counts ${what}`, async () => {
      await using harness = await ClientHarness.connected();
      const ended = watched(explain(harness.client));

      await harness.advance(60);

      assert.ok(ended.ending?.value instanceof MongoOperationTimeoutError);
      assert.equal(ended.ending.value.timeoutMS, 60);
    });
  }
});

describe('the signal of explain', () => {
  it('is that of the call, or that of the cursor', async () => {
    for (const explain of [
      (client: MongoClient, signal: AbortSignal) => orders(client).find().explain({ signal }),
      (client: MongoClient, signal: AbortSignal) => orders(client).find({}, { signal }).explain(),
    ]) {
      await using harness = await ClientHarness.connected();
      const { controller } = countedSignal();
      const ended = watched(explain(harness.client, controller.signal));
      await quiet();

      controller.abort('enough');
      await microtasks();

      assert.deepEqual(ended.ending, { kind: 'rejected', value: 'enough' });
    }
  });

  it('stands beside the shared deadline of the call, or that of the cursor', async () => {
    for (const explain of [
      (client: MongoClient, deadline: SharedDeadline) => orders(client).find().explain({ deadline }),
      (client: MongoClient, deadline: SharedDeadline) => orders(client).find({}, { deadline }).explain(),
    ]) {
      await using harness = await ClientHarness.connected();
      const { clock } = harness;
      const ended = watched(explain(harness.client, SharedDeadline.start(100, 'test', watched, clock)));

      await harness.advance(99);
      const before = ended.ending;
      await harness.advance(1);

      assert.equal(before, null);
      assert.ok(ended.ending?.value instanceof MongoOperationTimeoutError);
    }
  });
});

describe('the signal of withTransaction', () => {
  /** What the transaction waits for; `pending` is the command that is not answered. */
  const WAITS: Readonly<Record<string, (name: string) => boolean>> = {
    'the reply to a command of the callback': name => name === 'insert',
    'the reply to the commit': name => name === 'commitTransaction',
  };
  for (const [what, isSilent] of Object.entries(WAITS)) {
    it(`ends it at once with its reason while it waits for ${what}`, async () => {
      for (const reason of REASONS) {
        await using harness = await ClientHarness.connected();
        const { client } = harness;
        harness.answer = ({ name }) => (isSilent(name) ? null : { ok: 1, n: 1 });
        const { controller, listeners } = countedSignal();
        const session = client.startSession();
        const ended = watched(
          session.withTransaction(() => orders(client).insertOne({}, { session }), { signal: controller.signal }),
        );
        await quiet();

        controller.abort(reason);
        await microtasks();

        assert.equal(ended.ending?.kind, 'rejected');
        assert.equal(ended.ending.value, controller.signal.reason);
        assert.equal(listeners(), 0);
      }
    });
  }

  it('ends it at once while it pauses before it begins again', async () => {
    await using harness = await ClientHarness.connected();
    const { client } = harness;
    harness.chance = 1;
    harness.answer = ({ name }) =>
      name === 'insert'
        ? { ok: 0, code: 112, errmsg: 'conflict', errorLabels: ['TransientTransactionError'] }
        : { ok: 1 };
    const { controller, listeners } = countedSignal();
    const session = client.startSession();
    const ended = watched(
      session.withTransaction(() => orders(client).insertOne({}, { session }), { signal: controller.signal }),
    );
    await quiet();
    await quiet();
    assert.equal(harness.story().at(-1), 'abortTransaction');

    controller.abort('enough');
    await microtasks();

    assert.deepEqual(ended.ending, { kind: 'rejected', value: 'enough' });
    assert.equal(listeners(), 0);
  });
});

describe('one signal of many operations', () => {
  it('has one listener for 64 in flight, and none after 10,000', async () => {
    await using harness = await ClientHarness.connected({ maxPoolSize: 64 });
    harness.answer = ({ name }) =>
      name === 'find' ? { ok: 1, cursor: { id: 0n, ns: 'shop.orders', firstBatch: [] } } : { ok: 1 };
    const warnings: string[] = [];
    const onWarning = ({ name }: Error) => void warnings.push(name);
    process.on('warning', onWarning);
    const { controller, listeners, most } = countedSignal();
    const { signal } = controller;
    let left = 10_000;
    const caller = async (): Promise<void> => {
      while (left-- > 0) await orders(harness.client).findOne({}, { signal });
    };

    await Promise.all(Array.from({ length: 64 }, caller));

    // Warnings are emitted in a turn of their own.
    await quiet();
    process.off('warning', onWarning);
    assert.deepEqual(warnings, []);
    assert.equal(most(), 1);
    assert.equal(listeners(), 0);
  });
});
