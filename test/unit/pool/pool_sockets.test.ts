import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { MongoNetworkError } from '../../../src/errors/network.js';
import { Connection } from '../../../src/pool/connection.js';
import { WireConnection } from '../../../src/pool/wire_connection.js';
import { systemClock } from '../../../src/runtime/clock.js';
import { openSocket } from '../../../src/runtime/socket_transport.js';
import type { TransportAddress, TransportOptions } from '../../../src/runtime/transport.js';
import { Deferred } from '../../support/deferred.js';
import { connectionParts, deadline, PoolHarness, run } from '../../support/pool_harness.js';
import { ScriptedServer } from '../../support/scripted_server.js';

const kinds = process.platform === 'win32' ? (['TCP'] as const) : (['TCP', 'a Unix socket'] as const);

for (const kind of kinds) {
  describe(`a pool over ${kind}`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'mongotempo-'));
    const servers: ScriptedServer[] = [];
    after(async () => {
      for (const server of servers) await server.stop();
      rmSync(folder, { recursive: true });
    });

    async function harness() {
      const path = join(folder, `${servers.length}.sock`);
      const server = await ScriptedServer.listen(kind === 'TCP' ? { host: '127.0.0.1', port: 0 } : { path });
      servers.push(server);
      return PoolHarness.ready({ server, socket: true });
    }

    it('establishes, asks, answers, and closes', async () => {
      const made = await harness();
      const connection = await made.checkOut();
      const peer = await made.server.nextPeer();

      const reply = made.run(connection, { find: 'orders' });
      (await peer.nextCommand()).reply({ ok: 1, n: 5 });

      assert.equal((await reply).document['n'], 5);
      made.pool.checkIn(connection);
      made.pool.close();
      await peer.end;
    });

    it('reads a reply that is larger than the read buffer', async () => {
      const made = await harness();
      const connection = await made.checkOut();
      const text = 'größer'.repeat(200_000);

      const reply = made.run(connection, { find: 'orders' });
      (await made.server.peers[0]!.nextCommand()).reply({ ok: 1, text });

      assert.equal((await reply).document['text'], text);
      made.pool.checkIn(connection);
      made.pool.close();
    });

    it('sends a request that is larger than what the system takes at once, unharmed by the next', async () => {
      const made = await harness();
      const [first, second] = await Promise.all([made.checkOut(), made.checkOut()]);
      const text = 'a'.repeat(8_000_000);

      const large = made.run(first, { insert: 'orders', text });
      const small = made.run(second, { insert: 'orders', text: 'b'.repeat(1000) });
      for (const peer of made.server.peers) {
        const command = await peer.nextCommand();
        command.reply({ ok: 1, same: command.body['text'] === text, length: (command.body['text'] as string).length });
      }

      assert.deepEqual([(await large).document['same'], (await small).document['length']], [true, 1000]);
      made.pool.checkIn(first);
      made.pool.checkIn(second);
      made.pool.close();
    });

    it('notices that the server closed an idle connection', async () => {
      const made = await harness();
      made.pool.checkIn(await made.checkOut());

      made.server.peers[0]?.close();

      assert.equal((await made.events.next('connectionClosed')).reason, 'error');
      made.pool.close();
    });

    it('rejects the request when the server breaks the connection', async () => {
      const made = await harness();
      const connection = await made.checkOut();
      const reply = made.run(connection, { find: 'orders' });
      await made.server.peers[0]!.nextCommand();

      made.server.peers[0]?.[kind === 'TCP' ? 'reset' : 'close']();

      await assert.rejects(reply, { name: 'MongoNetworkError', phase: 'read', host: 'db1:27017' });
      made.pool.checkIn(connection);
      made.pool.close();
    });

    it('drains a late reply after a timeout by the clock of this process', async () => {
      const { server, parts } = await harness();
      const drained = new Deferred<undefined>();
      const owner = { onDrained: () => drained.resolve(undefined), onClosed: () => drained.reject(connection.error) };
      const connection = new Connection({ ...parts, clock: systemClock }, 1, { value: 0 }, owner);
      await connection.opened(0, deadline(systemClock));
      const reply = run(connection, parts.encoder, { find: 'orders' }, deadline(systemClock, 20));
      const command = await (await server.nextPeer()).nextCommand();
      await assert.rejects(reply, { name: 'MongoOperationTimeoutError', phase: 'read' });
      assert.ok(connection.draining);

      command.reply();

      await drained.promise;
      connection.close(new Error('test over'));
    });
  });
}

describe('openSocket', () => {
  /** How opening ends that never succeeds. */
  async function failure(target: TransportAddress, transportOptions: TransportOptions = {}): Promise<Error> {
    const parts = { ...connectionParts(systemClock, openSocket, target), transportOptions };
    const connection = new WireConnection(parts, 1);
    return connection.opened(0, deadline(systemClock)).then(
      () => new Error('it opened'),
      (error: unknown) => error as Error,
    );
  }

  it('names the cause when no server listens', async () => {
    const server = await ScriptedServer.listen();
    const { target } = server;
    await server.stop();

    const error = await failure(target);

    assert.ok(error instanceof MongoNetworkError);
    assert.match(
      error.message,
      /^connect ECONNREFUSED 127\.0\.0\.1:\d+ \(connect to db1:27017 failed after [0-9.]+ ms\)$/,
    );
  });

  it('names the cause of each address when a name has several', async () => {
    const server = await ScriptedServer.listen();
    const { port } = server.target as { port: number };
    await server.stop();
    const lookup: NonNullable<TransportOptions['lookup']> = (_name, _options, callback) =>
      callback(null, [
        { address: '127.0.0.1', family: 4 },
        { address: '127.0.0.2', family: 4 },
      ]);

    const error = await failure({ host: 'db1', port }, { lookup, autoSelectFamily: true });

    assert.match(
      error.message,
      /^connect ECONNREFUSED 127\.0\.0\.1:\d+, connect ECONNREFUSED 127\.0\.0\.2:\d+ \(connect to db1:27017 failed after [0-9.]+ ms\)$/,
    );
  });

  it('names the path when there is no such Unix socket', async () => {
    const error = await failure({ socketPath: '/nonexistent/mongodb.sock' });

    assert.match(error.message, /ENOENT/);
  });

  it('reports options that Node refuses as a failure to connect, and throws nothing', async () => {
    const error = await failure({ host: '127.0.0.1', port: 1 }, { localAddress: 'nonsense' });

    assert.ok(error instanceof MongoNetworkError);
    assert.match(error.message, /Invalid IP address: nonsense/);
  });
});
