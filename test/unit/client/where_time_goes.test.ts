import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Document } from '../../../src/bson/index.js';
import { withDeadline } from '../../../src/call/scope.js';
import { SharedDeadline } from '../../../src/call/shared_deadline.js';
import { MongoOperationTimeoutError } from '../../../src/errors/timeout.js';
import type { MongoClientOptions } from '../../../src/uri/client_options.js';
import { ClientHarness } from '../../support/client_harness.js';
import { errorOf, failure } from '../../support/engine_harness.js';
import { checkTimeout, stagesOf } from '../../support/ledger.js';
import type { ReceivedCommand } from '../../support/scripted_peer.js';
import { quiet } from '../../support/scripted_server.js';

const TRANSIENT = 'TransientTransactionError';
const UNKNOWN = 'UnknownTransactionCommitResult';

function replyTo({ name, body }: ReceivedCommand): Document {
  const ns = 'shop.orders';
  if (name === 'find')
    return { ok: 1, cursor: { id: body['singleBatch'] === true ? 0n : 7n, ns, firstBatch: [{ a: 1 }] } };
  if (name === 'getMore') return { ok: 1, cursor: { id: 7n, ns, nextBatch: [{ a: 2 }] } };
  return { ok: 1, n: 1 };
}

/** A client whose server takes 10 ms for each command, and a session; `silent` names the command that is not answered any more. */
async function setUp(options: MongoClientOptions = {}) {
  const harness = await ClientHarness.connected(options);
  const { clock, client } = harness;
  const script: { silent: string | null; fails: Record<string, Document[]> } = { silent: null, fails: {} };
  harness.answer = command => {
    const failing = script.fails[command.name]?.shift();
    if (failing === undefined && command.name === script.silent) return null;
    clock.skip(10);
    return failing ?? replyTo(command);
  };
  const orders = client.db('shop').collection('orders');
  const session = client.startSession();
  return {
    ...{ harness, clock, client, orders, session, script },
    /** The error of an operation, once the clock has gone on. */
    async timeoutOf(run: () => Promise<unknown>): Promise<MongoOperationTimeoutError> {
      const failed = errorOf(run(), MongoOperationTimeoutError);
      await quiet();
      await clock.advance(2000);
      return await failed;
    },
    [Symbol.asyncDispose]: () => harness[Symbol.asyncDispose](),
  };
}

describe('the time of a transaction', () => {
  it('is that of the caller between its operations, and theirs is in their own stages', async () => {
    await using setup = await setUp();
    const { clock, orders, session, script } = setup;

    const error = await setup.timeoutOf(() =>
      session.withTransaction(
        async () => {
          clock.skip(5);
          await orders.insertOne({}, { session });
          clock.skip(7);
          await orders.findOne({}, { session });
          clock.skip(8);
          script.silent = 'insert';
          await orders.insertOne({}, { session });
        },
        { timeoutMS: 100 },
      ),
    );

    assert.deepEqual(stagesOf(error.timings), ['caller 5', 'read 10', 'caller 7', 'read 10', 'caller 8', 'read 60']);
    assert.equal(error.phase, 'read');
    checkTimeout(error, 100);
  });

  it('names the caller if its own work took the time', async () => {
    await using setup = await setUp();
    const { clock, orders, session } = setup;

    const error = await setup.timeoutOf(() =>
      session.withTransaction(
        async () => {
          await orders.insertOne({}, { session });
          clock.skip(500);
          await orders.insertOne({}, { session });
        },
        { timeoutMS: 100 },
      ),
    );

    assert.deepEqual(stagesOf(error.timings), ['read 10', 'caller 500']);
    assert.match(error.message, /^Timed out in the caller's own time, before insert shop\.orders was sent/);
    assert.equal(error.phase, 'caller');
    checkTimeout(error, 510);
  });

  it('counts operations that overlap once', async () => {
    await using setup = await setUp();
    const { clock, orders, session, harness } = setup;
    const waiting: ReceivedCommand[] = [];
    harness.answer = command => {
      waiting.push(command);
      return null;
    };

    const failed = errorOf(
      session.withTransaction(
        () => Promise.all([orders.insertOne({}, { session }), orders.insertOne({}, { session })]),
        { timeoutMS: 100 },
      ),
      MongoOperationTimeoutError,
    );
    await quiet();
    await clock.advance(30);
    waiting[0]?.reply({ ok: 1, n: 1 });
    await quiet();
    harness.answer = () => ({ ok: 1 });
    await clock.advance(70);
    const error = await failed;
    assert.deepEqual(stagesOf(error.timings), ['read 30', 'read 70']);
    checkTimeout(error, 100);
  });

  it('of earlier attempts is in the stages of their operations, and backoff is the pause alone', async () => {
    await using setup = await setUp();
    const { clock, orders, session, script } = setup;
    script.fails = { insert: [failure(112, { errorLabels: [TRANSIENT] })] };

    const error = await setup.timeoutOf(() =>
      session.withTransaction(
        async () => {
          clock.skip(5);
          await orders.insertOne({}, { session });
          script.silent = 'commitTransaction';
        },
        { timeoutMS: 200 },
      ),
    );

    // The first insert is refused; the abort, the pause and the whole again follow.
    const stages = stagesOf(error.timings);
    assert.deepEqual(stages.slice(0, 3), ['caller 5', 'server 10', 'read 10']);
    assert.deepEqual(stages.slice(3), ['backoff 3.75', 'caller 5', 'read 10', 'read 156.25']);
    checkTimeout(error, 200);
  });
});

describe('a timeout in a later attempt of a transaction', () => {
  const refusals = () => [failure(112, { errorLabels: [TRANSIENT] })];

  it('has the earlier error as its cause, with its labels', async () => {
    await using setup = await setUp();
    const { orders, session, script } = setup;
    script.silent = 'insert';
    script.fails = { insert: refusals() };

    const error = await setup.timeoutOf(() =>
      session.withTransaction(() => orders.insertOne({}, { session }), { timeoutMS: 100 }),
    );

    assert.equal((error.cause as { code?: unknown }).code, 112);
    assert.deepEqual(error.errorLabels, [TRANSIENT]);
    assert.match(error.message, /An earlier attempt of the transaction had failed: error 112$/);
  });

  it('does not advise to run a transaction again that may have been committed', async () => {
    await using setup = await setUp();
    const { orders, session, script } = setup;
    script.silent = 'commitTransaction';
    script.fails = { insert: refusals() };

    const error = await setup.timeoutOf(() =>
      session.withTransaction(() => orders.insertOne({}, { session }), { timeoutMS: 100 }),
    );

    assert.equal((error.cause as { code?: unknown }).code, 112);
    assert.deepEqual(error.errorLabels, [UNKNOWN]);
  });
});

describe('the time of a cursor', () => {
  it('is that of the caller between its reads', async () => {
    await using setup = await setUp();
    const { clock, orders, script } = setup;
    const cursor = orders.find({}, { timeoutMS: 100 });
    await cursor.next();
    clock.skip(20);
    await cursor.next();
    clock.skip(15);
    script.silent = 'getMore';

    const error = await setup.timeoutOf(() => cursor.next());

    assert.deepEqual(stagesOf(error.timings), ['read 10', 'caller 20', 'read 10', 'caller 15', 'read 45']);
    checkTimeout(error, 100);
  });

  it('names the reader if its own work took the time', async () => {
    await using setup = await setUp();
    const { clock, orders } = setup;
    const cursor = orders.find({}, { timeoutMS: 100 });
    await cursor.next();
    clock.skip(200);

    const error = await setup.timeoutOf(() => cursor.next());

    assert.equal(error.phase, 'caller');
    checkTimeout(error, 210);
  });
});

describe('the record of a shared deadline', () => {
  it('has a transaction once, and none of its operations beside it', async () => {
    await using setup = await setUp();
    const { clock, orders, session, script } = setup;
    const shared = (ms: number) => SharedDeadline.start(ms, 'withDeadline', setUp, clock);
    let inside = '';

    const error = await setup.timeoutOf(() =>
      withDeadline(shared(500), async () => {
        await session.withTransaction(async () => {
          await orders.insertOne({}, { session });
          const short = shared(300);
          await withDeadline(short, () => orders.insertOne({}, { session }));
          inside = short.spent;
        });
        script.silent = 'find';
        await orders.findOne({});
      }),
    );

    assert.match(error.message, / after withTransaction \S+ 30\.0 ms: read/);
    assert.equal(inside, 'insertOne shop.orders 10.0 ms');
  });
});
