import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MongoNetworkError } from '../../../src/errors/network.js';
import { errorOf, failure, LOAD_BALANCED, read } from '../../support/engine_harness.js';
import { quiet } from '../../support/scripted_server.js';
import { batch, CoreHarness, isPending, killedBy } from './core_harness.js';

const FAILED = 2;

describe('Closing a cursor', () => {
  it('closing a cursor before its first command sends nothing, and later reads end at once', async () => {
    const cursor = await CoreHarness.open();

    await cursor.close();

    assert.equal(cursor.ends, 1);
    assert.equal(await cursor.next(), undefined);
    assert.equal(await cursor.hasNext(), false);
    assert.equal(await cursor.fetch(), false);
    assert.deepEqual(await cursor.toArray(), []);
    assert.deepEqual(await cursor.sent(), []);
    await cursor.assertOver(0);
    await cursor.stop();
  });

  it('closing a cursor while its first batch is on its way waits for nothing, and kills the cursor when the reply tells its id', async () => {
    const cursor = await CoreHarness.open();
    const next = cursor.next();
    const find = await cursor.command('find');

    await cursor.close();
    assert.equal(cursor.ends, 1);
    assert.equal(cursor.freeSessions, 0, 'the session is in use by find');
    find.reply(batch(find, 7, [1]));

    assert.equal(await next, undefined);
    assert.deepEqual(killedBy(await cursor.answerKill()), [7]);
    assert.deepEqual(await cursor.sent(), ['find', 'killCursors']);
    await cursor.assertOver();
    await cursor.stop();
  });

  it('closing a cursor while its first batch is on its way kills nothing when everything came with it', async () => {
    const cursor = await CoreHarness.open();
    const next = cursor.next();
    const find = await cursor.command('find');

    await cursor.close();
    find.reply(batch(find, 0, [1]));

    assert.equal(await next, undefined);
    assert.equal(cursor.told.buffered, 0);
    assert.deepEqual(await cursor.sent(), ['find']);
    await cursor.assertOver();
    await cursor.stop();
  });

  it('closing a cursor while its first command is on its way leaves the error of that command to the reader', async () => {
    const cursor = await CoreHarness.open();
    const error = errorOf(cursor.next());
    const find = await cursor.command('find');

    await cursor.close();
    find.reply(failure(FAILED));

    assert.match((await error).message, /error 2/);
    assert.deepEqual(await cursor.sent(), ['find']);
    await cursor.assertOver();
    await cursor.stop();
  });

  it('closing a cursor from a listener while its first command begins kills it when the reply comes', async () => {
    const cursor = await CoreHarness.open();
    await cursor.servers.runAnswered(read(), [{ ok: 1 }]);
    cursor.servers.answer = () => null;
    let closing: Promise<void> | undefined;
    cursor.servers.events.emitter.once('commandStarted', () => {
      closing = cursor.close();
    });

    const next = cursor.next();
    assert.ok(closing !== undefined, 'the listener must have run within next');
    await cursor.answer('find', 7, [1]);

    assert.equal(await next, undefined);
    assert.deepEqual(killedBy(await cursor.answerKill()), [7]);
    await closing;
    await cursor.assertOver();
    await cursor.stop();
  });

  it('closing a cursor while it waits for a batch kills it at once, and its reader gets none of the batch', async () => {
    const cursor = await CoreHarness.opened(7, []);
    const next = cursor.next();
    const getMore = await cursor.command('getMore');

    const closing = cursor.close();
    assert.deepEqual(killedBy(await cursor.answerKill()), [7]);
    await closing;
    assert.equal(cursor.freeSessions, 0, 'the session is in use by getMore');
    getMore.reply(batch(getMore, 7, [1]));

    assert.equal(await next, undefined);
    assert.deepEqual(await cursor.sent(), ['find', 'getMore', 'killCursors']);
    await cursor.assertOver();
    await cursor.stop();
  });

  it('closing a cursor while it waits for a batch keeps the session until both replies have come', async () => {
    const cursor = await CoreHarness.opened(7, []);
    const next = cursor.next();
    const getMore = await cursor.command('getMore');
    const closing = cursor.close();
    const kill = await cursor.command('killCursors');

    getMore.reply(batch(getMore, 0, []));
    assert.equal(await next, undefined);
    assert.equal(cursor.freeSessions, 0, 'the session is in use by killCursors');
    kill.reply();
    await closing;

    await cursor.assertOver();
    await cursor.stop();
  });

  it('closing a cursor while it waits for a batch also kills the cursor of another id that the batch names', async () => {
    const cursor = await CoreHarness.opened(7, []);
    const next = cursor.next();
    const getMore = await cursor.command('getMore');
    const closing = cursor.close();
    await cursor.answerKill();
    await closing;

    getMore.reply(batch(getMore, 8, [1]));

    assert.equal(await next, undefined);
    assert.deepEqual(killedBy(await cursor.answerKill()), [8]);
    await cursor.assertOver();
    await cursor.stop();
  });

  it('closing a cursor with documents buffered drops them', async () => {
    const cursor = await CoreHarness.opened(7, [1, 2]);

    const closing = cursor.close();
    assert.equal(cursor.core.nextBuffered(), undefined);
    assert.deepEqual(killedBy(await cursor.answerKill()), [7]);
    await closing;

    assert.equal(await cursor.next(), undefined);
    await cursor.assertOver();
    await cursor.stop();
  });

  it('closing a cursor releases its session and leaves the live cursors only when the server has answered killCursors', async () => {
    const cursor = await CoreHarness.opened(7, [1]);

    const closing = cursor.close();
    const kill = await cursor.command('killCursors');
    assert.equal(cursor.freeSessions, 0);
    const live = cursor.servers.engine.cursors.drain();
    assert.deepEqual(
      live.map(({ cursor: { id } }) => id),
      [7n],
    );
    for (const { cursor: open, binding } of live) cursor.servers.engine.cursors.add(open, binding, null);
    kill.reply();
    await closing;

    await cursor.assertOver();
    await cursor.stop();
  });

  it('closing a cursor twice at once kills once, and both wait for it', async () => {
    const cursor = await CoreHarness.opened(7, [1]);

    const both = [cursor.close(), cursor.close()];
    const kill = await cursor.command('killCursors');
    for (const closing of both) assert.equal(await isPending(closing), true);
    kill.reply();
    await Promise.all(both);

    assert.deepEqual(await cursor.sent(), ['find', 'killCursors']);
    await cursor.assertOver();
    await cursor.stop();
  });

  it('closing a cursor once more after it was closed sends nothing', async () => {
    const cursor = await CoreHarness.opened(7, [1]);
    const closing = cursor.close();
    await cursor.answerKill();
    await closing;

    await cursor.close();

    assert.deepEqual(await cursor.sent(), ['find', 'killCursors']);
    await cursor.assertOver();
    await cursor.stop();
  });

  it('closing a cursor after the server has told its end sends nothing, and does not tell the end again', async () => {
    const cursor = await CoreHarness.opened(0, [1]);

    await cursor.close();

    assert.deepEqual(await cursor.sent(), ['find']);
    await cursor.assertOver();
    await cursor.stop();
  });

  it('closing a cursor tells the end at once, before the server has confirmed', async () => {
    const cursor = await CoreHarness.opened(7, [1]);

    const closing = cursor.close();
    assert.equal(cursor.ends, 1);
    await cursor.answerKill();
    await closing;

    await cursor.assertOver();
    await cursor.stop();
  });

  it('closing a cursor kills it although a listener of its end throws', async () => {
    const broken = new TypeError('listener');
    const cursor = await CoreHarness.opened(7, [1], {
      onEnd: () => {
        throw broken;
      },
    });

    const error = errorOf(cursor.close());

    assert.deepEqual(killedBy(await cursor.answerKill()), [7]);
    assert.equal(await error, broken);
    await cursor.assertOver();
    await cursor.stop();
  });

  it('closing a cursor settles when the server refuses to kill it', async () => {
    const cursor = await CoreHarness.opened(7, [1]);

    const closing = cursor.close();
    (await cursor.command('killCursors')).reply(failure(FAILED));
    await closing;

    assert.deepEqual(await cursor.sent(), ['find', 'killCursors']);
    await cursor.assertOver();
    await cursor.stop();
  });

  it('closing a cursor settles when the connection breaks before the server has confirmed', async () => {
    const cursor = await CoreHarness.opened(7, [1]);

    const closing = cursor.close();
    (await cursor.command('killCursors')).peer.reset();
    await closing;
    await cursor.recheck();

    assert.deepEqual(await cursor.sent(), ['find', 'killCursors']);
    await cursor.assertOver(0);
    await cursor.stop();
  });

  it('closing a cursor sends nothing once its client closes, which kills the cursors itself', async () => {
    const cursor = await CoreHarness.opened(7, [1]);
    cursor.servers.engine.lifetime.end();

    await cursor.close();

    assert.deepEqual(await cursor.sent(), ['find']);
    await cursor.assertOver();
    await cursor.stop();
  });
});

describe('The time of a close', () => {
  /** Closes a cursor whose server does not answer, and checks that the close ends after just so many milliseconds. */
  async function assertEndsAfter(ms: number, cursor: CoreHarness, closing: Promise<void>): Promise<void> {
    const { clock } = cursor.servers;
    const kill = await cursor.command('killCursors');
    await clock.advance(ms - 1);
    assert.equal(await isPending(closing), true, `pending after ${ms - 1} ms`);
    await clock.advance(1);
    assert.equal(await isPending(closing), false, `settled after ${ms} ms`);
    // The connection is free again once the late reply is there.
    kill.reply();
    await quiet();
  }

  it('the time of a close is the timeoutMS of the call', async () => {
    const cursor = await CoreHarness.opened(7, [1], { timeoutMS: 1000 });

    await assertEndsAfter(50, cursor, cursor.close(50));

    await cursor.assertOver(0);
    await cursor.stop();
  });

  it('the time of a close is the whole timeoutMS of the cursor once more, however much of it is used up', async () => {
    const cursor = await CoreHarness.opened(7, [1], { timeoutMS: 1000 });
    await cursor.servers.clock.advance(800);

    await assertEndsAfter(1000, cursor, cursor.close());

    await cursor.assertOver(0);
    await cursor.stop();
  });

  it('the time of a close is 10 seconds without a timeoutMS', async () => {
    const cursor = await CoreHarness.opened(7, [1]);

    await assertEndsAfter(10_000, cursor, cursor.close());

    await cursor.assertOver(0);
    await cursor.stop();
  });

  it('the time of a close is the same for the kill that follows a failure', async () => {
    const cursor = await CoreHarness.opened(7, []);
    const error = errorOf(cursor.toArray());
    (await cursor.command('getMore')).reply(failure(FAILED));

    // toArray waits for the close after an error of the server.
    await assertEndsAfter(
      10_000,
      cursor,
      error.then(() => undefined),
    );

    await cursor.assertOver(0);
    await cursor.stop();
  });

  it('the time of a close is not ended by the signal of the cursor', async () => {
    const controller = new AbortController();
    const cursor = await CoreHarness.opened(7, [1], { signal: controller.signal });

    controller.abort();
    const closing = cursor.close();

    assert.deepEqual(killedBy(await cursor.answerKill()), [7]);
    await closing;
    await cursor.assertOver();
    await cursor.stop();
  });
});

describe('A cursor with a pinned connection', () => {
  const LB = 'lb:27017';
  const pinned = (id: number, values: readonly unknown[]) => CoreHarness.opened(id, values, {}, LOAD_BALANCED);
  const inUse = (cursor: CoreHarness) => cursor.servers.serverAt(LB).pool.stats().inUse;

  it('a cursor behind a load balancer sends all its commands on one connection, which stays pinned between its batches', async () => {
    const cursor = await pinned(7, []);
    assert.equal(inUse(cursor), 1);

    const second = cursor.fetch();
    const getMore = await cursor.answer('getMore', 7);
    await second;
    assert.equal(inUse(cursor), 1);
    const closing = cursor.close();
    const kill = await cursor.answerKill();
    await closing;

    assert.equal(getMore.peer, kill.peer);
    await cursor.assertOver();
    await cursor.stop();
  });

  it('a cursor with a pinned connection has checked it in when it tells its end', async () => {
    const inUseAtEnd: number[] = [];
    const cursor: CoreHarness = await CoreHarness.opened(
      7,
      [],
      { onEnd: () => void inUseAtEnd.push(inUse(cursor)) },
      LOAD_BALANCED,
    );

    const second = cursor.fetch();
    await cursor.answer('getMore', 0, [1]);
    await second;

    assert.deepEqual(inUseAtEnd, [0]);
    await cursor.assertOver();
    await cursor.stop();
  });

  it('a cursor behind a load balancer whose results came at once pins no connection', async () => {
    const cursor = await pinned(0, [1]);

    await cursor.assertOver();
    await cursor.stop();
  });

  it('a pinned connection stays pinned after a batch that failed, until the cursor is closed', async () => {
    const cursor = await pinned(7, []);
    const error = errorOf(cursor.next());
    (await cursor.command('getMore')).reply(failure(FAILED));
    await error;
    assert.deepEqual(cursor.told, { started: true, closed: false, killed: false, id: 7n, buffered: 0 });
    assert.equal(inUse(cursor), 1);
    assert.equal(cursor.freeSessions, 0);

    const closing = cursor.close();
    assert.deepEqual(killedBy(await cursor.answerKill()), [7]);
    await closing;

    assert.deepEqual(await cursor.sent(), ['find', 'getMore', 'killCursors']);
    await cursor.assertOver();
    await cursor.stop();
  });

  it('a cursor with a pinned connection can be read on after a batch that failed', async () => {
    const cursor = await pinned(7, []);
    const error = errorOf(cursor.next());
    (await cursor.command('getMore')).reply(failure(FAILED));
    await error;

    const next = cursor.next();
    await cursor.answer('getMore', 0, [1]);

    assert.equal(await next, 1);
    await cursor.assertOver();
    await cursor.stop();
  });

  it('closing a cursor whose pinned connection broke sends nothing, and releases the connection', async () => {
    const cursor = await pinned(7, []);
    const error = errorOf(cursor.next(), MongoNetworkError);
    (await cursor.command('getMore')).peer.reset();
    await error;
    assert.equal(inUse(cursor), 1);

    await cursor.close();

    assert.deepEqual(await cursor.sent(), ['find', 'getMore']);
    await cursor.assertOver(0);
    await cursor.stop();
  });

  it('a cursor behind a load balancer is closed, and pins no connection, when its first command fails', async () => {
    const cursor = await CoreHarness.open({}, LOAD_BALANCED);
    const error = errorOf(cursor.next());
    (await cursor.command('find')).reply(failure(FAILED));
    await error;

    assert.equal(cursor.told.closed, true);
    await cursor.assertOver();
    await cursor.stop();
  });

  it('closing a cursor with a pinned connection while it waits for a batch kills it after that reply', async () => {
    const cursor = await pinned(7, []);
    const next = cursor.next();
    const getMore = await cursor.command('getMore');

    const closing = cursor.close();
    assert.deepEqual(await cursor.sent(), ['find', 'getMore']);
    getMore.reply(batch(getMore, 7, [1]));

    assert.equal(await next, undefined);
    assert.deepEqual(killedBy(await cursor.answerKill()), [7]);
    await closing;
    await cursor.assertOver();
    await cursor.stop();
  });

  it('a cursor with a pinned connection stays closed when the batch on its way fails', async () => {
    const cursor = await pinned(7, []);
    const error = errorOf(cursor.next());
    const getMore = await cursor.command('getMore');

    const closing = cursor.close();
    getMore.reply(failure(FAILED));
    await error;
    assert.equal(cursor.told.killed, true);
    await cursor.answerKill();
    await closing;

    assert.equal(await cursor.next(), undefined);
    await cursor.assertOver();
    await cursor.stop();
  });

  it('a pinned connection stays pinned until killCursors is answered, although the batch on its way was the last', async () => {
    const cursor = await pinned(7, []);
    const next = cursor.next();
    const getMore = await cursor.command('getMore');
    const closing = cursor.close();

    getMore.reply(batch(getMore, 0, []));
    assert.equal(await next, undefined);
    const kill = await cursor.command('killCursors');
    assert.equal(inUse(cursor), 1, 'the connection is in use by killCursors');
    kill.reply();
    await closing;

    await cursor.assertOver();
    await cursor.stop();
  });

  it('a pinned connection stays pinned until the batch on its way has come, although the close timed out', async () => {
    const cursor = await pinned(7, []);
    const next = cursor.next();
    const getMore = await cursor.command('getMore');
    const closing = cursor.close(50);

    await cursor.servers.clock.advance(50);
    await closing;
    assert.equal(inUse(cursor), 1, 'the connection is in use by getMore');
    getMore.reply(batch(getMore, 7, []));

    assert.equal(await next, undefined);
    assert.deepEqual(await cursor.sent(), ['find', 'getMore']);
    await cursor.assertOver();
    await cursor.stop();
  });

  it('a pinned connection stays pinned until the second killCursors is answered when the batch on its way names another cursor', async () => {
    const cursor = await pinned(7, []);
    const next = cursor.next();
    const getMore = await cursor.command('getMore');
    const closing = cursor.close();

    getMore.reply(batch(getMore, 8, []));
    assert.equal(await next, undefined);
    assert.deepEqual(killedBy(await cursor.answerKill()), [7]);
    await closing;
    const second = await cursor.command('killCursors');
    assert.equal(inUse(cursor), 1, 'the connection is in use by the second killCursors');
    assert.equal(second.peer, getMore.peer);
    second.reply();

    await cursor.assertOver();
    await cursor.stop();
  });
});
