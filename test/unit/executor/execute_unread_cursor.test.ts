import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Document } from '../../../src/bson/index.js';
import { MongoClientClosedError } from '../../../src/errors/driver.js';
import type { OperationReply } from '../../../src/executor/operation.js';
import {
  EngineHarness,
  errorOf,
  LOAD_BALANCED,
  type OperationOverrides,
  read,
  userCommand,
} from '../../support/engine_harness.js';
import { quiet } from '../../support/scripted_server.js';

/** A read of one batch whose cursor the server keeps open nevertheless: it is to be closed. */
function readOneBatch(overrides: OperationOverrides = {}) {
  const killed: OperationOverrides = { ...overrides, result: () => ({}) };
  return read({
    ...overrides,
    result(reply: OperationReply): Document {
      reply.closing = userCommand({ killCursors: 'orders', cursors: [7n] }, killed);
      return reply.reply.document;
    },
  });
}

describe('execute, when the server keeps a cursor open that is not read on', () => {
  it('closes it in the background, on the same connection and in the same session', async () => {
    const harness = await EngineHarness.open(LOAD_BALANCED);
    harness.answer = ({ name }) => (name === 'find' ? { ok: 1 } : null);

    await harness.run(readOneBatch());
    const kill = await harness.nextCommand();

    assert.equal(kill.name, 'killCursors');
    assert.equal(kill.peer, harness.received[0]?.peer);
    assert.deepEqual(kill.body['lsid'], harness.received[0]?.body['lsid']);
    assert.equal(harness.serverAt('lb:27017').pool.stats().inUse, 1);
    assert.equal(harness.engine.sessions.size, 0);
    kill.reply({ ok: 1 });
    await quiet();
    harness.assertReleased();
    assert.equal(harness.engine.sessions.size, 1);
    await harness.close();
  });

  it('checks the connection in when the close is not answered', async () => {
    const harness = await EngineHarness.open();
    harness.answer = ({ name }) => (name === 'find' ? { ok: 1 } : null);

    await harness.run(readOneBatch());
    await harness.nextCommand();
    await harness.clock.advance(1000);
    await quiet();

    harness.assertReleased();
    await harness.close();
  });

  it("closes it before the result is given, in the caller's session: its next command would have to wait", async () => {
    const harness = await EngineHarness.open();
    harness.answer = ({ name }) => (name === 'find' ? { ok: 1 } : null);
    const session = harness.session();
    let isDone = false;

    const running = harness.run(readOneBatch({ session })).finally(() => (isDone = true));
    const kill = await harness.nextCommand();
    await quiet();
    assert.equal(isDone, false);
    kill.reply({ ok: 0, code: 11601, errmsg: 'interrupted' });
    await running;

    harness.assertReleased();
    await harness.close();
  });
});

describe('execute, after the client has begun to close', () => {
  it('sends nothing', async () => {
    const harness = await EngineHarness.open();
    harness.engine.lifetime.end();

    const error = await errorOf(harness.run(read()), MongoClientClosedError);

    assert.equal(error.namespace, 'shop.orders');
    assert.deepEqual(harness.story(), []);
    await harness.close();
  });
});

describe('execute, when an error reply has a malformed topology version', () => {
  it('is a protocol error, which closes the connection: nothing of it may be believed', async () => {
    const harness = await EngineHarness.open({ options: { retryReads: false } });

    const error = await errorOf(
      harness.runAnswered(read(), [{ ok: 0, code: 10107, errmsg: 'not primary', topologyVersion: { counter: 'x' } }]),
    );

    assert.match(
      error.message,
      /'topologyVersion' in an error of a:27017 must be a document with processId and counter/,
    );
    assert.equal(harness.serverAt().pool.stats().idle, 0);
    await harness.close();
  });
});
