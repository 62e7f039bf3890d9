import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AuthConversation, Authenticator } from '../../../src/auth/authenticator.js';
import { ObjectId, serialize } from '../../../src/bson/index.js';
import { MongoError } from '../../../src/errors/base.js';
import { MongoErrorLabel } from '../../../src/errors/codes.js';
import { attempt, PoolHarness, type PoolHarnessOptions } from '../../support/pool_harness.js';
import { replyMessage } from '../../support/scripted_peer.js';
import { quiet, STANDALONE } from '../../support/scripted_server.js';

/** Speaks with the server once, and remembers what hello said. */
function authenticator(finish?: AuthConversation['finish']): Authenticator & { hosts: string[]; hellos: unknown[] } {
  const hosts: string[] = [];
  const hellos: unknown[] = [];
  return {
    hosts,
    hellos,
    begin(host) {
      hosts.push(host);
      return Promise.resolve({
        helloFields: { saslSupportedMechs: 'admin.me' },
        finish:
          finish ??
          (async (hello, run, deadline) => {
            hellos.push(hello);
            await run({ saslStart: 1, $db: 'admin' }, deadline);
          }),
      });
    },
  };
}

function setup(options: PoolHarnessOptions = {}) {
  const auth = authenticator();
  const harness = PoolHarness.ready({ authenticator: auth, ...options });
  const seen: string[] = [];
  harness.server.hello = command => {
    seen.push(`hello ${String(command.body['saslSupportedMechs'])}`);
    return STANDALONE;
  };
  harness.server.answer = command => {
    seen.push(command.name);
    return { ok: 1 };
  };
  const { server, checkOut, pool, clock, events, errors } = harness;
  return { harness, server, checkOut, pool, clock, events, errors, auth, seen };
}

describe('a connection that authenticates', () => {
  it('carries the fields of the mechanism in its hello, and is checked out after the conversation', async () => {
    const { checkOut, seen, auth, pool } = setup();

    await checkOut();

    assert.deepEqual(seen, ['hello admin.me', 'saslStart']);
    assert.deepEqual(auth.hosts, ['db1:27017']);
    assert.deepEqual(auth.hellos.length, 1);
    pool.close();
  });

  it('does not at an arbiter', async () => {
    const { checkOut, seen, server, pool } = setup();
    server.hello = () => ({ ...STANDALONE, isWritablePrimary: false, setName: 'rs', arbiterOnly: true });

    await checkOut();

    assert.deepEqual(seen, []);
    pool.close();
  });

  it('fails with the words of the server, the step and the host, and that is no sign of overload', async () => {
    const { checkOut, server, pool, errors } = setup();
    server.answer = () => ({ ok: 0, code: 18, errmsg: 'Authentication failed.' });

    await assert.rejects(checkOut(), (error: unknown) => {
      assert.ok(error instanceof MongoError);
      assert.match(error.message, /^Authentication failed\. \(authentication at db1:27017 failed after 0\.0 ms\)$/);
      assert.deepEqual([error.code, error.phase, error.host], [18, 'auth', 'db1:27017']);
      assert.ok(error.hasErrorLabel(MongoErrorLabel.HandshakeError));
      assert.ok(!error.hasErrorLabel(MongoErrorLabel.SystemOverloadedError));
      return true;
    });

    assert.equal(errors.length, 1);
    pool.close();
  });

  it('names the user who was refused', async () => {
    const identity = () => 'user "ada", authSource "admin"';
    const finish: AuthConversation['finish'] = async (_hello, run, within) => {
      await run({ saslStart: 1, $db: 'admin' }, within);
    };
    const conversation = { helloFields: {}, identity, finish };
    const { checkOut, server, pool } = setup({ authenticator: { begin: () => Promise.resolve(conversation) } });
    server.answer = () => ({ ok: 0, code: 18, errmsg: 'Authentication failed.' });

    await assert.rejects(checkOut(), {
      code: 18,
      message:
        'Authentication failed. (authentication at db1:27017 failed after 0.0 ms) (user "ada", authSource "admin")',
    });
    pool.close();
  });

  it('adds phase, host and label to an error of the mechanism itself', async () => {
    const finish = () => Promise.reject(new MongoError('the server signed another nonce'));
    const { checkOut, pool } = setup({ authenticator: authenticator(finish) });

    await assert.rejects(checkOut(), (error: unknown) => {
      assert.ok(error instanceof MongoError);
      assert.deepEqual([error.phase, error.host], ['auth', 'db1:27017']);
      assert.ok(error.hasErrorLabel(MongoErrorLabel.HandshakeError));
      return true;
    });
    pool.close();
  });

  it('quotes nothing of a malformed reply, which may hold credentials', async () => {
    const { checkOut, server, pool } = setup();
    const bytes = Buffer.from(serialize({ ok: 0, code: 18, errmsg: 'no', secret: { pwd: 'p4ssw0rd' } }));
    // An element of no known type.
    bytes[bytes.indexOf('pwd') - 1] = 0x7e;
    server.answer = ({ peer, requestId }) => {
      peer.send(replyMessage(bytes, requestId));
      return null;
    };

    await assert.rejects(checkOut(), {
      name: 'MongoUnexpectedServerResponseError',
      message: /^Malformed BSON in the reply to a command with credentials$/,
      phase: 'auth',
      host: 'db1:27017',
    });
    pool.close();
  });

  it('fails when garbage follows the last reply in one piece', async () => {
    const { checkOut, server, pool } = setup();
    server.answer = ({ peer, requestId }) => {
      peer.send(Buffer.concat([replyMessage({ ok: 1 }, requestId), Buffer.alloc(16)]));
      return null;
    };

    await assert.rejects(checkOut(), {
      name: 'MongoUnexpectedServerResponseError',
      host: 'db1:27017',
      phase: 'auth',
    });
    assert.equal(pool.snapshot().total, 0);
    pool.close();
  });

  it('fails with the phase auth when the connection breaks meanwhile', async () => {
    const { checkOut, server, pool } = setup();
    server.answer = command => {
      command.peer.reset();
      return null;
    };

    await assert.rejects(checkOut(), (error: unknown) => {
      assert.ok(error instanceof MongoError);
      assert.match(error.message, /^read ECONNRESET \(authentication at db1:27017 failed after 0\.0 ms\)$/);
      assert.equal(error.phase, 'auth');
      assert.ok(!error.hasErrorLabel(MongoErrorLabel.SystemOverloadedError));
      return true;
    });
    pool.close();
  });

  it('is one of its service before it authenticates, so that its failure is an error of that service', async () => {
    const { checkOut, server, pool, harness } = setup({ handshake: { loadBalanced: true, useHello: true } });
    const serviceId = new ObjectId();
    server.hello = () => ({ ...STANDALONE, msg: 'isdbgrid', serviceId });
    server.answer = () => ({ ok: 0, code: 18, errmsg: 'Authentication failed.' });
    const services: unknown[] = [];
    harness.onError = (_, connection) => services.push(connection.service?.id);

    await assert.rejects(checkOut());

    assert.deepEqual(services, [serviceId]);
    pool.close();
  });

  it('gives each step its own connectTimeoutMS', async () => {
    const { checkOut, server, pool, clock } = setup({ connectTimeoutMS: 100 });
    const late = (ms: number) => (command: { reply(document?: object): void }) => {
      clock.setTimer(ms, () => command.reply(STANDALONE));
      return null;
    };
    server.hello = late(90);
    server.answer = late(90);
    const connection = checkOut();
    await clock.advance(180);
    pool.checkIn(await connection);

    server.answer = late(101);
    void pool.tryCheckOut(attempt(undefined, 'find', 9));
    const failed = assert.rejects(checkOut(), {
      name: 'MongoNetworkTimeoutError',
      phase: 'auth',
      message: /^Timed out while waiting for db1:27017 to answer .*\(after 190\.0 ms: .*hello 90\.0 ms, auth 100\.0 ms/,
    });
    await clock.advance(190);

    await failed;
    pool.close();
    await quiet();
  });
});

describe('a connection that no operation waits for', () => {
  it('has the timeoutMS of the client for each of its commands', async () => {
    const { server, clock, events, pool } = setup({ pool: { minPoolSize: 1 }, commandTimeoutMS: 20 });
    server.hello = () => null;
    server.answer = () => null;
    await quiet();
    const hello = await (await server.nextPeer()).nextCommand();
    await clock.advance(15);
    hello.reply(STANDALONE);
    await quiet();
    await clock.advance(15);
    assert.equal(events.count('connectionClosed'), 0);

    await clock.advance(5);

    const closed = await events.next('connectionClosed');
    assert.equal(closed.reason, 'error');
    assert.equal((closed.error as MongoError).phase, 'auth');
    pool.close();
  });

  it('has more time when an operation waits for it', async () => {
    const { server, clock, checkOut, pool } = setup({ commandTimeoutMS: 20 });
    server.hello = () => null;
    const connection = checkOut(500);
    const hello = await (await server.nextPeer()).nextCommand();
    await clock.advance(100);
    hello.reply(STANDALONE);

    await connection;
    pool.close();
  });
});
