import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Document } from '../../../src/bson/index.js';
import { errorOf, failure, read } from '../../support/engine_harness.js';
import { quiet } from '../../support/scripted_server.js';
import { CoreHarness, idsOf, ignore, isPending, killedBy } from './core_harness.js';

const FAILED = 2;

describe('next', () => {
  it('next gives one document after the other over batches, then undefined', async () => {
    const cursor = await CoreHarness.open();
    const first = cursor.next();
    await cursor.answer('find', 7, [1, 2]);
    assert.deepEqual([await first, await cursor.next()], [1, 2]);

    const third = cursor.next();
    await cursor.answer('getMore', 0, [3]);

    assert.deepEqual([await third, await cursor.next()], [3, undefined]);
    assert.deepEqual(await cursor.sent(), ['find', 'getMore']);
    await cursor.assertOver();
    await cursor.stop();
  });

  it('next asks again after an empty batch', async () => {
    const cursor = await CoreHarness.open();

    const next = cursor.next();
    await cursor.answer('find', 7);
    await cursor.answer('getMore', 7);
    await cursor.answer('getMore', 7, [1]);

    assert.equal(await next, 1);
    await cursor.stop();
  });

  it('next called twice at once shares one batch, and each call gets a document of its own', async () => {
    const cursor = await CoreHarness.open();

    const both = Promise.all([cursor.next(), cursor.next()]);
    await cursor.answer('find', 0, [1, 2]);

    assert.deepEqual(await both, [1, 2]);
    assert.deepEqual(await cursor.sent(), ['find']);
    await cursor.stop();
  });

  it('next called twice at once for one document asks for another batch once', async () => {
    const cursor = await CoreHarness.open();

    const both = Promise.all([cursor.next(), cursor.next()]);
    await cursor.answer('find', 7, [1]);
    await cursor.answer('getMore', 0);

    assert.deepEqual(await both, [1, undefined]);
    assert.deepEqual(await cursor.sent(), ['find', 'getMore']);
    await cursor.assertOver();
    await cursor.stop();
  });

  it('next called twice at once fails for both with the one error', async () => {
    const cursor = await CoreHarness.open();

    const errors = Promise.all([errorOf(cursor.next()), errorOf(cursor.next())]);
    (await cursor.command('find')).reply(failure(FAILED));

    const [one, other] = await errors;
    assert.equal(one, other);
    await cursor.assertOver();
    await cursor.stop();
  });
});

describe('hasNext', () => {
  it('hasNext is true while a document is there, and does not take it', async () => {
    const cursor = await CoreHarness.open();

    const has = cursor.hasNext();
    await cursor.answer('find', 7);
    await cursor.answer('getMore', 0, [1]);

    assert.equal(await has, true);
    assert.equal(await cursor.hasNext(), true);
    assert.equal(await cursor.next(), 1);
    await cursor.stop();
  });

  it('hasNext is false at the end', async () => {
    const cursor = await CoreHarness.opened(0, []);

    assert.equal(await cursor.hasNext(), false);
    assert.equal(await cursor.hasNext(), false);
    await cursor.assertOver();
    await cursor.stop();
  });
});

describe('fetch', () => {
  it('fetch is true for each batch, empty ones included, and false after the last', async () => {
    const cursor = await CoreHarness.opened(7, []);

    const second = cursor.fetch();
    await cursor.answer('getMore', 0, []);

    assert.deepEqual([await second, await cursor.fetch(), await cursor.fetch()], [true, false, false]);
    await cursor.assertOver();
    await cursor.stop();
  });

  it('fetch shares the batch when a listener asks for one while the first command begins', async () => {
    const cursor = await CoreHarness.open();
    // With an idle connection the command is sent before the first fetch returns.
    await cursor.servers.runAnswered(read(), [{ ok: 1 }]);
    cursor.servers.answer = () => null;
    let inner: Promise<boolean> | undefined;
    cursor.servers.events.emitter.once('commandStarted', () => {
      inner = cursor.fetch();
    });

    const outer = cursor.fetch();
    assert.ok(inner !== undefined, 'the listener must have run within fetch');
    assert.equal(await isPending(inner), true);
    await cursor.answer('find', 0, [1]);

    assert.deepEqual([await outer, await inner], [true, true]);
    assert.equal(await cursor.next(), 1);
    assert.deepEqual(await cursor.sent(), ['find', 'find']);
    await cursor.assertOver();
    await cursor.stop();
  });

  it('fetch keeps the documents that are buffered', async () => {
    const cursor = await CoreHarness.opened(7, [1]);

    assert.equal(await cursor.fetch(), true);
    assert.deepEqual(await cursor.sent(), ['find']);
    assert.equal(await cursor.next(), 1);
    await cursor.stop();
  });

  it('fetch keeps the documents of the last batch', async () => {
    const cursor = await CoreHarness.opened(0, [1]);

    assert.equal(await cursor.fetch(), true);
    assert.equal(await cursor.next(), 1);
    await cursor.assertOver();
    await cursor.stop();
  });
});

describe('nextBuffered', () => {
  it('nextBuffered gives documents that are here, and undefined rather than asking the server', async () => {
    const cursor = await CoreHarness.open();
    assert.equal(cursor.core.nextBuffered(), undefined);
    ignore(cursor.fetch());
    await cursor.answer('find', 7, [1]);
    await quiet();

    assert.deepEqual(cursor.core.nextBuffered(), { _id: 1 });
    assert.equal(cursor.core.nextBuffered(), undefined);
    assert.deepEqual(await cursor.sent(), ['find']);
    await cursor.stop();
  });
});

describe('restOfBatch', () => {
  it('restOfBatch gives what is left of the batch that is here, and nothing of the next', async () => {
    const cursor = await CoreHarness.opened(7, [1, 2, 3]);
    await cursor.next();

    assert.deepEqual(idsOf(cursor.core.restOfBatch()), [2, 3]);
    assert.deepEqual(cursor.core.restOfBatch(), []);
    assert.equal(cursor.told.buffered, 0);
    assert.deepEqual(await cursor.sent(), ['find']);
    await cursor.stop();
  });
});

describe('toArray', () => {
  it('toArray gives the documents of all batches', async () => {
    const cursor = await CoreHarness.open();

    const all = cursor.toArray();
    await cursor.answer('find', 7);
    await cursor.answer('getMore', 7, [1, 2]);
    await cursor.answer('getMore', 7);
    await cursor.answer('getMore', 0, [3]);

    assert.deepEqual(await all, [1, 2, 3]);
    assert.deepEqual(cursor.told, { started: true, closed: true, killed: false, id: 0n, buffered: 0 });
    await cursor.assertOver();
    await cursor.stop();
  });

  it('toArray gives what is left after some have been read', async () => {
    const cursor = await CoreHarness.opened(7, [1, 2]);
    await cursor.next();

    const rest = cursor.toArray();
    await cursor.answer('getMore', 0, [3]);

    assert.deepEqual(await rest, [2, 3]);
    await cursor.stop();
  });

  it('toArray is empty at the end, and of a closed cursor', async () => {
    const cursor = await CoreHarness.opened(0, [1]);
    await cursor.close();

    assert.deepEqual(await cursor.toArray(), []);
    assert.deepEqual(await cursor.sent(), ['find']);
    await cursor.stop();
  });

  it('toArray shapes each batch as it comes', async () => {
    const cursor = await CoreHarness.open();
    const batches: unknown[][] = [];
    const shape = (documents: readonly Document[]) => {
      batches.push(idsOf(documents));
      return Promise.resolve(documents.map(({ _id }) => `#${String(_id)}`));
    };

    const all = cursor.core.toArray(shape, cursor.core.call('toArray'));
    await cursor.answer('find', 7, [1, 2]);
    await cursor.command('getMore').then(async command => {
      assert.deepEqual(batches.flat(), [1, 2], 'the first batch must be shaped before the second is asked for');
      command.reply({ ok: 1, cursor: { id: 0n, ns: 'shop.orders', nextBatch: [{ _id: 3 }] } });
    });

    assert.deepEqual(await all, ['#1', '#2', '#3']);
    await cursor.stop();
  });

  it('toArray loses no document to another reader while a batch is shaped', async () => {
    const cursor = await CoreHarness.opened(7, [1]);
    let goOn: () => void = () => undefined;
    const wait = new Promise<void>(resolve => (goOn = resolve));
    const shape = async (documents: readonly Document[]) => {
      await wait;
      return idsOf(documents);
    };

    const all = cursor.core.toArray(shape, cursor.core.call('toArray'));
    const next = cursor.next();
    await cursor.answer('getMore', 0, [2, 3]);
    assert.equal(await next, 2);
    goOn();

    assert.deepEqual(await all, [1, 3]);
    await cursor.stop();
  });

  it('toArray closes the cursor when a batch that had been buffered cannot be shaped', async () => {
    const cursor = await CoreHarness.opened(7, [1]);
    const broken = new TypeError('no shape');

    const error = errorOf(cursor.core.toArray(() => Promise.reject(broken), cursor.core.call('toArray')));

    assert.deepEqual(killedBy(await cursor.answerKill()), [7]);
    assert.equal(await error, broken);
    await cursor.assertOver();
    await cursor.stop();
  });

  it('toArray closes the cursor when a batch cannot be shaped', async () => {
    const cursor = await CoreHarness.open();
    const broken = new TypeError('no shape');
    const shape = (documents: readonly Document[]) =>
      documents.length > 0 ? Promise.reject(broken) : Promise.resolve([]);

    const error = errorOf(cursor.core.toArray(shape, cursor.core.call('toArray')));
    await cursor.answer('find', 7, [1]);

    assert.deepEqual(killedBy(await cursor.answerKill()), [7]);
    assert.equal(await error, broken);
    await cursor.assertOver();
    await cursor.stop();
  });

  it('toArray waits for the close after an error of the server', async () => {
    const cursor = await CoreHarness.opened(7, [1]);

    const error = errorOf(cursor.toArray());
    (await cursor.command('getMore')).reply(failure(FAILED));
    const kill = await cursor.command('killCursors');
    assert.equal(await isPending(error), true);
    kill.reply();

    assert.match((await error).message, /error 2/);
    await cursor.assertOver();
    await cursor.stop();
  });

  it('toArray does not wait for the close after an error of the server under timeoutMS', async () => {
    const cursor = await CoreHarness.opened(7, [1], { timeoutMS: 1000 });

    const error = errorOf(cursor.toArray());
    (await cursor.command('getMore')).reply(failure(FAILED));
    const kill = await cursor.command('killCursors');

    assert.match((await error).message, /error 2/);
    kill.reply();
    await cursor.assertOver();
    await cursor.stop();
  });

  it('toArray does not wait for the close after an error of the server if the caller can abort', async () => {
    const { signal } = new AbortController();
    const cursor = await CoreHarness.opened(7, [1], { signal });

    const error = errorOf(cursor.toArray());
    (await cursor.command('getMore')).reply(failure(FAILED));
    const kill = await cursor.command('killCursors');

    assert.match((await error).message, /error 2/);
    kill.reply();
    await cursor.assertOver();
    await cursor.stop();
  });

  it('toArray does not wait for the close after another error', async () => {
    const cursor = await CoreHarness.opened(7, [1]);

    const error = errorOf(cursor.toArray());
    (await cursor.command('getMore')).peer.reset();
    assert.match((await error).message, /ECONNRESET/);

    await cursor.recheck();
    await cursor.answerKill();
    // The session was in use on a connection that broke: it is not used again.
    await cursor.assertOver(0);
    await cursor.stop();
  });
});

describe('limit and batchSize', () => {
  it('a cursor sends the batchSize with each getMore, and none if none is set', async () => {
    const sized = await CoreHarness.opened(7, [1, 2], { batchSize: 2 });
    sized.core.restOfBatch();
    ignore(sized.fetch());
    assert.equal((await sized.command('getMore')).body['batchSize'], 2);
    await sized.stop();

    const plain = await CoreHarness.opened(7, []);
    ignore(plain.fetch());
    assert.equal('batchSize' in (await plain.command('getMore')).body, false);
    await plain.stop();
  });

  it('a cursor sends a batchSize of 0, which leaves the size to the server', async () => {
    const cursor = await CoreHarness.opened(7, [], { batchSize: 0 });
    ignore(cursor.fetch());
    assert.equal((await cursor.command('getMore')).body['batchSize'], 0);
    await cursor.stop();
  });

  it('a cursor sends the comment and the time to wait with each getMore', async () => {
    const cursor = await CoreHarness.opened(7, [], { comment: 'why', maxAwaitTimeMS: 50, kind: 'tailableAwait' });
    ignore(cursor.fetch());

    const { body } = await cursor.command('getMore');

    assert.deepEqual([body['comment'], body['maxTimeMS']], ['why', 50]);
    await cursor.stop();
  });

  it('a cursor asks for no more documents than the limit leaves', async () => {
    const cursor = await CoreHarness.opened(7, [1, 2, 3], { limit: 5, batchSize: 3 });
    cursor.core.restOfBatch();

    const second = cursor.fetch();
    const { body } = await cursor.answer('getMore', 0, [4, 5]);
    await second;

    assert.equal(body['batchSize'], 2);
    await cursor.stop();
  });

  it('a cursor that a server keeps open at the limit is killed', async () => {
    const cursor = await CoreHarness.opened(7, [1, 2], { limit: 2 });
    assert.deepEqual([await cursor.next(), await cursor.next()], [1, 2]);

    const end = cursor.next();
    assert.deepEqual(killedBy(await cursor.answerKill()), [7]);

    assert.equal(await end, undefined);
    assert.deepEqual(cursor.told, { started: true, closed: true, killed: false, id: 0n, buffered: 0 });
    assert.deepEqual(await cursor.sent(), ['find', 'killCursors']);
    await cursor.assertOver();
    await cursor.stop();
  });

  it('toArray ends at the limit', async () => {
    const cursor = await CoreHarness.open({ limit: 2 });

    const all = cursor.toArray();
    await cursor.answer('find', 7, [1, 2]);
    await cursor.answerKill();

    assert.deepEqual(await all, [1, 2]);
    await cursor.assertOver();
    await cursor.stop();
  });
});
