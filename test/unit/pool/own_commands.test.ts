import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { followHello, killCursor, probe, runHello } from '../../../src/pool/own_commands.js';
import { MsgFlag } from '../../../src/wire/op_msg.js';
import { deadline, HANDSHAKE } from '../../support/pool_harness.js';
import { opened } from './open_connection.js';

const CURSOR = { id: 77n, database: 'shop', collection: 'orders' };

/** An open connection whose server does not answer by itself. */
async function silent(connectTimeoutMS = 30_000) {
  const made = await opened();
  made.server.hello = () => null;
  const handshake = { ...HANDSHAKE, apiFields: { apiVersion: '1' } };
  const settings = { handshake, connectTimeoutMS, encoder: made.parts.encoder };
  return { ...made, settings, within: deadline(made.clock) };
}

describe("the driver's own commands", () => {
  it('probe a connection by a ping with the fields of the Stable API', async () => {
    const { connection, settings, within, peer } = await silent();
    const probing = probe(connection, settings, within);

    const ping = await peer.nextCommand();
    ping.reply({ ok: 0, code: 13, errmsg: 'any answer will do' });

    await probing;
    assert.deepEqual(ping.body, { ping: 1, apiVersion: '1', $db: 'admin' });
  });

  it('close a cursor in the database that it belongs to', async () => {
    const { connection, settings, within, peer } = await silent();
    const killing = killCursor(connection, CURSOR, settings, within);

    const kill = await peer.nextCommand();
    kill.reply();

    await killing;
    const { cursors, ...command } = kill.body;
    assert.deepEqual(command, { killCursors: 'orders', apiVersion: '1', $db: 'shop' });
    assert.deepEqual((cursors as unknown[]).map(String), ['77']);
  });

  for (const [connectTimeoutMS, waitMS] of [
    [30_000, 1000],
    [200, 200],
  ] as const) {
    it(`wait ${waitMS} ms for a sign of life when connectTimeoutMS is ${connectTimeoutMS}, and are named in the error`, async () => {
      const { connection, settings, within, clock } = await silent(connectTimeoutMS);
      const failed = assert.rejects(probe(connection, settings, within), {
        name: 'MongoNetworkTimeoutError',
        message: /while waiting for db1:27017 to answer ping admin/,
      });
      await clock.advance(waitMS - 1);
      assert.ok(connection.isOccupied);

      await clock.advance(1);

      await failed;
      assert.equal(clock.pendingTimers, 0);
    });
  }

  it('say hello, and close the connection that does not answer in time', async () => {
    const { connection, settings, within, peer, clock } = await silent();
    const command = { hello: 1, $db: 'admin' };
    const first = runHello(connection, command, settings.encoder, within.within('hello', 100));
    (await peer.nextCommand()).reply({ ok: 1, n: 1 });
    assert.equal((await first).document['n'], 1);
    const second = runHello(connection, command, settings.encoder, within.within('hello', 100));
    const failed = assert.rejects(second, { name: 'MongoNetworkTimeoutError', phase: 'hello', beforeHandshake: true });

    await clock.advance(100);

    await failed;
    assert.notEqual(connection.error, null);
  });

  it('follow a hello whose replies need not be asked for', async () => {
    const { connection, settings, within, peer } = await silent();
    const replies: unknown[] = [];
    const sink = {
      nextLimit: () => within,
      onReply: (reply: { readonly document: Record<string, unknown> }) => replies.push(reply.document['n']),
      onFailed: (error: Error) => replies.push(error),
    };
    followHello(connection, { hello: 1, $db: 'admin' }, settings.encoder, sink, within);

    const hello = await peer.nextCommand();
    assert.equal(hello.flags, MsgFlag.exhaustAllowed);
    hello.reply({ ok: 1, n: 1 }, { flags: MsgFlag.moreToCome, requestId: 501 });
    hello.reply({ ok: 1, n: 2 }, { responseTo: 501 });

    assert.deepEqual(replies, [1, 2]);
    assert.ok(!connection.isOccupied);
  });
});
