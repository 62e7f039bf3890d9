import type { AbstractCursor } from '../../../../src/client/cursors/abstract_cursor.js';
import type { MongoClient } from '../../../../src/client/mongo_client.js';
import type { ClientSession } from '../../../../src/sessions/client_session.js';
import { OF_CLIENT, orders, WAITING } from '../waiting_methods.js';
import type { OwnOptions } from './settings.js';

/** A public method that waits. */
export interface Method {
  /** As documents name it: `insertOne`, `session.commitTransaction`. */
  readonly name: string;
  /** What has to happen before the call; nothing waits then. Returns the call. */
  prepare(client: MongoClient): Promise<(own: OwnOptions) => Promise<unknown>>;
  /** The method is never called with the option `session`, nor in a transaction of the test. */
  readonly withoutSession?: boolean;
  readonly withoutOptions?: boolean;
  /** The method is called on a client that is not connected. */
  readonly connects?: boolean;
  /** The method is not called on a collection that the program has. */
  readonly withoutCollection?: boolean;
  /** The method tidies up: it is often called because a shared deadline is over, and has the whole of its time once more. */
  readonly tidiesUp?: boolean;
}

const PREFIXES: Readonly<Record<string, string>> = {
  Collection: 'collection',
  Db: 'db',
  Admin: 'admin',
  MongoClient: 'client',
  ClientSession: 'session',
  BulkOperationBase: 'bulk',
  GridFSBucket: 'bucket',
  AbstractCursor: 'cursor',
  ChangeStream: 'changeStream',
  ExplainableCursor: 'cursor',
  FindCursor: 'cursor',
};

/** Methods that need something before they can be called, by their names. */
const PREPARED: Readonly<Record<string, Method['prepare']>> = {
  'session.commitTransaction': client => ended(client, (session, own) => session.commitTransaction(own)),
  'session.abortTransaction': client => ended(client, (session, own) => session.abortTransaction(own)),
  'session.endSession': client => ended(client, (session, own) => session.endSession(own)),
  'cursor.close': async client => {
    const cursor = await openedCursor(client);
    return own => cursor.close(own);
  },
  'changeStream.close': async client => {
    const stream = orders(client).watch();
    await stream.start();
    return own => stream.close(own);
  },
  'client.close': async client => {
    await transaction(client);
    return own => client.close(own);
  },
  'cursor.explain':
    async client =>
    ({ session, ...own }) =>
      orders(client)
        .find({}, { ...(session !== undefined && { session }) })
        .explain(own),
};

async function transaction(client: MongoClient): Promise<ClientSession> {
  const session = client.startSession();
  session.startTransaction();
  await orders(client).insertOne({}, { session });
  return session;
}

async function ended(client: MongoClient, end: (session: ClientSession, own: OwnOptions) => Promise<unknown>) {
  const session = await transaction(client);
  return (own: OwnOptions) => end(session, own);
}

async function openedCursor(client: MongoClient): Promise<AbstractCursor> {
  const cursor = orders(client).find({}, { batchSize: 1 });
  await cursor.next();
  return cursor;
}

/** Cursors of the other methods that make one; those of `find` are among {@link WAITING}. */
const CURSORS: Readonly<Record<string, (client: MongoClient, own: OwnOptions) => AbstractCursor<unknown>>> = {
  'collection.aggregate': (client, own) => orders(client).aggregate([], own),
  'collection.listIndexes': (client, own) => orders(client).listIndexes(own),
  'collection.listSearchIndexes': (client, own) => orders(client).listSearchIndexes(own),
  'db.aggregate': (client, own) => client.db('shop').aggregate([{ $documents: [] }], own),
  'db.listCollections': (client, own) => client.db('shop').listCollections({}, own),
  'db.runCursorCommand': (client, own) => client.db('shop').runCursorCommand({ find: 'orders' }, own),
};

/** `Symbol(Symbol.asyncIterator)` as a property: `[Symbol.asyncIterator]`. */
function memberOf(prefix: string, method: string): string {
  return method.startsWith('Symbol(') ? `${prefix}[${method.slice('Symbol('.length, -1)}]` : `${prefix}.${method}`;
}

/** The time of `withSession` is that of the operations in its function, and of the `endSession` after them. */
const NOT_IN_TABLE: ReadonlySet<string> = new Set(['client.withSession']);

function* methods(): Generator<Method> {
  for (const [type, ofType] of Object.entries(WAITING)) {
    for (const [method, { call, source }] of Object.entries(ofType)) {
      const name = memberOf(PREFIXES[type] ?? type, method);
      if (NOT_IN_TABLE.has(name)) continue;
      const prepare = PREPARED[name] ?? (async client => own => call(client, own));
      yield {
        name,
        prepare,
        withoutSession: type === 'ClientSession' || type === 'GridFSBucket',
        withoutOptions: source === OF_CLIENT,
        withoutCollection: type === 'Db' || type === 'GridFSBucket',
        tidiesUp: name === 'session.endSession',
      };
    }
  }
  // Their waits never fail, so that they are not among those of the table of waiting methods.
  for (const name of ['session.abortTransaction', 'client.close', 'cursor.close', 'changeStream.close']) {
    yield { name, prepare: PREPARED[name] as Method['prepare'], withoutSession: true, tidiesUp: true };
  }
  yield { name: 'client.connect', prepare: async client => own => client.connect(own), connects: true };
  for (const [name, open] of Object.entries(CURSORS)) {
    yield { name: `${name}().toArray`, prepare: async client => own => open(client, own).toArray() };
  }
}

export const METHODS: readonly Method[] = [...methods()];
