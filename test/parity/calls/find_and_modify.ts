import { type Call, call, failing } from '../call.js';

export const findAndModifyCalls: readonly Call[] = [
  call('findOneAndUpdate', ({ docs }) => docs.findOneAndUpdate({ n: 1 }, { $set: { tag: 'x' } })),
  call('findOneAndUpdate returning the new document', ({ docs }) =>
    docs.findOneAndUpdate({ n: 1 }, { $set: { tag: 'x' } }, { returnDocument: 'after' }),
  ),
  call('findOneAndUpdate with metadata', ({ docs }) =>
    docs.findOneAndUpdate({ n: 1 }, { $set: { tag: 'x' } }, { includeResultMetadata: true }),
  ),
  call('findOneAndUpdate of nothing with metadata', ({ docs }) =>
    docs.findOneAndUpdate({ n: 99 }, { $set: { tag: 'x' } }, { includeResultMetadata: true }),
  ),
  call('findOneAndUpdate with options', ({ docs }) =>
    docs.findOneAndUpdate(
      { tag: 'odd' },
      { $set: { 'list.$[e]': 1 } },
      {
        sort: { n: -1 },
        projection: { n: 1 },
        arrayFilters: [{ e: 2 }],
        bypassDocumentValidation: true,
        hint: { _id: 1 },
        let: { a: 1 },
        collation: { locale: 'en' },
        comment: 'c',
        maxTimeMS: 700,
        writeConcern: { w: 1 },
      },
    ),
  ),
  call('findOneAndUpdate with an upsert', ({ docs }) =>
    docs.findOneAndUpdate({ _id: 'u' }, { $set: { n: 5 } }, { upsert: true, returnDocument: 'after' }),
  ),
  call('findOneAndUpdate with an upsert, before', ({ docs }) =>
    docs.findOneAndUpdate({ _id: 'u' }, { $set: { n: 5 } }, { upsert: true, includeResultMetadata: true }),
  ),
  call('findOneAndUpdate with a pipeline', ({ docs }) => docs.findOneAndUpdate({ n: 1 }, [{ $set: { m: '$n' } }])),
  call('findOneAndUpdate with an empty pipeline', ({ docs }) => docs.findOneAndUpdate({ n: 1 }, [])),
  call('findOneAndUpdate without operators', ({ docs }) => docs.findOneAndUpdate({ n: 1 }, { n: 2 })),
  call('findOneAndUpdate without an update', ({ docs }) => docs.findOneAndUpdate({ n: 1 }, undefined as never)),
  call('findOneAndUpdate without a filter', ({ docs }) =>
    docs.findOneAndUpdate(undefined as never, { $set: { n: 1 } }),
  ),
  call('findOneAndUpdate of a text', ({ docs }) => docs.findOneAndUpdate({ n: 1 }, 'x' as never)),
  call('findOneAndUpdate that the server refuses', ({ docs }) => docs.findOneAndUpdate({ n: 1 }, { $nope: { n: 1 } })),
  call('findOneAndUpdate with an unknown returnDocument', ({ docs }) =>
    docs.findOneAndUpdate({ n: 1 }, { $set: { n: 1 } }, { returnDocument: 'never' as never }),
  ),
  call('findOneAndUpdate with a sort of pairs', ({ docs }) =>
    docs.findOneAndUpdate({}, { $set: { m: 1 } }, { sort: [['n', 'desc']] }),
  ),
  call('findOneAndReplace', ({ docs }) => docs.findOneAndReplace({ n: 1 }, { n: 100 })),
  call('findOneAndReplace returning the new document', ({ docs }) =>
    docs.findOneAndReplace({ n: 1 }, { n: 100 }, { returnDocument: 'after', sort: 'n', comment: 'c' }),
  ),
  call('findOneAndReplace with metadata', ({ docs }) =>
    docs.findOneAndReplace({ n: 1 }, { n: 100 }, { includeResultMetadata: true }),
  ),
  call('findOneAndReplace with an upsert', ({ docs }) =>
    docs.findOneAndReplace({ _id: 'r' }, { n: 100 }, { upsert: true, returnDocument: 'after' }),
  ),
  call('findOneAndReplace with operators', ({ docs }) => docs.findOneAndReplace({ n: 1 }, { $set: { n: 1 } })),
  call('findOneAndReplace without a replacement', ({ docs }) => docs.findOneAndReplace({ n: 1 }, undefined as never)),
  call('findOneAndReplace without a filter', ({ docs }) => docs.findOneAndReplace(null as never, { n: 1 })),
  call('findOneAndDelete', ({ docs }) => docs.findOneAndDelete({ n: 1 })),
  call('findOneAndDelete of nothing', ({ docs }) => docs.findOneAndDelete({ n: 99 })),
  call('findOneAndDelete with metadata', ({ docs }) =>
    docs.findOneAndDelete({ n: 1 }, { includeResultMetadata: true }),
  ),
  call('findOneAndDelete with options', ({ docs }) =>
    docs.findOneAndDelete(
      {},
      { sort: { n: -1 }, projection: { n: 1 }, hint: { _id: 1 }, let: { a: 1 }, comment: 'c', maxTimeMS: 500 },
    ),
  ),
  call('findOneAndDelete of a number', ({ docs }) => docs.findOneAndDelete(5 as never)),
  call('findOneAndDelete unacknowledged', ({ docs }) => docs.findOneAndDelete({ n: 1 }, { writeConcern: { w: 0 } })),
  failing('findOneAndDelete that fails', { failCommands: ['findAndModify'], errorCode: 13 }, ({ docs }) =>
    docs.findOneAndDelete({ n: 1 }),
  ),
  failing(
    'findOneAndUpdate with a write concern error',
    { failCommands: ['findAndModify'], writeConcernError: { code: 64, errmsg: 'waiting timed out' } },
    ({ docs }) => docs.findOneAndUpdate({ n: 1 }, { $set: { m: 1 } }),
  ),
];
