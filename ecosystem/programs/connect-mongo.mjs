// connect-mongo: a session store for Express, by its methods and by requests.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { MongoStore } from 'connect-mongo';
import express from 'express';
import session from 'express-session';
import { MongoClient } from 'mongodb';
import { check, until, uriOf } from '../support/checks.mjs';

const client = new MongoClient(uriOf('sessions'));
const stored = client.db().collection('sessions');
const cookie = { originalMaxAge: null, path: '/' };
const promised = store =>
  Object.fromEntries(
    ['get', 'set', 'touch', 'all', 'destroy', 'length', 'clear'].map(name => [
      name,
      promisify(store[name].bind(store)),
    ]),
  );

const store = MongoStore.create({ mongoUrl: uriOf('sessions'), collectionName: 'sessions', ttl: 60 });
const { get, set, touch, all, destroy, length, clear } = promised(store);

await check('set and get', async () => {
  await set('a', { cookie, user: 'Ada' });
  assert.equal((await get('a')).user, 'Ada');
});
await check('a session that is not there', async () => assert.equal((await get('none')) ?? null, null));
await check('an index removes what has expired', async () => {
  await until(async () => (await stored.indexes()).some(({ expireAfterSeconds }) => expireAfterSeconds === 0));
});
await check('events tell creation, update and destruction', async () => {
  const heard = [];
  for (const name of ['create', 'update', 'destroy']) store.on(name, sid => heard.push(`${name} ${sid}`));
  await set('b', { cookie });
  await set('b', { cookie, again: true });
  await destroy('b');
  assert.deepEqual(heard, ['create b', 'update b', 'destroy b']);
});
await check('touch moves the end of a session', async () => {
  const before = (await stored.findOne({ _id: 'a' })).expires;
  await touch('a', { cookie: { ...cookie, expires: new Date(Date.now() + 3_600_000) } });
  assert.ok((await stored.findOne({ _id: 'a' })).expires > before);
});
await check('touch of a session that is not there fails', async () => {
  await assert.rejects(touch('none', { cookie }));
});
await check('all, length and clear', async () => {
  await set('c', { cookie, user: 'Cy' });
  assert.equal((await all()).length, 2);
  assert.equal(await length(), 2);
  await clear();
  assert.equal(await length(), 0);
});
await check('close closes the client that the store made', () => store.close());
await check('touchAfter saves writes', async () => {
  const lazy = MongoStore.create({ client, collectionName: 'lazy', touchAfter: 3600, autoRemove: 'disabled' });
  const methods = promised(lazy);
  await methods.set('l', { cookie });
  const loaded = await methods.get('l');
  assert.ok(loaded.lastModified instanceof Date);
  const before = await client.db().collection('lazy').findOne({ _id: 'l' });
  await methods.touch('l', loaded);
  assert.deepEqual(await client.db().collection('lazy').findOne({ _id: 'l' }), before);
});
await check('a promise of a client is taken, and stringify can be off', async () => {
  const own = MongoStore.create({
    clientPromise: Promise.resolve(client),
    collectionName: 'plain',
    stringify: false,
    autoRemove: 'disabled',
  });
  await promised(own).set('p', { cookie, list: [1, 2] });
  assert.deepEqual((await client.db().collection('plain').findOne({ _id: 'p' })).session.list, [1, 2]);
});
await check('a session is stored with the write concern of writeOperationOptions', async () => {
  const own = MongoStore.create({
    client,
    collectionName: 'careful',
    writeOperationOptions: { w: 'majority' },
    autoRemove: 'disabled',
  });
  await promised(own).set('w', { cookie });
  assert.equal(await client.db().collection('careful').countDocuments(), 1);
});
await check('a visitor keeps a session over requests', async () => {
  const web = MongoStore.create({ client, collectionName: 'web', autoRemove: 'disabled' });
  const app = express().use(session({ secret: 's', resave: false, saveUninitialized: true, store: web }));
  app.get('/', (request, response) => {
    request.session.views = (request.session.views ?? 0) + 1;
    response.json(request.session.views);
  });
  app.get('/out', (request, response) => request.session.destroy(() => response.json('out')));
  const server = app.listen(0);
  await once(server, 'listening');
  const url = `http://127.0.0.1:${server.address().port}`;
  const first = await fetch(url);
  const headers = { cookie: first.headers.get('set-cookie').split(';')[0] };
  assert.equal(await first.json(), 1);
  assert.equal(await (await fetch(url, { headers })).json(), 2);
  await fetch(`${url}/out`, { headers });
  assert.equal(await client.db().collection('web').countDocuments(), 0);
  server.closeAllConnections();
  await promisify(server.close.bind(server))();
});
await client.close();
