import { type Call, call, type Item } from '../call.js';

export const writes: readonly Call[] = [
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
