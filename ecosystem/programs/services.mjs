// Five services, as they are with the official driver, and with nothing changed but the name that they import.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { check, driver, until, uri } from '../support/checks.mjs';

await check('every service imports the driver of this run, and no other', () => {
  for (const name of readdirSync('services')) {
    const imports = [...readFileSync(`services/${name}`, 'utf8').matchAll(/from '(mongodb|mongotempo)'/g)];
    assert.deepEqual(
      imports.map(([, from]) => from),
      [driver],
      name,
    );
  }
});

// ── Express
const { startOrders } = await import('../services/http_api.mjs');
const { MongoClient } = await import(driver);
const seed = new MongoClient(uri);
await seed.db('service').collection('stock').insertOne({ _id: 'lamp', left: 5 });
const orders = await startOrders(uri);
const send = async (method, path, body) => {
  const response = await fetch(orders.url + path, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return [response.status, text === '' ? null : JSON.parse(text)];
};
let order;
await check('Express: an order is made in a transaction', async () => {
  const [status, made] = await send('POST', '/orders', { number: 1, item: 'lamp', count: 2 });
  assert.equal(status, 201);
  order = made;
  assert.equal((await seed.db('service').collection('stock').findOne({ _id: 'lamp' })).left, 3);
});
await check('Express: an order that the stock cannot fill changes nothing', async () => {
  assert.deepEqual(await send('POST', '/orders', { number: 2, item: 'lamp', count: 9 }), [
    409,
    { error: 'not enough in stock' },
  ]);
});
await check('Express: a duplicate is 409, and its transaction takes nothing from the stock', async () => {
  const answer = await send('POST', '/orders', { number: 1, item: 'lamp', count: 1 });
  assert.deepEqual(answer, [409, { error: 'duplicate', key: { number: 1 } }]);
  assert.equal((await seed.db('service').collection('stock').findOne({ _id: 'lamp' })).left, 3);
});
await check('Express: an order is read by its id, and others are 400 and 404', async () => {
  assert.equal((await send('GET', `/orders/${order._id}`))[1].number, 1);
  assert.equal((await send('GET', '/orders/xyz'))[0], 400);
  assert.equal((await send('GET', '/orders/000000000000000000000000'))[0], 404);
});
await check('Express: pages follow each other', async () => {
  for (const number of [3, 4]) await send('POST', '/orders', { number, item: 'lamp', count: 1 });
  const [, page] = await send('GET', '/orders');
  assert.deepEqual(
    page.map(({ number }) => number),
    [1, 3],
  );
  const [, rest] = await send('GET', `/orders?after=${page[1]._id}`);
  assert.deepEqual(
    rest.map(({ number }) => number),
    [4],
  );
});
await check('Express: patch, report and delete', async () => {
  assert.equal((await send('PATCH', `/orders/${order._id}`, { note: 'gift' }))[1].note, 'gift');
  assert.deepEqual((await send('GET', '/report'))[1], [{ _id: 'lamp', sold: 4 }]);
  assert.equal((await send('DELETE', `/orders/${order._id}`))[0], 204);
  assert.equal((await send('DELETE', `/orders/${order._id}`))[0], 404);
});
await check('Express: fifty requests at a time are answered', async () => {
  const answers = await Promise.all(Array.from({ length: 50 }, () => send('GET', '/orders')));
  assert.ok(answers.every(([status]) => status === 200));
});
await check('Express: stops', () => orders.stop());

// ── Worker queue
const { openQueue } = await import('../services/worker_queue.mjs');
const queue = await openQueue(uri, { leaseMS: 20 });
await check('queue: jobs are added', async () => {
  assert.equal(await queue.add(Array.from({ length: 40 }, (_, n) => ({ n }))), 40);
});
await check('queue: each job is done once by one of four workers', async () => {
  const done = [];
  const long = await openQueue(uri);
  await Promise.all(['a', 'b', 'c', 'd'].map(worker => long.work(worker, async ({ n }) => void done.push(n))));
  await long.close();
  assert.deepEqual(
    done.toSorted((a, b) => a - b),
    Array.from({ length: 40 }, (_, n) => n),
  );
  assert.deepEqual(await queue.counts(), { done: 40 });
});
await check('queue: a job that fails is tried three times', async () => {
  await queue.add([{ n: 'bad' }]);
  let tries = 0;
  const long = await openQueue(uri);
  await long.work('e', () => Promise.reject(new Error(`try ${++tries}`)));
  await long.close();
  assert.equal(tries, 3);
  assert.deepEqual(await queue.counts(), { done: 40, failed: 1 });
});
await check('queue: a job of a worker that died is taken over, and the dead one cannot finish it', async () => {
  await queue.add([{ n: 'left' }]);
  const dead = await queue.claim('dead');
  const taken = await until(async () => (await queue.claim('heir')) ?? undefined);
  assert.equal(String(taken._id), String(dead._id));
  assert.equal(taken.tried, 2);
  assert.equal(await queue.finish(dead, 'late'), false);
  assert.equal(await queue.finish(taken, 'ok'), true);
});
await check('queue: the same key is added once', async () => {
  await queue.add([{ key: 'k' }]);
  await assert.rejects(queue.add([{ key: 'k' }, { key: 'l' }]), { code: 11000 });
  assert.equal((await queue.counts()).waiting, 2);
});
await check('queue: closes', () => queue.close());

// ── Consumer of a change stream
const { startConsumer } = await import('../services/change_consumer.mjs');
const source = seed.db('service').collection('source');
await seed.db('service').createCollection('source');
let applied = [];
let consumer = await startConsumer(uri, 'source', type => applied.push(type));
await check('consumer: inserts, updates and deletes reach the copy, in order', async () => {
  await source.insertMany([
    { _id: 1, n: 1 },
    { _id: 2, n: 2 },
  ]);
  await source.updateOne({ _id: 1 }, { $set: { n: 10 } });
  await source.deleteOne({ _id: 2 });
  await until(() => applied.length >= 4);
  assert.deepEqual(applied, ['insert', 'insert', 'update', 'delete']);
  assert.deepEqual(await consumer.copy(), [{ _id: 1, n: 10 }]);
});
await check('consumer: what happens while it is down is not lost, and nothing comes twice', async () => {
  await consumer.stop();
  await source.insertOne({ _id: 3, n: 3 });
  await source.replaceOne({ _id: 1 }, { n: 11 });
  applied = [];
  consumer = await startConsumer(uri, 'source', type => applied.push(type));
  await source.insertOne({ _id: 4, n: 4 });
  await until(() => applied.length >= 3);
  assert.deepEqual(applied, ['insert', 'replace', 'insert']);
  assert.deepEqual(
    (await consumer.copy()).map(({ n }) => n),
    [11, 3, 4],
  );
});
await check('consumer: it survives an election', async () => {
  applied = [];
  await seed
    .db('admin')
    .command({ replSetStepDown: 1, force: true })
    .catch(() => {});
  await source.insertOne({ _id: 5, n: 5 });
  await until(() => applied.length >= 1);
  assert.deepEqual(applied, ['insert']);
});
await check('consumer: stops', () => consumer.stop());

// ── Files
const { startFiles } = await import('../services/file_store.mjs');
const files = await startFiles(uri);
const data = randomBytes(300_000);
const put = async (name, body) => {
  const response = await fetch(`${files.url}/${name}`, {
    method: 'PUT',
    body,
    headers: { 'content-type': 'image/png' },
  });
  return [response.status, await response.json()];
};
const get = async path => Buffer.from(await (await fetch(`${files.url}/${path}`)).arrayBuffer());
let file;
await check('files: an upload is stored', async () => {
  const [status, stored] = await put('a.png', data);
  assert.equal(status, 201);
  assert.equal(stored.length, 300_000);
  assert.equal(stored.sha256, createHash('sha256').update(data).digest('hex'));
  file = stored;
});
await check('files: a download is the same', async () => assert.ok((await get('a.png')).equals(data)));
await check('files: a part across chunks', async () => {
  assert.ok((await get('a.png?start=60000&end=140000')).equals(data.subarray(60_000, 140_000)));
});
await check('files: revisions', async () => {
  await put('a.png', Buffer.from('second'));
  assert.equal((await get('a.png')).toString(), 'second');
  assert.equal((await get('a.png?revision=0')).length, 300_000);
});
await check('files: an empty one', async () => {
  await put('empty', Buffer.alloc(0));
  assert.equal((await get('empty')).length, 0);
});
await check('files: a list', async () => {
  const listed = await (await fetch(`${files.url}/`)).json();
  assert.deepEqual(listed, [
    { filename: 'a.png', length: 300_000, metadata: { type: 'image/png' } },
    { filename: 'a.png', length: 6, metadata: { type: 'image/png' } },
    { filename: 'empty', length: 0, metadata: { type: 'image/png' } },
  ]);
});
await check('files: rename and delete', async () => {
  assert.equal((await fetch(`${files.url}/${file.id}?to=b.png`, { method: 'PATCH' })).status, 204);
  assert.equal((await get('b.png')).length, 300_000);
  assert.equal((await fetch(`${files.url}/${file.id}`, { method: 'DELETE' })).status, 204);
  assert.equal((await fetch(`${files.url}/${file.id}`, { method: 'DELETE' })).status, 404);
});
await check('files: one that is not there is 404', async () => {
  assert.equal((await fetch(`${files.url}/none`)).status, 404);
});
await check('files: eight uploads at a time', async () => {
  const answers = await Promise.all(Array.from({ length: 8 }, (_, n) => put(`many${n}`, data)));
  assert.ok(answers.every(([status, { length }]) => status === 201 && length === 300_000));
});
await check('files: stops', () => files.stop());

// ── Typed repository
await check('repository: its types hold', () => {
  const args = [
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'es2023',
    '--types',
    'node',
    '--lib',
    'es2023,esnext.disposable',
  ];
  execFileSync(
    process.execPath,
    ['node_modules/typescript/bin/tsc', ...args, '--outDir', 'compiled', 'services/repository.ts'],
    {
      stdio: 'pipe',
      encoding: 'utf8',
    },
  );
});
const repository = await import('../compiled/repository.js').catch(error => ({ error }));
const { customers, averageAge, close } = (await repository.openCustomers?.(uri)) ?? {};
const customer = {
  email: 'a@example.org',
  name: { first: 'A', last: 'B' },
  age: 30,
  tags: ['x'],
  createdAt: new Date(0),
};
let id;
await check('repository: add and get', async () => {
  id = await customers.add({ ...customer });
  assert.deepEqual(await customers.get(id.toHexString()), { _id: id, ...customer });
});
await check('repository: a duplicate is an error of its own, with its cause', async () => {
  const error = await customers.add({ ...customer }).then(
    () => null,
    failure => failure,
  );
  assert.ok(error instanceof repository.Duplicate);
  assert.equal(error.cause.code, 11000);
});
await check('repository: find, update, average and remove', async () => {
  assert.equal((await customers.find({ 'name.first': 'A', tags: 'x' })).length, 1);
  assert.equal((await customers.update(id, { $inc: { age: 2 }, $push: { tags: 'y' } })).age, 32);
  assert.equal(await averageAge(), 32);
  assert.equal(await customers.remove(id), true);
  assert.equal(await customers.get(id), null);
});
await check('repository: closes', () => close());
await seed.close();
