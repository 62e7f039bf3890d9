import {
  Binary,
  BSONRegExp,
  Code,
  Decimal128,
  Double,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
  UUID,
} from 'mongodb';
import { type Call, call, type Item } from '../call.js';

const _id = new ObjectId('64b7f9a0c2a1d2e3f4a5b6c7');
const document = {
  _id,
  long: Long.fromNumber(5),
  large: Long.fromString('9007199254740993'),
  int: new Int32(7),
  double: new Double(2.5),
  binary: new Binary(Buffer.from('abc')),
  uuid: new UUID('0a1b2c3d-0000-4000-8000-000000000000'),
  regex: /a+/i,
  decimal: Decimal128.fromString('1.25'),
  code: new Code('function () {}'),
  timestamp: new Timestamp({ t: 5, i: 6 }),
  min: new MinKey(),
  max: new MaxKey(),
  date: new Date(5),
  nested: { list: [1, 'two', null] },
};

/** What is read with certain BSON options: types by name, since they are what differs. */
function reads(name: string, options: object): Call {
  return call(`BSON: ${name}`, async ({ docs }) => {
    await docs.insertOne(document);
    const found = await docs.findOne<Record<string, unknown>>({ _id }, options);
    const [aggregated] = await docs.aggregate<Record<string, unknown>>([{ $match: { _id } }], options).toArray();
    return [typesOf(found), typesOf(aggregated)];
  });
}

function typesOf(found: Record<string, unknown> | null | undefined): unknown {
  if (found === null || found === undefined || Buffer.isBuffer(found)) return String(Buffer.isBuffer(found));
  return Object.entries(found).map(([name, value]) => [name, nameOf(value)]);
}

function nameOf(value: unknown): string {
  return value === null || value === undefined ? String(value) : value.constructor.name;
}

export const bsonCalls: readonly Call[] = [
  reads('as it is', {}),
  reads('promoteLongs: false', { promoteLongs: false }),
  reads('promoteValues: false', { promoteValues: false }),
  reads('promoteBuffers', { promoteBuffers: true }),
  reads('bsonRegExp', { bsonRegExp: true }),
  reads('useBigInt64', { useBigInt64: true }),
  reads('raw', { raw: true }),
  reads('fieldsAsRaw', { fieldsAsRaw: { list: true } }),
  reads('enableUtf8Validation: false', { enableUtf8Validation: false }),
  call('BSON: options of the database', async ({ client }) => {
    const docs = client.db('parity', { promoteLongs: false, ignoreUndefined: true }).collection<Item>('docs');
    await docs.insertOne({ _id: 'x', long: Long.fromNumber(5), none: undefined });
    const found = await docs.findOne({ _id: 'x' });
    return [typesOf(found), docs.bsonOptions.promoteLongs, docs.bsonOptions.ignoreUndefined];
  }),
  call('BSON: options of the collection', async ({ db }) => {
    const docs = db.collection<Item>('docs', { bsonRegExp: true });
    await docs.insertOne({ _id: 'x', regex: /a/ });
    return typesOf(await docs.findOne({ _id: 'x' }));
  }),
  call('BSON: options of the call over those of the collection', async ({ db }) => {
    const docs = db.collection<Item>('docs', { promoteValues: false });
    return typesOf(await docs.findOne({ _id: 1 }, { promoteValues: true }));
  }),
  call('BSON: serializeFunctions', async ({ docs }) => {
    await docs.insertOne({ _id: 'f', work: () => 1 }, { serializeFunctions: true });
    return typesOf(await docs.findOne({ _id: 'f' }));
  }),
  call('BSON: functions are left out', async ({ docs }) => {
    await docs.insertOne({ _id: 'f', work: () => 1 });
    return docs.findOne({ _id: 'f' });
  }),
  call('BSON: an upsert with raw', async ({ docs }) =>
    docs.updateOne({ _id: 'raw' }, { $set: { n: 1 } }, { upsert: true, raw: true }),
  ),
  call('BSON: findOneAndUpdate with promoteValues: false', async ({ docs }) =>
    typesOf(await docs.findOneAndUpdate({ _id: 1 }, { $set: { m: 1 } }, { promoteValues: false })),
  ),
  call('BSON: a regular expression of BSON', async ({ docs }) => {
    await docs.insertOne({ _id: 'r', regex: new BSONRegExp('a', 'i') });
    return typesOf(await docs.findOne({ regex: { $type: 'regex' } }));
  }),
  call('BSON: a bigint', async ({ docs }) => {
    await docs.insertOne({ _id: 'b', n: 5n } as never);
    return typesOf(await docs.findOne({ _id: 'b' }, { promoteLongs: false }));
  }),
];
