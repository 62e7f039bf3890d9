import { type Call, call } from '../call.js';

export const bulkCalls: readonly Call[] = [
  call('bulkWrite of all models', async ({ docs }) => {
    const result = await docs.bulkWrite([
      { insertOne: { document: { _id: 'i' } } },
      { updateOne: { filter: { n: 1 }, update: { $set: { m: 1 } } } },
      { updateMany: { filter: { tag: 'odd' }, update: { $set: { m: 2 } } } },
      { updateOne: { filter: { _id: 'up' }, update: { $set: { m: 1 } }, upsert: true } },
      { replaceOne: { filter: { n: 2 }, replacement: { m: 3 } } },
      { deleteOne: { filter: { n: 3 } } },
      { deleteMany: { filter: { tag: 'even' } } },
    ]);
    const { insertedCount, matchedCount, modifiedCount, deletedCount, upsertedCount, upsertedIds, insertedIds } =
      result;
    return [insertedCount, matchedCount, modifiedCount, deletedCount, upsertedCount, upsertedIds, insertedIds];
  }),
  call('bulkWrite unordered', async ({ docs }) => {
    const result = await docs.bulkWrite(
      [
        { insertOne: { document: { _id: 'i' } } },
        { deleteOne: { filter: { n: 3 } } },
        { insertOne: { document: { _id: 'j' } } },
      ],
      { ordered: false, comment: 'c', let: { a: 1 } },
    );
    return [result.insertedCount, result.deletedCount];
  }),
  call('bulkWrite with a duplicate', ({ docs }) =>
    docs.bulkWrite([
      { insertOne: { document: { _id: 'i' } } },
      { insertOne: { document: { _id: 1 } } },
      { insertOne: { document: { _id: 'j' } } },
    ]),
  ),
  call('bulkWrite unordered with duplicates', ({ docs }) =>
    docs.bulkWrite([{ insertOne: { document: { _id: 1 } } }, { insertOne: { document: { _id: 2 } } }], {
      ordered: false,
    }),
  ),
  call('bulkWrite with options of the models', async ({ docs }) => {
    const result = await docs.bulkWrite([
      {
        updateOne: {
          filter: { n: 1 },
          update: { $set: { 'list.$[e]': 1 } },
          arrayFilters: [{ e: 1 }],
          hint: '_id_',
          collation: { locale: 'en' },
        },
      },
      { deleteOne: { filter: { n: 2 }, hint: { _id: 1 }, collation: { locale: 'en' } } },
    ]);
    return [result.matchedCount, result.deletedCount];
  }),
  call('bulkWrite unacknowledged', async ({ docs }) =>
    (await docs.bulkWrite([{ deleteOne: { filter: { n: 3 } } }], { writeConcern: { w: 0 } })).isOk(),
  ),
  call('an ordered bulk', async ({ docs }) => {
    const bulk = docs.initializeOrderedBulkOp();
    bulk.insert({ _id: 'i' });
    bulk.find({ n: 1 }).updateOne({ $set: { m: 1 } });
    bulk.find({ tag: 'odd' }).update({ $set: { m: 2 } });
    bulk.find({ n: 2 }).deleteOne();
    bulk.find({ _id: 'up' }).upsert().replaceOne({ m: 1 });
    const result = await bulk.execute();
    return [bulk.length, result.insertedCount, result.modifiedCount, result.deletedCount, result.upsertedCount];
  }),
  call('an unordered bulk', async ({ docs }) => {
    const bulk = docs.initializeUnorderedBulkOp();
    bulk.insert({ _id: 'i' }).insert({ _id: 'j' });
    bulk.find({ n: { $gt: 5 } }).delete();
    const result = await bulk.execute();
    return [result.insertedCount, result.deletedCount];
  }),
  call('an empty bulk', ({ docs }) => docs.initializeOrderedBulkOp().execute()),
  call('a bulk that is executed twice', async ({ docs }) => {
    const bulk = docs.initializeOrderedBulkOp().insert({ _id: 'i' });
    await bulk.execute();
    return bulk.execute();
  }),
  call('client.bulkWrite', async ({ client, docs }) => {
    const result = await client.bulkWrite([
      { name: 'insertOne', namespace: docs.namespace, document: { _id: 'i' } as never },
      { name: 'updateMany', namespace: docs.namespace, filter: { tag: 'odd' }, update: { $set: { m: 1 } } },
      { name: 'deleteOne', namespace: docs.namespace, filter: { n: 2 } },
    ]);
    return [result.insertedCount, result.modifiedCount, result.deletedCount];
  }),
  call('client.bulkWrite, verbose', async ({ client, docs }) => {
    const models = [
      { name: 'insertOne', namespace: docs.namespace, document: { _id: 'i' } },
      { name: 'replaceOne', namespace: docs.namespace, filter: { n: 3 }, replacement: { m: 1 } },
    ] as const;
    const result = await client.bulkWrite(models as never, { verboseResults: true });
    return [[...(result.insertResults ?? [])], [...(result.updateResults ?? [])]];
  }),
  call('client.bulkWrite of nothing', ({ client }) => client.bulkWrite([])),
];
