// Writes that would lose data because a document is encoded as something else than was given.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type Collection,
  type Document,
  Long,
  MongoAPIError,
  type MongoClient,
  MongoInvalidArgumentError,
  ObjectId,
  OrderedBulkOperation,
} from 'mongotempo';
import { rejection, type SetupWithCluster, withServer } from '../support/cluster.js';

type Options = { ignoreUndefined?: boolean; serializeFunctions?: boolean };
type Write = (collection: Collection, client: MongoClient, update: unknown, options: Options) => Promise<unknown>;

const FILTER = { k: 1 };

/** Every way to change a document by operators. */
const UPDATES: Record<string, Write> = {
  updateOne: (collection, _, update, options) => collection.updateOne(FILTER, update as Document, options),
  updateMany: (collection, _, update, options) => collection.updateMany(FILTER, update as Document, options),
  findOneAndUpdate: (collection, _, update, options) =>
    collection.findOneAndUpdate(FILTER, update as Document, options),
  'bulkWrite of updateOne': (collection, _, update, options) =>
    collection.bulkWrite([{ updateOne: { filter: FILTER, update: update as Document } }], options),
  'unordered bulkWrite of updateMany': (collection, _, update, options) =>
    collection.bulkWrite([{ updateMany: { filter: FILTER, update: update as Document } }], {
      ...options,
      ordered: false,
    }),
  'the ordered builder': async (collection, _, update, options) => {
    const bulk = collection.initializeOrderedBulkOp(options);
    bulk.find(FILTER).updateOne(update as Document);
    await bulk.execute();
  },
  'the unordered builder, with options of execute': async (collection, _, update, options) => {
    const bulk = collection.initializeUnorderedBulkOp();
    bulk.find(FILTER).update(update as Document);
    await bulk.execute(options);
  },
  'raw of a builder': async (collection, _, update, options) => {
    const bulk = collection.initializeOrderedBulkOp();
    bulk.raw({ updateOne: { filter: FILTER, update } });
    await bulk.execute(options);
  },
  'client.bulkWrite of updateOne': ({ namespace }, client, update, options) =>
    client.bulkWrite([{ name: 'updateOne', namespace, filter: FILTER, update: update as Document }], options),
  'client.bulkWrite of updateMany': ({ namespace }, client, update, options) =>
    client.bulkWrite([{ name: 'updateMany', namespace, filter: FILTER, update: update as Document }], options),
};

/** Every way to replace a document. */
const REPLACEMENTS: Record<string, Write> = {
  replaceOne: (collection, _, document, options) => collection.replaceOne(FILTER, document as Document, options),
  findOneAndReplace: (collection, _, document, options) =>
    collection.findOneAndReplace(FILTER, document as Document, options),
  'bulkWrite of replaceOne': (collection, _, document, options) =>
    collection.bulkWrite([{ replaceOne: { filter: FILTER, replacement: document as Document } }], options),
  'the builder': async (collection, _, document, options) => {
    const bulk = collection.initializeOrderedBulkOp(options);
    bulk.find(FILTER).replaceOne(document as Document);
    await bulk.execute();
  },
  'client.bulkWrite of replaceOne': ({ namespace }, client, replacement, options) =>
    client.bulkWrite(
      [{ name: 'replaceOne', namespace, filter: FILTER, replacement: replacement as Document }],
      options,
    ),
};

/** Every write that has a filter. */
const FILTERED: Record<string, Write> = {
  deleteOne: (collection, _, filter, options) => collection.deleteOne(filter as Document, options),
  deleteMany: (collection, _, filter, options) => collection.deleteMany(filter as Document, options),
  updateOne: (collection, _, filter, options) =>
    collection.updateOne(filter as Document, { $set: { x: 0 } }, { ...options, upsert: true }),
  updateMany: (collection, _, filter, options) =>
    collection.updateMany(filter as Document, { $set: { x: 0 } }, options),
  replaceOne: (collection, _, filter, options) => collection.replaceOne(filter as Document, { x: 0 }, options),
  findOneAndDelete: (collection, _, filter, options) => collection.findOneAndDelete(filter as Document, options),
  findOneAndUpdate: (collection, _, filter, options) =>
    collection.findOneAndUpdate(filter as Document, { $set: { x: 0 } }, options),
  findOneAndReplace: (collection, _, filter, options) =>
    collection.findOneAndReplace(filter as Document, { x: 0 }, options),
  'bulkWrite of deleteMany': (collection, _, filter, options) =>
    collection.bulkWrite([{ deleteMany: { filter: filter as Document } }], options),
  'bulkWrite of updateOne': (collection, _, filter, options) =>
    collection.bulkWrite([{ updateOne: { filter: filter as Document, update: { $set: { x: 0 } } } }], options),
  'the builder': async (collection, _, filter, options) => {
    const bulk = collection.initializeUnorderedBulkOp();
    bulk.find(filter as Document).delete();
    await bulk.execute(options);
  },
  'client.bulkWrite of deleteMany': ({ namespace }, client, filter, options) =>
    client.bulkWrite([{ name: 'deleteMany', namespace, filter: filter as Document }], options),
  'client.bulkWrite of updateMany': ({ namespace }, client, filter, options) =>
    client.bulkWrite(
      [{ name: 'updateMany', namespace, filter: filter as Document, update: { $set: { x: 0 } } }],
      options,
    ),
};

const BEFORE = [
  { _id: 1, k: 1, keep: 'this' },
  { _id: 2, k: 1, keep: 'that' },
];

async function staysAsItWas({ collection, client, log }: SetupWithCluster, write: Write, given: unknown, options = {}) {
  const documents = collection;
  await documents.deleteMany({});
  await documents.insertMany(BEFORE.map(document => ({ ...document })) as never);
  const sent = log.started().length;
  const error = await rejection(write(documents, client, given, options));
  assert.ok(error instanceof MongoAPIError, String(error));
  assert.equal(log.started().length, sent, 'nothing was sent');
  assert.deepEqual(await documents.find().toArray(), BEFORE);
}

class Conditions {
  readonly #tenant = 'a';
  get tenant(): string {
    return this.#tenant;
  }
}

describe('an update that is encoded as a replacement', () => {
  const ignoring = { ignoreUndefined: true };
  const cases: readonly (readonly [what: string, update: () => unknown, options: Options])[] = [
    ['whose operators are undefined', () => ({ $set: undefined }), ignoring],
    ['whose first operator is undefined before a plain name', () => ({ $set: undefined, name: 'x' }), ignoring],
    ['whose operator is a function', () => ({ $set: () => ({ a: 1 }) }), {}],
    ['whose operator is a symbol', () => ({ $set: Symbol('a') }), {}],
    ['whose operators are inherited', () => Object.create({ $set: { a: 1 } }) as object, {}],
    ['whose toBSON has no operators', () => ({ $set: { a: 1 }, toBSON: () => ({ a: 1 }) }), {}],
    ['whose operator becomes undefined', () => ({ $set: { toBSON: () => undefined } }), ignoring],
    ['in a Map of undefined values', () => new Map([['$set', undefined]]), ignoring],
    ['in a Map without operators', () => new Map([['a', 1]]), {}],
    ['with an empty pipeline', () => [], {}],
    [
      'with a pipeline that encodes itself as empty',
      () => Object.assign([{ $set: { a: 1 } }], { toBSON: () => [] }),
      {},
    ],
    ['with a stage that vanishes', () => [{ $set: undefined }], ignoring],
    ['with a hole in a pipeline', () => Object.assign([], { 1: { $set: { a: 1 } } }), {}],
    ['with a stage that is undefined', () => [{ $set: { a: 1 } }, undefined], {}],
    ['with a stage that is an array', () => [[{ $set: { a: 1 } }]], {}],
    ['that is a date', () => new Date(0), {}],
    ['that is an ObjectId', () => new ObjectId(), {}],
    ['that is a promise', () => Promise.resolve({ $set: { a: 1 } }), {}],
  ];
  it('is refused by every method before anything is sent', () =>
    withServer({}, async setup => {
      for (const [what, update, options] of cases) {
        for (const [method, write] of Object.entries(UPDATES)) {
          await assert.doesNotReject(staysAsItWas(setup, write, update(), options), `${method}: an update ${what}`);
        }
      }
    }));

  it('is refused when the object changes between the call and its encoding', () =>
    withServer({}, async setup => {
      const emptied = { $set: { a: 1 } as Document | undefined };
      for (const method of [
        'updateOne',
        'findOneAndUpdate',
        'bulkWrite of updateOne',
        'client.bulkWrite of updateOne',
      ]) {
        const write = UPDATES[method];
        assert.ok(write !== undefined);
        await staysAsItWas(
          setup,
          (collection, client, given, options) => {
            let looks = 0;
            const changing = new Proxy(given as object, {
              // The first look finds an operator, each later one a plain name.
              ownKeys: () => (looks++ === 0 ? ['$set'] : ['a']),
              getOwnPropertyDescriptor: () => ({ configurable: true, enumerable: true, value: 1 }),
              get: (_, name) => (name === '$set' || name === 'a' ? { x: 1 } : undefined),
            });
            return write(collection, client, changing, options);
          },
          emptied,
        );
      }
    }));

  it('is sent when one operator is left, or undefined values are null', () =>
    withServer({}, async ({ collection, log }) => {
      await collection.updateOne(FILTER, { $set: undefined, $inc: { n: 1 } } as never, ignoring);
      await collection.updateOne(FILTER, new Map([['$set', { a: 1 }]]));
      await collection.bulkWrite([{ updateOne: { filter: {}, update: new Map([['$set', { a: 1 }]]) } }]);
      await collection.updateOne(FILTER, [{ $set: { a: 1 } }, { $unset: 'b' }]);
      assert.equal(log.started().length, 4);
    }));
});

describe('a replacement that is encoded as an update or as nothing', () => {
  const ignoring = { ignoreUndefined: true };
  const cases: readonly (readonly [what: string, replacement: () => unknown, options: Options])[] = [
    ['whose first name vanishes', () => ({ a: undefined, $set: { x: 1 } }), ignoring],
    ['whose first value is a function', () => ({ a: () => 1, $set: { x: 1 } }), {}],
    ['whose toBSON has operators', () => ({ a: 1, toBSON: () => ({ $set: { x: 1 } }) }), {}],
    ['in a Map of operators', () => new Map([['$set', { x: 1 }]]), {}],
    [
      'in a Map whose first value vanishes',
      () =>
        new Map<string, unknown>([
          ['a', undefined],
          ['$set', {}],
        ]),
      ignoring,
    ],
    ['that is an array', () => [{ a: 1 }], {}],
    ['that is a date', () => new Date(0), {}],
    ['that is a Long', () => Long.fromNumber(1), {}],
    ['that is a promise', () => Promise.resolve({ a: 1 }), {}],
    ['that is a set', () => new Set([1]), {}],
    ['whose fields all vanish', () => ({ a: undefined }), ignoring],
    ['whose fields are getters of its class', () => new Conditions(), {}],
  ];
  it('is refused by every method before anything is sent', () =>
    withServer({}, async setup => {
      for (const [what, replacement, options] of cases) {
        for (const [method, write] of Object.entries(REPLACEMENTS)) {
          const done = staysAsItWas(setup, write, replacement(), options);
          await assert.doesNotReject(done, `${method}: a replacement ${what}`);
        }
      }
    }));

  it('is sent when it is a document, also an empty one', () =>
    withServer({}, async ({ collection }) => {
      await collection.insertOne({ _id: 1, a: 1 } as never);
      await collection.replaceOne({ _id: 1 } as never, {});
      await collection.replaceOne({ _id: 1 } as never, new Map([['b', 2]]));
      assert.deepEqual(await collection.findOne({}), { _id: 1, b: 2 });
    }));
});

describe('a filter of a write that loses all of its conditions', () => {
  const cases: readonly (readonly [what: string, filter: () => unknown, options: Options])[] = [
    ['by ignoreUndefined', () => ({ k: undefined, j: undefined }), { ignoreUndefined: true }],
    ['because its value is a function', () => ({ k: () => 1 }), {}],
    ['because its conditions are inherited', () => Object.create({ k: 1 }) as object, {}],
    ['because they are getters of its class', () => new Conditions(), {}],
    ['because it is a promise', () => Promise.resolve({ k: 1 }), {}],
    ['because it is a Map of undefined values', () => new Map([['k', undefined]]), { ignoreUndefined: true }],
    ['in its toBSON', () => ({ toBSON: () => ({ k: undefined }) }), { ignoreUndefined: true }],
    ['because it is an array', () => [{ k: 1 }], {}],
    ['because it is an ObjectId', () => new ObjectId(), {}],
  ];
  it('is refused by every write before anything is sent', () =>
    withServer({}, async setup => {
      for (const [what, filter, options] of cases) {
        for (const [method, write] of Object.entries(FILTERED)) {
          await assert.doesNotReject(staysAsItWas(setup, write, filter(), options), `${method}: ${what}`);
        }
      }
    }));

  it('is sent when it was empty from the start, and by reads', () =>
    withServer({}, async ({ collection }) => {
      const empty = { toBSON: () => ({}) };
      for (const filter of [{}, Object.create(null) as object, new Map(), empty]) {
        await collection.insertOne({ a: 1 });
        assert.equal((await collection.deleteMany(filter as never)).deletedCount, 1);
      }
      await collection.insertOne({ a: 1 });
      assert.equal(await collection.countDocuments({ k: undefined }, { ignoreUndefined: true }), 1);
    }));
});

describe('documents that are none', () => {
  const hole: unknown[] = [];
  hole[1] = { x: 1 };
  const none: readonly (readonly [string, unknown])[] = [
    ['null', null],
    ['undefined', undefined],
    ['a number', 1],
    ['a text', 'x'],
    ['a function', () => 1],
    ['an array', [{ a: 1 }]],
    ['a date', new Date(0)],
    ['a regular expression', /x/],
    ['an ObjectId', new ObjectId()],
    ['a Buffer', Buffer.from('x')],
    ['a boxed text', Object('x')],
    ['a set', new Set([1])],
    ['a promise', Promise.resolve({ a: 1 })],
  ];

  it('are refused by every insert before anything is sent', () =>
    withServer({}, async ({ collection, client, log }) => {
      const { namespace } = collection;
      const inserts: Record<string, (document: unknown) => Promise<unknown>> = {
        insertOne: document => collection.insertOne(document as never),
        insertMany: document => collection.insertMany([{ a: 1 }, document] as never),
        'insertMany with forceServerObjectId': document =>
          collection.insertMany([{ a: 1 }, document] as never, { forceServerObjectId: true }),
        bulkWrite: document => collection.bulkWrite([{ insertOne: { document } }] as never),
        'client.bulkWrite': document => client.bulkWrite([{ name: 'insertOne', namespace, document }] as never),
        builder: async document => {
          const bulk = collection.initializeOrderedBulkOp();
          assert.ok(bulk instanceof OrderedBulkOperation);
          bulk.insert({ a: 1 }).insert(document as never);
          await bulk.execute();
        },
      };
      for (const [what, document] of none) {
        for (const [method, insert] of Object.entries(inserts)) {
          const error = await rejection(insert(document));
          assert.ok(error instanceof MongoInvalidArgumentError, `${method} of ${what}: ${String(error)}`);
        }
      }
      assert.equal(log.started().length, 0);
    }));

  it('are refused where an array has a hole', () =>
    withServer({}, async ({ collection, client, log }) => {
      const calls: (() => Promise<unknown>)[] = [
        () => collection.insertMany(hole as never),
        () => collection.insertMany(hole as never, { forceServerObjectId: true, ordered: false }),
        () => collection.bulkWrite(Object.assign([], { 1: { insertOne: { document: {} } } })),
        () => client.bulkWrite(Object.assign([], { 1: { name: 'insertOne', namespace: 'a.b', document: {} } })),
        () => collection.updateOne({}, Object.assign([], { 1: { $set: { a: 1 } } })),
        async () => collection.aggregate(Object.assign([], { 1: { $match: {} } })).toArray(),
        () => collection.createIndexes(Object.assign([], { 1: { key: { a: 1 } } })),
        () => collection.createIndexes({ key: { a: 1 } } as never),
        () => collection.db.createCollection('v', { viewOn: 'c', pipeline: hole as never }),
      ];
      for (const call of calls) assert.ok((await rejection(call())) instanceof MongoInvalidArgumentError, String(call));
      assert.equal(log.started().length, 0);
    }));

  it('are refused as stages of a pipeline', () =>
    withServer({}, ({ collection, log }) => {
      for (const [what, stage] of none) {
        for (const owner of [collection, collection.db]) {
          assert.throws(() => owner.aggregate([stage] as never), MongoInvalidArgumentError, what);
        }
      }
      assert.equal(log.started().length, 0);
      return Promise.resolve();
    }));

  it('are refused as models, as are models of two operations', () =>
    withServer({}, async ({ collection, client, log }) => {
      const two = { insertOne: { document: {} }, deleteMany: { filter: {} } };
      const models: unknown[] = [...none.map(([, model]) => model), new Map([['insertOne', {}]]), two, {}];
      for (const model of models) {
        assert.ok((await rejection(collection.bulkWrite([model] as never))) instanceof MongoInvalidArgumentError);
        assert.ok((await rejection(client.bulkWrite([model] as never))) instanceof MongoInvalidArgumentError);
      }
      const arrayLike = { 0: { insertOne: { document: {} } }, length: 1 };
      for (const call of [collection.bulkWrite(arrayLike as never), collection.insertMany(arrayLike as never)]) {
        assert.ok((await rejection(call)) instanceof MongoInvalidArgumentError);
      }
      assert.equal(log.started().length, 0);
    }));
});

describe('the insertedId', () => {
  it('is the _id that is stored, also of a Map, a frozen object and an object with a toBSON', () =>
    withServer({}, async ({ collection }) => {
      const map = new Map<string, unknown>([['a', 1]]);
      class Order {
        get _id(): number {
          return 7;
        }
      }
      const documents: unknown[] = [
        { a: 1 },
        map,
        new Map<string, unknown>([
          ['a', 1],
          ['_id', 5],
        ]),
        Object.freeze({ a: 1 }),
        { toBSON: () => ({ a: 1 }) },
        { toBSON: () => ({ _id: 6, a: 1 }) },
        new Order(),
      ];
      for (const document of documents) {
        const { insertedId } = await collection.insertOne(document as never);
        assert.equal(await collection.countDocuments({ _id: insertedId }), 1);
      }
      assert.ok(map.get('_id') instanceof ObjectId);
      await collection.deleteMany({});
      const { insertedIds } = await collection.insertMany([new Map([['b', 1]]), { b: 2 }] as never);
      assert.equal(await collection.countDocuments({ _id: { $in: Object.values(insertedIds) } as never }), 2);
    }));
});
