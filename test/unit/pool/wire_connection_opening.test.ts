import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { WireConnection } from '../../../src/pool/wire_connection.js';
import type { TransportHandler } from '../../../src/runtime/transport.js';
import { FakeClock } from '../../support/fake_clock.js';
import { attempt, connectionParts, deadline } from '../../support/pool_harness.js';

/** A connection whose transport does what the test says. */
function opening(connectTimeoutMS = 100) {
  const clock = new FakeClock();
  let destroyed = 0;
  const parts = connectionParts(clock, () => ({
    flushed: true,
    write: () => true,
    destroy: () => {
      destroyed++;
    },
  }));
  const connection = new WireConnection(parts, 1);
  const transport: TransportHandler = connection;
  const within = deadline(clock);
  const open = () => connection.opened(connectTimeoutMS, within);
  return { clock, connection, transport, within, open, destroyed: () => destroyed };
}

describe('WireConnection, while it is opened', () => {
  it('gives each step its own connectTimeoutMS, and name resolution and TCP one together', async () => {
    const { clock, transport, open } = opening();
    transport.onStep('proxy');
    const opened = open();
    await clock.advance(90);
    transport.onStep('resolve');
    await clock.advance(50);
    transport.onStep('connect');
    await clock.advance(49);
    transport.onStep('tls');
    await clock.advance(99);

    transport.onConnect();

    await opened;
    assert.equal(clock.pendingTimers, 0);
  });

  it('names the step whose time is over, and closes the transport', async () => {
    const { clock, transport, open, destroyed } = opening();
    const failed = assert.rejects(open(), {
      name: 'MongoNetworkTimeoutError',
      phase: 'tls',
      beforeHandshake: true,
      message: /^Timed out during the TLS handshake with db1:27017/,
    });
    transport.onStep('connect');
    transport.onStep('tls');

    await clock.advance(100);

    await failed;
    assert.equal(destroyed(), 1);
    assert.equal(clock.pendingTimers, 0);
  });

  it('records how long each step took', async () => {
    const { clock, transport, open, within } = opening();
    transport.onStep('resolve');
    const opened = open();
    await clock.advance(10);
    transport.onStep('connect');
    await clock.advance(20);
    transport.onStep('tls');
    await clock.advance(30);
    transport.onConnect();
    await opened;

    assert.deepEqual(within.timings, [
      { stage: 'resolve', durationMS: 10 },
      { stage: 'connect', durationMS: 20 },
      { stage: 'tls', durationMS: 30 },
    ]);
  });

  it('tells the current step and its start, up to the hello', async () => {
    const { clock, connection, transport, open } = opening();
    const begun = clock.now();
    transport.onStep('resolve');
    const opened = open();
    assert.deepEqual(connection.waitsFor, { step: 'resolve', since: begun });
    await clock.advance(5);
    transport.onStep('connect');
    assert.deepEqual(connection.waitsFor, { step: 'connect', since: begun + 5 });
    await clock.advance(5);

    transport.onConnect();

    await opened;
    assert.deepEqual(connection.waitsFor, { step: 'hello', since: begun + 10 });
    assert.equal(connection.elapsedMS, 10);
  });

  it('fails with the step at which the transport closed before a caller waited for it', async () => {
    const { transport, open } = opening();
    transport.onStep('connect');

    transport.onClose(new Error('connect ECONNREFUSED'));

    await assert.rejects(open(), {
      name: 'MongoNetworkError',
      phase: 'connect',
      message: 'connect ECONNREFUSED (connect to db1:27017 failed after 0.0 ms)',
    });
  });

  it('says that the connection closed when the transport gives no cause', async () => {
    const { transport, open } = opening();
    const opened = open();

    transport.onClose(null);

    await assert.rejects(opened, {
      message: 'connection 1 to db1:27017 closed (connect to db1:27017 failed after 0.0 ms)',
    });
  });

  it('says which protocol the server speaks when it closes amid the first bytes of another', async () => {
    const { connection, transport, open } = opening();
    const opened = open();
    transport.onConnect();
    await opened;
    const within = attempt();
    const hello = assert.rejects(connection.queryHello(Buffer.alloc(16), 1, within), {
      name: 'MongoNetworkError',
      phase: 'hello',
      message: /the answer looks like TLS.*set tls=true \(hello to db1:27017 failed after /,
    });

    // An alert of TLS 1.2.
    transport.onData(Buffer.of(0x15, 3, 3, 0, 2, 2, 70), 7);
    transport.onClose(null);

    await hello;
  });

  it('counts from the last hello once one begins', async () => {
    const { clock, connection, transport, open } = opening();
    const opened = open();
    transport.onConnect();
    await opened;
    await clock.advance(50);
    assert.equal(connection.elapsedMS, 50);

    connection.beginHello();
    await clock.advance(7);

    assert.equal(connection.elapsedMS, 7);
    assert.deepEqual(connection.waitsFor, { step: 'hello', since: clock.now() - 7 });
  });

  it('ignores what the transport tells after it was closed', async () => {
    const { connection, transport, open, destroyed } = opening();
    const opened = open();
    const error = new Error('closed by the test');
    connection.close(error);
    await assert.rejects(opened, error);

    transport.onConnect();
    transport.onData(Buffer.from('HTTP/1.1 400 Bad Request\r\n'), 26);
    transport.onClose(new Error('too late'));

    assert.equal(connection.error, error);
    assert.equal(destroyed(), 1);
  });
});
