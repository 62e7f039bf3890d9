import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createSecureContext, createServer as createTLSServer } from 'node:tls';
import { CertificateAuthority, TestCluster } from 'mongotempo-server';
import { MongoErrorLabel } from '../../src/errors/codes.js';
import type { MongoServerSelectionError } from '../../src/sdam/errors.js';
import type { MongoClientOptions } from '../../src/uri/client_options.js';
import { MongoClient } from '../support/checked_source_client.js';
import { rejection } from '../support/cluster.js';
import { Deferred } from '../support/deferred.js';
import { paced } from '../support/pace.js';

/** A selection that fails ends by this. */
const impatient: MongoClientOptions = { serverSelectionTimeoutMS: 500 };

async function ping(uri: string, options: MongoClientOptions): Promise<void> {
  await using client = new MongoClient(uri, { serverSelectionTimeoutMS: 30_000, ...options });
  await client.db('admin').command({ ping: 1 });
}

/** Why the one server could not be had. */
async function refusal(uri: string, options: MongoClientOptions = {}): Promise<string> {
  for (let serverSelectionTimeoutMS = 500; ; serverSelectionTimeoutMS *= 4) {
    const error = await rejection<MongoServerSelectionError>(ping(uri, { serverSelectionTimeoutMS, ...options }));
    // On a busy machine the first check may not have ended yet.
    if (error.cause !== undefined || serverSelectionTimeoutMS > 20_000) return error.message;
  }
}

async function listen(server: Server): Promise<number> {
  const listening = new Deferred<undefined>();
  server.listen(0, '127.0.0.1', () => listening.resolve(undefined));
  await listening.promise;
  return (server.address() as { port: number }).port;
}

describe('a client that speaks TLS', () => {
  let cluster: TestCluster;
  let plain: string;
  let folder: string;
  let ca: string;

  before(async () => {
    cluster = await TestCluster.start({ seed: 1, tls: { clientCertificates: 'optional' } });
    plain = `mongodb://127.0.0.1:${cluster.node(0).port}/`;
    ca = cluster.tls?.authority.certificate ?? '';
    folder = mkdtempSync(join(tmpdir(), 'mongotempo-client-tls-'));
    writeFileSync(join(folder, 'ca.pem'), ca);
  });

  after(async () => {
    await cluster.stop();
    rmSync(folder, { recursive: true });
  });

  it('trusts the authority of ca, of tlsCAFile and of secureContext', async () => {
    await ping(plain, { tls: true, ca });
    await ping(plain, { tls: true, tlsCAFile: join(folder, 'ca.pem') });
    await ping(`${plain}?tls=true&tlsCAFile=${encodeURIComponent(join(folder, 'ca.pem'))}`, {});
    await ping(plain, { tls: true, secureContext: createSecureContext({ ca }) });
  });

  it('carries large messages both ways', async () => {
    await using client = new MongoClient(plain, { ...impatient, tls: true, ca });
    const files = client.db('shop').collection<{ _id: number; text: string }>('files');
    const text = 'x'.repeat(5_000_000);

    await files.insertOne({ _id: 1, text });
    const found = await Promise.all(Array.from({ length: 5 }, () => files.findOne({ _id: 1 })));

    assert.ok(found.every(file => file?.text === text));
  });

  it('refuses a certificate that no known authority has signed, and says in which step', async () => {
    const message = await refusal(plain, { tls: true });

    assert.match(message, /certificate.*TLS handshake with 127\.0\.0\.1:\d+ failed after [0-9.]+ ms/);
  });

  it('takes it all the same with tlsAllowInvalidCertificates, tlsInsecure or rejectUnauthorized: false', async () => {
    await ping(plain, { tls: true, tlsAllowInvalidCertificates: true });
    await ping(plain, { tls: true, tlsInsecure: true });
    await ping(plain, { tls: true, rejectUnauthorized: false });
  });

  it('looks at the name in the certificate, unless told not to', async () => {
    const elsewhere = { tls: true, ca, servername: 'elsewhere.test' };

    assert.match(await refusal(plain, elsewhere), /elsewhere\.test.*TLS handshake with .* failed after/);
    await ping(plain, { ...elsewhere, tlsAllowInvalidHostnames: true });
    await ping(plain, { ...elsewhere, checkServerIdentity: () => undefined });
  });

  it('shows the certificate of tlsCertificateKeyFile, whose key may have a password', async () => {
    await using strict = await TestCluster.start({ seed: 1, tls: { clientCertificates: 'required' } });
    const { authority, client } = strict.tls!;
    const uri = `mongodb://127.0.0.1:${strict.node(0).port}/?tls=true`;
    const encrypted = createPrivateKey(client.key).export({
      type: 'pkcs8',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase: 'secret',
    });
    const file = join(folder, 'client.pem');
    writeFileSync(file, `${client.cert}\n${encrypted.toString()}`);
    const options = { ca: authority.certificate, tlsCertificateKeyFile: file };

    assert.match(await refusal(uri, { ca: authority.certificate }), /certificate required|ECONNRESET|closed/);
    assert.match(await refusal(uri, options), /tlsCertificateKeyFile cannot be used: .*client\.pem/);
    await ping(uri, { ...options, tlsCertificateKeyFilePassword: 'secret' });
    await ping(uri, { ca: authority.certificate, cert: client.cert, key: client.key });
  });

  it('uses a renewed file for its next connection, without a restart', async () => {
    const file = join(folder, 'renewed.pem');
    writeFileSync(file, ca);
    await using renewable = await TestCluster.start({ seed: 1, tls: true });
    writeFileSync(file, renewable.tls?.authority.certificate ?? '');
    await using client = new MongoClient(`mongodb://127.0.0.1:${renewable.node(0).port}/`, {
      serverSelectionTimeoutMS: 30_000,
      heartbeatFrequencyMS: 500,
      tls: true,
      tlsCAFile: file,
    });
    await client.db('admin').command({ ping: 1 });
    const other = new CertificateAuthority('another authority');
    renewable.node(0).useCertificate(other.issue({ commonName: 'server', hosts: ['127.0.0.1'] }), other);
    writeFileSync(file, other.certificate);
    await client.db('admin').command({
      configureFailPoint: 'failCommand',
      mode: { times: 3 },
      data: { failCommands: ['ping'], blockConnection: true, blockTimeMS: 100 },
    });
    const created = new Set<number>();
    client.on('connectionReady', ({ connectionId }) => created.add(connectionId));

    await Promise.all(Array.from({ length: 3 }, () => client.db('admin').command({ ping: 1 })));

    assert.ok(created.size > 0, 'no new connection was made');
  });

  it('fails at once, and names the file, when a file is missing or malformed before it is connected', async () => {
    writeFileSync(join(folder, 'malformed.pem'), 'not a certificate');
    const patient = { tls: true, serverSelectionTimeoutMS: 0, timeoutMS: 0 };
    const events: string[] = [];
    for (const [file, text] of [
      ['none.pem', /^tlsCAFile cannot be read: ENOENT.*none\.pem/],
      ['malformed.pem', /^tlsCAFile cannot be used: .*malformed\.pem/],
    ] as const) {
      await using client = new MongoClient(plain, { ...patient, tlsCAFile: join(folder, file) });
      client.on('serverOpening', () => events.push('serverOpening'));

      for (const attempt of [() => client.connect(), () => client.db('admin').command({ ping: 1 })]) {
        const error = await rejection(attempt());
        assert.equal(error.name, 'MongoInvalidArgumentError');
        assert.match(error.message, text);
      }
    }

    assert.deepEqual(events, []);
  });

  it('ends what waits for its files when it is closed', async () => {
    const client = new MongoClient(plain, { tls: true, tlsCAFile: join(folder, 'ca.pem') });
    const waiting = rejection(client.db('admin').command({ ping: 1 }));
    await client.close();

    assert.equal((await waiting).name, 'MongoClientClosedError');
  });

  it('goes on with what it has read when its files become unreadable, and clears no pool', async () => {
    const file = join(folder, 'passing.pem');
    writeFileSync(file, ca);
    const warnings: string[] = [];
    const onWarning = (warning: Error) => {
      if (warning.name === 'MongoTLSWarning') warnings.push(warning.message);
    };
    process.on('warning', onWarning);
    const events: string[] = [];
    await using client = new MongoClient(plain, { tls: true, tlsCAFile: file });
    client.on('connectionPoolCleared', () => events.push('cleared'));
    client.on('serverHeartbeatFailed', () => events.push('heartbeat failed'));
    await client.connect();
    const created = new Set<number>();
    client.on('connectionReady', ({ connectionId }) => created.add(connectionId));

    for (const damage of [() => writeFileSync(file, ''), () => rmSync(file)]) {
      damage();
      const before = created.size;
      // Connections that are in use at the same time: new ones have to be made.
      const waiting = Array.from({ length: before + 3 }, () =>
        client
          .db('shop')
          .collection('files')
          .aggregate([{ $match: {} }])
          .toArray(),
      );
      await Promise.all(waiting);
      assert.ok(created.size > before, 'no new connection was made');
    }
    process.off('warning', onWarning);

    assert.deepEqual(events, []);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0]!, /tlsCAFile cannot be used: .*passing\.pem is empty/);
  });

  it('names the host it wants (SNI), but no address', async () => {
    const names: (string | false | null)[] = [];
    const { cert, key } = cluster.tls!.authority.issue({ commonName: 'server', hosts: ['localhost', '127.0.0.1'] });
    const server = createTLSServer({ cert, key }, socket => {
      names.push(socket.servername);
      socket.destroy();
    });
    const port = await listen(server);

    await refusal(`mongodb://localhost:${port}/`, { tls: true, ca, family: 4 });
    const named = [...new Set(names.splice(0))];
    await refusal(`mongodb://127.0.0.1:${port}/`, { tls: true, ca });
    server.close();

    assert.deepEqual(named, ['localhost']);
    assert.ok(names.every(name => name !== '127.0.0.1'));
  });

  it(
    'gives up a handshake that takes longer than connectTimeoutMS, and calls that overload',
    paced(async ms => {
      const server = createServer(socket => socket.on('error', () => undefined).resume());
      const port = await listen(server);
      const failures: { phase?: string; isOverload: boolean; message: string }[] = [];
      {
        await using client = new MongoClient(`mongodb://127.0.0.1:${port}/`, {
          serverSelectionTimeoutMS: ms(500),
          tls: true,
          connectTimeoutMS: ms(100),
        });
        client.on('serverHeartbeatFailed', ({ failure }) =>
          failures.push({
            phase: (failure as { phase?: string }).phase ?? '',
            isOverload: (failure as unknown as { errorLabels: string[] }).errorLabels.includes(
              MongoErrorLabel.SystemOverloadedError,
            ),
            message: failure.message,
          }),
        );
        await rejection<MongoServerSelectionError>(client.db('admin').command({ ping: 1 }));
      }
      server.close();

      assert.equal(failures[0]?.phase, 'tls');
      assert.ok(failures[0].isOverload);
      const told = /^Timed out during the TLS handshake with 127\.0\.0\.1:\d+ \(after ([0-9.]+) ms: .*tls [0-9.]+ ms/;
      const after = Number(told.exec(failures[0].message)?.[1]);
      assert.ok(after >= ms(99) && after < ms(200), failures[0].message);
    }),
  );

  it('is told by a server that does not speak TLS', async () => {
    await using clear = await TestCluster.start({ seed: 1 });

    const message = await refusal(`mongodb://127.0.0.1:${clear.node(0).port}/`, { tls: true, connectTimeoutMS: 200 });

    assert.match(message, /TLS handshake with/);
  });
});
