import { type Document, MongoClient, MongoError } from 'mongotempo';
import { OPTION_SAMPLES } from '../support/option_samples.js';
import { ScriptedServer, STANDALONE } from '../support/scripted_server.js';
import { SeededRandom } from './random.js';
import { mutated, optionValue } from './shapes.js';
import { Finding, type FuzzTarget } from './target.js';

/** Real milliseconds after which a call is taken to be forgotten: the server answers at once. */
const LONGEST_CALL_MS = 20_000;

/** Options of methods, with values that are right; each input has a few that are not. */
const METHOD_OPTIONS: Document = {
  ...{
    timeoutMS: 1000,
    signal: undefined,
    session: undefined,
    comment: 'x',
    maxTimeMS: 1000,
    timeoutMode: 'iteration',
  },
  ...{ readPreference: 'primary', readConcern: { level: 'local' }, writeConcern: { w: 1, j: true, wtimeout: 5 } },
  ...{
    limit: 1,
    skip: 1,
    sort: { a: 1 },
    projection: { a: 1 },
    hint: { a: 1 },
    collation: { locale: 'en' },
    let: { a: 1 },
  },
  ...{ batchSize: 5, maxAwaitTimeMS: 5, tailable: false, awaitData: false, noCursorTimeout: true, singleBatch: true },
  ...{ upsert: true, ordered: true, arrayFilters: [{ a: 1 }], bypassDocumentValidation: true, returnDocument: 'after' },
  ...{
    ignoreUndefined: true,
    promoteLongs: false,
    useBigInt64: true,
    raw: false,
    checkKeys: false,
    fieldsAsRaw: { a: true },
  },
  ...{
    explain: undefined,
    includeResultMetadata: true,
    forceServerObjectId: true,
    verboseResults: true,
    prefetch: true,
  },
};
const CLIENT_OPTIONS: Document = OPTION_SAMPLES;

const METHODS: readonly ((client: MongoClient, options: never) => unknown)[] = [
  (client, options) => orders(client).insertOne({}, options),
  (client, options) => orders(client).insertMany([{}, {}], options),
  (client, options) => orders(client).updateOne({}, { $set: { a: 1 } }, options),
  (client, options) => orders(client).updateMany({}, [{ $set: { a: 1 } }], options),
  (client, options) => orders(client).replaceOne({}, { a: 1 }, options),
  (client, options) => orders(client).deleteMany({}, options),
  (client, options) => orders(client).findOneAndUpdate({}, { $set: { a: 1 } }, options),
  (client, options) => orders(client).findOne({}, options),
  (client, options) => orders(client).find({}, options).toArray(),
  (client, options) =>
    orders(client)
      .aggregate([{ $match: {} }], options)
      .toArray(),
  (client, options) => orders(client).countDocuments({}, options),
  (client, options) => orders(client).estimatedDocumentCount(options),
  (client, options) => orders(client).distinct('a', {}, options),
  (client, options) =>
    orders(client).bulkWrite([{ insertOne: { document: {} } }, { deleteOne: { filter: {} } }], options),
  (client, options) => orders(client).createIndex({ a: 1 }, options),
  (client, options) => orders(client).drop(options),
  (client, options) => client.db('shop', options).command({ ping: 1 }, options),
  (client, options) => client.db('shop').collection('orders', options).findOne({}),
  (client, options) => client.db('shop').listCollections({}, options).toArray(),
  (client, options) => client.db('shop').createCollection('orders', options),
  (client, options) => client.bulkWrite([{ name: 'insertOne', namespace: 'shop.orders', document: {} }], options),
  (client, options) => client.withSession(options, session => session.withTransaction(async () => undefined, options)),
];

function orders(client: MongoClient) {
  return client.db('shop').collection('orders');
}

/** A server that does all that it is asked for; made at the first input, and let go with the process. */
let ready: Promise<{ client: MongoClient; uri: string }> | null = null;

async function start(): Promise<{ client: MongoClient; uri: string }> {
  const server = await ScriptedServer.listen();
  server.hello = () => STANDALONE;
  server.answer = () => ({
    ...{ ok: 1, n: 1, nModified: 1, values: [], value: null },
    ...{ nErrors: 0, nInserted: 1, nMatched: 0, nUpserted: 0, nDeleted: 0 },
    cursor: { id: 0n, ns: 'shop.orders', firstBatch: [] },
  });
  const { host, port } = server.target as { host: string; port: number };
  const uri = `mongodb://${host}:${port}/?directConnection=true`;
  return { client: new MongoClient(uri, { serverSelectionTimeoutMS: 10_000 }), uri };
}

/** A caller's mistake is told by an error of ours, or, for a value that cannot be stored, of `bson`; an abort has its own reason. */
function judge(error: unknown, what: string, options: Document): void {
  if (error instanceof MongoError) return;
  if (error instanceof Error && error.name.startsWith('BSON')) return;
  const signal: unknown = Object.hasOwn(options, 'signal') ? options['signal'] : undefined;
  if (signal instanceof AbortSignal && signal.aborted && error === signal.reason) return;
  throw new Finding(`${what} ended with something else than an error of the driver`, error);
}

async function outcome(work: () => unknown, what: string, options: Document): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const forgotten = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Finding(`${what} did not end`)), LONGEST_CALL_MS);
  });
  try {
    await Promise.race([(async () => await work())(), forgotten]);
    return true;
  } catch (error) {
    if (error instanceof Finding) throw error;
    judge(error, what, options);
    return false;
  } finally {
    clearTimeout(timer);
  }
}

function oddOptions(good: Document, random: SeededRandom): Document {
  const names = Object.keys(good);
  const options: Document = {};
  for (let count = random.below(3); count >= 0; count--) {
    const name = random.pick(names);
    const right: unknown = good[name];
    if (random.chance(3)) options[name] = right;
    else options[name] = random.chance(2) ? optionValue(random) : mutated(right, random);
  }
  return options;
}

function shown(options: Document): string {
  return Object.keys(options).join(', ');
}

/** The bytes are a seed: options are values of JavaScript, which BSON has no room for. */
export const options: FuzzTarget = {
  name: 'options',
  allowance: () => 64 * 1024 * 1024,
  seeds: [{ seed: 0 }],
  async run(bytes) {
    const random = new SeededRandom(bytes.reduce((sum, byte) => (Math.imul(sum, 31) + byte) >>> 0, bytes.length));
    const { client, uri } = await (ready ??= start());
    if (random.chance(3)) {
      const given = oddOptions(CLIENT_OPTIONS, random);
      // Nothing is connected: it is what is said of the options that matters.
      return await outcome(() => new MongoClient(uri, given).close(), `new MongoClient(…, { ${shown(given)} })`, given);
    }
    const given = oddOptions(METHOD_OPTIONS, random);
    const method = random.pick(METHODS);
    return await outcome(() => method(client, given as never), `${String(method)} with { ${shown(given)} }`, given);
  },
};
