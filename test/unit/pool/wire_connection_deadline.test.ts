import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MongoNetworkTimeoutError } from '../../../src/errors/network.js';
import { MongoOperationTimeoutError } from '../../../src/errors/timeout.js';
import { deadline } from '../../support/pool_harness.js';
import { quiet } from '../../support/scripted_server.js';
import { opened } from './open_connection.js';

describe('WireConnection, when a deadline ends', () => {
  it('rejects with MongoOperationTimeoutError at once, and stays open for the late reply', async () => {
    const { send, peer, connection, clock } = await opened();
    const reply = send({ find: 'orders' }, deadline(clock, 100));
    const failed = assert.rejects(reply, (error: unknown) => {
      assert.ok(error instanceof MongoOperationTimeoutError);
      assert.equal(error.phase, 'read');
      assert.equal(error.host, 'db1:27017');
      assert.equal(error.namespace, 'shop.orders');
      assert.equal(error.maybeApplied, true);
      assert.equal(error.timeoutMS, 100);
      assert.equal(error.elapsedMS, 100);
      return true;
    });
    const command = await peer.nextCommand();

    await clock.advance(100);

    await failed;
    assert.equal(connection.error, null);
    assert.ok(connection.draining);
    assert.equal(clock.pendingTimers, 0);
    command.reply();
    assert.ok(!connection.draining);
    assert.ok(!peer.closed);
  });

  it('rejects with MongoNetworkTimeoutError when socketTimeoutMS is over and timeoutMS is not in use', async () => {
    const { send, connection, clock } = await opened();
    const reply = send({ find: 'orders' }, deadline(clock).within('read', 50));
    const failed = assert.rejects(reply, (error: unknown) => {
      assert.ok(error instanceof MongoNetworkTimeoutError);
      assert.equal(error.phase, 'read');
      assert.equal(error.host, 'db1:27017');
      assert.equal(error.beforeHandshake, false);
      return true;
    });

    await clock.advance(50);

    await failed;
    assert.ok(connection.draining);
    assert.equal(clock.pendingTimers, 0);
  });

  it('serves the next request after the late reply has come and gone', async () => {
    const { send, peer, clock } = await opened();
    const late = assert.rejects(send({ find: 'orders' }, deadline(clock, 10)));
    const command = await peer.nextCommand();
    await clock.advance(10);
    await late;
    command.reply({ ok: 1, n: 1 });

    const next = send();
    (await peer.nextCommand()).reply({ ok: 1, n: 2 });

    assert.equal((await next).document['n'], 2);
  });

  it('closes when the late reply answers another request', async () => {
    const { send, peer, clock, connection } = await opened();
    const late = assert.rejects(send({ find: 'orders' }, deadline(clock, 10)));
    const command = await peer.nextCommand();
    await clock.advance(10);
    await late;

    command.reply({ ok: 1 }, { responseTo: 12345 });

    assert.match(connection.error?.message ?? '', /an answer to request 12345/);
    assert.ok(!connection.draining);
  });

  it('closes when the late reply is malformed', async () => {
    const { send, peer, clock, connection } = await opened();
    const late = assert.rejects(send({ find: 'orders' }, deadline(clock, 10)));
    await clock.advance(10);
    await late;

    peer.send(Buffer.from('HTTP/1.1 400 Bad Request\r\n'));

    assert.equal(connection.error?.name, 'MongoUnexpectedServerResponseError');
  });

  it('closes when the request was not sent in full, and says that it had no effect', async () => {
    const { send, peer, clock, connection } = await opened();
    peer.stalled = true;
    const reply = send({ find: 'orders' }, deadline(clock, 100));
    const failed = assert.rejects(reply, (error: unknown) => {
      assert.ok(error instanceof MongoOperationTimeoutError);
      assert.equal(error.phase, 'write');
      assert.equal(error.maybeApplied, false);
      return true;
    });

    await clock.advance(100);

    await failed;
    await quiet();
    assert.notEqual(connection.error, null);
    assert.ok(peer.closed);
    assert.equal(clock.pendingTimers, 0);
  });

  it('says that the request was still being sent when socketTimeoutMS is over', async () => {
    const { send, peer, clock } = await opened();
    peer.stalled = true;
    const reply = send({ find: 'orders' }, deadline(clock).within('read', 100));
    const failed = assert.rejects(reply, {
      name: 'MongoNetworkTimeoutError',
      phase: 'write',
      beforeHandshake: false,
      message: /while sending/,
    });

    await clock.advance(100);

    await failed;
  });

  it("rejects with the signal's own reason on abort, and keeps the connection for the late reply", async () => {
    const { send, connection, clock } = await opened();
    const controller = new AbortController();
    const reason = { why: 'the user has left' };
    const reply = send({ find: 'orders' }, deadline(clock, undefined, controller.signal));

    controller.abort(reason);

    await assert.rejects(reply, error => error === reason);
    assert.ok(connection.draining);
    assert.equal(clock.pendingTimers, 0);
  });

  it('closes when it is aborted while the request is still being sent, whatever the reason is', async () => {
    const { send, peer, connection, clock } = await opened();
    peer.stalled = true;
    const controller = new AbortController();
    const reply = send({ find: 'orders' }, deadline(clock, 1000, controller.signal));

    controller.abort(null);

    await assert.rejects(reply, error => error === null);
    assert.equal(connection.error?.name, 'MongoNetworkError');
    assert.equal(clock.pendingTimers, 0);
  });

  it('lets a reply win that lies in the kernel already when the timer fires late', async () => {
    const { send, peer, clock } = await opened();
    const reply = send({ find: 'orders' }, deadline(clock, 100));
    const command = await peer.nextCommand();
    // The loop is busy for 300 ms; then the timer fires, and the poll for input follows.
    clock.skip(300);
    const afterPoll = clock.afterPoll.bind(clock);
    clock.afterPoll = callback => {
      command.reply({ ok: 1, n: 1 });
      return afterPoll(callback);
    };

    await clock.advance(0);

    assert.equal((await reply).document['n'], 1);
    assert.equal(clock.pendingTimers, 0);
  });

  it('says by how much the event loop was late when there is no reply after all', async () => {
    const { send, clock } = await opened();
    const reply = send({ find: 'orders' }, deadline(clock, 100));
    const failed = assert.rejects(reply, { name: 'MongoOperationTimeoutError', eventLoopDelayMS: 200 });
    clock.skip(300);

    await clock.advance(0);

    await failed;
  });

  it('leaves no timer behind after a reply', async () => {
    const { send, peer, clock } = await opened();
    const reply = send({ find: 'orders' }, deadline(clock, 100));
    assert.equal(clock.pendingTimers, 1);

    (await peer.nextCommand()).reply();
    await reply;

    assert.equal(clock.pendingTimers, 0);
  });

  it('sets no timer when nothing limits the wait', async () => {
    const { send, peer, clock } = await opened();
    const reply = send();
    assert.equal(clock.pendingTimers, 0);

    (await peer.nextCommand()).reply();

    await reply;
  });
});
