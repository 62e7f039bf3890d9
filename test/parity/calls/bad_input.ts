import { type Call, call } from '../call.js';

/** What a program in JavaScript may pass although the types forbid it. */
function wrong(value: unknown): never {
  return value as never;
}

export const badInputCalls: readonly Call[] = [
  call('insertOne of an array', ({ docs }) => docs.insertOne(wrong([1]))),
  call('insertOne of a text', ({ docs }) => docs.insertOne(wrong('x'))),
  call('insertOne with an _id that is an array', ({ docs }) => docs.insertOne(wrong({ _id: [1] }))),
  call('insertOne with an _id that is a regular expression', ({ docs }) => docs.insertOne(wrong({ _id: /x/ }))),
  call('insertOne with an _id that is null', ({ docs }) => docs.insertOne(wrong({ _id: null }))),
  call('insertOne with an _id that is undefined', ({ docs }) => docs.insertOne(wrong({ _id: undefined }))),
  call('insertOne with an _id of operators', ({ docs }) => docs.insertOne(wrong({ _id: { $a: 1 } }))),
  call('insertOne with a name that begins with $', ({ docs }) => docs.insertOne({ _id: 'dollar', $a: 1 })),
  call('insertOne with a name that has a null', ({ docs }) => docs.insertOne({ _id: 'null', 'a\0b': 1 })),
  call('insertOne with checkKeys', ({ docs }) => docs.insertOne({ _id: 'ck', $a: 1 }, { checkKeys: true })),
  call('insertOne with checkKeys of a name with a dot', ({ docs }) =>
    docs.insertOne({ _id: 'ck', 'a.b': 1 }, { checkKeys: true }),
  ),
  call('insertOne with checkKeys of a sound document', ({ docs }) =>
    docs.insertOne({ _id: 'ck', a: 1 }, { checkKeys: true }),
  ),
  call('insertMany with null in it', ({ docs }) => docs.insertMany(wrong([null]))),
  call('insertMany with a text in it', ({ docs }) => docs.insertMany(wrong([{ _id: 'before' }, 'x']))),
  call('insertMany with a wrong ordered', ({ docs }) => docs.insertMany([{ _id: 'o' }], { ordered: wrong('x') })),
  call('find with a limit that is a text', ({ docs }) => docs.find({}, { limit: wrong('x') }).toArray()),
  call('find with a negative skip', ({ docs }) => docs.find({}, { skip: -1 }).toArray()),
  call('find with a maxTimeMS that is a text', ({ docs }) => docs.find({}, { maxTimeMS: wrong('x') }).toArray()),
  call('find with a projection that is none', ({ docs }) => docs.find({}, { projection: wrong(1) }).toArray()),
  call('find with a sort that is none', ({ docs }) => docs.find({}, { sort: wrong(5) }).toArray()),
  call('find with a hint that is none', ({ docs }) => docs.find({}, { hint: wrong(1) }).toArray()),
  call('find with an unknown read preference', ({ docs }) => docs.find({}, { readPreference: wrong('x') }).toArray()),
  call('countDocuments with a text', ({ docs }) => docs.countDocuments(wrong('x'))),
  call('countDocuments with a negative skip', ({ docs }) => docs.countDocuments({}, { skip: -1 })),
  call('updateOne with null as filter', ({ docs }) => docs.updateOne(wrong(null), { $set: { n: 1 } })),
  call('updateOne without an update', ({ docs }) => docs.updateOne({}, wrong(undefined))),
  call('updateOne with a text', ({ docs }) => docs.updateOne({}, wrong('x'))),
  call('updateOne with a pipeline of no operators', ({ docs }) => docs.updateOne({}, [{ a: 1 }])),
  call('updateOne with operators and fields', ({ docs }) => docs.updateOne({}, wrong({ $set: { a: 1 }, b: 1 }))),
  call('updateOne with fields before operators', ({ docs }) => docs.updateOne({}, wrong({ b: 1, $set: { a: 1 } }))),
  call('updateOne with a sort that is none', ({ docs }) => docs.updateOne({}, { $set: { a: 1 } }, { sort: wrong(4) })),
  call('updateOne with arrayFilters that are none', ({ docs }) =>
    docs.updateOne({}, { $set: { a: 1 } }, { arrayFilters: wrong('x') }),
  ),
  call('updateOne with an upsert that is a text', ({ docs }) =>
    docs.updateOne({}, { $set: { a: 1 } }, { upsert: wrong('x') }),
  ),
  call('updateOne of undefined values alone', ({ docs }) =>
    docs.updateOne({}, { $set: undefined } as never, { ignoreUndefined: true }),
  ),
  call('updateMany without operators', ({ docs }) => docs.updateMany({}, { a: 1 })),
  call('replaceOne without a replacement', ({ docs }) => docs.replaceOne({}, wrong(undefined))),
  call('replaceOne with a pipeline', ({ docs }) => docs.replaceOne({ _id: 1 }, wrong([{ $set: { a: 1 } }]))),
  call('replaceOne with an operator inside', ({ docs }) => docs.replaceOne({ _id: 1 }, wrong({ a: 1, $set: {} }))),
  call('deleteOne with undefined', ({ docs }) => docs.deleteOne(undefined)),
  call('deleteOne with null', ({ docs }) => docs.deleteOne(wrong(null))),
  call('deleteMany with a text', ({ docs }) => docs.deleteMany(wrong('x'))),
  call('a write concern that contradicts itself', ({ docs }) =>
    docs.insertOne({ _id: 'wc' }, { writeConcern: { w: 0, journal: true } }),
  ),
  call('bulkWrite of nothing', ({ docs }) => docs.bulkWrite([])),
  call('bulkWrite of no array', ({ docs }) => docs.bulkWrite(wrong({}))),
  call('bulkWrite of an unknown model', ({ docs }) => docs.bulkWrite([wrong({ nope: {} })])),
  call('bulkWrite with an update without operators', ({ docs }) =>
    docs.bulkWrite([{ updateOne: { filter: {}, update: { a: 1 } } }]),
  ),
  call('a database with an empty name', ({ client }) => client.db('').databaseName),
  call('a database with a dot in its name', ({ client }) => client.db('a.b').databaseName),
  call('options that are null', ({ docs }) => docs.findOne({ n: 1 }, wrong(null))),
  call('options of a write that are null', ({ docs }) => docs.updateOne({ n: 1 }, { $set: { m: 1 } }, wrong(null))),
  call('options that are null one by one', ({ docs }) =>
    docs.findOne({ n: 1 }, wrong({ sort: null, projection: null, hint: null, skip: null, session: null })),
  ),
];
