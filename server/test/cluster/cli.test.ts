import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { MongoClient } from 'mongodb';
import { launch, TestCluster } from '../../src/index.js';

const script = join(__dirname, '../../src/run.js');

interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function start(...args: string[]): { child: ChildProcess; firstLine: Promise<string>; outcome: Promise<Outcome> } {
  const child = spawn(process.execPath, [script, ...args]);
  let out = '';
  let err = '';
  const firstLine = new Promise<string>(resolve => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
      if (out.includes('\n')) resolve(out.slice(0, out.indexOf('\n')));
    });
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const outcome = once(child, 'close').then(([code]) => ({ code: code as number | null, out, err }));
  return { child, firstLine, outcome };
}

describe('the command line', () => {
  it('prints its options with --help, and what each does', async () => {
    const { code, out, err } = await start('--help').outcome;

    assert.deepEqual([code, err], [0, '']);
    const options = out.split('\n').flatMap(line => /^ {2}(--[a-z-]+)/.exec(line)?.slice(1) ?? []);
    assert.deepEqual(options, [
      ...['--replset', '--sharded', '--load-balanced', '--name', '--host', '--port', '--server-version', '--auth'],
      ...['--tls', '--tls-dir', '--require-client-certificate', '--election-delay', '--seed', '--socket', '--json'],
      ...['--control', '--help'],
    ]);
    assert.equal(out, (await start('-h').outcome).out);
  });

  it('knows every option that it prints', async () => {
    const { out } = await start('--help').outcome;
    const options = out.split('\n').flatMap(line => /^ {2}(--[a-z-]+)( [A-Z:]+)?/.exec(line)?.slice(1, 3) ?? []);

    const given = options.flatMap((option, index) => {
      if (index % 2 === 1) return [];
      const value = options[index + 1];
      return value === undefined ? [option] : [option, value.trim() === 'N' ? '1' : '1:1'];
    });
    // An unknown option would be complained about, --help or not.
    const { code, err } = await start(...given).outcome;
    assert.deepEqual([code, err], [0, '']);
  });

  it('says in one line what is wrong with an option and ends with 2', async () => {
    for (const args of [['--foo'], ['--port', 'x'], ['--replset', '0'], ['--server-version', '1.0']]) {
      const { code, err } = await start(...args).outcome;

      assert.equal(code, 2);
      assert.equal(err.trim().split('\n').length, 1);
      assert.ok(err.startsWith('mongotempo-server: '));
    }
  });

  it('says that a port is in use and ends with 1', async () => {
    await using cluster = await TestCluster.start();

    const { code, err } = await start('--port', String(cluster.node(0).port)).outcome;

    assert.equal(code, 1);
    assert.match(err, /is in use/);
  });

  it('prints a readable line, serves, and ends cleanly at SIGINT with clients connected', async () => {
    const { child, firstLine, outcome } = start('--replset', '2', '--name', 'green', '--port', '0');
    const line = await firstLine;
    assert.match(
      line,
      /ready at mongodb:\/\/127\.0\.0\.1:\d+,127\.0\.0\.1:\d+\/\?replicaSet=green \(press Ctrl-C to stop\)/,
    );
    const client = new MongoClient(/mongodb:\S+/.exec(line)?.[0] ?? '');
    await client.db('db').collection('coll').insertOne({});

    child.kill('SIGINT');

    assert.equal((await outcome).code, 0);
    await client.close();
  });

  it('prints one line of JSON with --json', async () => {
    const { child, firstLine, outcome } = start('--json', '--port', '0');
    const { uri, nodes } = JSON.parse(await firstLine) as { uri: string; nodes: { port: number; role: string }[] };

    assert.equal(uri, `mongodb://127.0.0.1:${nodes[0]?.port ?? 0}/`);
    assert.equal(nodes[0]?.role, 'standalone');
    child.kill('SIGTERM');
    assert.equal((await outcome).code, 0);
  });
});

describe('launch', () => {
  it('serves from another process until it is stopped, even when its clients leave at the same time', async () => {
    const server = await launch({ topology: 'replicaset', nodes: 3 });
    assert.notEqual(server.pid, process.pid);
    const client = new MongoClient(server.uri);
    await client.db('db').collection('coll').insertOne({});

    await client.close();
    await server.stop();

    assert.throws(() => process.kill(server.pid, 0), { code: 'ESRCH' });
  });

  it('tells why the server did not start', async () => {
    await using cluster = await TestCluster.start();

    await assert.rejects(launch({ port: cluster.node(0).port }), /did not start: .*is in use/);
  });
});

describe('TestCluster', () => {
  it('takes consecutive ports from the one it is given', async () => {
    const probe = await TestCluster.start();
    const { port } = probe.node(0);
    await probe.stop();

    await using cluster = await TestCluster.start({ topology: 'replicaset', nodes: 2, port });

    assert.deepEqual(
      cluster.nodes.map(node => node.port),
      [port, port + 1],
    );
  });

  it('listens on a unix socket', async () => {
    await using cluster = await TestCluster.start({ socketPath: join(tmpdir(), `mongotempo-${process.pid}.sock`) });
    const client = new MongoClient(cluster.uri);

    assert.equal((await client.db('db').command({ ping: 1 }))['ok'], 1);
    await client.close();
  });

  it('gives the same identifiers for the same seed', async () => {
    const ids = async () => {
      await using cluster = await TestCluster.start({ seed: 42 });
      const client = new MongoClient(cluster.uri, { forceServerObjectId: true });
      const collection = client.db('db').collection('coll');
      await collection.insertOne({});
      const found = await collection.findOne();
      await client.close();
      return String(found?._id).slice(8);
    };

    assert.equal(await ids(), await ids());
  });

  it('refuses options that cannot be', async () => {
    await assert.rejects(TestCluster.start({ topology: 'standalone', nodes: 3 }), RangeError);
    await assert.rejects(TestCluster.start({ version: '3.6' }), RangeError);
    await assert.rejects(TestCluster.start({ topology: 'replicaset', port: 65_535 }), RangeError);
  });
});
