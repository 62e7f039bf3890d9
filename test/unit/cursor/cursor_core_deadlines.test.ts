import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Deadline } from '../../../src/call/deadline.js';
import { MongoOperationTimeoutError } from '../../../src/errors/timeout.js';
import { EngineHarness, errorOf, failure, LOAD_BALANCED } from '../../support/engine_harness.js';
import { quiet } from '../../support/scripted_server.js';
import { batch, CoreHarness, isPending, killedBy } from './core_harness.js';

const FAILED = 2;

describe('The calls of a cursor', () => {
  it('the calls of a cursor are named after the method that made the cursor and the one that is called', async () => {
    const cursor = await CoreHarness.open({ name: 'aggregate' });

    assert.equal(cursor.core.call('next').name, 'aggregate.next');
    assert.equal(cursor.core.closingCall('close').name, 'aggregate.close');
    assert.equal(cursor.core.call('next').namespace, 'shop.orders');
    await cursor.stop();
  });

  it('the calls of a cursor have one number, which all its commands carry', async () => {
    const cursor = await CoreHarness.open();
    const { operationId } = cursor.core.call('next');
    assert.notEqual(operationId, 0);

    const next = cursor.next();
    await cursor.answer('find', 7);
    await cursor.answer('getMore', 7, [1]);
    await next;
    const closing = cursor.close();
    await cursor.answerKill();
    await closing;

    const numbers = cursor.servers.events.of('commandStarted').map(event => event.operationId);
    assert.deepEqual(numbers, [operationId, operationId, operationId]);
    await cursor.stop();
  });

  it('the calls of a cursor keep that number when the cursor is killed after a failure', async () => {
    const cursor = await CoreHarness.opened(7, []);
    const error = errorOf(cursor.next());
    (await cursor.command('getMore')).reply(failure(FAILED));
    await error;
    await cursor.answerKill();

    const numbers = cursor.servers.events.of('commandStarted').map(event => event.operationId);
    assert.deepEqual(new Set(numbers), new Set([cursor.core.call('next').operationId]));
    assert.equal(numbers.length, 3);
    await cursor.stop();
  });
});

describe('timeoutMS of the whole life of a cursor', () => {
  it('a timeoutMS of the whole cursor begins with the first call, and not with the cursor', async () => {
    const cursor = await CoreHarness.open({ timeoutMS: 100 });
    await cursor.servers.clock.advance(1000);

    const next = cursor.next();
    const find = await cursor.command('find');
    await cursor.servers.clock.advance(99);
    find.reply(batch(find, 0, [1]));

    assert.equal(await next, 1);
    await cursor.assertOver();
    await cursor.stop();
  });

  it('a timeoutMS of the whole cursor is shared by all calls, and the time between them counts', async () => {
    const cursor = await CoreHarness.open({ timeoutMS: 100 });
    const { clock } = cursor.servers;
    const next = cursor.next();
    const find = await cursor.command('find');
    await clock.advance(30);
    find.reply(batch(find, 7, [1]));
    assert.equal(await next, 1);
    await clock.advance(30);

    const error = errorOf(cursor.next(), MongoOperationTimeoutError);
    const getMore = await cursor.command('getMore');
    await clock.advance(39);
    assert.equal(await isPending(error), true);
    await clock.advance(1);

    const { timeoutMS, elapsedMS, timings } = await error;
    assert.deepEqual([timeoutMS, elapsedMS], [100, 100]);
    assert.deepEqual(timings, [
      { stage: 'checkOut', durationMS: 0 },
      { stage: 'read', durationMS: 30 },
      { stage: 'caller', durationMS: 30 },
      { stage: 'read', durationMS: 40 },
    ]);
    getMore.reply();
    await cursor.answerKill();
    await cursor.assertOver(0);
    await cursor.stop();
  });

  it('a timeoutMS of the whole cursor that has expired leaves buffered documents readable, and no more commands are sent', async () => {
    const cursor = await CoreHarness.opened(7, [1], { timeoutMS: 100 });
    await cursor.servers.clock.advance(100);
    assert.equal(await cursor.next(), 1);

    await errorOf(cursor.next(), MongoOperationTimeoutError);

    await cursor.answerKill();
    assert.deepEqual(await cursor.sent(), ['find', 'killCursors']);
    await cursor.assertOver();
    await cursor.stop();
  });

  it('a timeoutMS of the whole cursor bounds all batches of toArray together, and toArray does not wait for the close', async () => {
    const cursor = await CoreHarness.open({ timeoutMS: 100 });
    const error = errorOf(cursor.toArray(), MongoOperationTimeoutError);
    const find = await cursor.command('find');
    await cursor.servers.clock.advance(60);
    find.reply(batch(find, 7, [1]));
    const getMore = await cursor.command('getMore');
    await cursor.servers.clock.advance(40);

    await error;

    getMore.reply();
    await cursor.answerKill();
    await cursor.assertOver(0);
    await cursor.stop();
  });

  it('a timeoutMS of the whole cursor is sent as maxTimeMS with the first command, and not with getMore', async () => {
    const cursor = await CoreHarness.open({ timeoutMS: 100 });

    const next = cursor.next();
    const find = await cursor.answer('find', 7);
    const getMore = await cursor.answer('getMore', 0, [1]);
    await next;

    assert.deepEqual([find.body['maxTimeMS'], getMore.body['maxTimeMS']], [100, undefined]);
    await cursor.stop();
  });
});

describe('timeoutMS of each call on a cursor', () => {
  const options = { timeoutMS: 100, timeoutMode: 'iteration' } as const;

  it('a timeoutMS of each call begins anew with each call', async () => {
    const cursor = await CoreHarness.open(options);
    const { clock } = cursor.servers;
    const next = cursor.next();
    const find = await cursor.command('find');
    await clock.advance(99);
    find.reply(batch(find, 7, [1]));
    assert.equal(await next, 1);
    await clock.advance(1000);

    const error = errorOf(cursor.next(), MongoOperationTimeoutError);
    const getMore = await cursor.command('getMore');
    await clock.advance(99);
    assert.equal(await isPending(error), true);
    await clock.advance(1);

    assert.equal((await error).elapsedMS, 100);
    getMore.reply();
    await cursor.answerKill();
    await cursor.assertOver(0);
    await cursor.stop();
  });

  it('a timeoutMS of each call bounds all batches that one next waits for', async () => {
    const cursor = await CoreHarness.open(options);
    const error = errorOf(cursor.next(), MongoOperationTimeoutError);
    const find = await cursor.command('find');
    await cursor.servers.clock.advance(60);
    find.reply(batch(find, 7, []));
    const getMore = await cursor.command('getMore');
    await cursor.servers.clock.advance(40);

    await error;

    getMore.reply();
    await cursor.answerKill();
    await cursor.stop();
  });

  it('a timeoutMS of each call begins anew with each batch of toArray', async () => {
    const cursor = await CoreHarness.open(options);
    const { clock } = cursor.servers;
    const all = cursor.toArray();
    const find = await cursor.command('find');
    await clock.advance(99);
    find.reply(batch(find, 7, [1]));
    for (const id of [7, 0]) {
      const getMore = await cursor.command('getMore');
      await clock.advance(99);
      getMore.reply(batch(getMore, id, [2]));
    }

    assert.deepEqual(await all, [1, 2, 2]);
    await cursor.assertOver();
    await cursor.stop();
  });

  it('a timeoutMS of each call ends the batch of toArray that takes too long', async () => {
    const cursor = await CoreHarness.opened(7, [1], options);
    await cursor.servers.clock.advance(1000);
    const error = errorOf(cursor.toArray(), MongoOperationTimeoutError);
    const getMore = await cursor.command('getMore');
    await cursor.servers.clock.advance(100);

    assert.equal((await error).elapsedMS, 100);

    getMore.reply();
    await cursor.answerKill();
    await cursor.stop();
  });

  it('a timeoutMS of each call is not sent as maxTimeMS', async () => {
    const cursor = await CoreHarness.open(options);

    const next = cursor.next();
    const { body } = await cursor.answer('find', 0, [1]);
    await next;

    assert.equal(body['maxTimeMS'], undefined);
    await cursor.stop();
  });
});

describe('A cursor of a session with a deadline', () => {
  /** A cursor in a session whose `withTransaction` has so much time. */
  async function inSession(timeoutMS: number, signal?: AbortSignal) {
    const servers = await EngineHarness.open();
    const session = servers.session();
    session.deadline = Deadline.start({ timeoutMS, source: 'withTransaction' }, servers.clock);
    const cursor = new CoreHarness(servers, { session, timeoutMS: 10_000, timeoutMode: 'iteration', signal });
    return { cursor, session };
  }

  it('a cursor of a session with a deadline has that deadline, whatever its own timeoutMS', async () => {
    const { cursor } = await inSession(100);
    await cursor.servers.clock.advance(70);

    const error = errorOf(cursor.next(), MongoOperationTimeoutError);
    const find = await cursor.command('find');
    await cursor.servers.clock.advance(30);

    assert.equal((await error).timeoutMS, 100);
    find.reply(batch(find, 0, []));
    await cursor.assertOver();
    await cursor.stop();
  });

  it('a cursor of a session with a deadline can be aborted all the same', async () => {
    const controller = new AbortController();
    const { cursor } = await inSession(100, controller.signal);

    const error = errorOf(cursor.next());
    const find = await cursor.command('find');
    const reason = new Error('enough');
    controller.abort(reason);

    assert.equal(await error, reason);
    find.reply(batch(find, 0, []));
    await cursor.assertOver();
    await cursor.stop();
  });

  it('a cursor of a session with a deadline has a time of its own for its close', async () => {
    const { cursor, session } = await inSession(100);
    const fetching = cursor.fetch();
    await cursor.answer('find', 7, [1]);
    await fetching;
    await cursor.servers.clock.advance(100);
    assert.notEqual(session.deadline?.ended(), null);

    const closing = cursor.close();

    assert.deepEqual(killedBy(await cursor.answerKill()), [7]);
    await closing;
    await cursor.assertOver();
    await cursor.stop();
  });
});

describe('The signal of the caller', () => {
  const reason = new Error('enough');

  async function aborted(): Promise<{ cursor: CoreHarness; controller: AbortController }> {
    const controller = new AbortController();
    const cursor = await CoreHarness.open({ signal: controller.signal });
    return { cursor, controller };
  }

  it('the signal of the caller that is aborted already keeps the cursor from sending anything', async () => {
    const { cursor, controller } = await aborted();
    controller.abort(reason);

    assert.equal(await errorOf(cursor.next()), reason);
    assert.equal(await errorOf(cursor.toArray()), reason);
    assert.equal(await errorOf(cursor.hasNext()), reason);
    assert.throws(
      () => cursor.fetch(),
      (error: unknown) => error === reason,
    );

    assert.equal(cursor.told.closed, true);
    assert.deepEqual(await cursor.sent(), []);
    await cursor.assertOver(0);
    await cursor.stop();
  });

  it('the signal of the caller ends the wait for the first batch', async () => {
    const { cursor, controller } = await aborted();
    const error = errorOf(cursor.next());
    const find = await cursor.command('find');

    controller.abort(reason);

    assert.equal(await error, reason);
    assert.equal(cursor.told.closed, true);
    find.reply(batch(find, 0, []));
    await cursor.assertOver(0);
    await cursor.stop();
  });

  it('the signal of the caller ends the wait for another batch, and the cursor is killed', async () => {
    const { cursor, controller } = await aborted();
    const first = cursor.next();
    await cursor.answer('find', 7, [1]);
    await first;
    const error = errorOf(cursor.next());
    const getMore = await cursor.command('getMore');

    controller.abort(reason);

    assert.equal(await error, reason);
    assert.equal(cursor.told.killed, true);
    assert.deepEqual(killedBy(await cursor.answerKill()), [7]);
    getMore.reply();
    assert.equal(await errorOf(cursor.next()), reason);
    await cursor.assertOver(0);
    await cursor.stop();
  });

  it('the signal of the caller ends the reading of buffered documents, and the cursor is killed once', async () => {
    const { cursor, controller } = await aborted();
    const first = cursor.next();
    await cursor.answer('find', 7, [1, 2]);
    await first;

    controller.abort(reason);

    assert.equal(await errorOf(cursor.hasNext()), reason);
    assert.equal(await errorOf(cursor.next()), reason);
    assert.deepEqual(killedBy(await cursor.answerKill()), [7]);
    assert.throws(
      () => cursor.core.restOfBatch(),
      (error: unknown) => error === reason,
    );
    assert.deepEqual(await cursor.sent(), ['find', 'killCursors']);
    await cursor.assertOver();
    await cursor.stop();
  });

  it('a cursor with a pinned connection stays open when its caller aborts a wait, and the next read closes it', async () => {
    const controller = new AbortController();
    const cursor = await CoreHarness.opened(7, [], { signal: controller.signal }, LOAD_BALANCED);
    const error = errorOf(cursor.next());
    const getMore = await cursor.command('getMore');
    controller.abort(reason);
    assert.equal(await error, reason);
    assert.equal(cursor.told.closed, false);

    assert.equal(await errorOf(cursor.next()), reason);

    assert.equal(cursor.told.killed, true);
    getMore.reply(batch(getMore, 7, []));
    assert.equal((await cursor.answerKill()).peer, getMore.peer);
    await cursor.assertOver(0);
    await cursor.stop();
  });

  it('the signal of the caller has no listener left when the cursor is at its end', async () => {
    const { cursor, controller } = await aborted();
    let listeners = 0;
    const { signal } = controller;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners++;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners--;
      remove(...args);
    };

    const all = cursor.toArray();
    await cursor.answer('find', 7);
    const getMore = await cursor.command('getMore');
    assert.equal(listeners, 1, 'the signal is watched while a batch is on its way');
    getMore.reply(batch(getMore, 0, [1]));
    await all;
    await quiet();

    assert.equal(listeners, 0);
    await cursor.stop();
  });
});
