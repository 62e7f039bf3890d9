import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MongoClientClosedError, MongoUnexpectedServerResponseError } from '../../../src/errors/driver.js';
import { MongoNetworkError } from '../../../src/errors/network.js';
import { MongoServerError } from '../../../src/errors/server.js';
import { MongoOperationTimeoutError } from '../../../src/errors/timeout.js';
import type { Engine } from '../../../src/executor/engine.js';
import { errorOf, failure, LOAD_BALANCED } from '../../support/engine_harness.js';
import { quiet } from '../../support/scripted_server.js';
import { batch, CoreHarness, ignore, killedBy } from './core_harness.js';

const FAILED = 2;

describe('A batch that fails', () => {
  it('a batch that fails by an error of the server closes the cursor and kills it', async () => {
    const cursor = await CoreHarness.opened(7, []);

    const error = errorOf(cursor.next(), MongoServerError);
    (await cursor.command('getMore')).reply(failure(FAILED));
    assert.equal((await error).code, FAILED);

    assert.deepEqual(cursor.told, { started: true, closed: true, killed: true, id: 0n, buffered: 0 });
    assert.deepEqual(killedBy(await cursor.answerKill()), [7]);
    assert.equal(await cursor.next(), undefined);
    await cursor.assertOver();
    await cursor.stop();
  });

  it('a batch that fails by a broken connection closes the cursor and kills it on another connection', async () => {
    const cursor = await CoreHarness.opened(7, []);

    const error = errorOf(cursor.next(), MongoNetworkError);
    const getMore = await cursor.command('getMore');
    getMore.peer.reset();
    await error;
    assert.equal(cursor.told.killed, true);
    await cursor.recheck();

    const kill = await cursor.answerKill();
    assert.notEqual(kill.peer, getMore.peer);
    assert.deepEqual(killedBy(kill), [7]);
    // A session that was in use on a broken connection is not used again.
    await cursor.assertOver(0);
    await cursor.stop();
  });

  it('a batch that fails by a timeout closes a cursor that is not tailable, and kills it in a time of its own', async () => {
    const cursor = await CoreHarness.opened(7, [], { timeoutMS: 100 });

    const error = errorOf(cursor.next(), MongoOperationTimeoutError);
    const getMore = await cursor.command('getMore');
    await cursor.servers.clock.advance(100);
    await error;

    assert.deepEqual(cursor.told, { started: true, closed: true, killed: true, id: 0n, buffered: 0 });
    assert.deepEqual(killedBy(await cursor.answerKill()), [7]);
    getMore.reply(batch(getMore, 7, []));
    await cursor.assertOver(0);
    await cursor.stop();
  });

  for (const kind of ['tailable', 'tailableAwait'] as const) {
    it(`a batch that fails by a timeout leaves a ${kind} cursor open, whose next call has a time of its own`, async () => {
      const cursor = await CoreHarness.opened(7, [], { kind, timeoutMode: 'iteration', timeoutMS: 100 });
      const error = errorOf(cursor.next(), MongoOperationTimeoutError);
      const late = await cursor.command('getMore');
      await cursor.servers.clock.advance(100);
      await error;
      assert.deepEqual(cursor.told, { started: true, closed: false, killed: false, id: 7n, buffered: 0 });
      assert.equal(cursor.ends, 0);
      late.reply(batch(late, 7, []));

      const next = cursor.next();
      const getMore = await cursor.command('getMore');
      await cursor.servers.clock.advance(99);
      getMore.reply(batch(getMore, 7, [1]));

      assert.equal(await next, 1);
      assert.deepEqual(await cursor.sent(), ['find', 'getMore', 'getMore']);
      await cursor.stop();
    });
  }

  it('a batch that fails by another error closes a tailable cursor too', async () => {
    const cursor = await CoreHarness.opened(7, [], { kind: 'tailable', timeoutMode: 'iteration', timeoutMS: 100 });

    const error = errorOf(cursor.next(), MongoServerError);
    (await cursor.command('getMore')).reply(failure(FAILED));
    await error;

    assert.equal(cursor.told.killed, true);
    assert.deepEqual(killedBy(await cursor.answerKill()), [7]);
    await cursor.assertOver();
    await cursor.stop();
  });

  it('a batch that fails by a timeout of the first command closes a tailable cursor: there is none to go on with', async () => {
    const cursor = await CoreHarness.open({ kind: 'tailable', timeoutMode: 'iteration', timeoutMS: 100 });

    const error = errorOf(cursor.next(), MongoOperationTimeoutError);
    const find = await cursor.command('find');
    await cursor.servers.clock.advance(100);
    await error;
    find.reply(batch(find, 0, []));

    assert.equal(cursor.told.closed, true);
    assert.deepEqual(await cursor.sent(), ['find']);
    await cursor.assertOver(0);
    await cursor.stop();
  });

  it('a cursor that cannot get an engine leaves nothing behind', async () => {
    const refused = new Error('no engine');
    const cursor = await CoreHarness.open({
      engine: () => {
        throw refused;
      },
    });

    assert.equal(await errorOf(cursor.next()), refused);

    assert.deepEqual(cursor.told, { started: true, closed: true, killed: false, id: undefined, buffered: 0 });
    await cursor.assertOver(0);
    await cursor.stop();
  });
});

describe('A cursor whose client is closed', () => {
  /** The client begins to close. */
  const closeClient = (cursor: CoreHarness) => cursor.servers.engine.lifetime.end();

  async function assertLost(cursor: CoreHarness): Promise<void> {
    for (const reading of [cursor.next(), cursor.hasNext(), cursor.toArray()])
      await errorOf(reading, MongoClientClosedError);
    for (const reading of [() => cursor.fetch(), () => cursor.core.nextBuffered(), () => cursor.core.restOfBatch()])
      assert.throws(reading, MongoClientClosedError);
    assert.equal(cursor.told.closed, true);
    assert.equal(cursor.told.killed, true);
  }

  it('a cursor whose client is closed throws MongoClientClosedError at every read, although documents are buffered', async () => {
    const cursor = await CoreHarness.opened(7, [1, 2]);
    await cursor.next();

    closeClient(cursor);
    assert.equal(cursor.told.closed, true);
    assert.equal(cursor.told.killed, true);

    await assertLost(cursor);
    await assertLost(cursor);
    assert.deepEqual(await cursor.sent(), ['find']);
    await cursor.assertOver();
    await cursor.stop();
  });

  it('a cursor whose client closes while a batch is on its way throws MongoClientClosedError, and at every read after that', async () => {
    const cursor = await CoreHarness.opened(7, []);
    const error = errorOf(cursor.next(), MongoClientClosedError);
    await cursor.command('getMore');

    closeClient(cursor);
    await cursor.stop();
    await error;

    await assertLost(cursor);
    assert.deepEqual(await cursor.sent(), ['find', 'getMore']);
    assert.equal(cursor.ends, 1);
    assert.deepEqual(cursor.servers.engine.cursors.drain(), []);
  });

  it('a cursor that starts on a closed client throws MongoClientClosedError at every read', async () => {
    const cursor = await CoreHarness.open();
    closeClient(cursor);

    await errorOf(cursor.next(), MongoClientClosedError);

    await assertLost(cursor);
    await cursor.assertOver(0);
    await cursor.stop();
  });

  it('a cursor whose client was closed while it connected throws MongoClientClosedError at every read', async () => {
    const connecting = Promise.reject<Engine>(new MongoClientClosedError());
    ignore(connecting);
    const cursor = await CoreHarness.open({ engine: () => connecting });

    await errorOf(cursor.next(), MongoClientClosedError);

    await assertLost(cursor);
    await cursor.assertOver(0);
    await cursor.stop();
  });

  it('a cursor whose client is closed still gives what is left of its last batch', async () => {
    const cursor = await CoreHarness.opened(0, [1, 2]);

    closeClient(cursor);

    assert.deepEqual([await cursor.next(), await cursor.next(), await cursor.next()], [1, 2, undefined]);
    assert.equal(cursor.told.killed, false);
    await cursor.assertOver();
    await cursor.stop();
  });

  it('a cursor that was closed before its client is at its end, and throws nothing', async () => {
    const cursor = await CoreHarness.opened(7, [1]);
    const closing = cursor.close();
    await cursor.answerKill();
    await closing;

    closeClient(cursor);

    assert.equal(await cursor.next(), undefined);
    await cursor.assertOver();
    await cursor.stop();
  });

  it('a cursor asks for an engine once', async () => {
    let asked = 0;
    const cursor: CoreHarness = await CoreHarness.open({
      engine: () => {
        asked++;
        return Promise.resolve(cursor.servers.engine);
      },
    });

    const all = cursor.toArray();
    await cursor.answer('find', 7);
    await cursor.answer('getMore', 0, [1]);

    assert.deepEqual(await all, [1]);
    assert.equal(asked, 1);
    await cursor.assertOver();
    await cursor.stop();
  });
});

describe('A corrupt batch', () => {
  /** A batch with an element that is no document behind the documents. */
  async function corrupted(id: number, limit = 0, loadBalanced = false) {
    const cursor = await CoreHarness.open({ limit }, loadBalanced ? LOAD_BALANCED : undefined);
    const fetching = cursor.fetch();
    const find = await cursor.command('find');
    const reply = batch(find, id, [1]);
    (reply['cursor'] as { firstBatch: unknown[] }).firstBatch.push(2);
    find.reply(reply);
    return { cursor, fetching, peer: find.peer };
  }

  it('a corrupt batch fails at the document, after those before it; closes the connection and the cursor', async () => {
    const { cursor, fetching, peer } = await corrupted(7);
    assert.equal(await fetching, true);
    assert.equal(await cursor.next(), 1);
    assert.equal(peer.closed, false);

    await errorOf(cursor.next(), MongoUnexpectedServerResponseError);

    assert.deepEqual(cursor.told, { started: true, closed: true, killed: true, id: 0n, buffered: 0 });
    const kill = await cursor.answerKill();
    assert.deepEqual(killedBy(kill), [7]);
    assert.notEqual(kill.peer, peer);
    assert.equal(peer.closed, true);
    assert.equal(await cursor.next(), undefined);
    await cursor.assertOver();
    await cursor.stop();
  });

  it('a corrupt batch fails as a whole when it is read as a whole; closes the connection and the cursor', async () => {
    const { cursor, fetching, peer } = await corrupted(7);
    await fetching;

    assert.throws(() => cursor.core.restOfBatch(), MongoUnexpectedServerResponseError);

    assert.deepEqual(killedBy(await cursor.answerKill()), [7]);
    assert.equal(peer.closed, true);
    assert.deepEqual(cursor.core.restOfBatch(), []);
    await cursor.assertOver();
    await cursor.stop();
  });

  it('a corrupt batch fails in toArray, which closes the connection and the cursor', async () => {
    const { cursor, fetching, peer } = await corrupted(7);
    await fetching;

    await errorOf(cursor.toArray(), MongoUnexpectedServerResponseError);

    assert.deepEqual(killedBy(await cursor.answerKill()), [7]);
    assert.equal(peer.closed, true);
    await cursor.assertOver();
    await cursor.stop();
  });

  it('a corrupt first batch whose documents are counted for a limit fails at once, and its cursor is killed', async () => {
    const { cursor, fetching, peer } = await corrupted(7, 10);

    await errorOf(fetching, MongoUnexpectedServerResponseError);

    assert.equal(cursor.told.closed, true);
    assert.deepEqual(killedBy(await cursor.answerKill()), [7]);
    assert.equal(peer.closed, true);
    await cursor.assertOver();
    await cursor.stop();
  });

  it('a corrupt batch on a pinned connection closes the connection, and killCursors is not sent', async () => {
    const { cursor, fetching, peer } = await corrupted(7, 0, true);
    await fetching;

    assert.throws(() => cursor.core.restOfBatch(), MongoUnexpectedServerResponseError);

    assert.deepEqual(await cursor.sent(), ['find']);
    assert.equal(peer.closed, true);
    await cursor.assertOver();
    await cursor.stop();
  });

  it('a decoder that fails closes the cursor, and not the connection', async () => {
    const broken = new TypeError('no decoder');
    const decode = () => {
      throw broken;
    };
    const cursor = await CoreHarness.opened(7, [1], { context: { decode } });
    const [find] = cursor.servers.received;

    assert.equal(await errorOf(cursor.next()), broken);

    const kill = await cursor.answerKill();
    assert.equal(kill.peer, find?.peer);
    assert.deepEqual(killedBy(kill), [7]);
    await cursor.assertOver();
    await cursor.stop();
  });

  it('a corrupt last batch leaves the cursor killed, and nothing is sent', async () => {
    const { cursor, fetching } = await corrupted(0);
    await fetching;

    assert.throws(() => cursor.core.restOfBatch(), MongoUnexpectedServerResponseError);

    // Otherwise the next read would say that there were no more documents.
    assert.deepEqual(cursor.told, { started: true, closed: true, killed: true, id: 0n, buffered: 0 });
    assert.deepEqual(await cursor.sent(), ['find']);
    await cursor.assertOver();
    await cursor.stop();
  });

  for (const [what, fields] of [
    ['an id that is no number', { id: 'seven' }],
    ['a namespace that no getMore could name', { ns: 'shop' }],
  ] as const) {
    it(`a reply with ${what} fails, and its connection is closed`, async () => {
      const cursor = await CoreHarness.open({ context: { namespace: '' } });
      const error = errorOf(cursor.next(), MongoUnexpectedServerResponseError);
      const find = await cursor.command('find');
      find.reply({ ok: 1, cursor: { id: 7n, ns: 'shop.orders', firstBatch: [], ...fields } });

      await error;
      await quiet();

      assert.equal(find.peer.closed, true);
      assert.equal(cursor.told.closed, true);
      await cursor.assertOver(0);
      await cursor.stop();
    });
  }
});
