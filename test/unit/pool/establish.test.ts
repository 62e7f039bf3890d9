import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ObjectId } from '../../../src/bson/index.js';
import { MongoErrorLabel } from '../../../src/errors/codes.js';
import { MongoNetworkError } from '../../../src/errors/network.js';
import { zlibCodec } from '../../../src/wire/compressor.js';
import { PoolHarness } from '../../support/pool_harness.js';
import { legacyReply, replyMessage } from '../../support/scripted_peer.js';
import { quiet, STANDALONE } from '../../support/scripted_server.js';
import { body, opMsg } from '../wire/bytes.js';

const OVERLOAD = [MongoErrorLabel.SystemOverloadedError, MongoErrorLabel.RetryableError];

describe('establishing a connection', () => {
  it('sends the legacy hello with helloOk, the metadata and what may be compressed', async () => {
    const { server, checkOut } = PoolHarness.ready({ handshake: { codecs: [zlibCodec(-1)] } });
    let hello: unknown;
    server.hello = command => {
      hello = command.body;
      return STANDALONE;
    };

    await checkOut();

    assert.deepEqual(hello, {
      ismaster: 1,
      helloOk: true,
      client: { driver: { name: 'test', version: '0' } },
      compression: ['zlib'],
      backpressure: '2',
      $db: 'admin',
    });
  });

  it('begins with hello when a server API or a load balancer is in use', async () => {
    const { server, checkOut } = PoolHarness.ready({
      handshake: { useHello: true, loadBalanced: true, apiFields: { apiVersion: '1' } },
    });
    let hello: Record<string, unknown> = {};
    server.hello = command => {
      hello = command.body;
      return { ...STANDALONE, msg: 'isdbgrid', serviceId: new ObjectId() };
    };

    await checkOut();

    assert.deepEqual([hello['hello'], hello['loadBalanced'], hello['apiVersion']], [1, true, '1']);
    assert.ok(!('ismaster' in hello) && !('helloOk' in hello));
  });

  it('sends the first hello as OP_QUERY, for servers that understand nothing else yet, and all else as OP_MSG', async () => {
    const harness = PoolHarness.ready();
    const kinds: [name: string, isQuery: boolean][] = [];
    harness.server.hello = ({ name, isQuery }) => {
      kinds.push([name, isQuery]);
      return STANDALONE;
    };
    const connection = await harness.checkOut();
    const reply = harness.run(connection, { ping: 1 });
    const command = await harness.server.peers[0]!.nextCommand();
    kinds.push(['ping' in command.body ? 'ping' : command.name, command.isQuery]);
    command.reply();
    await reply;

    assert.deepEqual(kinds, [
      ['ismaster', true],
      ['ping', false],
    ]);
  });

  it('sends the first hello as OP_MSG with the Stable API', async () => {
    const { server, checkOut } = PoolHarness.ready({ handshake: { useHello: true, apiFields: { apiVersion: '1' } } });
    const kinds: boolean[] = [];
    server.hello = ({ isQuery }) => {
      kinds.push(isQuery);
      return STANDALONE;
    };

    await checkOut();

    assert.deepEqual(kinds, [false]);
  });

  it('takes an OP_MSG for an answer to the first hello, too', async () => {
    const { server, checkOut } = PoolHarness.ready();
    server.hello = command => {
      command.peer.send(replyMessage(STANDALONE, command.requestId));
      return null;
    };

    assert.equal((await checkOut()).description.server.type, 'Standalone');
  });

  it('takes no OP_REPLY for an answer to a later command', async () => {
    const harness = PoolHarness.ready();
    const connection = await harness.checkOut();
    const reply = harness.run(connection, { ping: 1 });
    const { peer, requestId } = await harness.server.peers[0]!.nextCommand();

    peer.send(legacyReply({ ok: 1 }, requestId));

    await assert.rejects(reply, { name: 'MongoUnexpectedServerResponseError', message: /opcode 1/ });
    assert.notEqual(connection.error, null);
  });

  it('compresses requests and reads compressed replies once both sides know zlib', async () => {
    const harness = PoolHarness.ready({ handshake: { codecs: [zlibCodec(-1)] } });
    const { server, checkOut } = harness;
    server.hello = () => ({ ...STANDALONE, compression: ['zlib'] });
    const connection = await checkOut();

    const reply = harness.run(connection, { find: 'orders', filter: { text: 'x'.repeat(1000) } });
    const command = await server.peers[0]!.nextCommand();
    command.reply({ ok: 1, n: 3 }, { compressed: true });

    assert.ok(command.compressed);
    assert.equal(command.body['find'], 'orders');
    assert.equal((await reply).document['n'], 3);
  });

  it("takes limits and numbers from the server's own words", async () => {
    const { server, checkOut } = PoolHarness.ready();
    server.hello = () => ({ ...STANDALONE, connectionId: 77, maxMessageSizeBytes: 1000 });

    const { description } = await checkOut();

    assert.equal(description.serverConnectionId, 77n);
    assert.equal(description.limits.maxMessageSizeBytes, 1000);
    assert.equal(description.compressor, undefined);
  });

  it('refuses a message that is larger than the server said', async () => {
    const harness = PoolHarness.ready();
    harness.server.hello = () => ({ ...STANDALONE, maxMessageSizeBytes: 1000 });
    const connection = await harness.checkOut();
    const reply = harness.run(connection, { find: 'orders' });

    (await harness.server.peers[0]!.nextCommand()).reply({ ok: 1, text: 'x'.repeat(1000) });

    await assert.rejects(reply, { name: 'MongoUnexpectedServerResponseError', message: /at most 1000 are allowed/ });
  });

  describe('when it fails', () => {
    it('tells the topology first, then that the connection closed, then that the check-out failed', async () => {
      const harness = PoolHarness.ready();
      const { pool, server, events, checkOut, story, errors } = harness;
      server.hello = () => ({ ok: 0, code: 11600, errmsg: 'shutting down' });
      harness.onError = error => pool.clear(error);

      await assert.rejects(checkOut(), { name: 'MongoServerError', code: 11600, phase: 'hello', host: 'db1:27017' });

      assert.deepEqual(story(), ['CheckOutStarted', 'Created', 'PoolCleared', 'Closed', 'CheckOutFailed']);
      assert.equal(events.last('connectionClosed').reason, 'error');
      assert.equal(events.last('connectionCheckOutFailed').reason, 'connectionError');
      assert.equal(errors.length, 1);
      assert.equal(events.last('connectionClosed').error, errors[0]);
    });

    it('is an overload of the server when the network fails before hello is answered', async () => {
      const { server, checkOut, story, clock } = PoolHarness.ready();
      server.hello = () => null;
      const failed = assert.rejects(checkOut(), (error: unknown) => {
        assert.ok(error instanceof MongoNetworkError);
        assert.equal(error.phase, 'hello');
        assert.equal(error.beforeHandshake, true);
        for (const label of OVERLOAD) assert.ok(error.hasErrorLabel(label), label);
        return true;
      });
      const peer = await server.nextPeer();
      await peer.nextCommand();

      peer.close();

      await failed;
      assert.deepEqual(story(), ['CheckOutStarted', 'Created', 'Closed', 'CheckOutFailed']);
      assert.equal(clock.pendingTimers, 0);
    });

    it('is none when the host name does not resolve', async () => {
      const { parts, checkOut } = PoolHarness.ready({ socket: { host: 'db1.invalid', port: 27017 } });
      Object.assign(parts.transportOptions, {
        lookup: (_name: string, _options: object, callback: (error: Error) => void) =>
          callback(Object.assign(new Error('getaddrinfo ENOTFOUND db1'), { code: 'ENOTFOUND' })),
      });

      await assert.rejects(checkOut(), (error: unknown) => {
        assert.ok(error instanceof MongoNetworkError);
        assert.equal(error.phase, 'resolve');
        assert.match(
          error.message,
          /^getaddrinfo ENOTFOUND db1 \(name resolution of db1:27017 failed after 0\.0 ms\)$/,
        );
        for (const label of OVERLOAD) assert.ok(!error.hasErrorLabel(label), label);
        return true;
      });
    });

    it('fails after connectTimeoutMS, for the connection and for the hello each', async () => {
      const { server, clock, checkOut } = PoolHarness.ready({ connectTimeoutMS: 100 });
      server.accepts = false;
      server.hello = () => null;
      const failed = assert.rejects(checkOut(), { name: 'MongoNetworkTimeoutError', phase: 'hello' });
      await quiet();
      await clock.advance(90);
      server.peers[0]?.accept();
      await quiet();

      await clock.advance(100);

      await failed;
      assert.equal(clock.pendingTimers, 0);
    });

    it('fails the oldest check-out, and the others go on waiting', async () => {
      const { server, checkOut } = PoolHarness.ready({ pool: { maxConnecting: 1 } });
      server.accepts = false;
      const first = assert.rejects(checkOut(), { name: 'MongoNetworkError' });
      const second = checkOut();
      await quiet();

      server.peers[0]?.reset();
      await first;
      server.peers[1]?.accept();

      assert.equal((await second).id, 2);
    });

    it('fails no operation when the connection was opened for minPoolSize and another is on its way', async () => {
      const { pool, server, checkOut } = new PoolHarness({ pool: { minPoolSize: 2 } });
      server.accepts = false;
      pool.ready();
      assert.equal(pool.snapshot().pending, 2);
      const waiting = checkOut();

      server.peers[0]?.reset();
      await quiet();
      server.peers[1]?.accept();

      assert.equal((await waiting).id, 2);
      pool.close();
    });

    it('fails the waiting check-out when garbage follows hello in one piece, and opens no connection after another', async () => {
      const { server, checkOut, story, errors } = PoolHarness.ready();
      server.hello = command => {
        const garbage = opMsg([body({ ok: 1 })]);
        command.peer.send(Buffer.concat([replyMessage(STANDALONE, command.requestId), garbage]));
        return null;
      };

      await assert.rejects(checkOut(), {
        name: 'MongoUnexpectedServerResponseError',
        message: /that answers no request/,
      });

      assert.deepEqual(story(), ['CheckOutStarted', 'Created', 'Closed', 'CheckOutFailed']);
      assert.equal(errors.length, 1);
      assert.equal(server.peers.length, 1);
    });

    it('fails the waiting check-out when the answer to hello is not MongoDB', async () => {
      const { server, checkOut, errors } = PoolHarness.ready();
      server.hello = ({ peer }) => {
        peer.send(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'));
        return null;
      };

      await assert.rejects(checkOut(), { name: 'MongoUnexpectedServerResponseError', host: 'db1:27017' });

      assert.equal(errors.length, 1);
      await quiet();
      assert.equal(server.openPeers.length, 0);
    });
  });
});
