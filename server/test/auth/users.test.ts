import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AuthMechanism, type Document, MongoClient } from 'mongodb';
import { type TestCluster } from '../../src/index.js';
import { serverError, withCluster } from '../support/with_cluster.js';

const root = { user: 'root', password: 'secret' } as const;
const asRoot = { auth: { username: root.user, password: root.password } };

async function logIn(
  cluster: TestCluster,
  user: { name: string; password: string; source?: string; mechanism?: string },
): Promise<Document> {
  const client = new MongoClient(new URL(cluster.uri).href, {
    auth: { username: user.name, password: user.password },
    authSource: user.source ?? 'admin',
    ...(user.mechanism === undefined ? {} : { authMechanism: user.mechanism as AuthMechanism }),
  });
  try {
    const { authInfo } = await client.db('admin').command({ connectionStatus: 1 });
    return authInfo as Document;
  } finally {
    await client.close();
  }
}

/** A user of root only sees to it that clients have to authenticate; a URI without a user is what tests need. */
async function withAuth(run: (client: MongoClient, cluster: TestCluster) => Promise<void>): Promise<void> {
  await withCluster({ topology: 'standalone', auth: root, client: asRoot }, run);
}

describe('authentication', () => {
  for (const mechanism of ['SCRAM-SHA-1', 'SCRAM-SHA-256']) {
    it(`lets in who knows the password by ${mechanism}`, () =>
      withAuth(async (client, cluster) => {
        await client.db('shop').command({ createUser: 'ann', pwd: 'pencil', roles: ['readWrite'] });
        const { authenticatedUsers } = await logIn(cluster, {
          ...{ name: 'ann', password: 'pencil', source: 'shop', mechanism },
        });
        assert.deepEqual(authenticatedUsers, [{ user: 'ann', db: 'shop' }]);
        const wrong = await serverError(logIn(cluster, { name: 'ann', password: 'pen', source: 'shop', mechanism }));
        assert.deepEqual([wrong.code, wrong.codeName], [18, 'AuthenticationFailed']);
      }));
  }

  it('tells which mechanisms a user has, so that the best of them is taken', () =>
    withAuth(async (client, cluster) => {
      await client.db('admin').command({ createUser: 'old', pwd: 'x', roles: [], mechanisms: ['SCRAM-SHA-1'] });
      await logIn(cluster, { name: 'old', password: 'x' });
      const hello = await client.db('admin').command({ hello: 1, saslSupportedMechs: 'admin.old' });
      assert.deepEqual(hello['saslSupportedMechs'], ['SCRAM-SHA-1']);
      const refused = await serverError(logIn(cluster, { name: 'old', password: 'x', mechanism: 'SCRAM-SHA-256' }));
      assert.ok(refused.code === 18 || refused.code === 334, String(refused.code));
    }));

  it('refuses a user that is not there like one with a wrong password', () =>
    withAuth(async (_client, cluster) => {
      const error = await serverError(logIn(cluster, { name: 'nobody', password: 'x' }));
      assert.deepEqual([error.code, error.message], [18, 'Authentication failed.']);
    }));

  it('is wanted for everything but the handshake', () =>
    withAuth(async (_client, cluster) => {
      const { hostname, port } = new URL(cluster.uri);
      const stranger = new MongoClient(`mongodb://${hostname}:${port}/`);
      try {
        const error = await serverError(stranger.db('d').collection('c').findOne());
        assert.deepEqual([error.code, error.message], [13, 'Command find requires authentication']);
        assert.equal((await stranger.db('admin').command({ ping: 1 }))['ok'], 1);
      } finally {
        await stranger.close();
      }
    }));
});

describe('users', () => {
  it('are created, shown without their password, changed and dropped', () =>
    withAuth(async (client, cluster) => {
      const shop = client.db('shop');
      await shop.command({ createUser: 'ann', pwd: 'a', roles: [{ role: 'read', db: 'shop' }], customData: { n: 1 } });
      const { users } = await shop.command({ usersInfo: 'ann' });
      const [{ userId: _, ...shown } = {}] = users as Document[];
      assert.deepEqual(shown, {
        ...{ _id: 'shop.ann', user: 'ann', db: 'shop', customData: { n: 1 } },
        ...{ roles: [{ role: 'read', db: 'shop' }], mechanisms: ['SCRAM-SHA-1', 'SCRAM-SHA-256'] },
      });

      await shop.command({ updateUser: 'ann', pwd: 'b' });
      await logIn(cluster, { name: 'ann', password: 'b', source: 'shop' });
      assert.equal((await serverError(logIn(cluster, { name: 'ann', password: 'a', source: 'shop' }))).code, 18);

      await shop.command({ dropUser: 'ann' });
      assert.deepEqual((await shop.command({ usersInfo: 1 }))['users'], []);
    }));

  it('are refused when they are wrong', () =>
    withAuth(async client => {
      const shop = client.db('shop');
      const code = async (command: Document): Promise<unknown> => (await serverError(shop.command(command))).code;
      await shop.command({ createUser: 'ann', pwd: 'a', roles: [] });
      assert.equal(await code({ createUser: 'ann', pwd: 'a', roles: [] }), 51_003);
      assert.equal(await code({ createUser: 'bob', roles: [] }), 2);
      assert.equal(await code({ createUser: 'bob', pwd: 'b' }), 40_414);
      assert.equal(await code({ createUser: 'bob', pwd: 'b', roles: [], mechanisms: ['MD5'] }), 2);
      assert.equal(await code({ updateUser: 'bob', pwd: 'b' }), 11);
      assert.equal(await code({ dropUser: 'bob' }), 11);
      assert.equal((await shop.command({ dropAllUsersFromDatabase: 1 }))['n'], 1);
    }));
});
