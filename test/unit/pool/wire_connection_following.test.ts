import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { WireConnection } from '../../../src/pool/wire_connection.js';
import { nextRequestId } from '../../../src/wire/header.js';
import type { MessageEncoder } from '../../../src/wire/message_encoder.js';
import { MsgFlag } from '../../../src/wire/op_msg.js';
import type { FakeClock } from '../../support/fake_clock.js';
import { attempt, deadline, LIMITS } from '../../support/pool_harness.js';
import { replyMessage } from '../../support/scripted_peer.js';
import { quiet, ScriptedServer } from '../../support/scripted_server.js';
import { opened } from './open_connection.js';

const MORE = { flags: MsgFlag.moreToCome };

function follow(connection: WireConnection, encoder: MessageEncoder, clock: FakeClock, limitMS: number) {
  const told: unknown[] = [];
  const requestId = nextRequestId();
  const command = {
    requestId,
    flags: MsgFlag.exhaustAllowed,
    body: { hello: 1, $db: 'admin' },
    rawFields: [],
    maxTimeMS: 0,
  };
  const nextLimit = () => deadline(clock).within('hello', limitMS);
  connection.follow(
    encoder.encode({ ...command, sequence: undefined }, LIMITS, {}),
    requestId,
    'hello',
    {
      nextLimit,
      onReply: ({ document, moreToCome }) => told.push(`${document['n']}${moreToCome ? '…' : ''}`),
      onFailed: error => told.push(error.name),
    },
    attempt(nextLimit(), 'hello'),
  );
  return told;
}

async function following(limitMS = 0) {
  const server = new ScriptedServer();
  server.hello = () => null;
  const made = await opened(server);
  const told = follow(made.connection, made.parts.encoder, made.clock, limitMS);
  const request = await made.peer.nextCommand();
  return { ...made, told, request };
}

describe('WireConnection, following a request that has many replies', () => {
  it('tells of each, in their order, though they come in one piece', async () => {
    const { told, request, peer, connection, send } = await following();

    peer.send(
      Buffer.concat([
        replyMessage({ ok: 1, n: 1 }, request.requestId, { ...MORE, requestId: 501 }),
        replyMessage({ ok: 1, n: 2 }, 501, { ...MORE, requestId: 502 }),
        replyMessage({ ok: 1, n: 3 }, 502),
      ]),
    );

    assert.deepEqual(told, ['1…', '2…', '3']);
    const reply = send();
    (await peer.nextCommand()).reply({ ok: 1, n: 4 });
    assert.equal((await reply).document['n'], 4);
    connection.close(new Error('test over'));
    assert.deepEqual(told, ['1…', '2…', '3']);
  });

  it('takes replies that all name the request, as some servers send them', async () => {
    const { told, request, peer, connection } = await following();

    for (const n of [1, 2]) peer.send(replyMessage({ ok: 1, n }, request.requestId, { ...MORE, requestId: 500 + n }));

    assert.deepEqual(told, ['1…', '2…']);
    connection.close(new Error('test over'));
  });

  it('closes when a reply answers neither the one before nor the request', async () => {
    const { told, request, peer, connection } = await following();
    peer.send(replyMessage({ ok: 1, n: 1 }, request.requestId, { ...MORE, requestId: 501 }));

    peer.send(replyMessage({ ok: 1, n: 2 }, 777, MORE));

    assert.deepEqual(told, ['1…', 'MongoUnexpectedServerResponseError']);
    assert.notEqual(connection.error, null);
  });

  it('closes when a reply takes longer than its own time', async () => {
    const { told, request, peer, connection, clock } = await following(100);
    await clock.advance(90);
    peer.send(replyMessage({ ok: 1, n: 1 }, request.requestId, { ...MORE, requestId: 501 }));
    await clock.advance(99);
    assert.equal(connection.error, null);

    await clock.advance(1);

    assert.deepEqual(told, ['1…', 'MongoNetworkTimeoutError']);
    assert.notEqual(connection.error, null);
    assert.equal(clock.pendingTimers, 0);
  });

  it('tells of no reply that comes in one piece behind one after which the sink closed the connection', async () => {
    const { connection, parts, clock, peer } = await opened();
    const told: unknown[] = [];
    const requestId = nextRequestId();
    const command = {
      requestId,
      flags: MsgFlag.exhaustAllowed,
      body: { hello: 1, $db: 'admin' },
      rawFields: [],
      maxTimeMS: 0,
    };
    const sink = {
      nextLimit: () => deadline(clock),
      onReply: () => {
        told.push('reply');
        connection.close(new TypeError('enough'));
      },
      onFailed: (error: Error) => told.push(error.name),
    };
    const message = parts.encoder.encode({ ...command, sequence: undefined }, LIMITS, {});
    connection.follow(message, requestId, 'hello', sink, attempt(deadline(clock), 'hello'));

    peer.send(
      Buffer.concat([
        replyMessage({ ok: 1 }, requestId, { ...MORE, requestId: 501 }),
        replyMessage({ ok: 1 }, 501, { ...MORE, requestId: 502 }),
      ]),
    );

    assert.deepEqual(told, ['reply', 'TypeError']);
    assert.equal(clock.pendingTimers, 0);
  });

  it('ends with the connection', async () => {
    const { told, peer } = await following();

    peer.reset();
    await quiet();

    assert.deepEqual(told, ['MongoNetworkError']);
  });

  it('fails at once on a connection that has closed', async () => {
    const { connection, parts, clock } = await opened();
    connection.close(new TypeError('over'));

    assert.deepEqual(follow(connection, parts.encoder, clock, 100), ['TypeError']);
    assert.equal(clock.pendingTimers, 0);
  });

  it('fails at once while a reply is still to come, and leaves that exchange alone', async () => {
    const { connection, parts, clock, send, peer } = await opened();
    const reply = send();

    assert.deepEqual(follow(connection, parts.encoder, clock, 100), ['MongoRuntimeError']);

    (await peer.nextCommand()).reply({ ok: 1, n: 1 });
    assert.equal((await reply).document['n'], 1);
    assert.equal(clock.pendingTimers, 0);
  });

  it('closes when a second reply comes to an ordinary request', async () => {
    const { send, peer, connection } = await opened();
    const reply = send();
    const { requestId } = await peer.nextCommand();

    peer.send(replyMessage({ ok: 1 }, requestId, { ...MORE, requestId: 501 }));
    await reply;
    peer.send(replyMessage({ ok: 1 }, 501));

    assert.equal(connection.error?.name, 'MongoUnexpectedServerResponseError');
  });
});
