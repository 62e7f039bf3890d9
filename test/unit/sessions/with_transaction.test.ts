import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Document } from '../../../src/bson/index.js';
import { MongoError } from '../../../src/errors/base.js';
import {
  MongoClientClosedError,
  MongoCompatibilityError,
  MongoExpiredSessionError,
  MongoInvalidArgumentError,
  MongoTransactionError,
} from '../../../src/errors/driver.js';
import { MongoOperationTimeoutError } from '../../../src/errors/timeout.js';
import type { ClientSession } from '../../../src/sessions/client_session.js';
import type { ClientSessionOptions } from '../../../src/sessions/session_options.js';
import { transactionBackoff } from '../../../src/sessions/with_transaction.js';
import type { MongoClientOptions } from '../../../src/uri/client_options.js';
import { ClientHarness } from '../../support/client_harness.js';
import { errorOf } from '../../support/engine_harness.js';
import { quiet } from '../../support/scripted_server.js';

const TRANSIENT = 'TransientTransactionError';
const UNKNOWN = 'UnknownTransactionCommitResult';

/** A reply to a command that failed. No code that would let the driver retry the command by itself. */
function failed(label?: string, code = 8000): Document {
  return { ok: 0, code, errmsg: 'no', ...(label !== undefined && { errorLabels: [label] }) };
}

function transient(): MongoError {
  const error = new MongoError('a conflict');
  error.addErrorLabel(TRANSIENT);
  return error;
}

interface SetupOptions extends MongoClientOptions {
  readonly sessionOptions?: ClientSessionOptions;
}

/** A session of a connected client, on a server that answers what the test says, and otherwise that all is well. */
async function setUp({ sessionOptions, ...options }: SetupOptions = {}) {
  const harness = await ClientHarness.connected(options);
  const session = harness.client.startSession(sessionOptions);
  /** Replies by the name of the command, in order; null is none. */
  const replies: Record<string, (Document | null)[]> = {};
  harness.answer = ({ name }) => {
    const reply = replies[name]?.shift();
    return reply === undefined ? { ok: 1, n: 1 } : reply;
  };
  const orders = harness.client.db('shop').collection('orders');
  /** A callback, which is given the session and no options. */
  const insert = () => orders.insertOne({}, { session });
  const insertWithin = (timeoutMS: number) => orders.insertOne({}, { session, timeoutMS });
  const { clock } = harness;
  return {
    harness,
    clock,
    session,
    replies,
    insert,
    insertWithin,
    [Symbol.asyncDispose]: () => harness[Symbol.asyncDispose](),
  };
}

/** Whether a promise has settled by now. */
function watched(promise: Promise<unknown>): { done: boolean } {
  const seen = { done: false };
  const settled = () => (seen.done = true);
  void promise.then(settled, settled);
  return seen;
}

describe('withTransaction', () => {
  it('withTransaction commits what the callback did, and has its result', async () => {
    await using setup = await setUp();
    const { harness, session, insert } = setup;
    const given: ClientSession[] = [];

    const result = await session.withTransaction(async own => {
      given.push(own);
      await insert();
      return 'done';
    });

    assert.equal(result, 'done');
    assert.deepEqual(given, [session]);
    assert.deepEqual(harness.story(), ['insert', 'commitTransaction']);
    assert.equal(session.inTransaction(), false);
  });

  it('withTransaction sends nothing for a callback that sends nothing', async () => {
    await using setup = await setUp();

    assert.equal(await setup.session.withTransaction(() => Promise.resolve(1)), 1);

    assert.deepEqual(setup.harness.story(), []);
  });

  it('withTransaction uses its transaction options for every attempt', async () => {
    await using setup = await setUp();
    const { harness, session, insert, replies } = setup;
    harness.chance = 0;
    replies['insert'] = [failed(TRANSIENT)];

    await session.withTransaction(insert, { readConcern: { level: 'snapshot' }, writeConcern: { w: 'majority' } });

    const inserts = harness.received.filter(({ name }) => name === 'insert');
    assert.deepEqual(
      inserts.map(({ body }) => (body['readConcern'] as { level: string }).level),
      ['snapshot', 'snapshot'],
    );
    assert.deepEqual(harness.received.at(-1)?.body['writeConcern'], { w: 'majority' });
  });

  it('each attempt is a transaction with a number of its own', async () => {
    await using setup = await setUp();
    const { harness, session, insert, replies } = setup;
    harness.chance = 0;
    replies['insert'] = [failed(TRANSIENT), failed(TRANSIENT)];

    await session.withTransaction(insert);

    const numbers = harness.received.map(({ name, body }) => [name, Number(body['txnNumber'])]);
    assert.deepEqual(numbers, [
      ...[1, 2].flatMap(number => [
        ['insert', number],
        ['abortTransaction', number],
      ]),
      ['insert', 3],
      ['commitTransaction', 3],
    ]);
  });

  for (const given of [undefined, null, {}, 'callback']) {
    it(`withTransaction refuses ${JSON.stringify(given)} in place of the callback`, async () => {
      await using setup = await setUp();

      const work = setup.session.withTransaction(given as never);

      assert.match((await errorOf(work, MongoInvalidArgumentError)).message, /"fn" of withTransaction must be a fun/);
      assert.equal(setup.session.inTransaction(), false);
    });
  }

  it('withTransaction is refused in a session that has ended', async () => {
    await using setup = await setUp();
    await setup.session.endSession();

    await errorOf(
      setup.session.withTransaction(() => Promise.resolve()),
      MongoExpiredSessionError,
    );
  });

  it('withTransaction is refused in a snapshot session, and leaves no deadline', async () => {
    await using setup = await setUp({ sessionOptions: { snapshot: true } });
    const { session } = setup;

    await errorOf(
      session.withTransaction(() => Promise.resolve(), { timeoutMS: 500 }),
      MongoCompatibilityError,
    );

    assert.equal(session.state.deadline, null);
  });

  it('withTransaction is refused in a transaction, which goes on', async () => {
    await using setup = await setUp();
    const { session, insert } = setup;
    session.startTransaction();
    await insert();

    await errorOf(
      session.withTransaction(() => Promise.resolve()),
      MongoTransactionError,
    );

    assert.equal(session.inTransaction(), true);
    await session.commitTransaction();
  });
});

describe('withTransaction, when the callback fails', () => {
  it('an error without the label TransientTransactionError aborts the transaction, and is thrown as it is', async () => {
    await using setup = await setUp();
    const { harness, session, insert } = setup;
    const own = new Error('mine');
    let calls = 0;

    const error = await errorOf(
      session.withTransaction(async () => {
        calls++;
        await insert();
        throw own;
      }),
    );

    assert.equal(error, own);
    assert.equal(calls, 1);
    assert.deepEqual(harness.story(), ['insert', 'abortTransaction']);
  });

  for (const [what, thrown] of [
    ['undefined', undefined],
    ['a text', 'no'],
    ['an object that only looks like a labelled error', { errorLabels: [TRANSIENT], hasErrorLabel: () => true }],
  ] as const) {
    it(`a callback that throws ${what} is not called again`, async () => {
      await using setup = await setUp();
      let calls = 0;

      const work = setup.session.withTransaction(async () => {
        calls++;
        await setup.insert();
        // eslint-disable-next-line @typescript-eslint/only-throw-error -- users may
        throw thrown;
      });

      await assert.rejects(work, (error: unknown) => error === thrown);
      assert.equal(calls, 1);
      assert.deepEqual(setup.harness.story(), ['insert', 'abortTransaction']);
    });
  }

  it('a callback that throws before it returns a promise aborts the transaction', async () => {
    await using setup = await setUp();
    const own = new Error('mine');

    const work = setup.session.withTransaction(() => {
      throw own;
    });

    assert.equal(await errorOf(work), own);
    assert.equal(setup.session.inTransaction(), false);
  });

  for (const returned of [undefined, null, 1, {}]) {
    it(`a callback that returns ${JSON.stringify(returned)} and no promise is refused, and nothing is committed`, async () => {
      await using setup = await setUp();
      const { harness, session, insert } = setup;
      let inserted: Promise<unknown> | undefined;

      const work = session.withTransaction(() => {
        inserted = insert();
        return returned as never;
      });

      const error = await errorOf(work, MongoInvalidArgumentError);
      assert.equal(error.message, 'Function provided to `withTransaction` must return a Promise');
      await inserted;
      assert.ok(!harness.story().includes('commitTransaction'));
      assert.equal(session.inTransaction(), false);
    });
  }

  it('a callback may return any thenable', async () => {
    await using setup = await setUp();
    // biome-ignore lint/suspicious/noThenProperty: this is the test
    const thenable = { then: (resolve: (value: string) => void) => resolve('done') };

    assert.equal(await setup.session.withTransaction(() => thenable as unknown as Promise<string>), 'done');
  });

  it('an error with the label TransientTransactionError aborts the transaction, and the callback is called again', async () => {
    await using setup = await setUp();
    const { harness, session, insert, replies } = setup;
    replies['insert'] = [failed(TRANSIENT)];

    const work = session.withTransaction(insert);
    await quiet();
    assert.deepEqual(harness.story(), ['insert', 'abortTransaction']);
    await harness.advance(10);
    await work;

    assert.deepEqual(harness.story(), ['insert', 'abortTransaction', 'insert', 'commitTransaction']);
  });

  it('an abort that fails does not keep the callback from being called again', async () => {
    await using setup = await setUp();
    const { harness, session, insert, replies } = setup;
    harness.chance = 0;
    replies['insert'] = [failed(TRANSIENT)];
    replies['abortTransaction'] = [failed()];

    await session.withTransaction(insert);

    assert.deepEqual(harness.story(), ['insert', 'abortTransaction', 'insert', 'commitTransaction']);
  });

  it('a callback that has aborted and then fails with a transient error is called again without another abort', async () => {
    await using setup = await setUp();
    const { harness, session, insert } = setup;
    harness.chance = 0;
    let calls = 0;

    await session.withTransaction(async () => {
      await insert();
      if (++calls > 1) return;
      await session.abortTransaction();
      throw transient();
    });

    assert.deepEqual(harness.story(), ['insert', 'abortTransaction', 'insert', 'commitTransaction']);
  });

  it('a callback that has committed and then fails is not called again, and nothing is aborted', async () => {
    await using setup = await setUp();
    const { harness, session, insert } = setup;

    const work = session.withTransaction(async () => {
      await insert();
      await session.commitTransaction();
      throw new Error('mine');
    });

    assert.equal((await errorOf(work)).message, 'mine');
    assert.deepEqual(harness.story(), ['insert', 'commitTransaction']);
  });

  for (const end of ['commitTransaction', 'abortTransaction'] as const) {
    it(`a callback that ends the transaction itself by ${end} has its result, and nothing more is sent`, async () => {
      await using setup = await setUp();
      const { harness, session, insert } = setup;

      const result = await session.withTransaction(async () => {
        await insert();
        await session[end]();
        return 'mine';
      });

      assert.equal(result, 'mine');
      assert.deepEqual(harness.story(), ['insert', end]);
    });
  }

  it('a session that the callback ends is not used again, even after a transient error', async () => {
    await using setup = await setUp();
    const { harness, session, insert } = setup;
    harness.chance = 0;

    const work = session.withTransaction(async () => {
      await insert();
      await session.endSession();
      throw transient();
    });

    await errorOf(work, MongoExpiredSessionError);
    assert.deepEqual(harness.story(), ['insert', 'abortTransaction']);
  });
});

describe('withTransaction, before the callback is called again', () => {
  /** The milliseconds between the calls of a callback that always fails, until as many calls have been made. */
  async function pauses(chance: number, calls: number): Promise<number[]> {
    await using setup = await setUp();
    setup.harness.chance = chance;
    const times: number[] = [];
    const work = errorOf(
      setup.session.withTransaction(() => {
        times.push(setup.clock.now());
        return Promise.reject(times.length < calls ? transient() : new Error('enough'));
      }),
    );
    await quiet();
    for (let round = 0; round < calls; round++) await setup.harness.advance(600);
    await work;
    return times.slice(1).map((time, index) => time - times[index]!);
  }

  it('the pauses grow by half each time, up to half a second, times a chance', async () => {
    const full = await pauses(1, 15);
    const half = await pauses(0.5, 15);

    assert.deepEqual(full.slice(0, 3), [7.5, 11.25, 16.875]);
    assert.equal(Math.round(full[10]!), 432);
    assert.deepEqual(full.slice(11), [500, 500, 500]);
    // Times of the clock are sums.
    for (const [index, pause] of half.entries()) assert.ok(Math.abs(pause - full[index]! / 2) < 1e-6);
  });

  it('there is no pause by chance 0', async () => {
    assert.deepEqual(await pauses(0, 4), [0, 0, 0]);
  });

  it('the backoff is a pure function of attempts and chance', () => {
    assert.deepEqual(
      [1, 2, 3, 12, 13, 100].map(attempts => Math.round(transactionBackoff(attempts, 1))),
      [8, 11, 17, 500, 500, 500],
    );
    assert.equal(transactionBackoff(3, 0), 0);
    assert.equal(transactionBackoff(1, 0.5), 3.75);
  });

  it('a pause ends when the client closes, and the transaction is not tried again', async () => {
    await using setup = await setUp();
    const { harness, session } = setup;
    let calls = 0;
    const work = errorOf(
      session.withTransaction(() => {
        calls++;
        return Promise.reject(transient());
      }),
      MongoClientClosedError,
    );
    await quiet();

    await harness.client.close();
    await work;

    assert.equal(calls, 1);
    assert.equal(harness.clock.pendingTimers, 0);
  });
});

describe('withTransaction, when the commit fails', () => {
  it('an unknown result is committed again, with a majority and without the callback', async () => {
    await using setup = await setUp();
    const { harness, session, insert, replies } = setup;
    replies['commitTransaction'] = [failed(UNKNOWN), failed(UNKNOWN)];
    let calls = 0;

    const result = await session.withTransaction(async () => {
      calls++;
      await insert();
      return 'done';
    });

    assert.equal(result, 'done');
    assert.equal(calls, 1);
    assert.deepEqual(harness.story(), ['insert', 'commitTransaction', 'commitTransaction', 'commitTransaction']);
    assert.deepEqual(
      harness.received.slice(1).map(({ body }) => body['writeConcern'] as unknown),
      [undefined, { wtimeout: 10_000, w: 'majority' }, { wtimeout: 10_000, w: 'majority' }],
    );
  });

  it('an unknown result is thrown if the server had no more time for it', async () => {
    await using setup = await setUp();
    const { harness, session, insert, replies } = setup;
    replies['commitTransaction'] = [failed(UNKNOWN, 50)];

    const error = await errorOf(session.withTransaction(insert), MongoError);

    assert.equal(error.code, 50);
    assert.deepEqual(harness.story(), ['insert', 'commitTransaction']);
  });

  it('a transient error lets the callback be called again after a pause', async () => {
    await using setup = await setUp();
    const { harness, session, insert, replies } = setup;
    replies['commitTransaction'] = [failed(TRANSIENT)];

    const work = session.withTransaction(insert);
    await quiet();
    assert.deepEqual(harness.story(), ['insert', 'commitTransaction']);
    await harness.advance(10);
    await work;

    assert.deepEqual(harness.story(), ['insert', 'commitTransaction', 'insert', 'commitTransaction']);
  });

  it('any other error is thrown, and nothing is aborted', async () => {
    await using setup = await setUp();
    const { harness, session, insert, replies } = setup;
    replies['commitTransaction'] = [failed()];

    const error = await errorOf(session.withTransaction(insert), MongoError);

    assert.equal(error.code, 8000);
    assert.deepEqual(harness.story(), ['insert', 'commitTransaction']);
  });
});

describe('withTransaction without timeoutMS', () => {
  it('operations in the callback have no common deadline', async () => {
    await using setup = await setUp();
    let seen: unknown;

    await setup.session.withTransaction(async session => {
      seen = session.state.deadline;
      await setup.insertWithin(500);
    });

    assert.equal(seen, null);
    assert.equal(Number(setup.harness.received[0]?.body['maxTimeMS']), 500);
    assert.equal(setup.harness.received[1]?.body['maxTimeMS'], undefined);
  });

  /** Calls of the callback, and how it ended, when the first one takes so long. */
  async function firstTakes(ms: number) {
    await using setup = await setUp();
    setup.harness.chance = 1;
    const first = transient();
    let calls = 0;
    const work = setup.session
      .withTransaction(() => {
        if (++calls > 1) return Promise.resolve('done');
        setup.clock.skip(ms);
        return Promise.reject(first);
      })
      .catch((error: unknown) => (error === first ? 'thrown as it is' : error));
    await setup.harness.advance(10);
    return [calls, await work];
  }

  it('the callback is called again while the pause ends before 120 seconds have passed', async () => {
    assert.deepEqual(await firstTakes(120_000 - 7.6), [2, 'done']);
  });

  it('if the pause would end after 120 seconds, the error is thrown as it is and at once', async () => {
    assert.deepEqual(await firstTakes(120_000 - 7.4), [1, 'thrown as it is']);
  });

  for (const [label, ms, commits] of [
    [UNKNOWN, 119_999, 2],
    [UNKNOWN, 120_000, 1],
    [TRANSIENT, 120_000, 1],
  ] as const) {
    it(`after a commit with ${label} that took ${ms} ms, ${commits} commits were sent`, async () => {
      await using setup = await setUp();
      const { harness, session, clock, insert } = setup;
      harness.answer = ({ name }) => {
        if (name !== 'commitTransaction') return { ok: 1, n: 1 };
        clock.skip(ms);
        return failed(label);
      };

      const error = await errorOf(session.withTransaction(insert), MongoError);

      assert.ok(error.hasErrorLabel(label));
      assert.equal(error.message, 'no');
      assert.equal(harness.story().filter(name => name === 'commitTransaction').length, commits);
    });
  }
});

describe('withTransaction with timeoutMS', () => {
  it('all operations, the commit included, share the time', async () => {
    await using setup = await setUp();
    const { harness, session, clock, insert } = setup;

    await session.withTransaction(
      async () => {
        clock.skip(100);
        await insert();
        clock.skip(200);
      },
      { timeoutMS: 500 },
    );

    const times = harness.received.map(({ name, body }) => [name, Number(body['maxTimeMS'])]);
    assert.deepEqual(times, [
      ['insert', 400],
      ['commitTransaction', 200],
    ]);
  });

  for (const [what, options] of [
    ['the session', { sessionOptions: { defaultTimeoutMS: 300 } }],
    ['the client', { timeoutMS: 300 }],
  ] as const) {
    it(`the time is that of ${what} if the call has none`, async () => {
      await using setup = await setUp(options);

      await setup.session.withTransaction(() => setup.insert());

      assert.equal(Number(setup.harness.received[0]?.body['maxTimeMS']), 300);
    });
  }

  it('an operation in the callback cannot have a timeoutMS of its own', async () => {
    await using setup = await setUp();

    const work = setup.session.withTransaction(() => setup.insertWithin(100), { timeoutMS: 500 });

    assert.match((await errorOf(work, MongoInvalidArgumentError)).message, /^timeoutMS cannot be set for an operation/);
  });

  it('if the deadline ends before the pause, a timeout error is thrown at once, with the error and its labels', async () => {
    await using setup = await setUp();
    const { session, clock } = setup;
    setup.harness.chance = 1;
    const cause = transient();
    cause.addErrorLabel('Other');

    const error = await errorOf(
      session.withTransaction(
        () => {
          clock.skip(95);
          return Promise.reject(cause);
        },
        { timeoutMS: 100 },
      ),
      MongoOperationTimeoutError,
    );

    assert.match(
      error.message,
      /^Timed out in withTransaction after 1 attempt: a conflict \(after 95\.0 ms, timeoutMS=100/,
    );
    assert.equal(error.cause, cause);
    assert.deepEqual(error.errorLabels, [TRANSIENT, 'Other']);
    assert.equal(error.phase, 'backoff');
    assert.equal(error.maybeApplied, false);
    assert.equal(clock.pendingTimers, 1, 'that of the monitor');
  });

  it('the timeout error says how many attempts there were', async () => {
    await using setup = await setUp();
    setup.harness.chance = 0;

    const error = await errorOf(
      setup.session.withTransaction(
        () => {
          setup.clock.skip(40);
          return Promise.reject(transient());
        },
        { timeoutMS: 100 },
      ),
      MongoOperationTimeoutError,
    );

    assert.match(error.message, /^Timed out in withTransaction after 3 attempts: /);
  });

  it('timeoutMS 0 is no limit: the callback is called again after more than 120 seconds', async () => {
    await using setup = await setUp();
    const { harness, session, clock } = setup;
    harness.chance = 0;
    let calls = 0;

    const work = session.withTransaction(
      () => {
        clock.skip(200_000);
        return ++calls < 3 ? Promise.reject(transient()) : Promise.resolve('done');
      },
      { timeoutMS: 0 },
    );

    assert.equal(await work, 'done');
  });

  it('after the deadline has expired, the abort has the whole timeoutMS again', async () => {
    await using setup = await setUp();
    const { harness, session, insert, replies } = setup;
    replies['insert'] = [null];
    replies['abortTransaction'] = [null];

    const failed = errorOf(session.withTransaction(insert, { timeoutMS: 100 }), MongoOperationTimeoutError);
    const seen = watched(failed);
    await harness.advance(100);
    assert.deepEqual(harness.story(), ['insert', 'abortTransaction']);
    assert.equal(Number(harness.received[1]?.body['maxTimeMS']), 100);
    await harness.advance(99);
    assert.equal(seen.done, false);
    await harness.advance(1);

    const error = await failed;
    assert.match(error.message, /timeoutMS=100 of withTransaction/);
    assert.equal(error.elapsedMS, 100);
  });

  it('a commit whose deadline expires is not sent again', async () => {
    await using setup = await setUp();
    const { harness, session, insert, replies } = setup;
    replies['commitTransaction'] = [failed(UNKNOWN), null];

    const failing = errorOf(session.withTransaction(insert, { timeoutMS: 100 }), MongoOperationTimeoutError);
    await harness.advance(100);

    assert.equal((await failing).maybeApplied, true);
    assert.deepEqual(harness.story(), ['insert', 'commitTransaction', 'commitTransaction']);
  });

  it('after an abort, the next attempt has what is left of the time', async () => {
    await using setup = await setUp();
    const { harness, session, clock, insert, replies } = setup;
    harness.chance = 0;
    replies['insert'] = [failed(TRANSIENT)];

    await session.withTransaction(
      () => {
        clock.skip(30);
        return insert();
      },
      { timeoutMS: 100 },
    );

    const times = harness.received.map(({ name, body }) => [name, Number(body['maxTimeMS'])]);
    assert.deepEqual(times, [
      ['insert', 70],
      ['abortTransaction', 100],
      ['insert', 40],
      ['commitTransaction', 40],
    ]);
  });

  for (const [how, callback] of Object.entries<(session: ClientSession) => Promise<unknown>>({
    'it has committed': () => Promise.resolve(),
    'the callback failed': () => Promise.reject(new Error('mine')),
    'the callback returned no promise': () => undefined as never,
    'the callback ended the transaction': session => session.abortTransaction(),
    'the callback ended the session': session => session.endSession(),
  })) {
    it(`the session has no deadline once ${how}`, async () => {
      await using setup = await setUp();
      const { session } = setup;
      let during: unknown;

      await session
        .withTransaction(
          own => {
            during = own.state.deadline;
            return callback(own);
          },
          { timeoutMS: 500 },
        )
        .catch(() => undefined);

      assert.notEqual(during, null);
      assert.equal(session.state.deadline, null);
    });
  }

  for (const inner of ['commits', 'fails'] as const) {
    it(`a withTransaction in the callback shares the deadline, which stays in force when it ${inner}`, async () => {
      await using setup = await setUp();
      const { harness, session, clock, insert } = setup;

      await session.withTransaction(
        async () => {
          const outer = session.state.deadline;
          await session.abortTransaction();
          clock.skip(100);
          await session
            .withTransaction(async () => {
              await insert();
              if (inner === 'fails') throw new Error('mine');
            })
            .catch(() => undefined);
          assert.equal(session.state.deadline, outer);
        },
        { timeoutMS: 500 },
      );

      assert.equal(Number(harness.received[0]?.body['maxTimeMS']), 400);
      assert.equal(session.state.deadline, null);
    });
  }
});

describe('withTransaction with a signal', () => {
  it('the signal ends the pause before the callback is called again, with its own reason', async () => {
    await using setup = await setUp();
    const controller = new AbortController();
    const reason = new Error('enough');
    let calls = 0;
    const failing = errorOf(
      setup.session.withTransaction(
        () => {
          calls++;
          return Promise.reject(transient());
        },
        { signal: controller.signal },
      ),
    );
    await quiet();

    controller.abort(reason);

    assert.equal(await failing, reason);
    assert.equal(calls, 1);
  });

  it('the server is told of the abort, and a caller that has aborted does not wait for it', async () => {
    await using setup = await setUp();
    const { harness, session, insert, replies } = setup;
    const controller = new AbortController();
    const reason = new Error('enough');
    replies['insert'] = [null];
    replies['abortTransaction'] = [null];
    const failing = errorOf(session.withTransaction(insert, { signal: controller.signal }));
    await quiet();

    controller.abort(reason);

    assert.equal(await failing, reason);
    await quiet();
    assert.deepEqual(harness.story(), ['insert', 'abortTransaction']);
  });

  for (const [what, next, expected] of [
    ['another transaction', 'startTransaction', ['insert 2 true']],
    ['an operation outside of a transaction', 'insert', ['insert 2 undefined']],
    ['its end, after which another session uses its server session', 'endSession', ['insert 2 true']],
  ] as const) {
    it(`an abort that no caller waits for, and that has no connection yet, is not sent after the session is used for ${what}`, async () => {
      await using setup = await setUp({ maxPoolSize: 1 });
      const { harness, session, insert, replies } = setup;
      const orders = harness.client.db('shop').collection('orders');
      const controller = new AbortController();
      const reason = new Error('enough');
      replies['ping'] = [null];
      let ping: Promise<unknown> | undefined;
      const failing = errorOf(
        session.withTransaction(
          async () => {
            await insert();
            ping = harness.client.db('shop').command({ ping: 1 });
            await quiet();
            controller.abort(reason);
            throw reason;
          },
          { signal: controller.signal },
        ),
      );
      assert.equal(await failing, reason);
      // The abort waits for the connection that the ping has.
      harness.received.length = 0;

      if (next === 'startTransaction') session.startTransaction();
      if (next === 'endSession') await session.endSession();
      const other = harness.client.startSession();
      if (next === 'endSession') {
        assert.equal(other.serverSession, session.serverSession);
        other.startTransaction();
      }
      const later = next === 'endSession' ? orders.insertOne({}, { session: other }) : insert();
      await quiet();
      harness.server.peers.flatMap(peer => peer.commands)[0]?.reply();
      await Promise.all([ping, later]);

      assert.deepEqual(
        harness.received.map(
          ({ name, body }) => `${name} ${String(body['txnNumber'])} ${String(body['startTransaction'])}`,
        ),
        expected,
      );
      assert.equal(session.inTransaction(), next === 'startTransaction');
    });
  }

  it('the server is told of the abort also if the session ends at once', async () => {
    await using setup = await setUp();
    const { harness, session, insert } = setup;
    const controller = new AbortController();
    const reason = new Error('enough');

    const failing = errorOf(
      session.withTransaction(
        async () => {
          await insert();
          controller.abort(reason);
          throw reason;
        },
        { signal: controller.signal },
      ),
    );
    assert.equal(await failing, reason);
    await session.endSession();

    assert.deepEqual(harness.story(), ['insert', 'abortTransaction']);
  });

  for (const timeoutMS of [undefined, 500]) {
    it(`the signal has no effect on the session afterwards (timeoutMS ${timeoutMS})`, async () => {
      await using setup = await setUp();
      const { session, insert } = setup;
      const controller = new AbortController();
      const { signal } = controller;
      const own = timeoutMS === undefined ? { signal } : { signal, timeoutMS };
      await session.withTransaction(() => insert(), own);

      controller.abort();

      await insert();
      await session.withTransaction(() => insert());
    });

    it(`the signal is in force again after a withTransaction in the callback (timeoutMS ${timeoutMS})`, async () => {
      await using setup = await setUp();
      const { session, insert, replies } = setup;
      const controller = new AbortController();
      const { signal } = controller;
      const own = timeoutMS === undefined ? { signal } : { signal, timeoutMS };
      const reason = new Error('enough');
      let waiting: Promise<Error> | undefined;

      const failing = errorOf(
        session.withTransaction(async () => {
          await session.abortTransaction();
          await session.withTransaction(() => insert());
          replies['insert'] = [null];
          waiting = errorOf(insert());
          throw await waiting;
        }, own),
      );
      while (waiting === undefined) await quiet();
      controller.abort(reason);

      assert.equal(await waiting, reason);
      assert.equal(await failing, reason);
    });
  }

  it('timeoutMS of withTransaction is not that of a commit which is repeated afterwards', async () => {
    await using setup = await setUp({ sessionOptions: { defaultTimeoutMS: 300 } });
    const { harness, session, insert, replies } = setup;
    replies['commitTransaction'] = [failed()];
    await errorOf(session.withTransaction(insert, { timeoutMS: 100 }));

    await session.commitTransaction();

    assert.deepEqual(
      harness.received.map(({ body }) => Number(body['maxTimeMS'])),
      [100, 100, 300],
    );
  });
});
