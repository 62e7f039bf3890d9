import { call } from '../../drivers/driver.js';
import { type Doc, plain } from '../bson_values.js';
import { allOf, present } from '../options.js';
import { startChangeStream, WATCH } from './change_stream.js';
import { accepting, COMMON, define, type OperationTable, withNestedResult } from './definition.js';

const READ = [...COMMON, 'readConcern', 'readPreference'];
const WRITE = [...COMMON, 'writeConcern', 'bypassDocumentValidation'];
const UPDATE = [...WRITE, 'upsert', 'arrayFilters', 'sort'];
const MODIFY = [...WRITE, 'upsert', 'arrayFilters', 'sort', 'projection', 'returnDocument', 'includeResultMetadata'];
const CURSOR = [...READ, 'batchSize', 'timeoutMode', 'maxAwaitTimeMS', 'cursorType', 'allowDiskUse'];
const FIND = [
  ...CURSOR,
  ...['sort', 'projection', 'skip', 'limit', 'min', 'max', 'returnKey', 'showRecordId', 'singleBatch'],
  ...['noCursorTimeout', 'allowPartialResults', 'oplogReplay'],
];
const COUNT = [...READ, 'skip', 'limit'];
const INDEX = [...COMMON, 'writeConcern', 'commitQuorum'];
const INDEX_KIND = [
  ...['name', 'unique', 'sparse', 'background', 'expireAfterSeconds', 'partialFilterExpression', 'hidden', 'version'],
  ...['weights', 'default_language', 'language_override', 'textIndexVersion', 'storageEngine', 'wildcardProjection'],
];

/** Operations on a collection, "Collection Operations". */
export const collectionOperations: OperationTable = {
  aggregate: define(
    ['pipeline'],
    [...CURSOR, 'bypassDocumentValidation', 'writeConcern'],
    async ({ target, args, options }) => allOf(call(target, 'aggregate', args['pipeline'], options)),
  ),
  bulkWrite: define(['requests'], [...WRITE, 'ordered'], async ({ target, args, options }) =>
    present(await call(target, 'bulkWrite', args['requests'], options)),
  ),
  count: define(['filter'], COUNT, async ({ target, args, options }) => call(target, 'count', args['filter'], options)),
  countDocuments: define(['filter'], COUNT, async ({ target, args, options }) =>
    call(target, 'countDocuments', args['filter'], options),
  ),
  createChangeStream: define(['pipeline'], WATCH, startChangeStream),
  createFindCursor: define(['filter'], FIND, async ({ target, args, options }) => {
    const cursor = call(target, 'find', args['filter'], options) as object;
    // The command has to have been sent, and a document that came with its reply to be kept for the next operation.
    await call(cursor, 'hasNext');
    return cursor;
  }),
  createIndex: define(['keys'], [...INDEX, ...INDEX_KIND], async ({ target, args, options }) =>
    call(target, 'createIndex', plain(args['keys']), options),
  ),
  createSearchIndex: define(['model'], COMMON, async ({ target, args }) =>
    call(target, 'createSearchIndex', args['model']),
  ),
  createSearchIndexes: withNestedResult(
    define(['models'], COMMON, async ({ target, args }) => call(target, 'createSearchIndexes', args['models'])),
  ),
  deleteMany: define(['filter'], WRITE, async ({ target, args, options }) =>
    call(target, 'deleteMany', args['filter'], options),
  ),
  deleteOne: define(['filter'], WRITE, async ({ target, args, options }) =>
    call(target, 'deleteOne', args['filter'], options),
  ),
  distinct: withNestedResult(
    accepting(
      define(['fieldName'], READ, async ({ target, args, options }) =>
        call(target, 'distinct', args['fieldName'], args['filter'] ?? {}, options),
      ),
      ['filter'],
    ),
  ),
  dropIndex: define(['name'], INDEX, async ({ target, args, options }) =>
    call(target, 'dropIndex', args['name'], options),
  ),
  dropIndexes: define([], INDEX, async ({ target, options }) => call(target, 'dropIndexes', options)),
  dropSearchIndex: define(['name'], COMMON, async ({ target, args }) => call(target, 'dropSearchIndex', args['name'])),
  estimatedDocumentCount: define([], READ, async ({ target, options }) =>
    call(target, 'estimatedDocumentCount', options),
  ),
  find: define(['filter'], FIND, async ({ target, args, options }) =>
    allOf(call(target, 'find', args['filter'], options)),
  ),
  findOne: define(['filter'], FIND, async ({ target, args, options }) =>
    call(target, 'findOne', args['filter'], options),
  ),
  findOneAndDelete: define(['filter'], MODIFY, async ({ target, args, options }) =>
    call(target, 'findOneAndDelete', args['filter'], options),
  ),
  findOneAndReplace: define(['filter', 'replacement'], MODIFY, async ({ target, args, options }) =>
    call(target, 'findOneAndReplace', args['filter'], args['replacement'], options),
  ),
  findOneAndUpdate: define(['filter', 'update'], MODIFY, async ({ target, args, options }) =>
    call(target, 'findOneAndUpdate', args['filter'], args['update'], options),
  ),
  insertMany: define(['documents'], [...WRITE, 'ordered'], async ({ target, args, options }) =>
    call(target, 'insertMany', args['documents'], options),
  ),
  insertOne: define(['document'], WRITE, async ({ target, args, options }) =>
    call(target, 'insertOne', args['document'], options),
  ),
  listIndexes: define([], [...COMMON, 'batchSize', 'timeoutMode'], async ({ target, options }) =>
    allOf(call(target, 'listIndexes', options)),
  ),
  listIndexNames: define([], [...COMMON, 'batchSize', 'timeoutMode'], async ({ target, options }) => {
    const indexes = (await allOf(call(target, 'listIndexes', options))) as readonly Doc[];
    return indexes.map(({ name }) => name);
  }),
  listSearchIndexes: accepting(
    define([], COMMON, async ({ target, args, options }) => {
      const all = { ...options, ...(plain(args['aggregationOptions'] ?? {}) as object) };
      const { name } = args;
      return allOf(
        name === undefined ? call(target, 'listSearchIndexes', all) : call(target, 'listSearchIndexes', name, all),
      );
    }),
    ['name', 'aggregationOptions'],
  ),
  mapReduce: define(
    ['map', 'reduce', 'out'],
    [...READ, ...WRITE, 'finalize', 'scope', 'sort', 'limit'],
    async ({ target, args, options }) =>
      call(target, 'mapReduce', args['map'], args['reduce'], { ...options, out: args['out'] }),
  ),
  rename: define(['to'], [...COMMON, 'writeConcern', 'dropTarget'], async ({ target, args, options }) =>
    call(target, 'rename', args['to'], options),
  ),
  replaceOne: define(['filter', 'replacement'], UPDATE, async ({ target, args, options }) =>
    present(await call(target, 'replaceOne', args['filter'], args['replacement'], options)),
  ),
  updateMany: define(['filter', 'update'], UPDATE, async ({ target, args, options }) =>
    present(await call(target, 'updateMany', args['filter'], args['update'], options)),
  ),
  updateOne: define(['filter', 'update'], UPDATE, async ({ target, args, options }) =>
    present(await call(target, 'updateOne', args['filter'], args['update'], options)),
  ),
  updateSearchIndex: define(['name', 'definition'], COMMON, async ({ target, args }) =>
    call(target, 'updateSearchIndex', args['name'], args['definition']),
  ),
};
