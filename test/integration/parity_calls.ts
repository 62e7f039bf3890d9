import { type Collection, type Db, Double, Long, ObjectId } from 'mongodb';

/** What a call works with; both drivers have the same interface. */
export interface Subject {
  readonly db: Db;
  readonly admin: Db;
  /** A collection with the documents {_id: 0 … 9, n: 0 … 9, tag: 'even' | 'odd'}, new for each call. */
  readonly docs: Collection<Item>;
}

export interface Item {
  _id: string | number | ObjectId;
  n?: number;
  tag?: string;
  [key: string]: unknown;
}

export interface Call {
  readonly name: string;
  readonly run: (subject: Subject) => unknown;
}

function call(name: string, run: (subject: Subject) => unknown): Call {
  return { name, run };
}

const longValue = Long.fromString('9007199254740993');

const writes: readonly Call[] = [
  call('insertOne with an _id', ({ docs }) => docs.insertOne({ _id: 'a', n: 1 })),
  call('insertOne without an _id', ({ docs }) => docs.insertOne({ n: 1 } as Item)),
  call('insertOne of a duplicate', ({ docs }) => docs.insertOne({ _id: 1 })),
  call('insertOne with options', ({ docs }) =>
    docs.insertOne(
      { _id: 'b' },
      { comment: 'c', bypassDocumentValidation: true, writeConcern: { w: 1, journal: true } },
    ),
  ),
  call('insertOne of no document', ({ docs }) => docs.insertOne(null as unknown as Item)),
  call('insertOne with maxTimeMS', ({ docs }) => docs.insertOne({ _id: 'm' }, { maxTimeMS: 900 })),
  call('insertMany', ({ docs }) => docs.insertMany([{ _id: 'a' }, { _id: 'b' }])),
  call('insertMany with a duplicate', ({ docs }) => docs.insertMany([{ _id: 'a' }, { _id: 1 }, { _id: 'b' }])),
  call('insertMany unordered with duplicates', ({ docs }) =>
    docs.insertMany([{ _id: 1 }, { _id: 'a' }, { _id: 2 }, { _id: 'b' }], { ordered: false }),
  ),
  call('insertMany of nothing', ({ docs }) => docs.insertMany([])),
  call('insertMany of no array', ({ docs }) => docs.insertMany({} as unknown as Item[])),
  call('insertMany with a comment', ({ docs }) => docs.insertMany([{ _id: 'x' }], { comment: { a: 1 } })),
  call('updateOne', ({ docs }) => docs.updateOne({ n: 3 }, { $set: { tag: 'three' } })),
  call('updateOne of nothing', ({ docs }) => docs.updateOne({ n: 99 }, { $set: { tag: 'none' } })),
  call('updateOne without change', ({ docs }) => docs.updateOne({ _id: 3 }, { $set: { n: 3 } })),
  call('updateOne with upsert', ({ docs }) =>
    docs.updateOne({ _id: 'u' }, { $inc: { n: 2 } as never }, { upsert: true }),
  ),
  call('updateOne with a pipeline', ({ docs }) => docs.updateOne({ _id: 3 }, [{ $set: { m: '$n' } }])),
  call('updateOne with options', ({ docs }) =>
    docs.updateOne(
      { _id: 3 },
      { $set: { 'l.$[e]': 1 } },
      { arrayFilters: [{ e: 2 }], hint: { _id: 1 }, comment: 'why', let: { a: 1 }, collation: { locale: 'en' } },
    ),
  ),
  call('updateOne of a document', ({ docs }) => docs.updateOne({ _id: 3 }, { n: 4 })),
  call('updateOne of an empty document', ({ docs }) => docs.updateOne({ _id: 3 }, {})),
  call('updateOne with an empty pipeline', ({ docs }) => docs.updateOne({ _id: 3 }, [])),
  call('updateOne that the server refuses', ({ docs }) => docs.updateOne({ _id: 3 }, { $nope: { n: 1 } })),
  call('updateMany', ({ docs }) => docs.updateMany({ tag: 'odd' }, { $inc: { n: 100 } as never })),
  call('replaceOne', ({ docs }) => docs.replaceOne({ _id: 3 }, { n: 33 })),
  call('replaceOne with upsert', ({ docs }) => docs.replaceOne({ _id: 'r' }, { n: 33 }, { upsert: true })),
  call('replaceOne with operators', ({ docs }) => docs.replaceOne({ _id: 3 }, { $set: { n: 1 } })),
  call('deleteOne', ({ docs }) => docs.deleteOne({ tag: 'odd' })),
  call('deleteMany', ({ docs }) => docs.deleteMany({ tag: 'odd' }, { hint: { _id: 1 }, comment: 'gone' })),
  call('deleteMany of all', ({ docs }) => docs.deleteMany()),
  call('deleteOne of nothing', ({ docs }) => docs.deleteOne({ n: 99 })),
  call('an unacknowledged insertOne', ({ docs }) => docs.insertOne({ _id: 'w' }, { writeConcern: { w: 0 } })),
  call('an unacknowledged updateOne', ({ docs }) =>
    docs.updateOne({ _id: 1 }, { $set: { n: 5 } }, { writeConcern: { w: 0 } }),
  ),
  call('an unacknowledged deleteMany', ({ docs }) => docs.deleteMany({ _id: 1 }, { writeConcern: { w: 0 } })),
  call('an unacknowledged insertMany', ({ docs }) => docs.insertMany([{ _id: 'w' }], { writeConcern: { w: 0 } })),
];

const reads: readonly Call[] = [
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

const others: readonly Call[] = [
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

/** A call under a fail point that hits it once. */
function failing(name: string, data: object, run: (subject: Subject) => unknown): Call {
  return call(name, async subject => {
    await subject.admin.command({ configureFailPoint: 'failCommand', mode: { times: 1 }, data });
    try {
      return await run(subject);
    } finally {
      await subject.admin.command({ configureFailPoint: 'failCommand', mode: 'off' });
    }
  });
}

const unsatisfied = {
  code: 64,
  codeName: 'WriteConcernTimeout',
  errmsg: 'waiting timed out',
  errInfo: { wtimeout: true },
};
const shutdown = { code: 91, errmsg: 'Replication is being shut down', errorLabels: ['RetryableWriteError'] };

const failures: readonly Call[] = [
  failing('find that fails', { failCommands: ['find'], errorCode: 2 }, ({ docs }) => docs.find().toArray()),
  failing('getMore that fails', { failCommands: ['getMore'], errorCode: 43 }, ({ docs }) =>
    docs.find({}, { batchSize: 2 }).toArray(),
  ),
  failing('aggregate that fails once', { failCommands: ['aggregate'], errorCode: 11602 }, ({ docs }) =>
    docs.countDocuments(),
  ),
  failing('insertOne that fails', { failCommands: ['insert'], errorCode: 2 }, ({ docs }) =>
    docs.insertOne({ _id: 'f' }),
  ),
  failing('insertMany that fails', { failCommands: ['insert'], errorCode: 2 }, ({ docs }) =>
    docs.insertMany([{ _id: 'f' }]),
  ),
  failing(
    'insertOne with a write concern error',
    { failCommands: ['insert'], writeConcernError: unsatisfied },
    ({ docs }) => docs.insertOne({ _id: 'f' }),
  ),
  failing(
    'insertMany with a write concern error',
    { failCommands: ['insert'], writeConcernError: unsatisfied },
    ({ docs }) => docs.insertMany([{ _id: 'f' }]),
  ),
  failing(
    'updateMany with a write concern error',
    { failCommands: ['update'], writeConcernError: unsatisfied },
    ({ docs }) => docs.updateMany({}, { $set: { n: 1 } }),
  ),
  failing(
    'deleteOne with a write concern error',
    { failCommands: ['delete'], writeConcernError: unsatisfied },
    ({ docs }) => docs.deleteOne({}),
  ),
  failing(
    'insertOne with a write concern error to be retried',
    {
      failCommands: ['insert'],
      writeConcernError: { code: 91, errmsg: shutdown.errmsg },
      errorLabels: shutdown.errorLabels,
    },
    ({ docs }) => docs.insertOne({ _id: 'f' }),
  ),
  failing(
    'insertMany with a write concern error to be retried',
    {
      failCommands: ['insert'],
      writeConcernError: { code: 91, errmsg: shutdown.errmsg },
      errorLabels: shutdown.errorLabels,
    },
    ({ docs }) => docs.insertMany([{ _id: 'f' }, { _id: 'g' }]),
  ),
  failing('drop that fails', { failCommands: ['drop'], errorCode: 13 }, ({ docs }) => docs.drop()),
  failing('a command that fails', { failCommands: ['ping'], errorCode: 13 }, ({ db }) => db.command({ ping: 1 })),
];

/** The calls that are made with both drivers. */
export const calls: readonly Call[] = [...writes, ...reads, ...others, ...failures];
