// Agenda 6 with its MongoDB backend: jobs that are scheduled, repeated, locked, retried, queried and removed.
import assert from 'node:assert/strict';
import { MongoBackend } from '@agendajs/mongo-backend';
import { Agenda } from 'agenda';
import { MongoClient } from 'mongodb';
import { check, until, uriOf } from '../support/checks.mjs';

const client = new MongoClient(uriOf('agenda'));
const jobs = client.db().collection('agendaJobs');
const backendOf = rest => new MongoBackend({ mongo: client.db(), ...rest });
const agenda = new Agenda({ backend: backendOf(), processEvery: 50, name: 'worker 1' });
const done = [];
agenda.define('greet', async job => void done.push(job.attrs.data.name));
agenda.define('fail', async () => Promise.reject(new Error('no luck')));
agenda.define('slow', () => new Promise(resolve => setTimeout(resolve, 50)), { concurrency: 2, lockLifetime: 5000 });
agenda.define('tick', async () => void done.push('tick'));

await check('becomes ready', () => agenda.ready);
await check('creates its index', async () => {
  const names = (await jobs.indexes()).map(({ name }) => name);
  assert.ok(names.length >= 2);
});
await check('starts', () => agenda.start());
await check('now runs a job once, with its data', async () => {
  await agenda.now('greet', { name: 'Ada' });
  await until(() => done.includes('Ada'));
  assert.equal(done.filter(name => name === 'Ada').length, 1);
});
await check('schedule runs a job later', async () => {
  await agenda.schedule(new Date(Date.now() + 100), 'greet', { name: 'Bo' });
  await until(() => done.includes('Bo'));
});
await check('every repeats a job', async () => {
  await agenda.every('0.1 seconds', 'tick');
  await until(() => done.filter(name => name === 'tick').length >= 2);
});
await check('every of the same name makes one job', async () => {
  await agenda.every('0.2 seconds', 'tick');
  assert.equal(await jobs.countDocuments({ name: 'tick' }), 1);
});
await check('cancel removes jobs', async () => {
  assert.equal(await agenda.cancel({ name: 'tick' }), 1);
  assert.equal(await jobs.countDocuments({ name: 'tick' }), 0);
});
await check('a job that fails keeps its reason', async () => {
  const failed = new Promise(resolve => agenda.once('fail:fail', (error, job) => resolve([error, job])));
  await agenda.now('fail');
  const [error] = await failed;
  assert.equal(error.message, 'no luck');
  await until(async () => (await jobs.findOne({ name: 'fail' }))?.failReason);
  assert.equal((await jobs.findOne({ name: 'fail' })).failReason, 'no luck');
});
await check('unique makes one job of two', async () => {
  const at = new Date(Date.now() + 3_600_000);
  for (let nth = 0; nth < 2; nth++) {
    await agenda.create('greet', { name: 'Uma' }).unique({ 'data.name': 'Uma' }).schedule(at).save();
  }
  assert.equal(await jobs.countDocuments({ 'data.name': 'Uma' }), 1);
});
await check('priority and lastRunAt are stored', async () => {
  const job = await agenda
    .create('greet', { name: 'Pia' })
    .priority('high')
    .schedule(new Date(Date.now() + 3_600_000))
    .save();
  const stored = await jobs.findOne({ 'data.name': 'Pia' });
  assert.equal(stored.priority, 10);
  assert.equal(String(job.attrs._id), String(stored._id));
});
await check('disable keeps a job from running', async () => {
  await agenda.create('greet', { name: 'Dan' }).disable().schedule(new Date()).save();
  await agenda.now('greet', { name: 'Eve' });
  await until(() => done.includes('Eve'));
  assert.ok(!done.includes('Dan'));
  assert.equal((await agenda.enable({ name: 'greet' })) >= 1, true);
  await until(() => done.includes('Dan'));
});
await check('two workers run each job once', async () => {
  const second = new Agenda({ backend: backendOf({ ensureIndex: false }), processEvery: 50, name: 'worker 2' });
  const seen = [];
  agenda.define('shared', async job => void seen.push(job.attrs.data.n));
  second.define('shared', async job => void seen.push(job.attrs.data.n));
  await second.start();
  await Promise.all(Array.from({ length: 20 }, (_, n) => agenda.now('shared', { n })));
  await until(() => seen.length >= 20);
  await second.stop(false);
  assert.deepEqual(
    seen.toSorted((a, b) => a - b),
    Array.from({ length: 20 }, (_, n) => n),
  );
});
await check('locks are let go after a run', async () => {
  await agenda.now('slow');
  await until(async () => {
    const job = await jobs.findOne({ name: 'slow' });
    return job?.lastFinishedAt !== undefined && job.lockedAt === null;
  });
});
await check('queryJobs counts, filters and sorts', async () => {
  const { jobs: found, total } = await agenda.queryJobs({ name: 'shared', limit: 5 });
  assert.equal(found.length, 5);
  assert.equal(total, 20);
});
await check('getJobsOverview groups by name', async () => {
  const overview = await agenda.getJobsOverview();
  assert.equal(overview.find(({ name }) => name === 'shared').total, 20);
});
await check('purge removes jobs that have no definition', async () => {
  await jobs.insertOne({ name: 'old' });
  assert.equal(await agenda.purge(), 1);
});
await check('a backend connects by an address of its own', async () => {
  const own = new Agenda({ backend: new MongoBackend({ address: uriOf('agenda2'), collection: 'own' }) });
  await own.ready;
  own.define('x', async () => {});
  await own.start();
  await own.now('x');
  assert.equal(await client.db('agenda2').collection('own').countDocuments(), 1);
  await own.stop();
});
await check('drain and stop end what runs', async () => {
  await agenda.drain({ timeout: 5000, closeConnection: false });
  await agenda.stop(false);
});
await client.close();
// Agenda leaves a timer for each job that has run.
process.exit();
