import { type Call, call, failing } from '../call.js';

/** The names of those that are there. */
async function namesOf(collections: Promise<readonly { readonly namespace: string }[]>): Promise<string[]> {
  return (await collections).map(({ namespace }) => namespace).sort();
}

export const collectionCalls: readonly Call[] = [
  call('createCollection', async ({ db }) => (await db.createCollection('made')).namespace),
  call('createCollection again', async ({ db }) => (await db.createCollection('made')).namespace),
  call('createCollection with a validator', async ({ db }) => {
    const options = { validator: { n: { $gt: 1 } }, validationLevel: 'strict', validationAction: 'error' };
    const made = await db.createCollection('valid', options);
    return made.insertOne({ n: 0 });
  }),
  call('createCollection, capped', async ({ db }) => {
    const made = await db.createCollection('capped', { capped: true, size: 4096, max: 3 });
    return [await made.isCapped(), await made.options()];
  }),
  call('createCollection of other options', ({ db }) => db.createCollection('capped', { capped: true, size: 8192 })),
  call('createCollection of a view', async ({ db }) => {
    const view = await db.createCollection('view', { viewOn: 'docs', pipeline: [{ $match: { tag: 'odd' } }] });
    return [await view.countDocuments(), await view.findOne({})];
  }),
  call('createCollection of a time series', async ({ db }) => {
    const options = { timeseries: { timeField: 't', metaField: 'm', granularity: 'hours' }, expireAfterSeconds: 60 };
    return (await db.createCollection('series', options)).namespace;
  }),
  call('createCollection of a clustered one', async ({ db }) => {
    const made = await db.createCollection('clustered', {
      clusteredIndex: { key: { _id: 1 }, unique: true, name: 'c' },
    });
    return made.options();
  }),
  call('createCollection with images', async ({ db }) => {
    return (await db.createCollection('images', { changeStreamPreAndPostImages: { enabled: true } })).options();
  }),
  call('createCollection with much', async ({ db }) => {
    const made = await db.createCollection('much', {
      collation: { locale: 'en' },
      comment: 'c',
      maxTimeMS: 500,
      writeConcern: { w: 1 },
      readPreference: 'secondary',
      promoteLongs: false,
    });
    return [made.namespace, made.readPreference?.mode, made.bsonOptions.promoteLongs];
  }),
  call('createCollection with an unknown option', ({ db }) => db.createCollection('unknown', { foo: 1 } as never)),
  failing('createCollection that fails', { failCommands: ['create'], errorCode: 13 }, ({ db }) =>
    db.createCollection('failed'),
  ),
  call('collections', ({ db }) => namesOf(db.collections())),
  call('collections with options', ({ db }) => namesOf(db.collections({ comment: 'c', authorizedCollections: true }))),
  call('listCollections of all', async ({ db }) =>
    (await db.listCollections().toArray()).map(({ name, type }) => [name, type]).sort(),
  ),
  call('listCollections with a filter', ({ db }) =>
    db
      .listCollections({ name: 'capped' }, { nameOnly: false })
      .toArray()
      .then(([one]) => Object.keys(one ?? {})),
  ),
  call('listCollections with a read preference', ({ db }) =>
    db.listCollections({ name: 'capped' }, { nameOnly: true, readPreference: 'secondaryPreferred' }).toArray(),
  ),
  call('listCollections with a limit of time', ({ db }) =>
    db.listCollections({ name: 'capped' }, { nameOnly: true, maxTimeMS: 400 }).toArray(),
  ),
  call('options', ({ db }) => db.collection('capped').options()),
  call('options of a missing collection', ({ db }) => db.collection('missing').options()),
  call('isCapped', async ({ docs, db }) => [await docs.isCapped(), await db.collection('capped').isCapped()]),
  call('isCapped of a missing collection', ({ db }) => db.collection('missing').isCapped()),
  call('rename', async ({ db }) => {
    await db.createCollection('before');
    return (await db.collection('before').rename('after')).namespace;
  }),
  call('rename of a missing collection', ({ db }) => db.collection('missing').rename('x')),
  call('rename to one that is there', ({ db }) => db.collection('after').rename('docs')),
  call('rename over one that is there', async ({ db }) => {
    await db.createCollection('target');
    return (await db.collection('after').rename('target', { dropTarget: true })).namespace;
  }),
  call('renameCollection', async ({ db }) => (await db.renameCollection('target', 'again')).namespace),
  call(
    'renameCollection over one that is there',
    async ({ db }) => (await db.renameCollection('again', 'made', { dropTarget: true })).namespace,
  ),
  call('rename to a name with a null', ({ docs }) => docs.rename('a\0b')),
  call('dropCollection', ({ db }) => db.dropCollection('made')),
  call('dropCollection of a missing one', ({ db }) => db.dropCollection('missing')),
  call('dropCollection with a comment', ({ db }) => db.dropCollection('missing', { comment: 'c' })),
  call('dropCollection with options', ({ db }) =>
    db.dropCollection('missing', { maxTimeMS: 300, writeConcern: { w: 'majority' } }),
  ),
  failing(
    'drop with a write concern error',
    { failCommands: ['drop'], writeConcernError: { code: 64, errmsg: 'late' } },
    ({ db }) => db.dropCollection('unknown'),
  ),
  call('names of a collection', ({ docs }) => [docs.collectionName, docs.dbName, docs.namespace]),
  call('hint of a collection', ({ docs }) => {
    docs.hint = { a: 1 };
    const first = docs.hint;
    docs.hint = 'name';
    return [first, docs.hint];
  }),
];
