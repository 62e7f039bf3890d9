// The driver itself on another runtime: what a small service does with it.
import assert from 'node:assert/strict';
import mongodb, {
  Binary,
  Decimal128,
  GridFSBucket,
  Long,
  MongoBulkWriteError,
  MongoClient,
  MongoServerError,
  MongoServerSelectionError,
  ObjectId,
  UUID,
} from 'mongodb';
import { check, until, uriOf } from '../support/checks.mjs';

const client = new MongoClient(uriOf('runtime'), { compressors: ['zlib'], monitorCommands: true });
const things = client.db().collection('things');

await check('connects', () => client.connect());
await check('the default export has the same classes', () => assert.equal(mongodb.MongoClient, MongoClient));
await check('every type of BSON goes there and back', async () => {
  const document = {
    _id: new ObjectId(),
    text: 'ä€😀',
    number: 1.5,
    long: Long.fromString('9007199254740993'),
    decimal: Decimal128.fromString('0.1'),
    date: new Date(1e12),
    bytes: new Binary(new Uint8Array([1, 2, 3])),
    uuid: new UUID(),
    pattern: /x/i,
    list: [1, 'two', null],
    deep: { a: { b: true } },
  };
  await things.insertOne(document);
  const found = await things.findOne({ _id: document._id }, { promoteLongs: false });
  assert.equal(found.text, document.text);
  assert.ok(found.long.equals(document.long));
  assert.equal(found.decimal.toString(), '0.1');
  assert.equal(found.date.getTime(), 1e12);
  assert.deepEqual([...found.bytes.buffer], [1, 2, 3]);
  assert.equal(found.uuid.toString(), document.uuid.toString());
  assert.equal(found.pattern.source, 'x');
  assert.deepEqual(found.deep, { a: { b: true } });
});
await check('many documents in batches', async () => {
  await things.insertMany(Array.from({ length: 1000 }, (_, n) => ({ n })));
  let sum = 0;
  for await (const { n } of things.find({ n: { $exists: true } }).batchSize(100)) sum += n;
  assert.equal(sum, 499_500);
});
await check('updates, deletes and counts', async () => {
  assert.equal((await things.updateMany({ n: { $lt: 10 } }, { $set: { small: true } })).modifiedCount, 10);
  assert.equal((await things.deleteMany({ small: true })).deletedCount, 10);
  assert.equal(await things.countDocuments({ n: { $gte: 0 } }), 990);
});
await check('aggregation', async () => {
  const [row] = await things
    .aggregate([{ $match: { n: { $gte: 990 } } }, { $group: { _id: null, s: { $sum: '$n' } } }])
    .toArray();
  assert.equal(row.s, 9945);
});
await check('errors of servers and of bulk writes have their classes', async () => {
  await things.insertOne({ _id: 'one' });
  await assert.rejects(things.insertOne({ _id: 'one' }), MongoServerError);
  await assert.rejects(things.insertMany([{ _id: 'two' }, { _id: 'one' }]), MongoBulkWriteError);
});
await check('a transaction', async () => {
  await client.withSession(session => session.withTransaction(() => things.insertOne({ _id: 'tx' }, { session })));
  assert.ok(await things.findOne({ _id: 'tx' }));
});
await check('a change stream', async () => {
  const stream = things.watch();
  assert.equal(await stream.tryNext(), null);
  await things.insertOne({ _id: 'seen' });
  assert.equal((await stream.next()).documentKey._id, 'seen');
  await stream.close();
});
await check('a change stream as an emitter', async () => {
  const { operationTime } = await client.db().command({ ping: 1 });
  const startAtOperationTime = new mongodb.Timestamp({ t: operationTime.t, i: operationTime.i + 1 });
  const stream = things.watch([], { startAtOperationTime });
  const change = new Promise((resolve, reject) => stream.once('change', resolve).once('error', reject));
  await things.insertOne({ _id: 'heard' });
  assert.equal((await change).documentKey._id, 'heard');
  await stream.close();
});
await check('GridFS', async () => {
  const bucket = new GridFSBucket(client.db(), { chunkSizeBytes: 1000 });
  const upload = bucket.openUploadStream('file');
  const data = new Uint8Array(2500).fill(7);
  await new Promise((resolve, reject) => upload.on('finish', resolve).on('error', reject).end(data));
  let length = 0;
  for await (const chunk of bucket.openDownloadStream(upload.id)) length += chunk.length;
  assert.equal(length, 2500);
});
await check('a signal ends an operation', async () => {
  const controller = new AbortController();
  controller.abort(new Error('enough'));
  await assert.rejects(things.find({}, { signal: controller.signal }).toArray());
});
await check('events of commands', async () => {
  const names = [];
  client.on('commandSucceeded', ({ commandName }) => names.push(commandName));
  await client.db().command({ ping: 1 });
  assert.deepEqual(names, ['ping']);
});
await check('a hundred operations at a time', async () => {
  const found = await Promise.all(Array.from({ length: 100 }, (_, n) => things.findOne({ n: 100 + n })));
  assert.ok(found.every(({ n }, index) => n === 100 + index));
});
await check('a stream of documents', async () => {
  let seen = 0;
  await new Promise((resolve, reject) => {
    things
      .find({ n: { $gte: 0 } })
      .stream()
      .on('data', () => seen++)
      .on('end', resolve)
      .on('error', reject);
  });
  assert.equal(seen, 990);
});
await check('no server to select', async () => {
  const lost = new MongoClient('mongodb://127.0.0.1:1/', { serverSelectionTimeoutMS: 100 });
  await assert.rejects(lost.connect(), MongoServerSelectionError);
  await lost.close();
});
await check('an election is survived', async () => {
  await client
    .db('admin')
    .command({ replSetStepDown: 1, force: true })
    .catch(() => {});
  await until(async () => (await things.insertOne({ after: 1 })).acknowledged);
});
await check('closes', () => client.close());
