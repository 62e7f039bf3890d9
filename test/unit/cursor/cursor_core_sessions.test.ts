import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EngineHarness, errorOf, failure } from '../../support/engine_harness.js';
import { CoreHarness, type CoreOptions, lsidOf } from './core_harness.js';

const FAILED = 2;

/** Releases of implicit sessions in the order in which they came, with the commands that had been answered by then. */
function watchReleases(cursor: CoreHarness): string[] {
  const log: string[] = [];
  const { sessions } = cursor.servers.engine;
  const release = sessions.release.bind(sessions);
  sessions.release = session => {
    log.push('release');
    release(session);
  };
  cursor.servers.events.emitter.on('commandSucceeded', ({ commandName }) => log.push(commandName));
  cursor.servers.events.emitter.on('commandFailed', ({ commandName }) => log.push(commandName));
  return log;
}

describe('The implicit session of a cursor', () => {
  it('the implicit session of a cursor is taken with the first command, and is one for all its commands', async () => {
    const cursor = await CoreHarness.open();

    const next = cursor.next();
    const find = await cursor.answer('find', 7);
    const getMore = await cursor.answer('getMore', 7, [1]);
    await next;
    const closing = cursor.close();
    const kill = await cursor.answerKill();
    await closing;

    assert.equal(lsidOf(getMore), lsidOf(find));
    assert.equal(lsidOf(kill), lsidOf(find));
    await cursor.assertOver();
    await cursor.stop();
  });

  it('the implicit session of a cursor is released with the last batch, once, and before its documents are read', async () => {
    const cursor = await CoreHarness.open();
    const log = watchReleases(cursor);

    const next = cursor.next();
    await cursor.answer('find', 7);
    await cursor.answer('getMore', 0, [1, 2]);
    await next;
    assert.deepEqual(log, ['find', 'getMore', 'release']);
    await cursor.toArray();
    await cursor.close();

    assert.deepEqual(log, ['find', 'getMore', 'release']);
    await cursor.stop();
  });

  it('the implicit session of a cursor is released after the kill, once', async () => {
    const cursor = await CoreHarness.open();
    const log = watchReleases(cursor);

    const next = cursor.next();
    await cursor.answer('find', 7, [1]);
    await next;
    const closing = Promise.all([cursor.close(), cursor.close()]);
    await cursor.answerKill();
    await closing;
    await cursor.close();

    assert.deepEqual(log, ['find', 'killCursors', 'release']);
    await cursor.stop();
  });

  it('the implicit session of a cursor is released after the kill that follows a failure, once', async () => {
    const cursor = await CoreHarness.open();
    const log = watchReleases(cursor);

    const error = errorOf(cursor.toArray());
    await cursor.answer('find', 7);
    (await cursor.command('getMore')).reply(failure(FAILED));
    await cursor.answerKill();
    await error;

    assert.deepEqual(log, ['find', 'getMore', 'killCursors', 'release']);
    await cursor.stop();
  });

  it('the implicit session of a cursor is released once when the cursor is closed while its first command fails', async () => {
    const cursor = await CoreHarness.open();
    const log = watchReleases(cursor);

    const error = errorOf(cursor.next());
    const find = await cursor.command('find');
    await cursor.close();
    assert.deepEqual(log, []);
    find.reply(failure(FAILED));
    await error;

    assert.deepEqual(log, ['find', 'release']);
    await cursor.stop();
  });

  it('the implicit session of a cursor stays with a tailable cursor that waits for more', async () => {
    const cursor = await CoreHarness.opened(7, [], { kind: 'tailable' });
    const fetching = cursor.fetch();
    await cursor.answer('getMore', 7, []);
    await fetching;

    assert.equal(cursor.freeSessions, 0);
    await cursor.stop();
  });
});

describe('The session of the caller', () => {
  async function inSession(options: CoreOptions = {}) {
    const servers = await EngineHarness.open();
    const session = servers.session();
    return { session, cursor: new CoreHarness(servers, { ...options, session }) };
  }

  it('the session of the caller is sent with all commands of the cursor', async () => {
    const { cursor, session } = await inSession();

    const next = cursor.next();
    const commands = [await cursor.answer('find', 7), await cursor.answer('getMore', 7, [1])];
    await next;
    const closing = cursor.close();
    commands.push(await cursor.answerKill());
    await closing;

    const { takenServerSession } = session;
    assert.ok(takenServerSession !== null);
    const id = takenServerSession.id.id.toString('hex');
    assert.deepEqual(commands.map(lsidOf), [id, id, id]);
    await cursor.stop();
  });

  for (const [how, end] of [
    ['is read to its end', (cursor: CoreHarness) => cursor.toArray()],
    ['is closed', (cursor: CoreHarness) => cursor.close()],
    ['fails', (cursor: CoreHarness) => errorOf(cursor.toArray())],
  ] as const) {
    it(`the session of the caller stays the caller's when the cursor ${how}`, async () => {
      const { cursor, session } = await inSession();
      const log = watchReleases(cursor);
      const fetching = cursor.fetch();
      await cursor.answer('find', 7, [1]);
      await fetching;
      cursor.servers.answer = ({ name }) => {
        if (name === 'killCursors') return { ok: 1 };
        return how === 'fails' ? failure(FAILED) : { ok: 1, cursor: { id: 0n, ns: 'shop.orders', nextBatch: [] } };
      };

      await end(cursor);

      assert.equal(log.includes('release'), false);
      assert.equal(session.hasEnded, false);
      await cursor.assertOver();
      session.end();
      assert.equal(cursor.freeSessions, 1);
      await cursor.stop();
    });
  }
});

describe('The live cursors of a client', () => {
  const ids = ({ servers }: CoreHarness) => servers.engine.cursors.drain().map(({ cursor }) => cursor.id);

  it('the live cursors of a client hold a cursor that the server keeps open, with its session', async () => {
    const servers = await EngineHarness.open();
    const session = servers.session();
    const cursor = new CoreHarness(servers, { session });
    const fetching = cursor.fetch();
    await cursor.answer('find', 7, [1]);
    await fetching;

    const live = servers.engine.cursors.drain();

    assert.deepEqual(
      live.map(({ cursor: open, session: own }) => [open.id, open.namespace, open.address, own]),
      [[7n, 'shop.orders', 'a:27017', session]],
    );
    await cursor.stop();
  });

  it('the live cursors of a client hold no cursor whose results came at once', async () => {
    const cursor = await CoreHarness.opened(0, [1]);

    assert.deepEqual(ids(cursor), []);
    await cursor.stop();
  });

  it('the live cursors of a client hold the cursor under its last id only', async () => {
    const cursor = await CoreHarness.opened(7, []);
    const fetching = cursor.fetch();
    await cursor.answer('getMore', 8);
    await fetching;

    assert.deepEqual(ids(cursor), [8n]);
    await cursor.stop();
  });
});
