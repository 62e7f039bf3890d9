// rate-limiter-flexible: points that many consume at a time.
import assert from 'node:assert/strict';
import { MongoClient } from 'mongodb';
import { RateLimiterMongo, RateLimiterRes } from 'rate-limiter-flexible';
import { check, until, uriOf } from '../support/checks.mjs';

const client = new MongoClient(uriOf('limits'));
await client.connect();
const stored = client.db('limits').collection('visits');
const limiter = new RateLimiterMongo({
  storeClient: client,
  dbName: 'limits',
  keyPrefix: 'visits',
  points: 5,
  duration: 60,
});

await check('its indexes are created', async () => {
  await until(async () => (await stored.indexes().catch(() => [])).length === 3);
});
await check('points are consumed', async () => {
  const result = await limiter.consume('a', 2);
  assert.equal(result.consumedPoints, 2);
  assert.equal(result.remainingPoints, 3);
  assert.equal(result.isFirstInDuration, true);
});
await check('get tells what is left', async () => {
  assert.equal((await limiter.get('a')).remainingPoints, 3);
  assert.equal(await limiter.get('none'), null);
});
await check('too many are refused with the rest of the time', async () => {
  const refusal = await limiter.consume('a', 4).then(
    () => null,
    failure => failure,
  );
  assert.ok(refusal instanceof RateLimiterRes);
  assert.ok(refusal.msBeforeNext > 0);
});
await check('of many at a time just as many pass as there are points', async () => {
  const results = await Promise.allSettled(Array.from({ length: 20 }, () => limiter.consume('rush')));
  assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 5);
  assert.ok(
    results.filter(({ status }) => status === 'rejected').every(({ reason }) => reason instanceof RateLimiterRes),
  );
  assert.equal(await stored.countDocuments({ key: 'visits:rush' }), 1);
});
await check('penalty, reward, set, block and delete', async () => {
  assert.equal((await limiter.penalty('b', 2)).consumedPoints, 2);
  assert.equal((await limiter.reward('b', 1)).consumedPoints, 1);
  await limiter.set('b', 4, 60);
  assert.equal((await limiter.get('b')).consumedPoints, 4);
  await limiter.block('b', 60);
  assert.equal((await limiter.get('b')).remainingPoints, 0);
  assert.equal(await limiter.delete('b'), true);
  assert.equal(await limiter.get('b'), null);
});
await check('a limit that has expired begins anew', async () => {
  await stored.updateOne({ key: 'visits:a' }, { $set: { expire: new Date(Date.now() - 1000) } });
  assert.equal((await limiter.consume('a')).consumedPoints, 1);
});
await check('a promise of a client is taken', async () => {
  const second = new MongoClient(uriOf('limits'));
  const late = new RateLimiterMongo({ storeClient: second.connect(), keyPrefix: 'late', points: 1, duration: 1 });
  await until(() => late._collection);
  assert.equal((await late.consume('x')).remainingPoints, 0);
  await until(async () => (await second.db('node-rate-limiter-flexible').collection('late').indexes()).length === 3);
  await second.close();
});
await check('a database is taken as a client', async () => {
  const own = new RateLimiterMongo({
    storeClient: client.db('limits'),
    keyPrefix: 'db',
    points: 1,
    duration: 1,
    disableIndexesCreation: true,
  });
  assert.equal((await own.consume('x')).remainingPoints, 0);
});
await check('an insurance limiter steps in when the deployment is gone', async () => {
  const gone = new MongoClient('mongodb://127.0.0.1:1/?directConnection=true', { serverSelectionTimeoutMS: 50 });
  const insured = new RateLimiterMongo({
    storeClient: gone,
    keyPrefix: 'gone',
    points: 1,
    duration: 1,
    disableIndexesCreation: true,
    insuranceLimiter: limiter,
  });
  assert.equal((await insured.consume('insured')).remainingPoints, 4);
  await gone.close();
});
await client.close();
