import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type MongoClientOptions, MongoCompatibilityError, type MongoServerError } from 'mongotempo';
import { TestCluster } from 'mongotempo-server';
import { MongoClient } from '../support/checked_client.js';
import { rejection } from '../support/cluster.js';
import { EventLog } from '../support/event_log.js';

const ADMIN = { user: 'admin', password: 'sécret' };

async function withUsers(run: (uri: string, admin: MongoClient) => Promise<void>): Promise<void> {
  await using cluster = await TestCluster.start({ nodes: 1, auth: ADMIN });
  const uri = `mongodb://127.0.0.1:${cluster.node(0).port}/?directConnection=true&serverSelectionTimeoutMS=1000`;
  await using admin = new MongoClient(uri, { auth: { username: ADMIN.user, password: ADMIN.password } });
  await run(uri, admin);
}

async function insertAs(uri: string, options: MongoClientOptions): Promise<void> {
  await using client = new MongoClient(uri, options);
  await client.db('shop').collection('orders').insertOne({});
}

// Authentication, "SCRAM-SHA-256 and mechanism negotiation".
describe('authentication by SCRAM', () => {
  it('logs in users of either mechanism, chosen or negotiated', async () => {
    await withUsers(async (uri, admin) => {
      const mechanisms = ['SCRAM-SHA-1', 'SCRAM-SHA-256'] as const;
      for (const own of [['SCRAM-SHA-1'], ['SCRAM-SHA-256'], mechanisms] as const) {
        const username = `user${own.length}${own[0]}`;
        const command = { createUser: username, pwd: 'pencil', roles: ['root'], mechanisms: own };
        await admin.db('admin').command(command);
        const auth = { username, password: 'pencil' };
        await insertAs(uri, { auth });
        for (const authMechanism of mechanisms) {
          const work = insertAs(uri, { auth, authMechanism });
          if ((own as readonly string[]).includes(authMechanism)) await work;
          else assert.equal((await rejection<MongoServerError>(work)).code, 18);
        }
      }
    });
  });

  it('takes passwords that look different for the same when SASLprep does', async () => {
    await withUsers(async (uri, admin) => {
      for (const [username, pwd] of [
        ['IX', 'IX'],
        ['\u2168', '\u2163'],
      ]) {
        const command = { createUser: username, pwd, roles: ['root'], mechanisms: ['SCRAM-SHA-256'] };
        await admin.db('admin').command(command);
      }

      for (const [username, password] of [
        ['IX', 'IX'],
        ['IX', 'I\u00ADX'],
        ['\u2168', 'IV'],
        ['\u2168', 'I\u00ADV'],
      ] as const) {
        await insertAs(uri, { auth: { username, password } });
        await insertAs(uri.replace('://', `://${encodeURIComponent(username)}:${encodeURIComponent(password)}@`), {});
      }
    });
  });

  it('fails with the words of the server and without the password, for a known user and an unknown one', async () => {
    await withUsers(async uri => {
      for (const username of ['admin', 'nobody']) {
        const error = await rejection<MongoServerError>(insertAs(uri, { auth: { username, password: 'wr0ng' } }));

        assert.equal(error.code, 18);
        assert.match(error.message, /^Authentication failed\. \(authentication at 127\.0\.0\.1:\d+ failed after/);
        assert.doesNotMatch(JSON.stringify(error) + String(error.stack), /wr0ng/);
      }
    });
  });

  it('lets connect fail when the credentials are refused, and only then', async () => {
    await withUsers(async uri => {
      await using right = new MongoClient(uri, { auth: { username: 'admin', password: ADMIN.password } });
      await using wrong = new MongoClient(uri, { auth: { username: 'admin', password: 'wr0ng' } });

      await right.connect();
      assert.equal((await rejection<MongoServerError>(wrong.connect())).code, 18);
      assert.deepEqual(right.poolStats()[0]!.inUse, 0);
    });
  });

  it('takes one round trip beyond the hello, and publishes no command', async () => {
    await withUsers(async uri => {
      await using client = new MongoClient(uri, { auth: { username: 'admin', password: ADMIN.password } });
      const log = new EventLog(client);
      await client.db('shop').command({ ping: 1 });

      assert.deepEqual(
        log.started().map(({ commandName }) => commandName),
        ['ping'],
      );
    });
  });

  it('is there for every connection of the pool', async () => {
    await withUsers(async uri => {
      const auth = { username: 'admin', password: ADMIN.password };
      await using client = new MongoClient(uri, { auth, maxPoolSize: 10 });
      const work = Array.from({ length: 30 }, () => client.db('shop').collection('orders').insertOne({}));

      assert.equal((await Promise.all(work)).length, 30);
    });
  });
});

describe('authentication by X.509 and PLAIN', () => {
  it('logs in by the certificate of the client', async () => {
    await using cluster = await TestCluster.start({ nodes: 1, auth: ADMIN, tls: { clientCertificates: 'optional' } });
    const uri = `mongodb://127.0.0.1:${cluster.node(0).port}/?directConnection=true&serverSelectionTimeoutMS=1000`;
    const { authority, client: issued } = cluster.tls!;
    const tls = { tls: true, ca: authority.certificate } as const;
    {
      await using admin = new MongoClient(uri, {
        ...tls,
        auth: { username: ADMIN.user, password: ADMIN.password },
      });
      await admin.db('$external').command({ createUser: issued.subject, roles: [{ role: 'root', db: 'admin' }] });
    }

    const key = { cert: issued.cert, key: issued.key };
    await insertAs(uri, { ...tls, ...key, authMechanism: 'MONGODB-X509' });
    assert.equal(
      (await rejection<MongoServerError>(insertAs(uri, { ...tls, authMechanism: 'MONGODB-X509' }))).code,
      18,
    );
  });

  it('logs in by PLAIN', async () => {
    await withUsers(async (uri, admin) => {
      const command = { createUser: 'ldap', pwd: 'pencil', roles: [{ role: 'root', db: 'admin' }] };
      await admin.db('$external').command(command);

      await insertAs(uri, { auth: { username: 'ldap', password: 'pencil' }, authMechanism: 'PLAIN' });
      const wrong = insertAs(uri, { auth: { username: 'ldap', password: 'no' }, authMechanism: 'PLAIN' });
      assert.equal((await rejection<MongoServerError>(wrong)).code, 18);
    });
  });

  it('refuses mechanisms that are not there yet, before anything is sent', () => {
    assert.throws(
      () => new MongoClient('mongodb://ann@db1/?authMechanism=GSSAPI'),
      (error: unknown) => error instanceof MongoCompatibilityError && /GSSAPI/.test(error.message),
    );
  });
});
