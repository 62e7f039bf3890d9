import { type Call, call, failing } from '../call.js';

/* eslint-disable @typescript-eslint/no-deprecated -- what is deprecated works the same until it goes */
export const countCalls: readonly Call[] = [
  call('estimatedDocumentCount', ({ docs }) => docs.estimatedDocumentCount()),
  call('estimatedDocumentCount with options', ({ docs }) =>
    docs.estimatedDocumentCount({ maxTimeMS: 400, comment: 'c', readConcern: { level: 'local' } }),
  ),
  call('estimatedDocumentCount of a missing collection', ({ db }) => db.collection('missing').estimatedDocumentCount()),
  failing('estimatedDocumentCount that fails', { failCommands: ['count'], errorCode: 8 }, ({ docs }) =>
    docs.estimatedDocumentCount(),
  ),
  call('count', ({ docs }) => docs.count({ tag: 'odd' })),
  call('count of all', ({ docs }) => docs.count()),
  call('count with options', ({ docs }) =>
    docs.count({}, { skip: 1, limit: 3, hint: '_id_', collation: { locale: 'en' }, maxTimeMS: 300 }),
  ),
  call('count with a negative limit', ({ docs }) => docs.count({}, { limit: -3 })),
  call('count by a cursor', ({ docs }) => docs.find({ tag: 'odd' }).skip(1).limit(2).count()),
  call('count by a cursor with options', ({ docs }) =>
    docs
      .find({}, { collation: { locale: 'en' } })
      .hint('_id_')
      .maxTimeMS(300)
      .count({ limit: 4 }),
  ),
  call('count with a read preference', ({ docs }) => docs.count({}, { readPreference: 'secondaryPreferred' })),
  call('countDocuments with a limit of 0', ({ docs }) => docs.countDocuments({}, { limit: 0 })),
  call('countDocuments with a negative limit', ({ docs }) => docs.countDocuments({}, { limit: -1 })),
  call('countDocuments with a collation', ({ docs }) =>
    docs.countDocuments({ tag: 'ODD' }, { collation: { locale: 'en', strength: 2 } }),
  ),
  call('countDocuments with a read concern', ({ docs }) =>
    docs.countDocuments({}, { readConcern: 'majority' as never, readPreference: 'nearest' }),
  ),
  call('distinct', ({ docs }) => docs.distinct('tag')),
  call('distinct with a filter', ({ docs }) => docs.distinct('n', { n: { $gt: 5 } })),
  call('distinct with options', ({ docs }) =>
    docs.distinct(
      'tag',
      {},
      { comment: 'c', maxTimeMS: 300, collation: { locale: 'en' }, readConcern: { level: 'local' } },
    ),
  ),
  call('distinct of nothing', ({ docs }) => docs.distinct('nothing')),
  call('distinct of a nested field', async ({ docs }) => {
    await docs.insertOne({ _id: 'd', sub: { list: [1, 2, 2] } });
    return docs.distinct('sub.list');
  }),
  call('distinct of a number', ({ docs }) => docs.distinct(5 as never)),
  call('distinct with a filter that is none', ({ docs }) => docs.distinct('n', 5 as never)),
  call('distinct, raw', ({ docs }) => docs.distinct('n', { n: { $lt: 2 } }, { raw: true })),
  call('distinct without promotion', ({ docs }) => docs.distinct('n', { n: { $lt: 2 } }, { promoteValues: false })),
  failing('distinct that fails once', { failCommands: ['distinct'], errorCode: 11600 }, ({ docs }) =>
    docs.distinct('tag'),
  ),
];
