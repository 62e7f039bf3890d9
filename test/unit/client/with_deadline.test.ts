import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { withDeadline } from '../../../src/call/scope.js';
import { SharedDeadline } from '../../../src/call/shared_deadline.js';
import { MongoInvalidArgumentError } from '../../../src/errors/driver.js';
import { MongoOperationTimeoutError } from '../../../src/errors/timeout.js';
import { ClientHarness } from '../../support/client_harness.js';
import { errorOf } from '../../support/engine_harness.js';
import { quiet } from '../../support/scripted_server.js';

function sharedOn({ clock }: ClientHarness, ms: number): SharedDeadline {
  return SharedDeadline.start(ms, 'withDeadline', sharedOn, clock);
}

const orders = ({ client }: ClientHarness) => client.db('shop').collection('orders');

/** The error of operations that the server does not answer, and when they ended. */
async function ended(harness: ClientHarness, run: () => Promise<unknown>, waitMS = 1000) {
  const begin = harness.clock.now();
  let afterMS = Infinity;
  const failed = errorOf(run(), MongoOperationTimeoutError).finally(() => (afterMS = harness.clock.now() - begin));
  await quiet();
  await harness.clock.advance(waitMS);
  return { error: await failed, afterMS };
}

describe('withDeadline', () => {
  it('gives the operations started in it one time', async () => {
    await using harness = await ClientHarness.connected();
    const { clock } = harness;
    let answers = 2;
    harness.answer = () => {
      clock.skip(20);
      return answers-- > 0 ? { ok: 1, n: 1, cursor: { id: 0n, ns: 'shop.orders', firstBatch: [] } } : null;
    };

    const { error, afterMS } = await ended(harness, () =>
      withDeadline(sharedOn(harness, 100), async () => {
        await orders(harness).insertOne({});
        await orders(harness).findOne({});
        await orders(harness).deleteOne({});
      }),
    );

    assert.equal(afterMS, 100);
    assert.equal(error.timeoutMS, 100);
    assert.match(
      error.message,
      /timeoutMS=100 of withDeadline at .* after insertOne shop\.orders 20\.0 ms, findOne shop\.orders 20\.0 ms: /,
    );
  });

  it('names the line that set the time', async () => {
    await using harness = await ClientHarness.connected();
    function handleRequest(): SharedDeadline {
      return sharedOn(harness, 50);
    }

    const { error } = await ended(harness, () => withDeadline(handleRequest(), () => orders(harness).findOne({})));

    assert.match(error.message, /of withDeadline at handleRequest \(.*with_deadline\.test/);
  });

  it('leaves a sooner timeoutMS of an operation in force, and replaces that of the client', async () => {
    await using harness = await ClientHarness.connected({ timeoutMS: 30 });

    const own = await ended(harness, () =>
      withDeadline(sharedOn(harness, 100), () => orders(harness).findOne({}, { timeoutMS: 40 })),
    );
    const inherited = await ended(harness, () =>
      withDeadline(sharedOn(harness, 100), () => orders(harness).findOne({})),
    );
    const later = await ended(harness, () =>
      withDeadline(sharedOn(harness, 100), () => orders(harness).findOne({}, { timeoutMS: 500 })),
    );

    assert.deepEqual([own.afterMS, inherited.afterMS, later.afterMS], [40, 100, 100]);
    assert.match(own.error.message, /timeoutMS=40 of findOne/);
  });

  for (const [outer, inner] of [
    [100, 50],
    [50, 100],
  ] as const) {
    it(`only shortens the time when nested: ${inner} in ${outer}`, async () => {
      await using harness = await ClientHarness.connected();

      const { afterMS } = await ended(harness, () =>
        withDeadline(sharedOn(harness, outer), () =>
          withDeadline(sharedOn(harness, inner), () => orders(harness).findOne({})),
        ),
      );

      assert.equal(afterMS, 50);
    });
  }

  it('does not count outside of its function', async () => {
    await using harness = await ClientHarness.connected({ timeoutMS: 200 });

    await withDeadline(sharedOn(harness, 50), async () => undefined);
    const { afterMS } = await ended(harness, () => orders(harness).findOne({}));

    assert.equal(afterMS, 200);
  });

  it('bounds a cursor for life that was opened in it, also when it is read outside', async () => {
    await using harness = await ClientHarness.connected();
    const batch = { id: 7n, ns: 'shop.orders', firstBatch: [{ a: 1 }] };
    harness.answer = ({ name }) => (name === 'find' ? { ok: 1, cursor: batch } : null);
    const cursor = orders(harness).find();

    await withDeadline(sharedOn(harness, 80), () => cursor.next());
    const { afterMS } = await ended(harness, () => cursor.next());

    assert.equal(afterMS, 80);
  });

  for (const [what, timeoutMS, limit] of [
    ['the whole time of the block if the cursor was opened outside of it', undefined, 60],
    ['no more than the time of the block if that of the cursor is longer', 500, 60],
    ['no more than the time of the cursor if that of the block is longer', 40, 40],
  ] as const) {
    it(`gives the close of a cursor ${what}`, async () => {
      await using harness = await ClientHarness.connected();
      const batch = { id: 7n, ns: 'shop.orders', firstBatch: [{ a: 1 }] };
      harness.answer = ({ name }) => (name === 'find' ? { ok: 1, cursor: batch } : null);
      const cursor = orders(harness).find({}, timeoutMS === undefined ? {} : { timeoutMS });
      await cursor.next();
      const begin = harness.clock.now();
      let closedAfterMS = Infinity;

      const closed = withDeadline(sharedOn(harness, 60), () => cursor.close()).then(() => {
        closedAfterMS = harness.clock.now() - begin;
      });
      await harness.advance(1000);
      await closed;

      assert.equal(closedAfterMS, limit);
      assert.equal(harness.story().at(-1), 'killCursors');
    });
  }

  it('is told as passed, and not as a time of 0, which would be no limit', async () => {
    await using harness = await ClientHarness.connected();

    const failing = errorOf(orders(harness).findOne({}, { deadline: SharedDeadline.at(0) }));
    await harness.advance(1);
    const error = await failing;

    assert.match(error.message, /a deadline that had passed, of Deadline\.at at .*with_deadline\.test/);
    assert.doesNotMatch(error.message, /timeoutMS=0/);
  });

  it('gives the abort of a transaction next to no time if the deadline had passed when it was made', async () => {
    await using harness = await ClientHarness.connected();
    harness.answer = ({ name }) => (name === 'insert' ? { ok: 1, n: 1 } : null);
    const session = harness.client.startSession();
    session.startTransaction();
    await orders(harness).insertOne({}, { session });
    let isOver = false;

    const aborted = session.abortTransaction({ deadline: SharedDeadline.at(0) }).then(() => (isOver = true));
    await harness.advance(1);

    assert.equal(isOver, true);
    await aborted;
  });

  it('bounds one read of a cursor that was opened outside', async () => {
    await using harness = await ClientHarness.connected();
    const batch = { id: 7n, ns: 'shop.orders', firstBatch: [{ a: 1 }] };
    harness.answer = ({ name }) => (name === 'find' ? { ok: 1, cursor: batch } : null);
    const cursor = orders(harness).find({}, { timeoutMS: 500 });
    await cursor.next();

    const { afterMS } = await ended(harness, () => withDeadline(sharedOn(harness, 80), () => cursor.next()));

    assert.equal(afterMS, 80);
  });

  it('begins the record of a read anew, if the cursor has no time of its own', async () => {
    await using harness = await ClientHarness.connected();
    const batch = { id: 7n, ns: 'shop.orders', firstBatch: [{ a: 1 }] };
    harness.answer = ({ name }) => (name === 'find' ? { ok: 1, cursor: batch } : null);
    const cursor = orders(harness).find();
    await cursor.next();
    harness.clock.skip(3000);

    const { error } = await ended(harness, () =>
      withDeadline(sharedOn(harness, 80), () => {
        harness.clock.skip(30);
        return cursor.next();
      }),
    );

    assert.equal(error.elapsedMS, 50);
    assert.deepEqual(error.timings, [{ stage: 'read', durationMS: 50 }]);
  });

  it('sends nothing for a connect that begins after the time is over, and says whose time it was', async () => {
    await using harness = new ClientHarness();

    const error = await errorOf(
      withDeadline(sharedOn(harness, 20), () => {
        harness.clock.skip(25);
        return harness.client.connect();
      }),
      MongoOperationTimeoutError,
    );

    assert.equal(error.phase, 'caller');
    assert.match(error.message, /^Timed out in the caller's own time, before connect had a connection/);
  });

  it('tells the server to forget a cursor after the time is over', async () => {
    await using harness = await ClientHarness.connected();
    const batch = { id: 7n, ns: 'shop.orders', firstBatch: [{ a: 1 }] };
    harness.answer = ({ name }) =>
      name === 'find' ? { ok: 1, cursor: batch } : name === 'killCursors' ? { ok: 1 } : null;

    await ended(harness, () => withDeadline(sharedOn(harness, 80), () => orders(harness).find().toArray()));
    await quiet();

    assert.deepEqual(harness.story(), ['find', 'getMore', 'killCursors']);
  });

  it('gives up telling the server to forget a cursor of withTransaction after its timeoutMS, not after 10 s', async () => {
    await using harness = await ClientHarness.connected();
    const { clock } = harness;
    const armed = clock.pendingTimers;
    const batch = { id: 7n, ns: 'shop.orders', firstBatch: [{ a: 1 }] };
    harness.answer = ({ name }) => {
      if (name === 'find') return { ok: 1, cursor: batch };
      if (name === 'getMore') return { ok: 0, code: 96, errmsg: 'the getMore failed' };
      return name === 'killCursors' ? null : { ok: 1 };
    };
    const session = harness.client.startSession();
    const read = () => orders(harness).find({}, { session }).toArray();

    await assert.rejects(session.withTransaction(read, { timeoutMS: 50 }), /the getMore failed/);
    await session.endSession();
    assert.equal(clock.pendingTimers, armed + 1, 'killCursors must be waiting');
    // The late reply of killCursors is waited for as well.
    await clock.advance(50);
    await clock.advance(2000);

    assert.equal(clock.pendingTimers, armed);
    assert.ok(harness.story().includes('killCursors'));
  });

  it('bounds withTransaction with all of its attempts, and the server is told of the abort', async () => {
    await using harness = await ClientHarness.connected();
    harness.answer = ({ name }) =>
      name === 'abortTransaction' ? { ok: 1 } : name === 'insert' ? { ok: 1, n: 1 } : null;
    const session = harness.client.startSession();

    const { error, afterMS } = await ended(
      harness,
      () =>
        withDeadline(sharedOn(harness, 80), () =>
          session.withTransaction(async () => {
            await orders(harness).insertOne({}, { session });
            await orders(harness).findOne({}, { session });
          }),
        ),
      80,
    );

    assert.equal(afterMS, 80);
    assert.match(error.message, /timeoutMS=80 of withDeadline/);
    assert.deepEqual(harness.story(), ['insert', 'find', 'abortTransaction']);
  });

  it('shortens the time of a transaction for what is nested in it', async () => {
    await using harness = await ClientHarness.connected();
    harness.answer = ({ name }) => (name === 'abortTransaction' ? { ok: 1 } : null);
    const session = harness.client.startSession();

    const { afterMS } = await ended(
      harness,
      () =>
        session.withTransaction(
          () => withDeadline(sharedOn(harness, 60), () => orders(harness).findOne({}, { session })),
          { timeoutMS: 300 },
        ),
      60,
    );

    assert.equal(afterMS, 60);
  });

  it('takes a signal, which ends the operations with its own reason and sets no time', async () => {
    await using harness = await ClientHarness.connected({ timeoutMS: 200 });
    const controller = new AbortController();
    const reason = new Error('the client of the service is gone');

    const failed = errorOf(withDeadline(controller.signal, () => orders(harness).findOne({})));
    await quiet();
    controller.abort(reason);
    assert.equal(await failed, reason);

    const { afterMS } = await ended(harness, () =>
      withDeadline(new AbortController().signal, () => orders(harness).findOne({})),
    );
    assert.equal(afterMS, 200);
  });

  it('lets an own signal of an operation end it too', async () => {
    await using harness = await ClientHarness.connected();
    const controller = new AbortController();
    const reason = new Error('enough');

    const failed = errorOf(
      withDeadline(sharedOn(harness, 100), () => orders(harness).findOne({}, { signal: controller.signal })),
    );
    await quiet();
    controller.abort(reason);

    assert.equal(await failed, reason);
  });

  it('leaves nothing armed', async () => {
    await using harness = await ClientHarness.connected();
    harness.answer = () => ({ ok: 1, n: 1 });
    const before = harness.clock.pendingTimers;

    await withDeadline(sharedOn(harness, 100), () => orders(harness).insertOne({}));

    assert.equal(harness.clock.pendingTimers, before);
  });

  it('does not reach the monitors and connections of a client that is opened in it', async () => {
    const harness = new ClientHarness({ timeoutMS: 500 });
    const found = new Promise<Awaited<ReturnType<typeof ended>>>((resolve, reject) => {
      harness.client.once('serverHeartbeatSucceeded', () => {
        ended(harness, () => orders(harness).findOne({})).then(resolve, reject);
      });
    });

    await withDeadline(sharedOn(harness, 50), () => harness.client.connect());
    await harness.clock.advance(1000);

    assert.equal((await found).afterMS, 500);
    harness.answer = () => ({ ok: 1 });
    await harness.client.close();
  });

  for (const limit of [0, -1, 0.5, NaN, '50', null, undefined, {}]) {
    it(`refuses ${inspect(limit)} for a time`, () => {
      assert.throws(() => withDeadline(limit as number, () => undefined), MongoInvalidArgumentError);
    });
  }

  it('refuses to run what is no function', () => {
    assert.throws(() => withDeadline(10, 7 as unknown as () => void), MongoInvalidArgumentError);
  });
});

describe('the option deadline', () => {
  it('bounds the operations that are given it', async () => {
    await using harness = await ClientHarness.connected({ timeoutMS: 500 });
    const deadline = sharedOn(harness, 70);

    const { error, afterMS } = await ended(harness, () => orders(harness).findOne({}, { deadline }));

    assert.equal(afterMS, 70);
    assert.equal(error.timeoutMS, 70);
  });

  it('must be a Deadline', async () => {
    await using harness = new ClientHarness();
    const deadline = 50 as unknown as SharedDeadline;

    const error = await errorOf(orders(harness).findOne({}, { deadline }), MongoInvalidArgumentError);

    assert.match(error.message, /"deadline" must be a Deadline \(Deadline\.after, Deadline\.at\), got number/);
  });
});

describe('the record of a shared deadline', () => {
  it('has the time of each read of a cursor, and not that of its whole life', async () => {
    await using harness = await ClientHarness.connected();
    const { clock } = harness;
    let batches = 2;
    harness.answer = ({ name }) => {
      if (batches-- <= 0) return null;
      clock.skip(20);
      const batch = name === 'find' ? 'firstBatch' : 'nextBatch';
      return { ok: 1, cursor: { id: 7n, ns: 'shop.orders', [batch]: [{ a: 1 }] } };
    };
    const cursor = orders(harness).find();

    const { error } = await ended(harness, () =>
      withDeadline(sharedOn(harness, 100), async () => {
        await cursor.next();
        clock.skip(10);
        await cursor.next();
        await cursor.next();
      }),
    );

    assert.match(error.message, / after find\.next shop\.orders 20\.0 ms, find\.next shop\.orders 20\.0 ms: /);
  });
});

describe('defaultTransactionOptions with timeoutMS', () => {
  it('gives it to transactions and to withTransaction that set none', async () => {
    await using harness = await ClientHarness.connected();
    const session = harness.client.startSession({ defaultTransactionOptions: { timeoutMS: 60 } });
    session.startTransaction();

    const started = await ended(harness, () => orders(harness).findOne({}, { session }));
    harness.answer = ({ name }) => (name === 'abortTransaction' ? { ok: 1 } : null);
    await session.abortTransaction();
    const within = await ended(
      harness,
      () => session.withTransaction(() => orders(harness).findOne({}, { session })),
      60,
    );

    assert.equal(started.afterMS, 60);
    assert.equal(within.afterMS, 60);
    assert.match(within.error.message, /timeoutMS=60 of withTransaction/);
  });
});

it('refuses a wrong timeoutMS of defaultTransactionOptions when the session is started', async () => {
  await using harness = new ClientHarness();

  assert.throws(
    () => harness.client.startSession({ defaultTransactionOptions: { timeoutMS: -1 } }),
    /timeoutMS of defaultTransactionOptions is -1/,
  );
});

describe('startTransaction with timeoutMS', () => {
  it('gives the operations of the transaction and its commit one time', async () => {
    await using harness = await ClientHarness.connected();
    const { clock } = harness;
    harness.answer = ({ name }) => {
      clock.skip(30);
      return name === 'insert' ? { ok: 1, n: 1 } : null;
    };
    const session = harness.client.startSession();
    session.startTransaction({ timeoutMS: 100 });
    await orders(harness).insertOne({}, { session });

    const { error, afterMS } = await ended(harness, () => session.commitTransaction());

    assert.equal(afterMS, 70);
    assert.match(error.message, /timeoutMS=100 of startTransaction/);
    assert.ok(error.hasErrorLabel('UnknownTransactionCommitResult'));
    // The commit may be tried again, with the whole time.
    assert.equal((await ended(harness, () => session.commitTransaction())).afterMS, 100);
  });

  it('counts for nothing after the transaction', async () => {
    await using harness = await ClientHarness.connected({ timeoutMS: 400 });
    harness.answer = ({ name }) => (name === 'insert' || name === 'commitTransaction' ? { ok: 1, n: 1 } : null);
    const session = harness.client.startSession();
    session.startTransaction({ timeoutMS: 100 });
    await orders(harness).insertOne({}, { session });
    await session.commitTransaction();

    assert.equal((await ended(harness, () => orders(harness).findOne({}, { session }))).afterMS, 400);
  });

  it('must be a number of milliseconds', async () => {
    await using harness = new ClientHarness();
    const session = harness.client.startSession();

    assert.throws(() => session.startTransaction({ timeoutMS: -1 }), MongoInvalidArgumentError);
    assert.equal(session.inTransaction(), false);
  });
});

describe('a signal', () => {
  it('ends a commit at once, with its own reason', async () => {
    await using harness = await ClientHarness.connected();
    harness.answer = ({ name }) => (name === 'insert' ? { ok: 1, n: 1 } : null);
    const session = harness.client.startSession();
    session.startTransaction();
    await orders(harness).insertOne({}, { session });
    const controller = new AbortController();
    const reason = new Error('enough');

    const failed = errorOf(session.commitTransaction({ signal: controller.signal }));
    await quiet();
    controller.abort(reason);

    assert.equal(await failed, reason);
  });

  it('ends an abort at once, with its own reason', async () => {
    await using harness = await ClientHarness.connected();
    harness.answer = ({ name }) => (name === 'insert' ? { ok: 1, n: 1 } : null);
    const session = harness.client.startSession();
    session.startTransaction();
    await orders(harness).insertOne({}, { session });
    const controller = new AbortController();
    const reason = new Error('enough');

    const failed = errorOf(session.abortTransaction({ signal: controller.signal }));
    await quiet();
    controller.abort(reason);

    assert.equal(await failed, reason);
  });

  for (const timeoutMS of [undefined, 500]) {
    it(`ends withTransaction and the operation that waits in it, ${timeoutMS === undefined ? 'without a time' : 'within a time'}`, async () => {
      await using harness = await ClientHarness.connected();
      const session = harness.client.startSession();
      const controller = new AbortController();
      const reason = new Error('enough');
      let attempts = 0;

      const failed = errorOf(
        session.withTransaction(
          async () => {
            attempts++;
            await orders(harness).findOne({}, { session });
          },
          { signal: controller.signal, ...(timeoutMS !== undefined && { timeoutMS }) },
        ),
      );
      await quiet();
      controller.abort(reason);

      assert.equal(await failed, reason);
      assert.equal(attempts, 1);
      await quiet();
      // The server is told, although nothing waits for its answer.
      assert.deepEqual(harness.story(), ['find', 'abortTransaction']);
      assert.equal(session.inTransaction(), false);
    });
  }

  it('keeps withTransaction from running its function when it has aborted before', async () => {
    await using harness = await ClientHarness.connected();
    const session = harness.client.startSession();
    const reason = new Error('too late');

    const failed = errorOf(
      session.withTransaction(() => assert.fail('It must not run'), { signal: AbortSignal.abort(reason) }),
    );

    assert.equal(await failed, reason);
  });

  it('ends close, which has closed all connections by then', async () => {
    const harness = await ClientHarness.connected();
    harness.answer = ({ name }) => (name === 'insert' ? { ok: 1, n: 1 } : null);
    const session = harness.client.startSession();
    session.startTransaction();
    await orders(harness).insertOne({}, { session });
    const controller = new AbortController();
    const reason = new Error('shutting down');

    const failed = errorOf(harness.client.close({ signal: controller.signal }));
    await quiet();
    controller.abort(reason);

    assert.equal(await failed, reason);
    await quiet();
    assert.equal(harness.server.openPeers.length, 0);
  });

  it('ends connect', async () => {
    const harness = new ClientHarness();
    harness.server.hello = () => null;
    const controller = new AbortController();
    const reason = new Error('enough');

    const failed = errorOf(harness.client.connect({ signal: controller.signal }));
    await quiet();
    controller.abort(reason);

    assert.equal(await failed, reason);
    await harness.client.close();
  });
});
