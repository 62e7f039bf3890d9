import { ObjectId } from '../../../src/bson/index.js';
import type { MongoClient } from '../../../src/client/mongo_client.js';
import { GridFSBucket } from '../../../src/gridfs/bucket.js';
import type { ClientSession } from '../../../src/sessions/client_session.js';
import type { Answer } from '../../support/scripted_server.js';

/** Options of a method; without a time of its own, the method has that of the client. */
export interface Own {
  readonly timeoutMS?: number;
  readonly signal?: AbortSignal;
}

/** A public method that waits: how it is called, and what its error and its events name. */
export interface Waiting {
  readonly call: (client: MongoClient, own: Own) => Promise<unknown>;
  /** Whose `timeoutMS` the error names. Default: the operation. */
  readonly source?: string;
  /** The operation in events. Default: the method's own name. */
  readonly operation?: string;
}

export const orders = (client: MongoClient) => client.db('shop').collection('orders');
const admin = (client: MongoClient) => client.db('shop').admin();
const files = (client: MongoClient) => new GridFSBucket(client.db('shop'));
const FILE = new ObjectId('0123456789abcdef01234567');
const found = (client: MongoClient, own: Own) => orders(client).find({}, own);

function watched(client: MongoClient, own: Own) {
  return orders(client).watch([], own);
}

async function consume(documents: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of documents) return;
}

async function inTransaction(client: MongoClient, end: (session: ClientSession) => Promise<unknown>): Promise<void> {
  const session = client.startSession();
  session.startTransaction();
  await orders(client).insertOne({}, { session });
  await end(session);
}

const INSERT = { insertOne: { document: {} } };
const CLIENT_INSERT = { name: 'insertOne', namespace: 'shop.orders', document: {} } as const;

/** The `source` of methods that take no options. */
export const OF_CLIENT = 'the client';

/** Answers only the first command of a transaction: its end is what waits. */
export const answeringTheFirst: Answer = ({ body }) =>
  body['startTransaction'] === true && 'insert' in body ? { ok: 1, n: 1 } : null;

/** By class and method. Those without options have the time of the client. */
export const WAITING: Readonly<Record<string, Readonly<Record<string, Waiting>>>> = {
  Collection: {
    findOne: { call: (client, own) => orders(client).findOne({}, own) },
    countDocuments: { call: (client, own) => orders(client).countDocuments({}, own) },
    estimatedDocumentCount: { call: (client, own) => orders(client).estimatedDocumentCount(own) },
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- it is public, and waits
    count: { call: (client, own) => orders(client).count({}, own) },
    distinct: { call: (client, own) => orders(client).distinct('a', {}, own) },
    insertOne: { call: (client, own) => orders(client).insertOne({}, own) },
    insertMany: { call: (client, own) => orders(client).insertMany([{}, {}], own) },
    bulkWrite: { call: (client, own) => orders(client).bulkWrite([INSERT, INSERT], own) },
    updateOne: { call: (client, own) => orders(client).updateOne({}, { $set: { a: 1 } }, own) },
    updateMany: { call: (client, own) => orders(client).updateMany({}, { $set: { a: 1 } }, own) },
    replaceOne: { call: (client, own) => orders(client).replaceOne({}, {}, own) },
    deleteOne: { call: (client, own) => orders(client).deleteOne({}, own) },
    deleteMany: { call: (client, own) => orders(client).deleteMany({}, own) },
    findOneAndDelete: { call: (client, own) => orders(client).findOneAndDelete({}, own) },
    findOneAndReplace: { call: (client, own) => orders(client).findOneAndReplace({}, {}, own) },
    findOneAndUpdate: { call: (client, own) => orders(client).findOneAndUpdate({}, { $set: { a: 1 } }, own) },
    createIndex: { call: (client, own) => orders(client).createIndex('a', own) },
    createIndexes: { call: (client, own) => orders(client).createIndexes([{ key: { a: 1 } }], own) },
    dropIndex: { call: (client, own) => orders(client).dropIndex('a_1', own) },
    dropIndexes: { call: (client, own) => orders(client).dropIndexes(own) },
    indexExists: { call: (client, own) => orders(client).indexExists('a_1', own) },
    indexInformation: { call: (client, own) => orders(client).indexInformation(own) },
    indexes: { call: (client, own) => orders(client).indexes(own) },
    createSearchIndex: {
      call: client => orders(client).createSearchIndex({ definition: {} }),
      source: OF_CLIENT,
    },
    createSearchIndexes: {
      call: client => orders(client).createSearchIndexes([{ definition: {} }]),
      source: OF_CLIENT,
    },
    updateSearchIndex: { call: client => orders(client).updateSearchIndex('a', {}), source: OF_CLIENT },
    dropSearchIndex: { call: client => orders(client).dropSearchIndex('a'), source: OF_CLIENT },
    rename: { call: (client, own) => orders(client).rename('sales', own) },
    drop: { call: (client, own) => orders(client).drop(own) },
    options: { call: (client, own) => orders(client).options(own) },
    isCapped: { call: (client, own) => orders(client).isCapped(own) },
  },
  Db: {
    createCollection: { call: (client, own) => client.db('shop').createCollection('orders', own) },
    command: { call: (client, own) => client.db('shop').command({ ping: 1 }, own) },
    collections: { call: (client, own) => client.db('shop').collections(own) },
    renameCollection: { call: (client, own) => client.db('shop').renameCollection('a', 'b', own) },
    dropCollection: { call: (client, own) => client.db('shop').dropCollection('orders', own) },
    dropDatabase: { call: (client, own) => client.db('shop').dropDatabase(own) },
    createIndex: { call: (client, own) => client.db('shop').createIndex('orders', 'a', own) },
    indexInformation: {
      call: (client, own) => client.db('shop').indexInformation('orders', own),
    },
    removeUser: { call: (client, own) => client.db('shop').removeUser('ann', own) },
    setProfilingLevel: { call: (client, own) => client.db('shop').setProfilingLevel('off', own) },
    profilingLevel: { call: (client, own) => client.db('shop').profilingLevel(own) },
    stats: { call: (client, own) => client.db('shop').stats(own) },
  },
  Admin: {
    command: { call: (client, own) => admin(client).command({ ping: 1 }, own) },
    buildInfo: { call: (client, own) => admin(client).buildInfo(own) },
    serverInfo: { call: (client, own) => admin(client).serverInfo(own) },
    serverStatus: { call: (client, own) => admin(client).serverStatus(own) },
    ping: { call: (client, own) => admin(client).ping(own) },
    removeUser: { call: (client, own) => admin(client).removeUser('ann', own) },
    validateCollection: { call: (client, own) => admin(client).validateCollection('orders', own) },
    listDatabases: { call: (client, own) => admin(client).listDatabases(own) },
    replSetGetStatus: { call: (client, own) => admin(client).replSetGetStatus(own) },
  },
  MongoClient: {
    bulkWrite: {
      call: (client, own) => client.bulkWrite([CLIENT_INSERT, CLIENT_INSERT], own),
    },
    withSession: {
      call: (client, own) => client.withSession(session => orders(client).findOne({}, { ...own, session })),
      operation: 'findOne',
    },
  },
  ClientSession: {
    commitTransaction: { call: (client, own) => inTransaction(client, session => session.commitTransaction(own)) },
    endSession: { call: (client, own) => inTransaction(client, session => session.endSession(own)) },
    withTransaction: {
      call: (client, own) =>
        client.startSession().withTransaction(session => orders(client).findOne({}, { session }), own),
    },
  },
  GridFSBucket: {
    upload: {
      call: (client, own) => files(client).upload('a', 'bytes', own),
      source: 'upload',
      operation: 'gridfs.upload.createIndexes',
    },
    readAll: {
      call: (client, own) => files(client).readAll(FILE, own),
      source: 'readAll',
      operation: 'gridfs.download.file',
    },
    delete: { call: (client, own) => files(client).delete(FILE, own), operation: 'gridfs.delete' },
    deleteByName: { call: (client, own) => files(client).deleteByName('a', own), operation: 'gridfs.deleteByName' },
    rename: { call: (client, own) => files(client).rename(FILE, 'b', own), operation: 'gridfs.rename' },
    renameByName: {
      call: (client, own) => files(client).renameByName('a', 'b', own),
      operation: 'gridfs.renameByName',
    },
    drop: { call: (client, own) => files(client).drop(own), operation: 'gridfs.drop' },
  },
  AbstractCursor: {
    hasNext: { call: (client, own) => found(client, own).hasNext(), source: 'find', operation: 'find.hasNext' },
    next: { call: (client, own) => found(client, own).next(), source: 'find', operation: 'find.next' },
    tryNext: { call: (client, own) => found(client, own).tryNext(), source: 'find', operation: 'find.tryNext' },
    toArray: { call: (client, own) => found(client, own).toArray(), source: 'find', operation: 'find.toArray' },
    forEach: {
      call: (client, own) => found(client, own).forEach(() => true),
      source: 'find',
      operation: 'find.forEach',
    },
    batches: {
      call: (client, own) => consume(found(client, own).batches()),
      source: 'find',
      operation: 'find.batches',
    },
    stream: { call: (client, own) => consume(found(client, own).stream()), source: 'find', operation: 'find.stream' },
    [Symbol.asyncIterator.toString()]: {
      call: (client, own) => consume(found(client, own)),
      source: 'find',
      operation: 'find.next',
    },
  },
  ChangeStream: {
    hasNext: { call: (client, own) => watched(client, own).hasNext(), source: 'watch', operation: 'watch.hasNext' },
    next: { call: (client, own) => watched(client, own).next(), source: 'watch', operation: 'watch.next' },
    tryNext: { call: (client, own) => watched(client, own).tryNext(), source: 'watch', operation: 'watch.tryNext' },
    stream: {
      call: (client, own) => consume(watched(client, own).stream()),
      source: 'watch',
      operation: 'watch.stream',
    },
    [Symbol.asyncIterator.toString()]: {
      call: (client, own) => consume(watched(client, own)),
      source: 'watch',
      operation: 'watch.next',
    },
  },
  ExplainableCursor: {
    explain: { call: (client, own) => orders(client).find().explain(own) },
  },
  FindCursor: {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- it is public, and waits
    count: { call: (client, own) => orders(client).find().count(own) },
  },
  BulkOperationBase: {
    execute: {
      call: (client, own) => orders(client).initializeOrderedBulkOp().insert({}).insert({}).execute(own),
      operation: 'initializeOrderedBulkOp.execute',
    },
  },
};
