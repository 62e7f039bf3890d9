import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MongoClientClosedError } from '../../../src/errors/driver.js';
import { MongoServerError } from '../../../src/errors/server.js';
import { MongoOperationTimeoutError } from '../../../src/errors/timeout.js';
import { errorOf, failure, LOAD_BALANCED } from '../../support/engine_harness.js';
import { quiet } from '../../support/scripted_server.js';
import { batch, CoreHarness, type CoreOptions, isPending, killedBy } from './core_harness.js';

const FAILED = 2;

/** A cursor whose first batch is here, and which has asked for the next. */
const opened = (values: readonly unknown[], options: CoreOptions = {}, servers = {}) =>
  CoreHarness.opened(7, values, { prefetch: true, ...options }, servers);

describe('A cursor that prefetches', () => {
  it('a cursor that prefetches asks for the second batch as soon as the first has come', async () => {
    const cursor = await opened([1]);

    const getMore = await cursor.command('getMore');

    assert.equal(Number(getMore.body['getMore']), 7);
    assert.deepEqual(cursor.told, { started: true, closed: false, killed: false, id: 7n, buffered: 1 });
    assert.equal(cursor.ends, 0);
    await cursor.stop();
  });

  it('a cursor that prefetches asks for one batch at most that has not been read', async () => {
    const cursor = await opened([1]);
    await cursor.answer('getMore', 7, [2]);
    assert.deepEqual(await cursor.sent(), ['find', 'getMore']);
    assert.equal(await cursor.next(), 1);
    assert.deepEqual(await cursor.sent(), ['find', 'getMore']);

    assert.equal(await cursor.next(), 2);
    assert.deepEqual(await cursor.sent(), ['find', 'getMore', 'getMore']);
    await cursor.stop();
  });

  it('a cursor that prefetches waits for the batch that is on its way rather than ask again', async () => {
    const cursor = await opened([]);

    const both = Promise.all([cursor.next(), cursor.next()]);
    assert.deepEqual(await cursor.sent(), ['find', 'getMore']);
    assert.deepEqual(cursor.told, { started: true, closed: false, killed: false, id: 7n, buffered: 0 });
    await cursor.answer('getMore', 0, [1, 2]);

    assert.deepEqual(await both, [1, 2]);
    await cursor.assertOver();
    await cursor.stop();
  });

  it('a cursor that prefetches tells its end when a reader asks for the last batch, and not when it comes', async () => {
    const cursor = await opened([1]);
    await cursor.answer('getMore', 0, [2]);
    await quiet();
    assert.deepEqual(cursor.told, { started: true, closed: false, killed: false, id: 7n, buffered: 1 });
    assert.equal(cursor.ends, 0);
    assert.equal(cursor.freeSessions, 0);

    await cursor.next();
    assert.equal(await cursor.next(), 2);
    assert.equal(cursor.told.id, 0n);
    await cursor.assertOver();
    await cursor.stop();
  });

  it('a cursor that prefetches reads all by toArray', async () => {
    const cursor = await CoreHarness.open({ prefetch: true });

    const all = cursor.toArray();
    await cursor.answer('find', 7, [1]);
    await cursor.answer('getMore', 7);
    await cursor.answer('getMore', 0, [2]);

    assert.deepEqual(await all, [1, 2]);
    assert.deepEqual(await cursor.sent(), ['find', 'getMore', 'getMore']);
    await cursor.assertOver();
    await cursor.stop();
  });

  it('a cursor that prefetches asks for nothing when everything came at once', async () => {
    const cursor = await CoreHarness.opened(0, [1], { prefetch: true });

    assert.deepEqual(await cursor.sent(), ['find']);
    await cursor.assertOver();
    await cursor.stop();
  });

  it('a cursor that prefetches asks for no batch beyond the limit', async () => {
    const cursor = await opened([1, 2], { limit: 2 });
    assert.deepEqual([await cursor.next(), await cursor.next()], [1, 2]);
    assert.deepEqual(await cursor.sent(), ['find']);

    const end = cursor.next();
    assert.deepEqual(killedBy(await cursor.answerKill()), [7]);
    assert.equal(await end, undefined);
    await cursor.assertOver();
    await cursor.stop();
  });

  it('a cursor that prefetches carries the number of the cursor in each command', async () => {
    const cursor = await opened([1]);
    await cursor.command('getMore');

    const numbers = cursor.servers.events.of('commandStarted').map(event => event.operationId);
    assert.deepEqual(new Set(numbers), new Set([cursor.core.call('next').operationId]));
    await cursor.stop();
  });
});

describe('A prefetched batch that fails', () => {
  it('a prefetched batch that fails throws when it is asked for, after the documents before it', async () => {
    const cursor = await opened([1, 2]);
    (await cursor.command('getMore')).reply(failure(FAILED));
    await quiet();
    assert.deepEqual(cursor.told, { started: true, closed: false, killed: false, id: 7n, buffered: 2 });
    assert.deepEqual([await cursor.next(), await cursor.next()], [1, 2]);
    assert.deepEqual(await cursor.sent(), ['find', 'getMore']);

    assert.equal((await errorOf(cursor.next(), MongoServerError)).code, FAILED);

    assert.equal(cursor.told.killed, true);
    assert.deepEqual(killedBy(await cursor.answerKill()), [7]);
    assert.equal(await cursor.next(), undefined);
    await cursor.assertOver();
    await cursor.stop();
  });

  it('a prefetched batch that fails throws no error when the cursor is closed before it is asked for', async () => {
    const cursor = await opened([1]);
    (await cursor.command('getMore')).reply(failure(FAILED));
    await quiet();

    const closing = cursor.close();

    assert.deepEqual(killedBy(await cursor.answerKill()), [7]);
    await closing;
    await cursor.assertOver();
    await cursor.stop();
  });

  it('a prefetched batch that fails leaves a pinned connection pinned, and the next read asks again', async () => {
    const cursor = await opened([], {}, LOAD_BALANCED);
    (await cursor.command('getMore')).reply(failure(FAILED));
    await errorOf(cursor.next(), MongoServerError);
    assert.equal(cursor.told.closed, false);
    assert.equal(cursor.servers.serverAt('lb:27017').pool.stats().inUse, 1);

    const next = cursor.next();
    await cursor.answer('getMore', 0, [1]);

    assert.equal(await next, 1);
    await cursor.assertOver();
    await cursor.stop();
  });

  it('a prefetched batch that fails by a timeout leaves a tailable cursor open, and the next read asks again', async () => {
    const cursor = await opened([], { kind: 'tailable', timeoutMode: 'iteration', timeoutMS: 100 });
    const late = await cursor.command('getMore');
    await cursor.servers.clock.advance(100);
    await errorOf(cursor.next(), MongoOperationTimeoutError);
    assert.equal(cursor.told.closed, false);
    late.reply();

    const next = cursor.next();
    await cursor.answer('getMore', 7, [1]);

    assert.equal(await next, 1);
    await cursor.stop();
  });

  it('a prefetched batch shares the timeoutMS of the whole cursor, and its killCursors the session', async () => {
    const cursor = await opened([1], { timeoutMS: 100 });
    const getMore = await cursor.command('getMore');
    await cursor.servers.clock.advance(99);
    getMore.reply(batch(getMore, 7, [2]));
    assert.deepEqual([await cursor.next(), await cursor.next()], [1, 2]);

    const late = await cursor.command('getMore');
    const error = errorOf(cursor.next(), MongoOperationTimeoutError);
    assert.equal(await isPending(error), true);
    await cursor.servers.clock.advance(1);

    assert.equal((await error).timeoutMS, 100);
    late.reply();
    await cursor.answerKill();
    await cursor.assertOver(0);
    await cursor.stop();
  });

  it('a prefetched batch that fails because the client is closed throws MongoClientClosedError at every read', async () => {
    const cursor = await opened([1]);
    await cursor.command('getMore');
    cursor.servers.engine.lifetime.end();

    await errorOf(cursor.next(), MongoClientClosedError);
    await errorOf(cursor.next(), MongoClientClosedError);

    await cursor.stop();
    assert.equal(cursor.ends, 1);
    assert.deepEqual(await cursor.sent(), ['find', 'getMore']);
  });
});

describe('Closing a cursor that prefetches', () => {
  it('closing a cursor that prefetches while the first batch is on its way prefetches nothing', async () => {
    const cursor = await CoreHarness.open({ prefetch: true });
    const next = cursor.next();
    const find = await cursor.command('find');

    await cursor.close();
    find.reply(batch(find, 7, [1]));

    assert.equal(await next, undefined);
    assert.deepEqual(killedBy(await cursor.answerKill()), [7]);
    assert.deepEqual(await cursor.sent(), ['find', 'killCursors']);
    await cursor.assertOver();
    await cursor.stop();
  });

  it('closing a cursor that prefetches while a batch is on its way that no method waits for ends the wait, and kills the cursor', async () => {
    const cursor = await opened([1]);
    const getMore = await cursor.command('getMore');

    const closing = cursor.close();
    assert.equal(cursor.told.killed, true);
    assert.deepEqual(killedBy(await cursor.answerKill()), [7]);
    await closing;
    getMore.reply();

    await cursor.assertOver(0);
    await cursor.stop();
  });

  it('closing a cursor that prefetches while a method waits for the batch ends that method without an error', async () => {
    const cursor = await opened([]);
    const getMore = await cursor.command('getMore');
    const next = cursor.next();
    const all = cursor.toArray();

    const closing = cursor.close();
    assert.deepEqual(killedBy(await cursor.answerKill()), [7]);
    await closing;

    assert.deepEqual([await next, await all], [undefined, []]);
    getMore.reply();
    await cursor.assertOver(0);
    await cursor.stop();
  });

  it('closing a cursor that prefetches with a batch here that no method has read kills the cursor', async () => {
    const cursor = await opened([1]);
    await cursor.answer('getMore', 7, [2]);
    await quiet();

    const closing = cursor.close();
    assert.deepEqual(killedBy(await cursor.answerKill()), [7]);
    await closing;

    assert.deepEqual(await cursor.sent(), ['find', 'getMore', 'killCursors']);
    await cursor.assertOver();
    await cursor.stop();
  });

  it('closing a cursor that prefetches with the last batch here that no method has read sends nothing', async () => {
    const cursor = await opened([1]);
    await cursor.answer('getMore', 0, [2]);
    await quiet();

    await cursor.close();

    assert.deepEqual(await cursor.sent(), ['find', 'getMore']);
    assert.deepEqual(cursor.told, { started: true, closed: true, killed: true, id: 0n, buffered: 0 });
    await cursor.assertOver();
    await cursor.stop();
  });

  it('closing a cursor that prefetches with the last batch here that a method has just asked for sends nothing', async () => {
    const cursor = await opened([]);
    await cursor.answer('getMore', 0, [1]);
    await quiet();

    const next = cursor.next();
    await cursor.close();

    assert.equal(await next, undefined);
    assert.deepEqual(await cursor.sent(), ['find', 'getMore']);
    await cursor.assertOver();
    await cursor.stop();
  });

  it('closing a cursor with a prefetched batch that names another cursor kills that one', async () => {
    const cursor = await opened([1]);
    const getMore = await cursor.command('getMore');
    getMore.reply(batch(getMore, 8, [2]));
    await quiet();

    const closing = cursor.close();

    assert.deepEqual(killedBy(await cursor.answerKill()), [8]);
    await closing;
    await cursor.assertOver();
    await cursor.stop();
  });

  it('closing a cursor that prefetches checks its pinned connection in', async () => {
    const cursor = await opened([1], {}, LOAD_BALANCED);
    await cursor.answer('getMore', 0, [2]);
    await quiet();
    assert.equal(cursor.servers.serverAt('lb:27017').pool.stats().inUse, 1);

    await cursor.close();

    assert.deepEqual(await cursor.sent(), ['find', 'getMore']);
    await cursor.assertOver();
    await cursor.stop();
  });
});

describe('The signal of a caller whose cursor prefetches', () => {
  const reason = new Error('enough');

  it('the signal of a caller whose cursor prefetches ends the wait for the batch with its reason, and the cursor is killed', async () => {
    const controller = new AbortController();
    const cursor = await opened([], { signal: controller.signal });
    const getMore = await cursor.command('getMore');
    const error = errorOf(cursor.next());

    controller.abort(reason);

    assert.equal(await error, reason);
    assert.equal(cursor.told.killed, true);
    assert.deepEqual(killedBy(await cursor.answerKill()), [7]);
    getMore.reply();
    await cursor.assertOver(0);
    await cursor.stop();
  });

  it('the signal of a caller whose cursor prefetches ends the reading of buffered documents', async () => {
    const controller = new AbortController();
    const cursor = await opened([1], { signal: controller.signal });
    const getMore = await cursor.command('getMore');

    controller.abort(reason);

    assert.equal(await errorOf(cursor.next()), reason);
    assert.deepEqual(killedBy(await cursor.answerKill()), [7]);
    getMore.reply();
    await cursor.assertOver(0);
    await cursor.stop();
  });

  it('a prefetching cursor with a pinned connection stays open when its caller aborts a wait, until it is closed', async () => {
    const controller = new AbortController();
    const cursor = await opened([], { signal: controller.signal }, LOAD_BALANCED);
    const getMore = await cursor.command('getMore');
    const error = errorOf(cursor.next());
    controller.abort(reason);
    assert.equal(await error, reason);
    assert.equal(cursor.told.closed, false);

    const closing = cursor.close();
    assert.deepEqual(await cursor.sent(), ['find', 'getMore']);
    getMore.reply(batch(getMore, 7, []));
    const kill = await cursor.answerKill();
    await closing;

    assert.equal(kill.peer, getMore.peer);
    await cursor.assertOver(0);
    await cursor.stop();
  });

  it('the signal of a caller whose cursor prefetches does not disturb a batch that comes in time', async () => {
    const { signal } = new AbortController();
    const cursor = await opened([], { signal });

    const next = cursor.next();
    await cursor.answer('getMore', 0, [1]);

    assert.equal(await next, 1);
    await cursor.assertOver();
    await cursor.stop();
  });
});
