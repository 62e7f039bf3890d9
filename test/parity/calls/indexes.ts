import { type Call, call, failing } from '../call.js';

/* eslint-disable @typescript-eslint/no-deprecated -- what is deprecated works the same until it goes */
export const indexCalls: readonly Call[] = [
  call('createIndex of an object', ({ docs }) => docs.createIndex({ a: 1 })),
  call('createIndex of a name', ({ docs }) => docs.createIndex('b')),
  call('createIndex of names and pairs', ({ docs }) => docs.createIndex(['c', ['d', -1]])),
  call('createIndex of a pair', ({ docs }) => docs.createIndex(['e', -1])),
  call('createIndex of two names', ({ docs }) => docs.createIndex(['e', 'f'])),
  call('createIndex of a name and a kind', ({ docs }) => docs.createIndex(['g', '2d'])),
  call('createIndex of pairs', ({ docs }) =>
    docs.createIndex([
      ['h', 1],
      ['i', -1],
    ]),
  ),
  call('createIndex of objects', ({ docs }) => docs.createIndex([{ j: 1 }, { k: -1 }])),
  call('createIndex of a Map', ({ docs }) => docs.createIndex(new Map([['l', 1]]))),
  call('createIndex of kinds', ({ docs }) => docs.createIndex({ m: 'hashed' })),
  call('createIndex with options', ({ docs }) =>
    docs.createIndex(
      { o: 1 },
      {
        name: 'named',
        sparse: true,
        hidden: true,
        expireAfterSeconds: 60,
        collation: { locale: 'en' },
        partialFilterExpression: { o: { $gt: 1 } },
        version: 2,
        background: true,
        maxTimeMS: 900,
        commitQuorum: 'majority',
      },
    ),
  ),
  call('createIndex that is unique', ({ docs }) => docs.createIndex({ n: 1 }, { unique: true })),
  call('createIndex that duplicates forbid', ({ docs }) => docs.createIndex({ tag: 1 }, { unique: true })),
  call('createIndex without keys', ({ docs }) => docs.createIndex({})),
  call('createIndex with a wrong direction', ({ docs }) => docs.createIndex({ a: { b: 1 } } as never)),
  call('createIndex with options of index and command apart', ({ docs }) =>
    docs.createIndex({ p: 1 }, { sparse: true, defaultLanguage: 'en' }, { commitQuorum: 1, maxTimeMS: 800 }),
  ),
  call('createIndex with no options of the index', ({ docs }) =>
    docs.createIndex({ q: 1 }, undefined, { commitQuorum: 1 }),
  ),
  call('createIndex with a comment', ({ docs }) => docs.createIndex({ r: 1 }, { comment: 'c' })),
  call('createIndex again', async ({ docs }) => [await docs.createIndex({ a: 1 }), await docs.createIndex({ a: 1 })]),
  call('createIndex of another kind under the same name', async ({ docs }) => {
    await docs.createIndex({ s: 1 }, { name: 'same' });
    return docs.createIndex({ t: 1 }, { name: 'same' });
  }),
  call('createIndexes', ({ docs }) =>
    docs.createIndexes([
      { key: { u: 1 } },
      { key: { v: -1, w: 1 }, name: 'vw', sparse: true },
      { key: new Map([['x', 1]]) },
    ]),
  ),
  call('createIndexes of nothing', ({ docs }) => docs.createIndexes([])),
  call('createIndexes without keys', ({ docs }) => docs.createIndexes([{ key: {} }])),
  call('createIndexes without a key', ({ docs }) => docs.createIndexes([{} as never])),
  call('createIndexes with unknown options', ({ docs }) => docs.createIndexes([{ key: { y: 1 }, foo: 1 } as never])),
  call('createIndexes with unknown options passed on', ({ docs }) =>
    docs.createIndexes([{ key: { z: 1 }, sparse: true, foo: 1 } as never], {}, true),
  ),
  call('createIndex on a database', ({ db }) => db.createIndex('docs', { dd: 1 }, { sparse: true })),
  call('createIndex with a write concern', ({ docs }) =>
    docs.createIndex({ wc: 1 }, { writeConcern: { w: 'majority' } } as never),
  ),
  failing(
    'createIndex with a write concern error',
    { failCommands: ['createIndexes'], writeConcernError: { code: 64, errmsg: 'waiting timed out' } },
    ({ docs }) => docs.createIndex({ fail: 1 }),
  ),
  call('indexes', ({ docs }) => docs.indexes()),
  call('indexes in short', ({ docs }) => docs.indexes({ full: false })),
  call('indexes of a missing collection', ({ db }) => db.collection('missing').indexes()),
  call('indexInformation', ({ docs }) => docs.indexInformation()),
  call('indexInformation in full', ({ docs }) => docs.indexInformation({ full: true, comment: 'c' })),
  call('indexInformation of a database', ({ db }) => db.indexInformation('docs')),
  call('indexExists', async ({ docs }) => [
    await docs.indexExists('_id_'),
    await docs.indexExists(['_id_', 'nope']),
    await docs.indexExists([]),
  ]),
  call('listIndexes with a batchSize', ({ docs }) => docs.listIndexes({ batchSize: 2, comment: 'c' }).toArray()),
  call('listIndexes with a read preference', ({ docs }) =>
    docs.listIndexes({ readPreference: 'secondaryPreferred' }).toArray(),
  ),
  call('listIndexes, one after the other', async ({ docs }) => {
    const names: unknown[] = [];
    for await (const { name } of docs.listIndexes({ batchSize: 3 })) names.push(name);
    return names;
  }),
  call('dropIndex', ({ docs }) => docs.dropIndex('b_1')),
  call('dropIndex by its keys', ({ docs }) => docs.dropIndex({ e: -1 } as never)),
  call('dropIndex of a missing one', ({ docs }) => docs.dropIndex('nope')),
  call('dropIndex of _id', ({ docs }) => docs.dropIndex('_id_')),
  call('dropIndexes', ({ docs }) => docs.dropIndexes()),
  call('dropIndexes of a missing collection', ({ db }) => db.collection('missing').dropIndexes()),
  failing('dropIndexes that fails', { failCommands: ['dropIndexes'], errorCode: 13 }, ({ docs }) => docs.dropIndexes()),
  call('listSearchIndexes', ({ docs }) => docs.listSearchIndexes().toArray()),
  call('listSearchIndexes of a name', ({ docs }) => docs.listSearchIndexes('s', { batchSize: 3 }).toArray()),
  call('createSearchIndex', ({ docs }) => docs.createSearchIndex({ name: 's', definition: { mappings: {} } })),
  call('createSearchIndexes', ({ docs }) =>
    docs.createSearchIndexes([{ definition: {} }, { name: 'v', type: 'x', definition: {} }]),
  ),
  call('updateSearchIndex', ({ docs }) => docs.updateSearchIndex('s', { a: 1 })),
  call('dropSearchIndex', ({ docs }) => docs.dropSearchIndex('s')),
];
