import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Document } from '../../../src/bson/index.js';
import { Deadline } from '../../../src/call/deadline.js';
import { ReadPreference } from '../../../src/concern/read_preference.js';
import { MongoError } from '../../../src/errors/base.js';
import { MongoErrorLabel } from '../../../src/errors/codes.js';
import { MongoNetworkError } from '../../../src/errors/network.js';
import { MongoServerError } from '../../../src/errors/server.js';
import { MongoOperationTimeoutError } from '../../../src/errors/timeout.js';
import { CommandAttempt, FIRST_ATTEMPT } from '../../../src/executor/command_attempt.js';
import { afterFailure } from '../../../src/executor/failure.js';
import {
  EngineHarness,
  endOfTransaction,
  errorOf,
  failure,
  LOAD_BALANCED,
  MONGOS,
  OVERLOAD_LABELS,
  overload,
  PRIMARY,
  read,
  userCommand,
  write,
} from '../../support/engine_harness.js';
import { quiet } from '../../support/scripted_server.js';
import { member, primaryMember } from '../../support/topology_harness.js';

const { RetryableWriteError, NoWritesPerformed, TransientTransactionError, UnknownTransactionCommitResult } =
  MongoErrorLabel;
const HOST_UNREACHABLE = 6;
/** A failed write that the server says may be sent again. */
const retryableWrite = (code: number, ...labels: readonly string[]) =>
  failure(code, { errorLabels: [RetryableWriteError, ...labels] });

const isRetryableWrite = (error: Error) => error instanceof MongoError && error.hasErrorLabel(RetryableWriteError);

describe('a failed attempt, what its error tells', () => {
  it('is the namespace of the operation where the error names none', async () => {
    const harness = await EngineHarness.open({ options: { retryReads: false } });

    const failed = errorOf(harness.run(read()), MongoError);
    (await harness.nextCommand()).peer.reset();

    assert.equal((await failed).namespace, 'shop.orders');
    await harness.close();
  });

  it('is the namespace that the error names itself', async () => {
    const harness = await EngineHarness.open();
    const own = new MongoError('refused', { namespace: 'shop.customers' });

    const error = await errorOf(
      harness.runAnswered(
        read({
          result() {
            throw own;
          },
        }),
        [{ ok: 1 }],
      ),
    );

    assert.equal(error, own);
    assert.equal(own.namespace, 'shop.customers');
    await harness.close();
  });

  it('is nothing of the driver where a user throws what is no error of the driver', async () => {
    const harness = await EngineHarness.open();
    const own = new RangeError('from a decoder');
    Object.freeze(own);

    const error = await errorOf(
      harness.runAnswered(
        write({
          result() {
            throw own;
          },
        }),
        [{ ok: 1 }],
      ),
    );

    assert.equal(error, own);
    assert.deepEqual(harness.story(), ['insert a']);
    await harness.close();
  });

  it('leaves the abort reason as it is, even if it is an error of another operation', async () => {
    const harness = await EngineHarness.open();
    const controller = new AbortController();
    const reason = new MongoNetworkError('of another operation', { labels: OVERLOAD_LABELS });

    const failed = errorOf(harness.run(write(), { signal: controller.signal }));
    await harness.nextCommand();
    controller.abort(reason);

    assert.equal(await failed, reason);
    assert.equal(reason.namespace, undefined);
    assert.deepEqual(reason.errorLabels, [...OVERLOAD_LABELS]);
    await harness.close();
  });

  it('leaves a timeout that is the abort reason as it is after an earlier attempt failed', async () => {
    const harness = await EngineHarness.open();
    const controller = new AbortController();
    const reason = new MongoOperationTimeoutError('of another operation');

    const failed = errorOf(harness.run(read(), { signal: controller.signal }));
    (await harness.nextCommand()).reply(failure(HOST_UNREACHABLE));
    await harness.nextCommand();
    controller.abort(reason);

    assert.equal(await failed, reason);
    assert.equal(reason.message, 'of another operation');
    assert.equal(reason.cause, undefined);
    await harness.close();
  });

  it('is the abort reason even if that carries the label NoWritesPerformed', async () => {
    const harness = await EngineHarness.open();
    const controller = new AbortController();
    const reason = new MongoError('of another operation', { labels: [NoWritesPerformed] });

    const failed = errorOf(harness.run(read(), { signal: controller.signal }));
    (await harness.nextCommand()).reply(failure(HOST_UNREACHABLE));
    await harness.nextCommand();
    controller.abort(reason);

    assert.equal(await failed, reason);
    await harness.close();
  });
});

describe('a failed attempt, the label RetryableWriteError', () => {
  /** The error of an operation whose connection breaks, with no server to retry it on. */
  async function broken(operation = write(), options = {}) {
    const harness = await EngineHarness.open({ options: { serverSelectionTimeoutMS: 1000, ...options } });
    const failed = errorOf(harness.run(operation));
    const { peer } = await harness.nextCommand();
    harness.hellos.delete('a:27017');
    peer.reset();
    await quiet();
    await harness.clock.advance(1000);
    await harness.close();
    return await failed;
  }

  it('is put on the network error of a write', async () => {
    assert.equal(isRetryableWrite(await broken()), true);
  });

  it('is put on the network error of a write that is never retried too', async () => {
    assert.equal(isRetryableWrite(await broken(write({ retryable: false }))), true);
  });

  it('is not put on that of a read, nor without retryWrites', async () => {
    assert.equal(isRetryableWrite(await broken(read())), false);
    assert.equal(isRetryableWrite(await broken(write(), { retryWrites: false })), false);
  });

  it('is not put on that of a write inside a transaction', async () => {
    const harness = await EngineHarness.open();
    const session = harness.session({}, 'inTransaction');

    const failed = errorOf(harness.run(write({ session })), MongoError);
    (await harness.nextCommand()).peer.reset();

    const error = await failed;
    assert.equal(isRetryableWrite(error), false);
    assert.equal(error.hasErrorLabel(TransientTransactionError), true);
    await harness.close();
  });

  it('is put on that of the end of a transaction, retryWrites or not', async () => {
    const harness = await EngineHarness.open({ options: { retryWrites: false, serverSelectionTimeoutMS: 1000 } });
    const session = harness.session({}, 'inTransaction');
    await harness.runAnswered(write({ session }), [{ ok: 1 }]);
    harness.answer = () => null;
    session.transaction.commit();

    const failed = errorOf(harness.run(endOfTransaction(session)), MongoError);
    const { peer } = await harness.nextCommand();
    harness.hellos.delete('a:27017');
    peer.reset();
    await quiet();
    await harness.clock.advance(1000);

    const error = await failed;
    assert.equal(isRetryableWrite(error), true);
    assert.equal(error.hasErrorLabel(UnknownTransactionCommitResult), true);
    await harness.close();
  });

  it('is not put on the error of a write for which no server was found', async () => {
    const harness = await EngineHarness.open({
      hellos: { 'a:27017': member('a:27017', { hosts: ['a:27017'] }) },
      options: { serverSelectionTimeoutMS: 1000 },
    });

    const failed = errorOf(harness.run(write()), MongoError);
    await harness.clock.advance(1000);

    const error = await failed;
    assert.equal(error.name, 'MongoServerSelectionError');
    assert.deepEqual(error.errorLabels, []);
    await harness.close();
  });

  it('is put by the driver on errors of servers that do not label them (before 4.4), and sends the write again', async () => {
    const harness = await EngineHarness.open({ hellos: { 'a:27017': { ...PRIMARY, maxWireVersion: 8 } } });

    const result = await harness.runAnswered(write(), [failure(HOST_UNREACHABLE), { ok: 1, n: 1 }]);

    assert.deepEqual(result, { ok: 1, n: 1 });
    await harness.close();
  });

  it('is left to the server from 4.4 on', async () => {
    const harness = await EngineHarness.open();

    const error = await errorOf(harness.runAnswered(write(), [failure(HOST_UNREACHABLE), { ok: 1 }]));

    assert.equal(isRetryableWrite(error), false);
    assert.deepEqual(harness.story(), ['insert a']);
    await harness.close();
  });

  it('is not put on the write concern error of a mongos', async () => {
    const hellos = { 'a:27017': { ...MONGOS, maxWireVersion: 8 } };
    const reply = { ok: 1, writeConcernError: { code: 91, errmsg: 'shutting down' } };
    const result = ({ reply: got }: { reply: { writeConcernError(details: object): Error | null } }) => {
      const error = got.writeConcernError({});
      assert.ok(error);
      throw error;
    };
    const harness = await EngineHarness.open({ hellos });

    const error = await errorOf(harness.runAnswered(write({ result }), [reply, { ok: 1 }]), MongoError);

    assert.equal(error.code, 91);
    assert.equal(isRetryableWrite(error), false);
    await harness.close();
  });
});

describe('a failed attempt, whether another follows', () => {
  it('is one more for a read and a write, and their last error is reported', async () => {
    const harness = await EngineHarness.open();

    const ofRead = await errorOf(
      harness.runAnswered(read(), [failure(HOST_UNREACHABLE), failure(89), { ok: 1 }]),
      MongoServerError,
    );
    const ofWrite = await errorOf(
      harness.runAnswered(write(), [retryableWrite(6), retryableWrite(89), { ok: 1 }]),
      MongoServerError,
    );

    assert.equal(ofRead.code, 89);
    assert.equal(ofWrite.code, 89);
    assert.deepEqual(harness.story(), ['find a', 'find a', 'insert a', 'insert a']);
    await harness.close();
  });

  it('sends a retried write with the number that its first attempt had', async () => {
    const harness = await EngineHarness.open();

    await harness.runAnswered(write(), [retryableWrite(6), { ok: 1 }]);
    await harness.runAnswered(write(), [{ ok: 1 }]);

    assert.deepEqual(
      harness.received.map(({ body }) => Number(body['txnNumber'])),
      [1, 1, 2],
    );
    await harness.close();
  });

  it('is none without the option, for an operation that is not retryable, and for the user’s own command', async () => {
    const harness = await EngineHarness.open({ options: { retryReads: false, retryWrites: false } });
    const retryable = await EngineHarness.open();

    await errorOf(harness.runAnswered(read(), [failure(HOST_UNREACHABLE), { ok: 1 }]));
    await errorOf(harness.runAnswered(write(), [retryableWrite(6), { ok: 1 }]));
    await errorOf(retryable.runAnswered(read({ retryable: false }), [failure(HOST_UNREACHABLE), { ok: 1 }]));
    await errorOf(retryable.runAnswered(userCommand({ ping: 1 }), [failure(HOST_UNREACHABLE), { ok: 1 }]));

    assert.deepEqual(harness.story(), ['find a', 'insert a']);
    assert.deepEqual(retryable.story(), ['find a', 'ping a']);
    await harness.close();
    await retryable.close();
  });

  it('is as many as there is time for under timeoutMS', async () => {
    const harness = await EngineHarness.open();
    const failures = Array.from({ length: 4 }, () => failure(HOST_UNREACHABLE));

    await harness.runAnswered(read(), [...failures, { ok: 1 }], { timeoutMS: 1000 });

    assert.equal(harness.received.length, 5);
    await harness.close();
  });

  it('pauses from the fifth on under timeoutMS', async () => {
    const harness = await EngineHarness.open();
    harness.chance = 1;
    const failures = Array.from({ length: 5 }, () => failure(HOST_UNREACHABLE));

    const running = harness.runAnswered(read(), [...failures, { ok: 1 }], { timeoutMS: 1000 });
    await quiet();
    assert.equal(harness.received.length, 5);
    await harness.clock.advance(1);
    assert.equal(harness.received.length, 5);
    await harness.clock.advance(1);

    assert.deepEqual(await running, { ok: 1 });
    assert.equal(harness.received.length, 6);
    await harness.close();
  });

  it('reports the first error if the retried write says that it has written nothing', async () => {
    const harness = await EngineHarness.open();

    const error = await errorOf(
      harness.runAnswered(write(), [retryableWrite(6), retryableWrite(91, NoWritesPerformed)]),
      MongoServerError,
    );

    assert.equal(error.code, 6);
    await harness.close();
  });

  it('reports the error of the only attempt although it has written nothing', async () => {
    const harness = await EngineHarness.open({ options: { retryWrites: false } });

    const error = await errorOf(
      harness.runAnswered(write(), [retryableWrite(91, NoWritesPerformed)]),
      MongoServerError,
    );

    assert.equal(error.code, 91);
    await harness.close();
  });

  it('reports the first error if the server found for the retry takes no retryable writes', async () => {
    const harness = await EngineHarness.open();

    const failed = errorOf(harness.run(write()));
    const { peer } = await harness.nextCommand();
    harness.hellos.set('a:27017', { ...PRIMARY, logicalSessionTimeoutMinutes: null });
    peer.reset();
    await quiet();
    await harness.clock.advance(500);
    await quiet();

    assert.match((await failed).message, /ECONNRESET/);
    assert.equal(harness.typeOf(), 'RSPrimary');
    assert.deepEqual(harness.story(), ['insert a']);
    harness.assertReleased();
    await harness.close();
  });

  it('sends a write that was refused for overload again even to such a server', async () => {
    const harness = await EngineHarness.open();

    const running = harness.run(write());
    const command = await harness.nextCommand();
    command.reply(overload({ baseBackoffMS: 1000 }));
    await quiet();
    harness.hellos.set('a:27017', { ...PRIMARY, logicalSessionTimeoutMinutes: null });
    harness.serverAt().monitor?.requestCheck();
    await harness.clock.advance(500);
    await quiet();
    assert.equal(harness.engine.topology.description.logicalSessionTimeoutMinutes, null);
    await harness.clock.advance(500);
    (await harness.nextCommand()).reply({ ok: 1, n: 1 });

    assert.deepEqual(await running, { ok: 1, n: 1 });
    await harness.close();
  });

  it('lets a retried commit go to another mongos, since its own may be gone', async () => {
    const harness = await EngineHarness.open({ hellos: { 'a:27017': MONGOS, 'b:27017': MONGOS } });
    const session = harness.session({}, 'inTransaction');
    await harness.runAnswered(write({ session }), [{ ok: 1 }]);
    session.transaction.commit();

    await harness.runAnswered(endOfTransaction(session), [retryableWrite(91), { ok: 1 }]);

    assert.deepEqual(harness.story(), ['insert b', 'commitTransaction b', 'commitTransaction a']);
    await harness.close();
  });

  it('lets a retried commit have another connection behind a load balancer', async () => {
    const harness = await EngineHarness.open(LOAD_BALANCED);
    const session = harness.session({}, 'inTransaction');
    await harness.runAnswered(write({ session }), [{ ok: 1 }]);
    harness.answer = () => null;
    session.transaction.commit();

    const running = harness.run(endOfTransaction(session));
    const { peer } = await harness.nextCommand();
    peer.reset();
    const retried = await harness.nextCommand();
    retried.reply();
    await running;

    assert.notEqual(retried.peer, peer);
    harness.assertReleased();
    await harness.close();
  });
});

describe('a failed attempt, after overload', () => {
  it('waits until the backoff is over, and then sends the command again', async () => {
    const harness = await EngineHarness.open();

    const running = harness.runAnswered(read(), [overload(), { ok: 1 }]);
    await quiet();
    harness.assertReleased();
    await harness.clock.advance(99);
    assert.equal(harness.received.length, 1);
    await harness.clock.advance(1);

    assert.deepEqual(await running, { ok: 1 });
    await harness.close();
  });

  it('stops after maxAdaptiveRetries, whatever the later errors are', async () => {
    const harness = await EngineHarness.open({ options: { maxAdaptiveRetries: 1 } });

    const failed = errorOf(
      harness.runAnswered(read(), [overload(), failure(HOST_UNREACHABLE), { ok: 1 }]),
      MongoServerError,
    );
    await quiet();
    await harness.clock.advance(1000);

    assert.equal((await failed).code, HOST_UNREACHABLE);
    assert.equal(harness.received.length, 2);
    await harness.close();
  });

  it('goes on after other errors until maxAdaptiveRetries are used up, under timeoutMS too', async () => {
    const harness = await EngineHarness.open({ options: { maxAdaptiveRetries: 2 } });
    const replies = [overload(), failure(HOST_UNREACHABLE), failure(89), { ok: 1 }];

    for (const options of [{}, { timeoutMS: 5000 }]) {
      const failed = errorOf(harness.runAnswered(read(), replies, options), MongoServerError);
      await quiet();
      await harness.clock.advance(1000);
      assert.equal((await failed).code, 89);
    }
    assert.equal(harness.received.length, 6);
    await harness.close();
  });

  it('forgets that a refused commit was tried, and remembers one that failed otherwise', async () => {
    const harness = await EngineHarness.open();
    const commit = async (reply: Document): Promise<boolean[]> => {
      const session = harness.session({}, 'inTransaction');
      const tried: boolean[] = [];
      await harness.runAnswered(write({ session }), [{ ok: 1 }]);
      session.transaction.commit();
      const command = () => {
        tried.push(session.transaction.commitTried);
        session.transaction.commitSent();
        return { commitTransaction: 1 };
      };
      const operation = endOfTransaction(session, 'commitTransaction', { command });
      const running = harness.runAnswered(operation, [reply, { ok: 1 }]);
      await quiet();
      await harness.clock.advance(100);
      await running;
      return tried;
    };

    assert.deepEqual(await commit(overload()), [false, false]);
    assert.deepEqual(await commit(retryableWrite(HOST_UNREACHABLE)), [false, true]);
    await harness.close();
  });

  it('repeats what is not retryable, and a command of the user’s own', async () => {
    const harness = await EngineHarness.open();

    for (const operation of [write({ retryable: false }), read({ retryable: false }), userCommand({ ping: 1 })]) {
      const running = harness.runAnswered(operation, [overload(), { ok: 1 }]);
      await quiet();
      await harness.clock.advance(1000);
      assert.deepEqual(await running, { ok: 1 });
    }
    await harness.close();
  });

  it('repeats reads with retryReads, writes with retryWrites, and a user’s own command with both', async () => {
    const outputs = read({ writes: true });
    const repeated = async (retryReads: boolean, retryWrites: boolean) => {
      const harness = await EngineHarness.open({ options: { retryReads, retryWrites } });
      const answers: number[] = [];
      for (const operation of [read(), write(), outputs, userCommand({ ping: 1 })]) {
        const before = harness.received.length;
        const running = harness.runAnswered(operation, [overload(), { ok: 1 }]).catch(() => undefined);
        await quiet();
        await harness.clock.advance(1000);
        await running;
        answers.push(harness.received.length - before);
      }
      await harness.close();
      return answers;
    };

    assert.deepEqual(await repeated(true, true), [2, 2, 2, 2]);
    assert.deepEqual(await repeated(true, false), [2, 1, 1, 1]);
    assert.deepEqual(await repeated(false, true), [1, 2, 2, 1]);
    assert.deepEqual(await repeated(false, false), [1, 1, 1, 1]);
  });

  it('avoids the server with enableOverloadRetargeting only', async () => {
    const hosts = ['a:27017', 'b:27017'];
    const hellos = { 'a:27017': primaryMember('a:27017', { hosts }), 'b:27017': member('b:27017', { hosts }) };
    const story = async (enableOverloadRetargeting: boolean) => {
      const harness = await EngineHarness.open({ hellos, options: { enableOverloadRetargeting } });
      const running = harness.runAnswered(read({ readPreference: ReadPreference.nearest }), [overload(), { ok: 1 }]);
      await quiet();
      await harness.clock.advance(1000);
      await running;
      await harness.close();
      return harness.story();
    };

    assert.deepEqual(await story(false), ['find b', 'find b']);
    assert.deepEqual(await story(true), ['find b', 'find a']);
  });

  it('does not avoid the server after another error, even with enableOverloadRetargeting', async () => {
    const hosts = ['a:27017', 'b:27017'];
    const hellos = { 'a:27017': primaryMember('a:27017', { hosts }), 'b:27017': member('b:27017', { hosts }) };
    const harness = await EngineHarness.open({ hellos, options: { enableOverloadRetargeting: true } });

    await harness.runAnswered(read({ readPreference: ReadPreference.nearest }), [failure(6), { ok: 1 }]);

    assert.deepEqual(harness.story(), ['find b', 'find b']);
    await harness.close();
  });

  it('avoids every mongos that has failed so far', async () => {
    const hellos = { 'a:27017': MONGOS, 'b:27017': MONGOS, 'c:27017': MONGOS };
    const harness = await EngineHarness.open({ hellos });

    await harness.runAnswered(read(), [failure(6), failure(6), { ok: 1 }], { timeoutMS: 1000 });

    assert.deepEqual([...harness.story()].sort(), ['find a', 'find b', 'find c']);
    await harness.close();
  });

  it('begins the transaction anew, since the refused command has not begun it', async () => {
    const harness = await EngineHarness.open();
    const session = harness.session({}, 'inTransaction');

    const running = harness.runAnswered(write({ session }), [overload(), { ok: 1 }]);
    await quiet();
    assert.equal(session.transaction.state, 'starting');
    await harness.clock.advance(1000);
    await running;

    assert.deepEqual(
      harness.received.map(({ body }) => body['startTransaction'] as unknown),
      [true, true],
    );
    await harness.close();
  });

  it('fails at once if the backoff would end after the deadline', async () => {
    const harness = await EngineHarness.open();

    const failed = errorOf(harness.runAnswered(read(), [overload(), { ok: 1 }], { timeoutMS: 99 }));
    await quiet();

    const error = await failed;
    assert.ok(error instanceof MongoOperationTimeoutError);
    assert.equal(error.phase, 'backoff');
    assert.equal((error.cause as unknown as MongoServerError).code, 462);
    assert.match(
      error.message,
      /before find shop\.orders was sent again: the pause of 100\.0 ms is longer than the 99\.0 ms that are left/,
    );
    assert.equal(error.namespace, 'shop.orders');
    assert.equal(harness.received.length, 1);
    harness.assertReleased();
    await harness.close();
  });

  it('sends the command again if the backoff ends before the deadline', async () => {
    const harness = await EngineHarness.open();

    const running = harness.runAnswered(read(), [overload(), { ok: 1 }], { timeoutMS: 101 });
    await quiet();
    await harness.clock.advance(100);

    assert.deepEqual(await running, { ok: 1 });
    await harness.close();
  });

  it('reports the refusal where a limit other than timeoutMS ends before the backoff does', async () => {
    const harness = await EngineHarness.open();
    const limit = Deadline.background(harness.clock).within('read', 50);
    const attempt = new CommandAttempt(harness.call().until(limit), read(), FIRST_ATTEMPT);
    const refusal = new MongoServerError(overload());

    assert.equal(await errorOf(afterFailure(harness.engine, refusal, attempt)), refusal);
    await harness.close();
  });

  it('ends the backoff when the caller aborts', async () => {
    const harness = await EngineHarness.open();
    const { pendingTimers } = harness.clock;
    const controller = new AbortController();
    const reason = new Error('the caller has left');

    const failed = errorOf(harness.runAnswered(read(), [overload(), { ok: 1 }], { signal: controller.signal }));
    await quiet();
    controller.abort(reason);

    assert.equal(await failed, reason);
    assert.equal(harness.received.length, 1);
    assert.equal(harness.clock.pendingTimers, pendingTimers);
    await harness.close();
  });
});

describe('a failed attempt, where its time went', () => {
  it('is recorded apart from that of the next one', async () => {
    const harness = await EngineHarness.open();
    const call = harness.call({ timeoutMS: 1000 });

    const running = harness.run(read(), { call });
    const command = await harness.nextCommand();
    harness.clock.skip(30);
    command.reply(overload());
    await quiet();
    await harness.clock.advance(100);
    const other = await harness.nextCommand();
    harness.clock.skip(5);
    other.reply({ ok: 1 });
    await running;

    const timings = call.deadline.timings.filter(({ durationMS }) => durationMS > 0);
    assert.deepEqual(timings, [
      { stage: 'server', durationMS: 30 },
      { stage: 'backoff', durationMS: 100 },
    ]);
    await harness.close();
  });

  it('is that of a read where the error names no place', async () => {
    const harness = await EngineHarness.open();
    const call = harness.call({ timeoutMS: 1000 });
    const results = [new MongoNetworkError('of a decoder'), null];
    const result = () => {
      harness.clock.skip(7);
      const error = results.shift() ?? null;
      if (error !== null) throw error;
      return {};
    };

    await harness.runAnswered(read({ result }), [{ ok: 1 }, { ok: 1 }], { call });

    assert.deepEqual(
      call.deadline.timings.filter(({ durationMS }) => durationMS > 0),
      [{ stage: 'read', durationMS: 7 }],
    );
    await harness.close();
  });

  it('is not recorded where nothing can end the operation', async () => {
    const harness = await EngineHarness.open({ options: { serverSelectionTimeoutMS: 0 } });
    const call = harness.call();

    await harness.runAnswered(read(), [failure(HOST_UNREACHABLE), { ok: 1 }], { call });

    assert.deepEqual(call.deadline.timings, []);
    await harness.close();
  });
});

describe('a failed attempt, whether the operation may have had its effect', () => {
  /** The timeout of a write whose first attempt failed, while its retry waited for the server. */
  async function timeoutAfter(fail: (harness: EngineHarness) => Promise<void>): Promise<MongoOperationTimeoutError> {
    const harness = await EngineHarness.open();
    harness.server.accepts = false;
    const failed = errorOf(harness.run(write(), { timeoutMS: 1000 }));
    await fail(harness);
    await quiet();
    harness.hellos.set('a:27017', null);
    await harness.clock.advance(1000);
    await harness.close();
    const error = await failed;
    assert.ok(error instanceof MongoOperationTimeoutError, String(error));
    return error;
  }

  it('is unknown after an attempt that was sent', async () => {
    const error = await timeoutAfter(async harness => {
      harness.server.peers.at(-1)?.accept();
      (await harness.nextCommand()).peer.reset();
    });

    assert.equal(error.maybeApplied, true);
    assert.match(error.message, /An earlier attempt had failed: .*ECONNRESET/);
  });

  it('is certain that it had none after an attempt that never had a connection', async () => {
    const error = await timeoutAfter(async ({ server }) => {
      await quiet();
      server.peers.at(-1)?.reset();
    });

    assert.equal(error.maybeApplied, false);
    assert.match(error.message, /An earlier attempt had failed: /);
  });
});
