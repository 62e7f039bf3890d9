// @auth/mongodb-adapter: users, accounts, sessions and verification tokens of Auth.js.
import assert from 'node:assert/strict';
import { MongoDBAdapter } from '@auth/mongodb-adapter';
import { MongoClient, ObjectId } from 'mongodb';
import { check, uriOf } from '../support/checks.mjs';

const client = new MongoClient(uriOf('auth'));
let closed = 0;
const adapters = {
  'a client': MongoDBAdapter(client, { databaseName: 'auth1' }),
  'a promise of a client': MongoDBAdapter(client.connect(), { databaseName: 'auth2' }),
  'a function': MongoDBAdapter(async () => new MongoClient(uriOf('auth')).connect(), {
    databaseName: 'auth3',
    onClose: async own => {
      closed++;
      await own.close();
    },
  }),
};
const expires = new Date(Date.now() + 3_600_000);

for (const [what, adapter] of Object.entries(adapters)) {
  let user;
  await check(`${what}: a user is created, with an id that is a string`, async () => {
    user = await adapter.createUser({
      id: crypto.randomUUID(),
      name: 'Ada',
      email: 'ada@example.org',
      emailVerified: null,
    });
    assert.ok(ObjectId.isValid(user.id));
  });
  await check(`${what}: a user is found by id and by address`, async () => {
    assert.equal((await adapter.getUser(user.id)).name, 'Ada');
    assert.equal((await adapter.getUserByEmail('ada@example.org')).id, user.id);
    assert.equal(await adapter.getUser(new ObjectId().toHexString()), null);
  });
  await check(`${what}: a user is updated`, async () => {
    const updated = await adapter.updateUser({ id: user.id, name: 'Ada L.', emailVerified: expires });
    assert.equal(updated.name, 'Ada L.');
    assert.equal(updated.email, 'ada@example.org');
  });
  await check(`${what}: an account leads to its user`, async () => {
    await adapter.linkAccount({ userId: user.id, provider: 'p', providerAccountId: '1', type: 'oauth' });
    assert.equal((await adapter.getUserByAccount({ provider: 'p', providerAccountId: '1' })).id, user.id);
  });
  await check(`${what}: a session is created, found, updated and deleted`, async () => {
    await adapter.createSession({ sessionToken: 't', userId: user.id, expires });
    const found = await adapter.getSessionAndUser('t');
    assert.equal(found.user.id, user.id);
    assert.equal(found.session.userId, user.id);
    const later = new Date(expires.getTime() + 1000);
    assert.deepEqual((await adapter.updateSession({ sessionToken: 't', expires: later })).expires, later);
    await adapter.deleteSession('t');
    assert.equal(await adapter.getSessionAndUser('t'), null);
  });
  await check(`${what}: a verification token is used once`, async () => {
    await adapter.createVerificationToken({ identifier: 'ada@example.org', token: 'v', expires });
    const used = await adapter.useVerificationToken({ identifier: 'ada@example.org', token: 'v' });
    assert.deepEqual(used, { identifier: 'ada@example.org', token: 'v', expires });
    assert.equal(await adapter.useVerificationToken({ identifier: 'ada@example.org', token: 'v' }), null);
  });
  await check(`${what}: an account is unlinked, and a user deleted with all that is theirs`, async () => {
    await adapter.unlinkAccount({ provider: 'p', providerAccountId: '1' });
    assert.equal(await adapter.getUserByAccount({ provider: 'p', providerAccountId: '1' }), null);
    await adapter.createSession({ sessionToken: 'u', userId: user.id, expires });
    await adapter.deleteUser(user.id);
    assert.equal(await adapter.getUser(user.id), null);
    assert.equal(await adapter.getSessionAndUser('u'), null);
  });
}
await check('a client of a function is closed after each call', () => assert.ok(closed >= 10));
await client.close();
