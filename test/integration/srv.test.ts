import assert from 'node:assert/strict';
import dns from 'node:dns';
import { describe, it } from 'node:test';
import { TestCluster } from 'mongotempo-server';
import { MongoAPIError, MongoClientClosedError, MongoParseError } from '../../src/errors/driver.js';
import { MongoNetworkError } from '../../src/errors/network.js';
import { MongoOperationTimeoutError } from '../../src/errors/timeout.js';
import { systemClock } from '../../src/runtime/clock.js';
import { systemRandom } from '../../src/runtime/random.js';
import { openSocket } from '../../src/runtime/socket_transport.js';
import { MongoServerSelectionError } from '../../src/sdam/errors.js';
import type { MongoClientOptions } from '../../src/uri/client_options.js';
import { MongoClient } from '../support/checked_source_client.js';
import { rejection } from '../support/cluster.js';
import { DNSServer } from '../support/dns_server.js';
import { FakeResolver } from '../support/fake_resolver.js';

const HOST = 'cluster.test.localhost';

/** A client whose DNS is a table; names of hosts lead to this machine. */
function srvClient(resolver: FakeResolver, options: MongoClientOptions = {}, query = ''): MongoClient {
  const effects = { clock: systemClock, random: systemRandom, open: openSocket, resolver };
  const lookup: MongoClientOptions['lookup'] = (_name, _options, callback) => {
    callback(null, [{ address: '127.0.0.1', family: 4 }]);
  };
  return new MongoClient(`mongodb+srv://${HOST}/?tls=false${query}`, { lookup, ...options }, effects);
}

describe('mongodb+srv', () => {
  it('connects to the hosts of the records, with the options of the TXT record', async () => {
    await using cluster = await TestCluster.start({ nodes: 1, setName: 'rs0' });
    const resolver = new FakeResolver();
    resolver.setHosts(HOST, `db1.test.localhost:${cluster.node(0).port}`);
    resolver.txt.set(HOST, [[['replicaSet=rs0']]]);
    await using client = srvClient(resolver);
    assert.deepEqual(client.options.hosts, []);

    const replies = await Promise.all([1, 2, 3].map(() => client.db('a').command({ ping: 1 })));
    await client.db('a').collection('b').find().toArray();

    assert.equal(replies.length, 3);
    assert.equal(client.options.replicaSet, 'rs0');
    assert.equal(client.options.srvHost, HOST);
    assert.equal(resolver.asked.length, 2);
  });

  it('dns.setServers and dns.promises.setServers are honoured, and a query that waits ends with the client', async () => {
    await using cluster = await TestCluster.start({ nodes: 1 });
    const names = await DNSServer.start();
    names.srv.set(`_mongodb._tcp.${HOST}`, [`db1.test.localhost:${cluster.node(0).port}`]);
    const lookup: MongoClientOptions['lookup'] = (_name, _options, callback) => {
      callback(null, [{ address: '127.0.0.1', family: 4 }]);
    };
    const before = dns.getServers();
    try {
      for (const { setServers } of [dns, dns.promises]) {
        dns.setServers(['192.0.2.1']);
        setServers([names.address]);
        await using client: MongoClient = new MongoClient(`mongodb+srv://${HOST}/?tls=false`, { lookup });

        assert.equal((await client.db('a').command({ ping: 1 }))['ok'], 1);
      }
      names.silent = true;
      const asked = names.question();
      const client = new MongoClient(`mongodb+srv://${HOST}/?tls=false`, { lookup });
      const waiting = rejection(client.connect());
      await asked;
      await client.close();
      assert.ok((await waiting) instanceof MongoClientClosedError);
    } finally {
      dns.setServers(before);
      dns.promises.setServers(before);
      names.stop();
    }
  });

  it('names the record when one of those of the first lookup is malformed', async () => {
    const resolver = new FakeResolver();
    resolver.setHosts(HOST, 'db1.test.localhost:27017', 'db2.test.localhost:0');
    await using client = srvClient(resolver);

    const error = await rejection(client.connect());

    assert.ok(error instanceof MongoParseError);
    assert.match(
      error.message,
      /^The SRV record db2\.test\.localhost:0 of _mongodb\._tcp\.cluster\.test\.localhost has no valid port/,
    );
  });

  it('asks again after close', async () => {
    await using cluster = await TestCluster.start({ nodes: 1 });
    const resolver = new FakeResolver();
    resolver.setHosts(HOST, `db1.test.localhost:${cluster.node(0).port}`);
    await using client = srvClient(resolver);
    await client.connect();
    await client.close();
    await client.connect();

    assert.equal(resolver.asked.length, 4);
  });

  it('tells of a record that is not there, and asks anew for the next operation', async () => {
    await using cluster = await TestCluster.start({ nodes: 1 });
    const resolver = new FakeResolver();
    await using client = srvClient(resolver);
    const error = await rejection(client.db('a').command({ ping: 1 }));
    assert.ok(error instanceof MongoNetworkError);
    assert.match(error.message, /SRV record of _mongodb\._tcp\.cluster\.test\.localhost/);

    resolver.setHosts(HOST, `db1.test.localhost:${cluster.node(0).port}`);
    await client.db('a').command({ ping: 1 });
  });

  it('refuses a host of another domain', async () => {
    const resolver = new FakeResolver();
    resolver.setHosts(HOST, 'db1.evil.example:27017');
    await using client = srvClient(resolver);

    const error = await rejection(client.connect());

    assert.ok(error instanceof MongoAPIError);
    assert.match(error.message, /does not share hostname with parent URI/);
  });

  it('ends an operation that waits for DNS by its own deadline', async () => {
    const resolver = new FakeResolver();
    resolver.silent = true;
    await using client = srvClient(resolver, { serverSelectionTimeoutMS: 120 });
    const abort = new AbortController();
    const work = [
      rejection(client.db('a').command({ ping: 1 }, { timeoutMS: 40 })),
      rejection(client.db('a').command({ ping: 1 })),
      rejection(client.db('a').command({ ping: 1 }, { signal: abort.signal })),
    ];
    abort.abort();
    const [timedOut, unselected, aborted] = await Promise.all(work);

    assert.ok(timedOut instanceof MongoOperationTimeoutError);
    assert.equal(timedOut.phase, 'serverSelection');
    assert.ok(unselected instanceof MongoServerSelectionError || unselected instanceof MongoNetworkError);
    assert.match(unselected.message, /SRV record of _mongodb\._tcp\.cluster\.test\.localhost/);
    assert.equal(aborted, abort.signal.reason);
    assert.equal(resolver.asked.length, 2);
  });

  it('ends with the client', async () => {
    const resolver = new FakeResolver();
    resolver.silent = true;
    const client = srvClient(resolver);
    const waiting = rejection(client.db('a').command({ ping: 1 }));
    await client.close();

    assert.ok((await waiting) instanceof MongoClientClosedError);
  });
});
