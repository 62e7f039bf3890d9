import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { errorOf, failure } from '../../support/engine_harness.js';
import { batch, CoreHarness, ignore } from './core_harness.js';

const FAILED = 2;

describe('What a cursor says of itself', () => {
  it('a cursor has not started, has no id and is not closed before its first command', async () => {
    const cursor = await CoreHarness.open();

    assert.deepEqual(cursor.told, { started: false, closed: false, killed: false, id: undefined, buffered: 0 });
    assert.deepEqual(await cursor.sent(), []);
    assert.equal(cursor.ends, 0);
    await cursor.stop();
  });

  it('a cursor has started, and has no id yet, while its first batch is on its way', async () => {
    const cursor = await CoreHarness.open();

    ignore(cursor.fetch());

    assert.deepEqual(cursor.told, { started: true, closed: false, killed: false, id: undefined, buffered: 0 });
    assert.equal(cursor.ends, 0);
    await cursor.stop();
  });

  it('a cursor has the id of the server while the server has more', async () => {
    const cursor = await CoreHarness.opened(7, [1, 2]);
    assert.deepEqual(cursor.told, { started: true, closed: false, killed: false, id: 7n, buffered: 2 });

    await cursor.next();
    assert.deepEqual(cursor.told, { started: true, closed: false, killed: false, id: 7n, buffered: 1 });

    await cursor.next();
    assert.deepEqual(cursor.told, { started: true, closed: false, killed: false, id: 7n, buffered: 0 });
    assert.equal(cursor.ends, 0);
    await cursor.stop();
  });

  it('a cursor keeps the id while the next batch is on its way', async () => {
    const cursor = await CoreHarness.opened(7, []);

    ignore(cursor.fetch());

    assert.deepEqual(cursor.told, { started: true, closed: false, killed: false, id: 7n, buffered: 0 });
    assert.equal(cursor.ends, 0);
    await cursor.stop();
  });

  it('a cursor has the id 0 and tells its end with the last batch, and is closed when that is read', async () => {
    const cursor = await CoreHarness.opened(0, [1, 2]);
    assert.deepEqual(cursor.told, { started: true, closed: false, killed: false, id: 0n, buffered: 2 });
    assert.equal(cursor.ends, 1);

    await cursor.next();
    assert.equal(cursor.told.closed, false);
    await cursor.next();
    assert.deepEqual(cursor.told, { started: true, closed: true, killed: false, id: 0n, buffered: 0 });

    assert.equal(await cursor.next(), undefined);
    assert.deepEqual(cursor.told, { started: true, closed: true, killed: false, id: 0n, buffered: 0 });
    assert.deepEqual(await cursor.sent(), ['find']);
    await cursor.assertOver();
    await cursor.stop();
  });

  it('a cursor is closed at once by a last batch that is empty', async () => {
    const cursor = await CoreHarness.opened(7, [1]);
    await cursor.next();

    const next = cursor.next();
    await cursor.answer('getMore', 0);

    assert.equal(await next, undefined);
    assert.deepEqual(cursor.told, { started: true, closed: true, killed: false, id: 0n, buffered: 0 });
    await cursor.assertOver();
    await cursor.stop();
  });

  it('a cursor is not killed, and has no id, when it is closed before its first command', async () => {
    const cursor = await CoreHarness.open();

    await cursor.close();

    assert.deepEqual(cursor.told, { started: true, closed: true, killed: false, id: undefined, buffered: 0 });
    assert.equal(await cursor.next(), undefined);
    await cursor.assertOver(0);
    assert.deepEqual(await cursor.sent(), []);
    await cursor.stop();
  });

  it('a cursor is killed, and has the id 0, when it is closed while the server has more', async () => {
    const cursor = await CoreHarness.opened(7, [1]);

    const closing = cursor.close();
    assert.deepEqual(cursor.told, { started: true, closed: true, killed: true, id: 0n, buffered: 0 });
    await cursor.answerKill();
    await closing;

    assert.deepEqual(cursor.told, { started: true, closed: true, killed: true, id: 0n, buffered: 0 });
    await cursor.assertOver();
    await cursor.stop();
  });

  it('a cursor is killed when it is closed before its last batch has been read', async () => {
    const cursor = await CoreHarness.opened(0, [1]);

    await cursor.close();

    assert.deepEqual(cursor.told, { started: true, closed: true, killed: true, id: 0n, buffered: 0 });
    assert.equal(await cursor.next(), undefined);
    assert.deepEqual(await cursor.sent(), ['find']);
    await cursor.assertOver();
    await cursor.stop();
  });

  it('a cursor is not killed when it is closed after all has been read', async () => {
    const cursor = await CoreHarness.opened(0, [1]);
    await cursor.next();

    await cursor.close();

    assert.deepEqual(cursor.told, { started: true, closed: true, killed: false, id: 0n, buffered: 0 });
    await cursor.assertOver();
    await cursor.stop();
  });

  it('a cursor is closed, and has no id, when its first command fails', async () => {
    const cursor = await CoreHarness.open();

    const error = errorOf(cursor.next());
    (await cursor.command('find')).reply(failure(FAILED));
    await error;

    assert.deepEqual(cursor.told, { started: true, closed: true, killed: false, id: undefined, buffered: 0 });
    await cursor.assertOver();
    await cursor.stop();
  });

  it('a cursor has not started when its first command cannot be built', async () => {
    const broken = new TypeError('no command');
    const cursor = await CoreHarness.open({
      open: () => {
        throw broken;
      },
    });

    assert.equal(await errorOf(cursor.next()), broken);

    assert.equal(cursor.told.started, false);
    assert.equal(cursor.ends, 0);
    await cursor.stop();
  });

  it('a cursor takes the id and the namespace that the server gives it last', async () => {
    const cursor = await CoreHarness.opened(7, []);
    const second = cursor.fetch();
    const getMore = await cursor.command('getMore');
    getMore.reply(batch(getMore, 8, [], 'shop.archive'));
    await second;
    assert.equal(cursor.told.id, 8n);

    const third = cursor.fetch();
    const { body } = await cursor.answer('getMore', 0);
    await third;

    assert.equal(Number(body['getMore']), 8);
    assert.equal(body['collection'], 'archive');
    await cursor.assertOver();
    await cursor.stop();
  });

  it('a cursor takes a new namespace under the same id', async () => {
    const cursor = await CoreHarness.opened(7, []);
    const second = cursor.fetch();
    const getMore = await cursor.command('getMore');
    getMore.reply(batch(getMore, 7, [], 'shop.archive'));
    await second;

    const closing = cursor.close();
    const { body } = await cursor.answerKill();
    await closing;

    assert.equal(body['killCursors'], 'archive');
    await cursor.assertOver();
    await cursor.stop();
  });

  it('a cursor keeps its namespace when the server gives none with a later batch', async () => {
    const cursor = await CoreHarness.opened(7, []);
    const second = cursor.fetch();
    const getMore = await cursor.command('getMore');
    getMore.reply(batch(getMore, 7, [], ''));
    await second;

    const closing = cursor.close();
    const { body } = await cursor.answerKill();
    await closing;

    assert.equal(body['killCursors'], 'orders');
    await cursor.assertOver();
    await cursor.stop();
  });
});
