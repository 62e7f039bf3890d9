// The behavioural half of check:surface: calls each public method of this package and of the official driver with each option, one at a time, on
// our own server in this process, and compares which commands are sent, with which fields, and the shape of what comes back.
//   npm run check:surface      both halves;  npm run check -- behaviour  this one
// Deliberate differences stand in behaviour_differences.mjs with their reasons and are printed. Anything else fails, and so does a difference
// that has gone.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { differences } from './behaviour_differences.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const require = createRequire(join(root, 'package.json'));
const { EJSON, Long, Timestamp } = require('bson');

/** A sound value of each option of an operation, and of options that belong elsewhere and may be inherited by mistake. */
const OPTIONS = {
  // reads
  limit: 3,
  skip: 1,
  sort: { n: -1 },
  projection: { n: 1 },
  hint: { _id: 1 },
  min: { _id: 1 },
  max: { _id: 5 },
  batchSize: 2,
  noCursorTimeout: true,
  timeout: false,
  tailable: false,
  awaitData: false,
  returnKey: false,
  showRecordId: false,
  singleBatch: true,
  allowPartialResults: true,
  allowDiskUse: true,
  oplogReplay: true,
  cursor: { batchSize: 3 },
  out: 'copies',
  let: { v: 1 },
  collation: { locale: 'simple' },
  maxTimeMS: 60_000,
  maxAwaitTimeMS: 60_000,
  fullDocument: 'updateLookup',
  fullDocumentBeforeChange: 'whenAvailable',
  showExpandedEvents: true,
  startAtOperationTime: new Timestamp({ t: 1, i: 1 }),
  comment: 'why',
  filter: { name: 'docs' },
  nameOnly: true,
  authorizedCollections: true,
  authorizedDatabases: true,
  full: true,
  // writes
  ordered: false,
  upsert: true,
  arrayFilters: [],
  bypassDocumentValidation: true,
  forceServerObjectId: true,
  returnDocument: 'after',
  includeResultMetadata: true,
  multi: true,
  rawData: false,
  verboseResults: true,
  // definitions
  capped: true,
  size: 4096,
  autoIndexId: true,
  flags: 1,
  validator: { n: { $gte: 0 } },
  validationLevel: 'moderate',
  validationAction: 'warn',
  expireAfterSeconds: 60,
  storageEngine: {},
  indexOptionDefaults: {},
  unique: false,
  sparse: true,
  background: true,
  name: 'given',
  hidden: true,
  version: 2,
  commitQuorum: 'majority',
  dropTarget: true,
  scale: 1024,
  // what commands inherit
  readConcern: { level: 'majority' },
  readPreference: 'secondaryPreferred',
  writeConcern: { w: 'majority' },
  explain: 'queryPlanner',
  willRetryWrite: true,
  // settings of other levels
  w: 1,
  wtimeout: 1000,
  wtimeoutMS: 1000,
  j: true,
  journal: true,
  fsync: true,
  retryWrites: true,
  retryReads: true,
  readPreferenceTags: [{ a: 'b' }],
  readConcernLevel: 'local',
  maxStalenessSeconds: 120,
  hedge: { enabled: true },
  dbName: 'other',
  authdb: 'other',
  authSource: 'other',
  pkFactory: { createPk: () => 'a key' },
  monitorCommands: true,
  appName: 'app',
  maxPoolSize: 5,
  serverSelectionTimeoutMS: 5000,
  causalConsistency: true,
  // BSON
  ignoreUndefined: true,
  serializeFunctions: true,
  promoteLongs: false,
  promoteValues: false,
  promoteBuffers: true,
  useBigInt64: true,
  bsonRegExp: true,
  enableUtf8Validation: false,
  fieldsAsRaw: { tag: true },
  raw: false,
  checkKeys: false,
  // neither knows it
  entirelyUnknown: 1,
};

const ID = '64b7f9a0c2a1d2e3f4a5b6c7';
const insertOne = { insertOne: { document: { _id: 'b', n: 1 } } };
const updateMany = { updateMany: { filter: { n: { $lt: 2 } }, update: { $set: { x: 1 } } } };
const upsertOne = { replaceOne: { filter: { _id: 'c' }, replacement: { n: 8 }, upsert: true } };
const deleteOne = { deleteOne: { filter: { _id: 9 } } };
const MODELS = [insertOne, updateMany, upsertOne, deleteOne];
const CLIENT_MODELS = [
  { name: 'insertOne', namespace: 'surface.docs', document: { _id: 'b', n: 1 } },
  { name: 'updateMany', namespace: 'surface.docs', filter: { n: { $lt: 2 } }, update: { $set: { x: 1 } } },
  { name: 'deleteOne', namespace: 'surface.docs', filter: { _id: 9 } },
];

/** The first change of a stream, which is written once the stream is open. */
async function firstChange(client, stream) {
  const opened = new Promise(resolve => {
    client.once('commandSucceeded', resolve);
  });
  const next = stream.next();
  try {
    await Promise.race([opened, next]);
    await janitor.db('surface').collection('docs').insertOne({ _id: 'a', n: 1 });
    return await next;
  } finally {
    await stream.close();
  }
}

/** The public methods that send commands, each with arguments for which it succeeds. */
const METHODS = {
  'collection.find': ({ docs }, options) => docs.find({ n: { $lt: 7 } }, options).toArray(),
  'collection.findOne': ({ docs }, options) => docs.findOne({ n: 3 }, options),
  'collection.aggregate': ({ docs }, options) => docs.aggregate([{ $match: { n: { $lt: 7 } } }], options).toArray(),
  'collection.countDocuments': ({ docs }, options) => docs.countDocuments({ n: { $lt: 7 } }, options),
  'collection.estimatedDocumentCount': ({ docs }, options) => docs.estimatedDocumentCount(options),
  'collection.count': ({ docs }, options) => docs.count({ n: { $lt: 7 } }, options),
  'collection.distinct': ({ docs }, options) => docs.distinct('tag', { n: { $lt: 7 } }, options),
  'collection.insertOne': ({ docs }, options) => docs.insertOne({ _id: 'a', n: 1 }, options),
  'collection.insertMany': ({ docs }, options) => docs.insertMany([{ _id: 'a' }, { _id: 'b' }], options),
  'collection.updateOne': ({ docs }, options) => docs.updateOne({ _id: 1 }, { $set: { x: 1 } }, options),
  'collection.updateMany': ({ docs }, options) => docs.updateMany({ n: { $lt: 3 } }, { $set: { x: 1 } }, options),
  'collection.replaceOne': ({ docs }, options) => docs.replaceOne({ _id: 1 }, { x: 1 }, options),
  'collection.deleteOne': ({ docs }, options) => docs.deleteOne({ _id: 1 }, options),
  'collection.deleteMany': ({ docs }, options) => docs.deleteMany({ n: { $lt: 3 } }, options),
  'collection.findOneAndUpdate': ({ docs }, options) => docs.findOneAndUpdate({ _id: 1 }, { $set: { x: 1 } }, options),
  'collection.findOneAndReplace': ({ docs }, options) => docs.findOneAndReplace({ _id: 1 }, { x: 1 }, options),
  'collection.findOneAndDelete': ({ docs }, options) => docs.findOneAndDelete({ _id: 1 }, options),
  'collection.bulkWrite': ({ docs }, options) => docs.bulkWrite(MODELS, options),
  'an ordered bulk': ({ docs }, options) => {
    const bulk = docs.initializeOrderedBulkOp(options);
    for (const model of MODELS) bulk.raw(model);
    return bulk.execute();
  },
  'an unordered bulk': ({ docs }, options) => {
    const bulk = docs.initializeUnorderedBulkOp(options);
    bulk.insert({ _id: 'b' });
    bulk
      .find({ n: 3 })
      .collation({ locale: 'simple' })
      .upsert()
      .updateOne({ $set: { x: 1 } });
    bulk.find({ n: 4 }).delete();
    return bulk.execute();
  },
  'collection.createIndex': ({ docs }, options) => docs.createIndex({ n: 1 }, options),
  'collection.createIndexes': ({ docs }, options) => docs.createIndexes([{ key: { n: 1 }, name: 'own' }], options),
  'collection.listIndexes': ({ docs }, options) => docs.listIndexes(options).toArray(),
  'collection.indexes': ({ docs }, options) => docs.indexes(options),
  'collection.indexInformation': ({ docs }, options) => docs.indexInformation(options),
  'collection.indexExists': ({ docs }, options) => docs.indexExists('_id_', options),
  'collection.dropIndex': async ({ docs }, options) => {
    await docs.createIndex({ n: 1 });
    return docs.dropIndex('n_1', options);
  },
  'collection.dropIndexes': ({ docs }, options) => docs.dropIndexes(options),
  'collection.rename': async ({ docs }, options) => (await docs.rename('renamed', options)).namespace,
  'collection.options': ({ docs }, options) => docs.options(options),
  'collection.isCapped': ({ docs }, options) => docs.isCapped(options),
  'collection.drop': ({ docs }, options) => docs.drop(options),
  'db.command': ({ db }, options) => db.command({ count: 'docs' }, options),
  'db.runCursorCommand': ({ db }, options) =>
    db.runCursorCommand({ find: 'docs', filter: { n: 3 } }, options).toArray(),
  'db.aggregate': ({ db }, options) => db.aggregate([{ $documents: [{ a: 1 }] }], options).toArray(),
  'db.createCollection': async ({ db }, options) => (await db.createCollection('made', options)).namespace,
  'db.dropCollection': ({ db }, options) => db.dropCollection('docs', options),
  'db.listCollections': ({ db }, options) => db.listCollections({ name: 'docs' }, options).toArray(),
  'db.collections': async ({ db }, options) => (await db.collections(options)).length,
  'db.renameCollection': async ({ db }, options) => (await db.renameCollection('docs', 'renamed', options)).namespace,
  'db.createIndex': ({ db }, options) => db.createIndex('docs', { n: 1 }, options),
  'db.indexInformation': ({ db }, options) => db.indexInformation('docs', options),
  'db.stats': ({ db }, options) => db.stats(options),
  'db.profilingLevel': ({ db }, options) => db.profilingLevel(options),
  'db.setProfilingLevel': ({ db }, options) => db.setProfilingLevel('off', options),
  'db.removeUser': ({ db }, options) => db.removeUser('nobody', options),
  'db.dropDatabase': ({ db }, options) => db.dropDatabase(options),
  'admin.command': ({ admin }, options) => admin.command({ ping: 1 }, options),
  'admin.ping': ({ admin }, options) => admin.ping(options),
  'admin.buildInfo': ({ admin }, options) => admin.buildInfo(options),
  'admin.listDatabases': ({ admin }, options) => admin.listDatabases(options),
  'admin.validateCollection': ({ admin }, options) => admin.validateCollection('docs', options),
  'admin.removeUser': ({ admin }, options) => admin.removeUser('nobody', options),
  'client.bulkWrite': ({ client }, options) => client.bulkWrite(CLIENT_MODELS, options),
  'collection.watch': ({ client, docs }, options) =>
    firstChange(client, docs.watch([{ $match: { operationType: 'insert' } }], options)),
  'db.watch': ({ client, db }, options) => firstChange(client, db.watch([], options)),
  'client.watch': ({ client }, options) => firstChange(client, client.watch([], options)),
  // options of a level, seen in what is sent from there
  'client.db': ({ client }, options) => client.db('surface', options).collection('docs').findOne({ n: 3 }),
  'db.collection': ({ db }, options) => db.collection('docs', options).findOne({ n: 3 }),
  'a write by db.collection': ({ db }, options) => db.collection('docs', options).deleteOne({ n: 3 }),
  // errors, with what they tell of the writes that were done
  'a duplicate in insertOne': ({ docs }, options) => docs.insertOne({ _id: 1 }, options),
  'a duplicate in insertMany': ({ docs }, options) =>
    docs.insertMany([{ _id: 'a' }, { _id: 1 }, { _id: 'b' }], options),
  'a duplicate in bulkWrite': ({ docs }, options) =>
    docs.bulkWrite([insertOne, upsertOne, { insertOne: { document: { _id: 1 } } }, deleteOne], options),
  'a duplicate in client.bulkWrite': ({ client }, options) =>
    client.bulkWrite([...CLIENT_MODELS, { ...CLIENT_MODELS[0], document: { _id: 1 } }, CLIENT_MODELS[2]], options),
  'a duplicate in findOneAndUpdate': ({ docs }, options) =>
    docs.findOneAndUpdate({ _id: 'new' }, { $set: { _id: 'other' } }, { upsert: true, ...options }),
  'a duplicate index': async ({ docs }, options) => {
    await docs.createIndex({ n: 1 });
    return docs.createIndex({ n: 1 }, { unique: true, ...options });
  },
};

/** Options with which errors are compared: those that change what they tell. */
const OF_ERRORS = new Set(['none', 'ordered', 'verboseResults', 'promoteValues', 'promoteLongs', 'comment']);

/** What of an error differs in any case: texts say more here. */
const NOT_COMPARED = new Set(['constructor', 'stack', 'message', 'errmsg', 'cause', 'errorResponse', 'toJSON']);

/** Results whose values are the server's own and change from call to call: only their fields and types count. */
const LOOSE = /^(admin\.(ping|buildInfo|command|listDatabases|validate)|db\.(stats|command))/;

class Driver {
  #client;
  #commands = [];

  constructor({ MongoClient }, uri) {
    this.#client = new MongoClient(uri, { monitorCommands: true });
    this.#client.on('commandStarted', ({ command }) => this.#commands.push(command));
  }

  /** @param names - what to read from an error; null for all that it has */
  async outcome(method, options, names) {
    const client = this.#client;
    const db = client.db('surface');
    const docs = db.collection('docs');
    this.#commands.length = 0;
    const outcome = { commands: null, result: null, error: null, names: [] };
    try {
      const result = await METHODS[method]({ client, db, docs, admin: db.admin() }, options);
      outcome.result = shapeOf(result, LOOSE.test(method) || 'explain' in options);
    } catch (error) {
      outcome.names = names ?? namesOf(error);
      const fields = outcome.names.map(name => [name, shapeOf(error[name], false, 1)]);
      outcome.error = { class: error.constructor.name, code: error.code, ...Object.fromEntries(fields) };
    }
    outcome.commands = this.#commands.map(normalCommand);
    if (/watch$/.test(method)) outcome.commands = withoutRepeats(outcome.commands);
    return outcome;
  }

  close() {
    return this.#client.close();
  }
}

const DROPPED = new Set(['lsid', '$clusterTime', 'operationTime']);

/** All that can be read from an error. */
function namesOf(error) {
  const names = new Set(Object.getOwnPropertyNames(error));
  for (let it = Object.getPrototypeOf(error); it !== Error.prototype && it !== null; it = Object.getPrototypeOf(it)) {
    for (const name of Object.getOwnPropertyNames(it)) if (typeof error[name] !== 'function') names.add(name);
  }
  return [...names].filter(name => !NOT_COMPARED.has(name) && !DROPPED.has(name)).sort();
}

/** How many getMores a change stream needs depends on when a change comes. */
function withoutRepeats(commands) {
  return commands.filter((command, at) => JSON.stringify(command) !== JSON.stringify(commands[at - 1]));
}

function normalCommand(command) {
  const plain = JSON.parse(EJSON.stringify(command, { relaxed: true }));
  const fields = Object.entries(plain).filter(([name]) => !DROPPED.has(name));
  // The order of fields after the first means nothing.
  const sorted = [...fields.slice(0, 1), ...fields.slice(1).sort(([one], [other]) => (one < other ? -1 : 1))];
  const own = Object.fromEntries(
    sorted.map(([name, value]) => [name, name === 'txnNumber' ? 'a number' : masked(value)]),
  );
  for (const name of Object.keys(own)) if (STATEMENTS.has(name)) own[name] = own[name].map(sortedFields);
  if ('explain' in own && typeof own.explain === 'object') own.explain = normalCommand(own.explain);
  if ('getMore' in own) own.getMore = 'a cursor';
  if ('killCursors' in own) own.cursors = 'a cursor';
  return own;
}

/** Lists whose elements are documents of the driver's making: the order of their fields means nothing either. */
const STATEMENTS = new Set(['updates', 'deletes', 'ops', 'indexes']);

function sortedFields(document) {
  return Object.fromEntries(Object.entries(document).sort(([one], [other]) => (one < other ? -1 : 1)));
}

function masked(value) {
  if (Array.isArray(value)) return value.map(masked);
  if (typeof value !== 'object' || value === null) return value;
  if ('$oid' in value && value.$oid !== ID) return 'an ObjectId';
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, masked(field)]));
}

/** A result as plain data: types of what is random or the server's own, values of the rest; an object of a class by all that can be read of it. */
function shapeOf(value, loose, depth = 0) {
  if (value === null || value === undefined) return String(value);
  if (typeof value !== 'object') return loose || typeof value === 'string' ? typeof value : `${typeof value} ${value}`;
  if (value._bsontype !== undefined) return value._bsontype;
  if (value instanceof Date) return 'Date';
  if (Buffer.isBuffer(value)) return 'Buffer';
  if (Array.isArray(value)) return loose ? ['array'] : value.map(item => shapeOf(item, loose, depth + 1));
  if (value instanceof Map) return { Map: [...value.keys()].map(String) };
  if (depth > 3) return 'object';
  const names = new Set(Object.keys(value));
  const { constructor } = value;
  if (constructor !== undefined && constructor !== Object) {
    names.add('constructor');
    for (const [name, { get }] of Object.entries(Object.getOwnPropertyDescriptors(constructor.prototype))) {
      if (get !== undefined) names.add(name);
    }
    for (const name of Object.getOwnPropertyNames(value)) names.add(name);
  }
  const shape = {};
  for (const name of [...names].sort()) {
    if (DROPPED.has(name)) continue;
    shape[name] = name === 'constructor' ? constructor.name : shapeOf(value[name], loose, depth + 1);
  }
  return shape;
}

const official = require('mongodb');
const ours = require(join(root, 'lib/index.js'));
const { TestCluster } = require('mongotempo-server');

const begin = Date.now();
const warned = process.emitWarning;
process.emitWarning = () => undefined;
const cluster = await TestCluster.start({ topology: 'replicaset', members: 1, seed: 1 });
const drivers = [new Driver(official, cluster.uri), new Driver(ours, cluster.uri)];
const janitor = new official.MongoClient(cluster.uri);
const DOCUMENTS = Array.from({ length: 10 }, (_, n) => ({
  _id: n,
  n,
  tag: n % 2 === 0 ? 'even' : 'odd',
  big: Long.fromNumber(n),
}));

/** Methods that change nothing leave the documents as they are; some change more than documents. */
const READS =
  /find$|findOne$|aggregate|[cC]ount|distinct|list|indexes$|Information|Exists|options|isCapped|command|runCursor|collections|stats|profil|ping|buildInfo|validate|client\.db|(?<!write by )db\.collection$/;
const DEFINITIONS = /create|drop|[rR]ename/;
const template = janitor.db('template').collection('docs');
await template.insertMany(DOCUMENTS);

/** @param before - the method that was called last */
async function reset(before) {
  if (before !== null && READS.test(before)) return;
  if (before === null || DEFINITIONS.test(before)) await janitor.db('surface').dropDatabase();
  await template.aggregate([{ $out: { db: 'surface', coll: 'docs' } }]).toArray();
}

let before = null;
let calls = 0;
const found = [];
for (const method of Object.keys(METHODS)) {
  for (const [option, value] of [['none', undefined], ...Object.entries(OPTIONS)]) {
    if (/^a duplicate/.test(method) && !OF_ERRORS.has(option)) continue;
    const outcomes = [];
    for (const driver of drivers) {
      await reset(before);
      outcomes.push(
        await driver.outcome(method, option === 'none' ? {} : { [option]: value }, outcomes[0]?.names ?? null),
      );
      before = option === 'out' ? null : method;
    }
    calls++;
    const [theirs, own] = outcomes.map(outcome =>
      Object.fromEntries(Object.entries(outcome).map(([part, it]) => [part, JSON.stringify(it)])),
    );
    for (const part of ['commands', 'result', 'error']) {
      if (theirs[part] !== own[part]) found.push({ method, option, part, theirs: theirs[part], own: own[part] });
    }
  }
}
for (const client of [...drivers, janitor]) await client.close();
await cluster[Symbol.asyncDispose]();
process.emitWarning = warned;

const used = new Map(differences.map(difference => [difference, []]));
const unexplained = found.filter(({ method, option, part }) => {
  const explained = differences.find(
    difference =>
      difference.parts.includes(part) &&
      (difference.option === undefined || difference.option.test(option)) &&
      (difference.method === undefined || difference.method.test(method)),
  );
  used.get(explained)?.push(`${method} with ${option}`);
  return explained === undefined;
});

const shown = text => (text === undefined || text.length <= 2000 ? text : `${text.slice(0, 2000)}…`);

console.log('\ndeliberate differences in behaviour');
for (const [{ reason, option, method }, where] of used) {
  const [example] = where;
  const what =
    example === undefined ? `GONE: ${method?.source} with ${option?.source}` : `${example} (${where.length} in all)`;
  console.log(`  ${what}\n    ${reason}`);
}
for (const { method, option, part, theirs, own } of unexplained) {
  console.log(`\n${method} with ${option}: ${part}\n  official ${shown(theirs)}\n  here     ${shown(own)}`);
}
const gone = [...used.values()].filter(where => where.length === 0).length;
console.log(
  `\n${calls} calls compared in ${((Date.now() - begin) / 1000).toFixed(1)} s, ${unexplained.length} unexplained differences, ${gone} explained ones gone`,
);
process.exit(unexplained.length + gone === 0 ? 0 : 1);
