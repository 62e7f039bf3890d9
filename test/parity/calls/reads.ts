import { ObjectId } from 'mongodb';
import { type Call, call } from '../call.js';

export const reads: readonly Call[] = [
  call('findOne', ({ docs }) => docs.findOne({ n: 4 })),
  call('findOne of all', ({ docs }) => docs.findOne()),
  call('findOne of nothing', ({ docs }) => docs.findOne({ n: 99 })),
  call('findOne with options', ({ docs }) =>
    docs.findOne(
      {},
      { sort: { n: -1 }, skip: 1, projection: { n: 1 }, comment: 'c', maxTimeMS: 800, hint: { _id: 1 } },
    ),
  ),
  call('find', ({ docs }) => docs.find({ tag: 'even' }).toArray()),
  call('find in batches', ({ docs }) => docs.find({}, { batchSize: 3 }).toArray()),
  call('find with skip, limit, sort and project', ({ docs }) =>
    docs.find().sort({ n: -1 }).skip(2).limit(3).project({ n: 1, _id: 0 }).toArray(),
  ),
  call('find with limit over batches', ({ docs }) => docs.find().batchSize(2).limit(5).toArray()),
  call('find with limit equal to batchSize', ({ docs }) => docs.find().batchSize(4).limit(4).toArray()),
  call('find with a negative limit', ({ docs }) => docs.find().limit(-4).toArray()),
  call('find with a negative batchSize', ({ docs }) => docs.find({}, { batchSize: -4 }).toArray()),
  call('find with a negative batchSize and a limit', ({ docs }) =>
    docs.find({}, { batchSize: -2, limit: 5 }).toArray(),
  ),
  call('find with limit 0', ({ docs }) => docs.find().limit(0).toArray()),
  call('find with singleBatch', ({ docs }) => docs.find({}, { batchSize: 3, singleBatch: true } as object).toArray()),
  call('find with a sort of pairs', ({ docs }) =>
    docs
      .find()
      .sort([
        ['tag', 'desc'],
        ['n', 1],
      ])
      .toArray(),
  ),
  call('find with a sort by name', ({ docs }) => docs.find().sort('n', 'descending').limit(2).toArray()),
  call('find with a wrong sort', ({ docs }) =>
    docs
      .find()
      .sort({ n: 'up' } as never)
      .toArray(),
  ),
  call('find with many options', ({ docs }) =>
    docs
      .find({}, { allowDiskUse: true, comment: 'c', let: { a: 1 }, showRecordId: false, returnKey: false })
      .hint({ _id: 1 })
      .collation({ locale: 'en' })
      .maxTimeMS(700)
      .toArray(),
  ),
  call('find with a filter that the server refuses', ({ docs }) => docs.find({ n: { $nope: 1 } } as never).toArray()),
  call('find with a wrong batchSize', ({ docs }) => docs.find().batchSize('x' as never)),
  call('find with a wrong limit', ({ docs }) => docs.find().limit('x' as never)),
  call('find left in the middle', async ({ docs }) => {
    const seen: unknown[] = [];
    for await (const { _id } of docs.find({}, { batchSize: 2 })) if (seen.push(_id) === 3) break;
    return seen;
  }),
  call('next, hasNext and tryNext', async ({ docs }) => {
    const cursor = docs.find({}, { batchSize: 2, limit: 4 });
    const seen: unknown[] = [await cursor.hasNext(), await cursor.next(), await cursor.tryNext()];
    while (await cursor.hasNext()) seen.push(await cursor.next());
    return [...seen, await cursor.next(), await cursor.hasNext()];
  }),
  call('forEach until false', async ({ docs }) => {
    const seen: unknown[] = [];
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- what is deprecated works the same until it goes
    await docs.find({}, { batchSize: 4 }).forEach(({ _id }) => seen.push(_id) < 2);
    return seen;
  }),
  call('map and clone and rewind', async ({ docs }) => {
    const cursor = docs.find({}, { limit: 3 }).map(({ n }) => ({ twice: 2 * (n ?? 0) }));
    const first = await cursor.toArray();
    cursor.rewind();
    return [first, await cursor.toArray(), await cursor.clone().toArray()];
  }),
  call('a cursor changed after its start', async ({ docs }) => {
    const cursor = docs.find({}, { batchSize: 2 });
    await cursor.next();
    try {
      return cursor.limit(3);
    } finally {
      await cursor.close();
    }
  }),
  call('buffered documents', async ({ docs }) => {
    const cursor = docs.find({}, { batchSize: 5 });
    await cursor.next();
    const counts = [cursor.bufferedCount(), cursor.readBufferedDocuments(2), cursor.bufferedCount()];
    await cursor.close();
    return [...counts, cursor.closed, cursor.killed];
  }),
  call('a stream', async ({ docs }) => {
    const seen: unknown[] = [];
    for await (const document of docs.find({}, { batchSize: 3, limit: 4 }).stream()) seen.push(document);
    return seen;
  }),
  call('reading a closed cursor', async ({ docs }) => {
    const cursor = docs.find({}, { batchSize: 2 });
    await cursor.next();
    await cursor.close();
    return [await cursor.next(), await cursor.hasNext(), await cursor.toArray(), cursor.bufferedCount()];
  }),
  call('find with limit a multiple of batchSize', ({ docs }) => docs.find().batchSize(2).limit(4).toArray()),
  call('find by an ObjectId', ({ docs }) => docs.find(new ObjectId('64b7f9a0c2a1d2e3f4a5b6c7') as never).toArray()),
  call('find with an array of fields', ({ docs }) => docs.find({}, { projection: ['n'] as never, limit: 2 }).toArray()),
  call('find with an array as hint', ({ docs }) => docs.find({}, { hint: ['_id'] as never, limit: 2 }).toArray()),
  call('find with a sort that is a Map', ({ docs }) =>
    docs
      .find(
        {},
        {
          sort: new Map<string, 1 | -1>([
            ['tag', -1],
            ['n', 1],
          ]),
          limit: 3,
        },
      )
      .toArray(),
  ),
  call('find with a filter that is none', ({ docs }) => docs.find('x' as never).toArray()),
  call('find with a filter that is null', ({ docs }) =>
    docs
      .find(null as never)
      .limit(1)
      .toArray(),
  ),
  call('updateOne with a filter that is none', ({ docs }) => docs.updateOne('x' as never, { $set: { n: 1 } })),
  call('countDocuments', ({ docs }) => docs.countDocuments({ tag: 'odd' })),
  call('countDocuments with skip and limit', ({ docs }) =>
    docs.countDocuments({}, { skip: 2, limit: 5, hint: '_id_' }),
  ),
  call('countDocuments of nothing', ({ docs }) => docs.countDocuments({ n: 99 })),
  call('countDocuments with options', ({ docs }) => docs.countDocuments({}, { comment: 'c', maxTimeMS: 600 })),
  call('aggregate', ({ docs }) =>
    docs.aggregate([{ $match: { tag: 'odd' } }, { $group: { _id: '$tag', sum: { $sum: '$n' } } }]).toArray(),
  ),
  call('aggregate in batches with options', ({ docs }) =>
    docs.aggregate([{ $sort: { n: -1 } }], { batchSize: 4, allowDiskUse: true, comment: 'c', let: { a: 1 } }).toArray(),
  ),
  call('aggregate by methods', ({ docs }) =>
    docs
      .aggregate()
      .match({ n: { $gt: 6 } })
      .project({ n: 1 })
      .toArray(),
  ),
  call('aggregate into a collection', async ({ docs, db }) => {
    const made = await docs.aggregate([{ $match: { tag: 'odd' } }, { $out: 'copy' }]).toArray();
    return [made, await db.collection('copy').countDocuments()];
  }),
  call('aggregate that the server refuses', ({ docs }) => docs.aggregate([{ $nope: 1 }]).toArray()),
  call('aggregate of no array', ({ docs }) => docs.aggregate({} as never).toArray()),
];
