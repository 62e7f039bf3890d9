import { ReadConcern, ReadPreference, WriteConcern } from 'mongodb';
import { type Call, call, type Item } from '../call.js';

export const optionCalls: readonly Call[] = [
  call('a write concern of the database', ({ client }) =>
    client
      .db('parity', { writeConcern: { w: 'majority', wtimeoutMS: 500 } })
      .collection<Item>('wc')
      .insertOne({ n: 1 } as Item),
  ),
  call('a write concern of the collection', ({ db }) =>
    db.collection<Item>('wc', { writeConcern: { w: 1, journal: false } }).updateOne({}, { $set: { n: 1 } }),
  ),
  call('a write concern of the call over that of the collection', ({ db }) =>
    db.collection<Item>('wc', { writeConcern: { w: 'majority' } }).deleteOne({}, { writeConcern: { w: 1 } }),
  ),
  call('a write concern as a number', ({ docs }) => docs.deleteOne({ n: 99 }, { writeConcern: 1 as never })),
  call('no read sends a write concern', ({ db }) =>
    db.collection<Item>('docs', { writeConcern: { w: 'majority' } }).findOne({ n: 1 }),
  ),
  call('a read concern of the database', ({ client }) =>
    client
      .db('parity', { readConcern: { level: 'majority' } as never })
      .collection<Item>('docs')
      .findOne({ n: 1 }),
  ),
  call('a read concern of the collection', ({ db }) =>
    db
      .collection<Item>('docs', { readConcern: 'local' as never })
      .find({ n: 1 })
      .toArray(),
  ),
  call('a read concern of the call', ({ docs }) =>
    docs.aggregate([{ $match: { n: 1 } }], { readConcern: { level: 'available' } }).toArray(),
  ),
  call('a read concern is not sent with a write', ({ db }) =>
    db.collection<Item>('docs', { readConcern: { level: 'majority' } }).updateOne({ n: 1 }, { $set: { m: 1 } }),
  ),
  call('a read preference of the collection', ({ db }) =>
    db.collection<Item>('docs', { readPreference: 'nearest' }).countDocuments(),
  ),
  call('a read preference of the database', ({ client }) =>
    client.db('parity', { readPreference: 'primaryPreferred' }).collection<Item>('docs').distinct('tag'),
  ),
  call('a read preference with tags', ({ docs }) =>
    docs.findOne({ n: 1 }, { readPreference: new ReadPreference('nearest', [{ dc: 'x' }, {}]) }),
  ),
  call('a read preference is not sent with a write', ({ db }) =>
    db.collection<Item>('docs', { readPreference: 'secondary' }).deleteOne({ n: 99 }),
  ),
  call('concerns as they are shown', ({ client }) => {
    const db = client.db('shown', {
      writeConcern: { w: 1 },
      readPreference: 'secondary',
      readConcern: { level: 'local' } as never,
    });
    const collection = db.collection('c', { writeConcern: { w: 'majority' } });
    return [
      db.writeConcern,
      db.readConcern,
      db.readPreference.mode,
      collection.writeConcern,
      collection.readConcern,
      collection.readPreference?.mode,
    ];
  }),
  call('concerns as objects', ({ docs }) => [
    new WriteConcern(1, 5, true),
    new ReadConcern('majority').toJSON(),
    new ReadPreference('secondary', [{ a: 'b' }], { maxStalenessSeconds: 120 }).toJSON(),
    docs.writeConcern === undefined,
  ]),
  call('forceServerObjectId of the call', ({ docs }) =>
    docs.insertOne({ n: 1 } as Item, { forceServerObjectId: true }),
  ),
  call('forceServerObjectId of the database', ({ client }) =>
    client
      .db('parity', { forceServerObjectId: true })
      .collection<Item>('forced')
      .insertMany([{ n: 1 } as Item]),
  ),
  call('a pkFactory of the database', ({ client }) =>
    client
      .db('parity', { pkFactory: { createPk: () => 'made here' } })
      .collection('made')
      .insertOne({ n: 1 }),
  ),
  call('let in a find', ({ docs }) => docs.find({ $expr: { $eq: ['$n', '$$x'] } }, { let: { x: 3 } }).toArray()),
  call('let in an update', ({ docs }) =>
    docs.updateOne({ $expr: { $eq: ['$n', '$$x'] } }, { $set: { m: 1 } }, { let: { x: 3 } }),
  ),
  call('let in a delete', ({ docs }) => docs.deleteMany({ $expr: { $gt: ['$n', '$$x'] } }, { let: { x: 7 } })),
  call('a comment that is a document', ({ docs }) => docs.find({ n: 1 }, { comment: { a: 1 } }).toArray()),
  call('a hint by name in an update', ({ docs }) => docs.updateMany({}, { $set: { m: 1 } }, { hint: '_id_' })),
  call('a hint that is no index', ({ docs }) => docs.deleteOne({ n: 1 }, { hint: 'nope' })),
  call('a collation in an update', ({ docs }) =>
    docs.updateMany({ tag: 'ODD' }, { $set: { m: 1 } }, { collation: { locale: 'en', strength: 2 } }),
  ),
  call('a sort in updateOne', ({ docs }) => docs.updateOne({}, { $set: { m: 1 } }, { sort: { n: -1 } })),
  call('a sort in replaceOne', ({ docs }) => docs.replaceOne({ tag: 'odd' }, { m: 1 }, { sort: [['n', -1]] })),
  call('bypassDocumentValidation: true', ({ docs }) =>
    docs.updateOne({ n: 1 }, { $set: { m: 1 } }, { bypassDocumentValidation: true }),
  ),
  call('upsert: false', ({ docs }) => docs.updateOne({ n: 99 }, { $set: { m: 1 } }, { upsert: false })),
  call('aggregate with $merge and concerns', ({ docs }) =>
    docs
      .aggregate([{ $merge: { into: 'merged' } }], { writeConcern: { w: 1 }, readConcern: { level: 'local' } })
      .toArray(),
  ),
  call('aggregate with $out and a read preference', ({ docs }) =>
    docs.aggregate([{ $out: 'out' }], { readPreference: 'primaryPreferred' }).toArray(),
  ),
  call('aggregate with $out to another database', ({ docs }) =>
    docs.aggregate([{ $out: { db: 'elsewhere', coll: 'out' } }]).toArray(),
  ),
  call('aggregate with the option out', ({ docs }) =>
    docs.aggregate([{ $match: { n: 1 } }], { out: 'optout' }).toArray(),
  ),
  call('aggregate with a hint and a collation', ({ docs }) =>
    docs
      .aggregate([{ $match: { tag: 'ODD' } }], { hint: { _id: 1 }, collation: { locale: 'en', strength: 2 } })
      .toArray(),
  ),
  call('aggregate of nothing', ({ docs }) => docs.aggregate().toArray()),
  call('aggregate with a batchSize of 0', ({ docs }) => docs.aggregate([], { batchSize: 0 }).toArray()),
  call('find with a batchSize of 0', ({ docs }) => docs.find({}, { batchSize: 0 }).toArray()),
  call('options of a database', ({ client }) => {
    const options = client.db('o', { writeConcern: { w: 1 }, readPreference: 'secondary' }).options as Record<
      string,
      unknown
    >;
    return [options['writeConcern'], options['readPreference'], options['forceServerObjectId']];
  }),
];
