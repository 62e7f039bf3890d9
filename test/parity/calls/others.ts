import { Double, Long, ObjectId } from 'mongodb';
import { type Call, call } from '../call.js';

const longValue = Long.fromString('9007199254740993');

export const others: readonly Call[] = [
  call('ping', ({ db }) => db.command({ ping: 1 })),
  call('a command that is not known', ({ db }) => db.command({ nope: 1 })),
  call('a command with a read preference', ({ db }) =>
    db.command({ ping: 1 }, { readPreference: 'secondaryPreferred' }),
  ),
  call('listCollections', ({ db, docs }) =>
    db.listCollections({ name: docs.collectionName }, { nameOnly: true }).toArray(),
  ),
  call('listCollections with a batchSize', ({ db }) =>
    db.listCollections({}, { batchSize: 5, comment: 'c' }).hasNext(),
  ),
  call('drop', ({ docs }) => docs.drop()),
  call('drop of a missing collection', ({ db }) => db.collection('missing').drop()),
  call('dropDatabase', ({ db }) => db.dropDatabase()),
  call('collection with a wrong name', ({ db }) => db.collection('a..b').collectionName),
  call('collection with an empty name', ({ db }) => db.collection('').collectionName),
  call('collection with $ in its name', ({ db }) => db.collection('a$b').collectionName),
  call('types of BSON', async ({ docs }) => {
    const _id = new ObjectId('64b7f9a0c2a1d2e3f4a5b6c7');
    await docs.insertOne({ _id, long: longValue, double: new Double(3), date: new Date(5), none: null, re: /a/i });
    return [await docs.findOne({ _id }), await docs.findOne({ _id }, { promoteValues: false })];
  }),
  call('useBigInt64', async ({ docs }) => {
    await docs.insertOne({ _id: 'long', long: longValue });
    return String((await docs.findOne({ _id: 'long' }, { useBigInt64: true }))?.['long']);
  }),
  call('ignoreUndefined', async ({ docs }) => {
    await docs.insertOne({ _id: 'u', a: undefined }, { ignoreUndefined: true });
    return docs.findOne({ _id: 'u' });
  }),
  call('undefined is null', async ({ docs }) => {
    await docs.insertOne({ _id: 'u', a: undefined });
    return docs.findOne({ _id: 'u' });
  }),
  call('raw', async ({ docs }) => {
    const raw = await docs.findOne({ _id: 1 }, { raw: true });
    return Buffer.isBuffer(raw) ? 'a Buffer' : ((raw as object | null)?.constructor.name ?? null);
  }),
  call('a too large document', ({ docs }) => docs.insertOne({ _id: 'big', text: 'x'.repeat(17 * 1024 * 1024) })),
];
