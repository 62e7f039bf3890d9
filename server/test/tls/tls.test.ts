import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { MongoClient, type MongoClientOptions, MongoServerSelectionError } from 'mongodb';
import { CertificateAuthority, launch, TestCluster, type TestClusterOptions } from '../../src/index.js';

/** A refusal is seen when the selection ends. */
const impatient = { serverSelectionTimeoutMS: 400 };

function trusting({ tls }: TestCluster): MongoClientOptions {
  return { ca: tls?.authority.certificate ?? '' };
}

async function ping(cluster: TestCluster, options: MongoClientOptions, uri = cluster.uri): Promise<unknown> {
  await using client = new MongoClient(uri, options);
  return await client.db('admin').command({ connectionStatus: 1 });
}

describe('TLS', () => {
  for (const topology of ['standalone', 'replicaset', 'sharded', 'load-balanced'] as const) {
    it(`is spoken by a ${topology} cluster to clients that trust its authority`, async () => {
      await using cluster = await TestCluster.start({ topology, tls: true });

      await ping(cluster, trusting(cluster));
    });
  }

  it('is refused by clients that do not trust the authority, that look for another host or speak none', async () => {
    await using cluster = await TestCluster.start({ tls: true });
    const { port } = cluster.node(0);
    const other = `mongodb://127.0.0.1:${port}/?tls=true`;

    await assert.rejects(ping(cluster, impatient), MongoServerSelectionError);
    await assert.rejects(
      ping(cluster, { ...trusting(cluster), ...impatient, servername: 'elsewhere.test' }, other),
      MongoServerSelectionError,
    );
    await assert.rejects(ping(cluster, impatient, `mongodb://127.0.0.1:${port}/`), MongoServerSelectionError);
  });

  it('refuses clients without a certificate where one is required', async () => {
    await using cluster = await TestCluster.start({ tls: { clientCertificates: 'required' } });
    const { cert = '', key = '' } = cluster.tls?.client ?? {};
    const stranger = new CertificateAuthority().issue({ commonName: 'client' });

    await assert.rejects(ping(cluster, { ...trusting(cluster), ...impatient }), MongoServerSelectionError);
    await assert.rejects(
      ping(cluster, { ...trusting(cluster), ...impatient, cert: stranger.cert, key: stranger.key }),
      MongoServerSelectionError,
    );
    await ping(cluster, { ...trusting(cluster), cert, key });
  });

  it('shows another certificate to new connections when it is told to', async () => {
    await using cluster = await TestCluster.start({ tls: true });
    const renewed = new CertificateAuthority('another authority');
    cluster.node(0).useCertificate(renewed.issue({ commonName: 'server', hosts: ['127.0.0.1'] }), renewed);

    await assert.rejects(ping(cluster, { ...trusting(cluster), ...impatient }), MongoServerSelectionError);
    await ping(cluster, { ca: renewed.certificate });
  });

  it('shows an expired certificate, which clients refuse', async () => {
    await using cluster = await TestCluster.start({ tls: true });
    const { authority } = cluster.tls!;
    const expired = authority.issue({ commonName: 'server', hosts: ['127.0.0.1'], validDays: -1 });
    cluster.node(0).useCertificate(expired, authority);

    await assert.rejects(ping(cluster, { ...trusting(cluster), ...impatient }), /expired/);
  });

  it('resets a killed node’s connections below TLS', async () => {
    await using cluster = await TestCluster.start({ tls: true });
    await using client = new MongoClient(cluster.uri, trusting(cluster));
    await client.connect();

    await cluster.node(0).kill();

    assert.equal(cluster.node(0).connectionCount, 0);
  });

  it('cannot be had on a unix socket', async () => {
    await assert.rejects(TestCluster.start({ tls: true, socketPath: '/tmp/never.sock' }), RangeError);
  });
});

describe('X.509', () => {
  const options: TestClusterOptions = { tls: true, auth: { user: 'root', password: 'secret' } };
  const x509 = { authMechanism: 'MONGODB-X509', authSource: '$external' } as const;

  async function withUser(run: (cluster: TestCluster, uri: string) => Promise<void>): Promise<void> {
    await using cluster = await TestCluster.start(options);
    const { client } = cluster.tls!;
    await using admin = new MongoClient(cluster.uri, trusting(cluster));
    await admin.db('$external').command({ createUser: client.subject, roles: [{ role: 'root', db: 'admin' }] });
    await run(cluster, `mongodb://${cluster.node(0).address}/?tls=true`);
  }

  it('makes of a client the user of its certificate’s subject', () =>
    withUser(async (cluster, uri) => {
      const { cert, key, subject } = cluster.tls!.client;
      const status = (await ping(cluster, { ...trusting(cluster), ...x509, cert, key }, uri)) as {
        authInfo: { authenticatedUsers: unknown };
      };

      assert.deepEqual(status.authInfo.authenticatedUsers, [{ user: subject, db: '$external' }]);
    }));

  it('refuses a subject that is no user, and a client without a certificate', () =>
    withUser(async (cluster, uri) => {
      const { cert, key } = cluster.tls!.authority.issue({ commonName: 'nobody' });

      for (const shown of [{ cert, key }, {}]) {
        await assert.rejects(ping(cluster, { ...trusting(cluster), ...x509, ...shown }, uri), { code: 18 });
      }
    }));
});

describe('a launched server that speaks TLS', () => {
  it('tells its certificates, and writes them where the command line says', async () => {
    const server = await launch({ tls: { clientCertificates: 'required' } });
    try {
      const { ca = '', client: shown } = server.tls ?? {};
      await using client = new MongoClient(server.uri, { ca, cert: shown!.cert, key: shown!.key });

      await client.db('admin').command({ ping: 1 });
    } finally {
      await server.stop();
    }
  });

  it('is reached with the files of --tls-dir', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'mongotempo-tls-'));
    const child = spawn(process.execPath, [
      join(__dirname, '../../src/run.js'),
      ...['--port', '0', '--tls-dir', directory, '--json'],
    ]);
    try {
      const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
      const { uri } = JSON.parse(line) as { uri: string };
      await using client = new MongoClient(uri, {
        tlsCAFile: join(directory, 'ca.pem'),
        tlsCertificateKeyFile: join(directory, 'client.pem'),
      });

      await client.db('admin').command({ ping: 1 });
    } finally {
      child.kill();
      await once(child, 'exit');
      rmSync(directory, { recursive: true });
    }
  });
});
