import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TestCluster } from 'mongotempo-server';
import { createEngine } from '../../src/client/engine.js';
import { MongoMissingDependencyError } from '../../src/errors/driver.js';
import { EventPublisher } from '../../src/events/publisher.js';
import { systemClock } from '../../src/runtime/clock.js';
import { systemRandom } from '../../src/runtime/random.js';
import { openSocket } from '../../src/runtime/socket_transport.js';
import type { MongoServerSelectionError } from '../../src/sdam/errors.js';
import { ServerSessionPool } from '../../src/sessions/server_session_pool.js';
import { resolveOptions } from '../../src/uri/resolve.js';
import { MongoClient } from '../support/checked_source_client.js';
import { rejection } from '../support/cluster.js';
import { paced } from '../support/pace.js';
import { HOST_UNREACHABLE, SocksServer } from '../support/socks_server.js';

describe('a client behind a SOCKS5 proxy', () => {
  it('asks the proxy for the server by its name, and talks through it', async () => {
    await using cluster = await TestCluster.start({ seed: 1 });
    await using proxy = await SocksServer.listen();
    const { port } = cluster.node(0);
    proxy.route = () => ({ host: '127.0.0.1', port });
    await using client = new MongoClient(`mongodb://db1.invalid:27017/?proxyHost=127.0.0.1&proxyPort=${proxy.port}`, {
      serverSelectionTimeoutMS: 5000,
    });
    const addresses = new Set<string>();
    client.on('commandSucceeded', ({ address }) => addresses.add(address));
    const orders = client.db('shop').collection<{ _id: number; text: string }>('orders');
    const text = 'x'.repeat(1_000_000);

    await orders.insertOne({ _id: 1, text });

    assert.equal((await orders.findOne())?.text, text);
    assert.deepEqual([...addresses], ['db1.invalid:27017']);
    assert.ok(proxy.requests.length >= 2, 'the monitor goes through the proxy too');
    assert.deepEqual(proxy.requests[0], { host: 'db1.invalid', port: 27017, user: undefined });
    await client.close();
  });

  it('speaks TLS with the server through the proxy, for the name of the server', async () => {
    await using cluster = await TestCluster.start({ seed: 1, tls: true });
    await using proxy = await SocksServer.listen();
    const { port } = cluster.node(0);
    const uri = `mongodb://localhost:${port}/?tls=true&proxyHost=127.0.0.1&proxyPort=${proxy.port}`;
    await using client = new MongoClient(uri, {
      serverSelectionTimeoutMS: 5000,
      ca: cluster.tls?.authority.certificate ?? '',
    });

    await client.db('admin').command({ ping: 1 });

    assert.equal(proxy.requests[0]?.host, 'localhost');
  });

  it(
    'tells the proxy its user, and says when the proxy does not want it',
    paced(async ms => {
      await using cluster = await TestCluster.start({ seed: 1 });
      await using proxy = await SocksServer.listen();
      proxy.user = { name: 'me', password: 'secret' };
      const uri = `mongodb://127.0.0.1:${cluster.node(0).port}/?proxyHost=127.0.0.1&proxyPort=${proxy.port}`;
      {
        await using client = new MongoClient(uri, { proxyUsername: 'me', proxyPassword: 'secret' });
        await client.db('admin').command({ ping: 1 });
      }
      assert.deepEqual(proxy.requests[0]?.user, { name: 'me', password: 'secret' });

      for (const wrong of [{ proxyUsername: 'me', proxyPassword: 'wrong' }, {}]) {
        await using client = new MongoClient(uri, { ...wrong, serverSelectionTimeoutMS: ms(300) });
        const error = await rejection<MongoServerSelectionError>(client.db('admin').command({ ping: 1 }));
        assert.match(error.message, /proxy connection to 127\.0\.0\.1:\d+ failed after [0-9.]+ ms/);
        assert.ok(!error.message.includes('wrong'));
      }
    }),
  );

  it(
    'says what the proxy refuses, and that the proxy cannot be reached',
    paced(async ms => {
      const proxy = await SocksServer.listen();
      proxy.route = () => HOST_UNREACHABLE;
      const uri = `mongodb://db1.invalid:27017/?proxyHost=127.0.0.1&proxyPort=${proxy.port}&serverSelectionTimeoutMS=${ms(300)}`;
      {
        await using client = new MongoClient(uri);
        const error = await rejection<MongoServerSelectionError>(client.db('admin').command({ ping: 1 }));
        assert.match(error.message, /HostUnreachable.*proxy connection to db1\.invalid:27017 failed after/);
      }
      await proxy[Symbol.asyncDispose]();

      await using client = new MongoClient(uri);
      const error = await rejection<MongoServerSelectionError>(client.db('admin').command({ ping: 1 }));
      assert.match(error.message, /^connect ECONNREFUSED.*proxy connection to db1\.invalid:27017 failed after/);
    }),
  );

  it(
    'gives up a proxy that does not answer, and leaves no socket behind',
    paced(async ms => {
      await using proxy = await SocksServer.listen();
      proxy.route = () => null;
      const uri = `mongodb://db1.invalid:27017/?proxyHost=127.0.0.1&proxyPort=${proxy.port}`;
      const client = new MongoClient(uri, { serverSelectionTimeoutMS: ms(300), connectTimeoutMS: ms(100) });
      const error = await rejection<MongoServerSelectionError>(client.db('admin').command({ ping: 1 }));
      await client.close();

      const [, after] = /Timed out during the proxy connection to db1\.invalid:27017 \(after ([0-9.]+)/.exec(
        error.message,
      )!;
      assert.ok(Number(after) >= ms(99) && Number(after) < ms(200), error.message);
      while (proxy.socketCount > 0) await new Promise(resolve => setImmediate(resolve));
    }),
  );

  it('is told at once when the package that it needs is not installed', () => {
    const options = resolveOptions('mongodb://db1/?proxyHost=proxy1');
    const publisher = new EventPublisher([], systemClock);
    const sessions = new ServerSessionPool(systemClock, systemRandom);
    const effects = {
      clock: systemClock,
      random: systemRandom,
      open: openSocket,
      loadPackage(name: string): never {
        throw Object.assign(new Error(`Cannot find module '${name}'`), { code: 'MODULE_NOT_FOUND' });
      },
    };

    assert.throws(
      () => createEngine(options, () => ({}), publisher, sessions, effects),
      (error: unknown) => {
        assert.ok(error instanceof MongoMissingDependencyError);
        assert.equal(error.dependencyName, 'socks');
        assert.match(
          error.message,
          /^proxyHost needs the package socks, which is not installed\. Run: npm install socks$/,
        );
        return true;
      },
    );
  });
});
