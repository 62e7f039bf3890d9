// One program, compiled twice: against this package, and against `mongodb` (test/types/official). What compiles there must compile here.
import {
  type AnyBulkWriteOperation,
  BulkOperationBase,
  ChangeStream,
  type ChangeStreamCollModDocument,
  type ChangeStreamCreateDocument,
  type ChangeStreamDeleteDocument,
  type ChangeStreamDocument,
  type ChangeStreamDocumentCommon,
  type ChangeStreamDropDocument,
  type ChangeStreamEvents,
  type ChangeStreamInsertDocument,
  type ChangeStreamInvalidateDocument,
  type ChangeStreamNameSpace,
  type ChangeStreamOptions,
  type ChangeStreamRenameDocument,
  type ChangeStreamReplaceDocument,
  type ChangeStreamSplitEvent,
  type ChangeStreamUpdateDocument,
  type Collection,
  type Condition,
  type ConnectionPoolOptions,
  type CreateIndexesOptions,
  Db,
  type DeleteResult,
  type Document,
  type Filter,
  type FindOneAndUpdateOptions,
  type FindOptions,
  type IndexDescription,
  type IndexDescriptionCompact,
  type IndexDescriptionInfo,
  type IndexSpecification,
  type InferIdType,
  type InsertManyResult,
  type InsertOneResult,
  type Join,
  Long,
  type MatchKeysAndValues,
  type ModifyResult,
  MongoClient,
  type NestedPaths,
  ObjectId,
  type OperationTime,
  type OptionalId,
  type OptionalUnlessRequiredId,
  ProfilingLevel,
  type PropertyType,
  type PullOperator,
  type PushOperator,
  ReadPreference,
  type ResumeToken,
  ReturnDocument,
  type Sort,
  type StrictFilter,
  type StrictUpdateFilter,
  Timestamp,
  type UpdateDescription,
  type UpdateFilter,
  type UpdateResult,
  type WithId,
  type WithoutId,
} from 'mongotempo';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const yes = <T extends true>(): void => void (0 as unknown as T);

interface Pet {
  _id: ObjectId;
  name: string;
  age?: number;
  tags: string[];
  owner: { name: string; since: Date; friends: { name: string }[] };
  visits: { at: Date; cost: number }[];
  weight: Long;
  best: Pet | null;
}

interface NoId {
  name: string;
}

interface StringId {
  _id: string;
  n: number;
}

yes<Same<InferIdType<Pet>, ObjectId>>();
yes<Same<InferIdType<NoId>, ObjectId>>();
yes<Same<InferIdType<StringId>, string>>();
yes<Same<InferIdType<Document>, ObjectId>>();
yes<Same<InferIdType<{ _id: Record<string, never> }>, never>>();
yes<Same<InferIdType<{ _id: object }>, never>>();
yes<Same<InferIdType<{ _id: { a: 1 } }>, { a: 1 }>>();
yes<Same<InferIdType<{ _id: number } | { _id: string }>, number | string>>();
yes<Same<WithId<NoId>['_id'], ObjectId>>();
yes<Same<WithoutId<StringId>, Omit<StringId, '_id'>>>();
yes<Same<OptionalId<StringId>['_id'], string | undefined>>();
yes<Same<Join<['a', 'b', 0], '.'>, 'a.b.0'>>();
yes<Same<PropertyType<Pet, 'owner.name'>, string>>();
yes<Same<PropertyType<Pet, 'tags.0'>, string>>();
yes<Same<PropertyType<Pet, 'visits.0.cost'>, number>>();
yes<Same<PropertyType<Pet, 'nothing'>, unknown>>();
yes<Same<Extract<Join<NestedPaths<NoId, []>, '.'>, 'name'>, 'name'>>();

const filters: Filter<Pet>[] = [
  {},
  { name: 'a' },
  { name: /a/, age: { $gt: 3, $lte: 8 }, tags: 'x' },
  { tags: { $all: ['x'], $size: 2 }, 'owner.name': 'z', 'visits.0.cost': { $gt: 3 } },
  { $or: [{ name: 'a' }, { age: { $exists: false } }], $comment: 'why', $where: 'true' },
  { _id: { $in: [new ObjectId()] }, name: { $regex: 'a', $options: 'i' }, age: { $mod: [2, 0] } },
  { name: { $not: /x/ }, age: { $type: 'int' }, weight: { $bitsAllSet: [1] } },
  { owner: { name: 'a', since: new Date(), friends: [] } },
];
// @ts-expect-error a string is compared with a string
const wrongFilter: Filter<Pet> = { name: 23 };
// @ts-expect-error $in takes a list
const wrongOperator: Filter<Pet> = { age: { $in: 3 } };
// @ts-expect-error only numbers have a remainder
const wrongMod: Filter<Pet> = { name: { $mod: [1, 2] } };
const strict: StrictFilter<Pet> = { 'owner.name': 'a', 'visits.0.cost': 3 };
// @ts-expect-error names with dots are checked too
const wrongStrict: StrictFilter<Pet> = { 'owner.name': 3 };

const updates: UpdateFilter<Pet>[] = [
  { $set: { name: 'a', 'owner.name': 'b' }, $inc: { age: 1 }, $unset: { age: '' } },
  { $push: { tags: 'a', visits: { $each: [{ at: new Date(), cost: 3 }], $slice: 4, $sort: { cost: -1 } } } },
  { $pull: { tags: 'a', visits: { cost: { $gt: 4 } } }, $addToSet: { tags: { $each: ['a'] } } },
  { $pop: { tags: 1 }, $pullAll: { tags: ['a', 'b'] }, $currentDate: { seen: true } },
  { $min: { age: 1 }, $max: { age: 2 }, $mul: { age: 2 }, $rename: { a: 'b' }, $bit: { age: { and: 3 } } },
  { $inc: { weight: Long.fromNumber(2) }, $setOnInsert: { name: 'x' } },
];
// @ts-expect-error a name is no number
const wrongSet: UpdateFilter<Pet> = { $set: { name: 3 } };
// @ts-expect-error only numbers can be added to
const wrongInc: UpdateFilter<Pet> = { $inc: { name: 1 } };
// @ts-expect-error only lists can be pushed to
const wrongPush: UpdateFilter<Pet> = { $push: { name: 'x' } };
const strictUpdate: StrictUpdateFilter<Pet> = { $set: { 'owner.name': 'a', 'visits.$.cost': 3 } };
const stamped: StrictUpdateFilter<{ at: Timestamp }> = { $currentDate: { at: { $type: 'timestamp' } } };
const elements: StrictUpdateFilter<{ tags?: string[] }> = { $set: { 'tags.$': 'a', 'tags.$[x]': 'b' } };
// @ts-expect-error an element has the type of its array, also of an optional one
const wrongElement: StrictUpdateFilter<{ tags?: string[] }> = { $set: { 'tags.$': 3 } };
const sorted: UpdateFilter<Pet> = { $push: { tags: { $each: ['a'], $sort: 1, $slice: -3, $position: 0 } } };
// @ts-expect-error names with dots are checked too
const wrongStrictUpdate: StrictUpdateFilter<Pet> = { $set: { 'owner.name': 3 } };
const values: MatchKeysAndValues<Pet> = { name: 'a' };
const pull: PullOperator<Pet> = { tags: 'a' };
const push: PushOperator<Pet> = { tags: 'a' };
const condition: Condition<string> = { $gt: 'a' };

const sorts: Sort[] = [
  'a',
  -1,
  ['a', 'b'],
  { a: 1, b: 'desc' },
  [
    ['a', 1],
    ['b', -1],
  ],
  new Map([['a', 1]]),
  { score: { $meta: 'textScore' } },
];
const keys: IndexSpecification[] = [
  'a',
  { a: 1 },
  [['a', -1]],
  ['a', ['b', -1]],
  new Map([['a', '2dsphere' as const]]),
];
const descriptions: IndexDescription[] = [{ key: { a: 1, b: 'text' }, unique: true, name: 'n' }];
const indexOptions: CreateIndexesOptions = { unique: true, expireAfterSeconds: 3, commitQuorum: 'majority' };
const findOptions: FindOptions = { limit: 3, sort: { a: 1 }, projection: { a: 1 }, readPreference: 'secondary' };
const updateOptions: FindOneAndUpdateOptions = { returnDocument: ReturnDocument.AFTER, upsert: true };
const writes: AnyBulkWriteOperation<Pet>[] = [
  { updateOne: { filter: { name: 'a' }, update: { $set: { age: 3 } }, upsert: true } },
  { deleteMany: { filter: {} } },
];

export async function program(client: MongoClient): Promise<void> {
  const db = client.db('shop', { readPreference: ReadPreference.nearest, writeConcern: { w: 'majority' } });
  const pets: Collection<Pet> = db.collection<Pet>('pets');
  const any = db.collection('any');
  const named = db.collection<NoId>('named');

  const one: InsertOneResult<NoId> = await named.insertOne({ name: 'a' });
  const id: ObjectId = one.insertedId;
  const many: InsertManyResult<NoId> = await named.insertMany([{ name: 'a' }]);
  const ids: ObjectId | undefined = many.insertedIds[0];
  const optional: OptionalUnlessRequiredId<NoId> = { name: 'b' };
  await named.insertOne(optional);
  // @ts-expect-error the schema asks for an _id
  await db.collection<StringId>('s').insertOne({ n: 1 });
  await any.insertOne({ anything: 1 });

  const updated: UpdateResult<Pet> = await pets.updateOne(filters[1] ?? {}, updates[0] ?? {}, { sort: { age: 1 } });
  await pets.updateMany({}, [{ $set: { a: 1 } }], { arrayFilters: [{ a: 1 }], hint: 'x' });
  await named.replaceOne({ name: 'a' }, { name: 'b' }, { upsert: true });
  const deleted: DeleteResult = await pets.deleteOne({ name: 'a' });
  await pets.deleteMany();
  await pets.bulkWrite(writes, { ordered: false });

  const found: WithId<Pet> | null = await pets.findOne({ name: 'a' });
  const projected = await pets.findOne<{ name: string }>({}, { projection: { name: 1 } });
  const projectedName: string | undefined = projected?.name;
  const all: WithId<Pet>[] = await pets
    .find({}, findOptions)
    .sort(sorts[2] ?? 'a')
    .toArray();
  const mapped: string[] = await pets
    .find()
    .map(pet => pet.name)
    .toArray();
  const names = await pets.find().project<{ name: string }>({ name: 1 }).toArray();
  const firstName: string | undefined = names[0]?.name;
  for await (const pet of pets.find()) void pet.owner.name;

  const before: WithId<Pet> | null = await pets.findOneAndUpdate({}, { $set: { age: 1 } }, updateOptions);
  const meta: ModifyResult<Pet> = await pets.findOneAndUpdate(
    {},
    { $set: { age: 1 } },
    { includeResultMetadata: true },
  );
  const removed: WithId<Pet> | null = await pets.findOneAndDelete({ name: 'a' });
  const removedMeta: ModifyResult<Pet> = await pets.findOneAndDelete({}, { includeResultMetadata: true });
  const replaced: WithId<NoId> | null = await named.findOneAndReplace({}, { name: 'x' });

  const ages: (number | undefined)[] = await pets.distinct('age');
  const tags: string[] = await pets.distinct('tags', { name: 'a' });
  const anyValues: number[] = await pets.distinct('owner.age');
  const count: number = (await pets.countDocuments({})) + (await pets.estimatedDocumentCount());
  const totals: { _id: string }[] = await pets.aggregate<{ _id: string }>([{ $match: {} }]).toArray();

  const name: string = await pets.createIndex(keys[0] ?? 'a', indexOptions);
  const namesOfIndexes: string[] = await pets.createIndexes(descriptions);
  const infos: IndexDescriptionInfo[] = await pets.indexes();
  const compact: IndexDescriptionCompact = await pets.indexInformation();
  const full: IndexDescriptionInfo[] = await pets.indexInformation({ full: true });
  const exists: boolean = await pets.indexExists(['a']);
  await pets.dropIndex('a');
  await pets.dropIndexes();
  const search: string = await pets.createSearchIndex({ name: 's', definition: {} });

  const created: Collection<Pet> = await db.createCollection<Pet>('p', {
    timeseries: { timeField: 't', granularity: 'hours' },
    clusteredIndex: { key: { _id: 1 }, unique: true },
    changeStreamPreAndPostImages: { enabled: true },
  });
  const listed: string[] = (await db.listCollections({}, { nameOnly: true }).toArray()).map(info => info.name);
  const collections: Collection[] = await db.collections();
  const stats: Document = await db.stats({ scale: 1024 });
  await db.setProfilingLevel(ProfilingLevel.slowOnly);
  const { databases } = await db.admin().listDatabases({ nameOnly: true });
  const database: string | undefined = databases[0]?.name;
  const plan: Document = await pets.find().explain('queryPlanner');
  const renamed: Collection = await pets.rename('x', { dropTarget: true });
  pets.hint = { name: 1 };

  const bare = new Db(client, 'x', { readPreference: 'secondary' });
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- a function of no type is what is tested
  const anyFunction: any = async () => Promise.resolve(1);
  const fromAny: number = await client.withSession(anyFunction);
  const fromAnyWithOptions: number = await client.withSession({ snapshot: true }, anyFunction);
  const fromTransaction: string = await client.startSession().withTransaction(anyFunction);
  client.on('connectionPoolCreated', ({ options }) => {
    const most: number = options.maxPoolSize + options.minPoolSize + options.maxConnecting;
    const times: Pick<ConnectionPoolOptions, 'maxIdleTimeMS' | 'waitQueueTimeoutMS'> = options;
    void [most, times];
  });
  const bulk: BulkOperationBase = pets.initializeOrderedBulkOp();
  bulk
    .find({ name: 'a' })
    .upsert()
    .updateOne({ $set: { age: 1 } })
    .find({})
    .delete();
  const size: number = bulk.length;
  const response: Document = (await bulk.execute()).getRawResponse();
  class Counting extends BulkOperationBase {
    override addToOperationsList(): this {
      return this;
    }
  }

  void [
    bare,
    fromAny,
    fromAnyWithOptions,
    fromTransaction,
    size,
    response,
    Counting,
    stamped,
    elements,
    sorted,
    wrongElement,
  ];
  void [id, ids, updated, deleted, found, projectedName, all, mapped, firstName, before, meta, removed, removedMeta];
  void [replaced, ages, tags, anyValues, count, totals, name, namesOfIndexes, infos, compact, full, exists, search];
  void [created, listed, collections, stats, database, plan, renamed, wrongFilter, wrongOperator, wrongMod, strict];
  void [wrongStrict, wrongSet, wrongInc, wrongPush, strictUpdate, wrongStrictUpdate, values, pull, push, condition];
}

/** Change streams: what each way of reading gives, and how changes are told apart. */
export async function watches(client: MongoClient, pets: Collection<Pet>): Promise<void> {
  const token: ResumeToken = { _data: '82' };
  const startAtOperationTime: OperationTime = new Timestamp(0n);
  const options: ChangeStreamOptions = { fullDocument: 'updateLookup', maxAwaitTimeMS: 100, resumeAfter: token };
  const stream = pets.watch([{ $match: { operationType: 'insert' } }], options);
  yes<Same<typeof stream, ChangeStream<Pet, ChangeStreamDocument<Pet>>>>();
  const ofDatabase: ChangeStream = client.db('d').watch([], { startAtOperationTime });
  const ofCluster: ChangeStream<Document, ChangeStreamDocument> = client.watch();
  const onlyInserts = pets.watch<Pet, ChangeStreamInsertDocument<Pet> & { note: string }>([
    { $addFields: { note: '' } },
  ]);
  const inserted: Pet = (await onlyInserts.next()).fullDocument;
  const note: string | undefined = (await onlyInserts.tryNext())?.note;

  const change = await stream.next();
  yes<Same<typeof change, ChangeStreamDocument<Pet>>>();
  const tried: ChangeStreamDocument<Pet> | null = await stream.tryNext();
  const isMore: boolean = await stream.hasNext();
  switch (change.operationType) {
    case 'insert': {
      const { fullDocument, documentKey, ns }: ChangeStreamInsertDocument<Pet> = change;
      const names: [string, ObjectId, ChangeStreamNameSpace] = [fullDocument.name, documentKey._id, ns];
      void names;
      break;
    }
    case 'update': {
      const { updateDescription, fullDocument }: ChangeStreamUpdateDocument<Pet> = change;
      yes<Same<typeof updateDescription, UpdateDescription<Pet>>>();
      const updated: [number | undefined, string | undefined] = [
        updateDescription.updatedFields?.age,
        fullDocument?.name,
      ];
      void updated;
      break;
    }
    case 'replace':
      void (change satisfies ChangeStreamReplaceDocument<Pet>).fullDocument.tags;
      break;
    case 'delete':
      void (change satisfies ChangeStreamDeleteDocument<Pet>).fullDocumentBeforeChange?.name;
      break;
    case 'drop':
      void (change satisfies ChangeStreamDropDocument).ns.coll;
      break;
    case 'rename':
      void (change satisfies ChangeStreamRenameDocument).to.coll;
      break;
    case 'dropDatabase':
      void change.ns.db;
      break;
    case 'create':
      void (change satisfies ChangeStreamCreateDocument).nsType;
      break;
    case 'modify':
      void (change satisfies ChangeStreamCollModDocument).collectionUUID;
      break;
    case 'createIndexes':
    case 'dropIndexes':
    case 'shardCollection':
      void [change.operationDescription, change.wallTime];
      break;
    case 'reshardCollection':
    case 'refineCollectionShardKey':
      void change.operationDescription;
      break;
    case 'invalidate':
      void (change satisfies ChangeStreamInvalidateDocument).wallTime;
      break;
    default:
      void (change satisfies never);
  }
  const { clusterTime, splitEvent, lsid }: ChangeStreamDocumentCommon = change;
  const split: ChangeStreamSplitEvent | undefined = splitEvent;

  for await (const each of stream) void each.operationType;
  for await (const each of stream.stream()) void each.operationType;
  stream.on('change', each => void each.operationType);
  stream.on('resumeTokenChanged', given => void given);
  stream.once(ChangeStream.CLOSE, () => undefined);
  const onError: ChangeStreamEvents<Pet>['error'] = error => void error.message;
  stream.on('error', onError);
  const state: [boolean, ResumeToken, number, string] = [
    stream.closed,
    stream.resumeToken,
    stream.bufferedCount(),
    stream.namespace.db,
  ];
  const pipeline: Document[] = stream.pipeline;
  const given: string | undefined = stream.options.fullDocument;
  const { parent } = stream;
  if (parent instanceof MongoClient) await parent.close();
  await stream.close();
  await stream[Symbol.asyncDispose]();
  void [ofDatabase, ofCluster, inserted, note, tried, isMore, clusterTime, split, lsid, state, pipeline, given];
}
