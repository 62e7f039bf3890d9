import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MongoNetworkError } from '../../../src/errors/network.js';
import { WireConnection } from '../../../src/pool/wire_connection.js';
import { FakeClock } from '../../support/fake_clock.js';
import { attempt, connectionParts, deadline, run } from '../../support/pool_harness.js';
import { brokenDocument, type ReceivedCommand, type ScriptedPeer } from '../../support/scripted_peer.js';
import { quiet, ScriptedServer } from '../../support/scripted_server.js';
import { body, int32, message, opMsg } from '../wire/bytes.js';
import { opened } from './open_connection.js';

describe('WireConnection', () => {
  it('resolves the caller with the reply to its request', async () => {
    const { send, peer } = await opened();

    const reply = send();
    (await peer.nextCommand()).reply({ ok: 1, n: 7 });

    assert.equal((await reply).document['n'], 7);
  });

  it('sends a message with one write', async () => {
    const { connection, parts, clock } = await opened();
    const writes: number[] = [];
    const spied = new WireConnection(
      {
        ...parts,
        open: (address, options, handler) => {
          const transport = parts.open(address, options, handler);
          return {
            get flushed() {
              return transport.flushed;
            },
            destroy: () => transport.destroy(),
            write(bytes) {
              writes.push(bytes.length);
              return transport.write(bytes);
            },
          };
        },
      },
      2,
    );
    await spied.opened(0, deadline(clock));

    void run(spied, parts.encoder, { insert: 'orders', documents: [{ a: 1 }] }, deadline(clock)).catch(() => null);

    assert.equal(writes.length, 1);
    spied.close(new Error('test over'));
    connection.close(new Error('test over'));
  });

  it('takes a reply that comes byte by byte', async () => {
    const { send, peer } = await opened();
    const reply = send();
    const { requestId } = await peer.nextCommand();
    const bytes = message(2013, [int32(0), body({ ok: 1, text: 'größe' })], requestId);

    for (const byte of bytes) peer.send(Buffer.of(byte));

    assert.equal((await reply).document['text'], 'größe');
  });

  it('keeps a reply whole when the memory that it was read into is used again', async () => {
    const { send, peer } = await opened();
    const first = send();
    (await peer.nextCommand()).reply({ ok: 1, text: 'first' });
    const held = await first;

    const second = send();
    (await peer.nextCommand()).reply({ ok: 1, text: 'other' });
    await second;

    assert.equal(held.document['text'], 'first');
  });

  it('leaves the memory of a message alone that the system has not taken', async () => {
    const { send, peer, parts, clock } = await opened();
    peer.stalled = true;

    const first = send({ find: 'first' });
    const other = new WireConnection(parts, 2);
    await other.opened(0, deadline(clock));
    void run(other, parts.encoder, { find: 'other' }, deadline(clock));
    peer.resume();
    const received = await peer.nextCommand();
    received.reply();
    await first;

    assert.equal(received.body['find'], 'first');
  });

  const wrong: readonly (readonly [string, RegExp, (command: ReceivedCommand, peer: ScriptedPeer) => void])[] = [
    ['a wrong responseTo', /an answer to request 99/, command => command.reply({ ok: 1 }, { responseTo: 99 })],
    [
      'an unknown opcode',
      /opcode 1/,
      ({ requestId }, peer) => peer.send(message(1, [int32(0), body({ ok: 1 })], requestId)),
    ],
    [
      'malformed BSON',
      /BSON|element|document|type/i,
      ({ requestId }, peer) => peer.send(message(2013, [int32(0), body(brokenDocument())], requestId)),
    ],
    ['an impossible length', /message length of 3 bytes/, (_command, peer) => peer.send(int32(3))],
    [
      'a message that is too large',
      /message length of 48000001 bytes/,
      (_command, peer) => peer.send(int32(48_000_001)),
    ],
    [
      'a compressor that was not negotiated',
      /compressor 3/,
      ({ requestId }, peer) =>
        peer.send(message(2012, [int32(2013), int32(4), Buffer.of(3), Buffer.alloc(4)], requestId)),
    ],
    ['an OP_MSG without a body', /without a body/, (_command, peer) => peer.send(opMsg([]))],
  ];
  for (const [what, text, act] of wrong) {
    it(`closes with an error that names the host after ${what}`, async () => {
      const { send, peer, connection, clock } = await opened();
      const reply = send();
      act(await peer.nextCommand(), peer);

      await assert.rejects(reply, { name: 'MongoUnexpectedServerResponseError', host: 'db1:27017', message: text });

      await quiet();
      assert.ok(peer.closed);
      assert.equal(connection.error?.name, 'MongoUnexpectedServerResponseError');
      assert.equal(clock.pendingTimers, 0);
    });
  }

  it('closes when a message comes that answers no request', async () => {
    const { peer, connection } = await opened();

    peer.send(opMsg([body({ ok: 1 })]));
    await quiet();

    assert.match(connection.error?.message ?? '', /that answers no request/);
    assert.ok(peer.closed);
  });

  it('answers its caller, then closes, when a reply brings more behind it', async () => {
    const { send, peer, connection } = await opened();
    const reply = send();
    const { requestId } = await peer.nextCommand();
    const good = message(2013, [int32(0), body({ ok: 1, n: 1 })], requestId);

    peer.send(Buffer.concat([good, opMsg([body({ ok: 1 })])]));

    assert.equal((await reply).document['n'], 1);
    assert.notEqual(connection.error, null);
  });

  it('rejects with a network error that has host and phase when the server closes', async () => {
    const { send, peer, clock } = await opened();
    const reply = send();
    await peer.nextCommand();

    peer.close();

    await assert.rejects(reply, (error: unknown) => {
      assert.ok(error instanceof MongoNetworkError);
      assert.equal(error.host, 'db1:27017');
      assert.equal(error.phase, 'read');
      assert.equal(error.beforeHandshake, false);
      assert.match(error.message, /connection 1 to db1:27017 closed/);
      return true;
    });
    assert.equal(clock.pendingTimers, 0);
  });

  it('keeps the cause of a broken connection', async () => {
    const { send, peer } = await opened();
    const reply = send();
    const cause = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });

    peer.reset(cause);

    await assert.rejects(reply, { name: 'MongoNetworkError', message: /read ECONNRESET/, cause });
  });

  it('closes without a caller when half a message is all that comes', async () => {
    const { send, peer, connection } = await opened();
    const reply = send();
    const { requestId } = await peer.nextCommand();
    peer.send(message(2013, [int32(0), body({ ok: 1 })], requestId).subarray(0, 20));

    peer.close();

    await assert.rejects(reply, { name: 'MongoNetworkError' });
    assert.notEqual(connection.error, null);
  });

  it('rejects a request at once after it closed', async () => {
    const { send, connection } = await opened();
    connection.close(new MongoNetworkError('gone'));

    await assert.rejects(send(), { message: 'gone' });
    assert.throws(() => connection.send(Buffer.alloc(0), attempt()), { message: 'gone' });
  });

  it('sends a message that has no reply without waiting for anything', async () => {
    const { connection, peer, clock, send } = await opened();

    connection.send(
      message(2013, [int32(2), body({ insert: 'orders', writeConcern: { w: 0 } })], 0),
      attempt(undefined, 'insert'),
    );

    assert.equal((await peer.nextCommand()).name, 'insert');
    assert.equal(clock.pendingTimers, 0);
    const reply = send();
    (await peer.nextCommand()).reply({ ok: 1, n: 1 });
    assert.equal((await reply).document['n'], 1);
  });

  describe('while it is opened', () => {
    it('fails with the phase connect when the server refuses', async () => {
      const server = new ScriptedServer();
      server.accepts = false;
      const clock = new FakeClock();
      const connection = new WireConnection(connectionParts(clock, server.open), 1);
      const opening = connection.opened(0, deadline(clock));

      (await server.nextPeer()).reset(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }));

      await assert.rejects(opening, {
        name: 'MongoNetworkError',
        phase: 'connect',
        host: 'db1:27017',
        beforeHandshake: true,
        message: 'connect ECONNREFUSED (connect to db1:27017 failed after 0.0 ms)',
      });
    });

    it('says why each address of a name failed, instead of nothing', async () => {
      const server = new ScriptedServer();
      server.accepts = false;
      const clock = new FakeClock();
      const connection = new WireConnection(connectionParts(clock, server.open), 1);
      const opening = connection.opened(0, deadline(clock));
      const causes = ['connect ECONNREFUSED ::1:1', 'connect ECONNREFUSED 127.0.0.1:1'].map(text => new Error(text));

      (await server.nextPeer()).reset(new AggregateError(causes));

      await assert.rejects(opening, {
        message:
          /^connect ECONNREFUSED ::1:1, connect ECONNREFUSED 127.0.0.1:1 \(connect to db1:27017 failed after 0.0 ms\)$/,
      });
    });

    it('closes when connectTimeoutMS is over', async () => {
      const server = new ScriptedServer();
      server.accepts = false;
      const clock = new FakeClock();
      const connection = new WireConnection(connectionParts(clock, server.open), 1);
      const opening = connection.opened(100, deadline(clock));
      const failed = assert.rejects(opening, { name: 'MongoNetworkTimeoutError', phase: 'connect', host: 'db1:27017' });

      await clock.advance(100);

      await failed;
      assert.ok((await server.nextPeer()).closed);
      assert.equal(clock.pendingTimers, 0);
    });

    it('rejects when it has been closed before', async () => {
      const server = new ScriptedServer();
      server.accepts = false;
      const clock = new FakeClock();
      const connection = new WireConnection(connectionParts(clock, server.open), 1);
      connection.close(new Error('no longer wanted'));

      await assert.rejects(connection.opened(0, deadline(clock)), { message: 'no longer wanted' });
    });
  });
});
