import { call } from '../../drivers/driver.js';
import { type Doc, plain } from '../bson_values.js';
import { allOf } from '../options.js';
import { startChangeStream, WATCH } from './change_stream.js';
import { accepting, COMMON, CONCERNS, define, type OperationCall, type OperationTable } from './definition.js';

const LIST = [...COMMON, 'filter', 'batchSize', 'nameOnly', 'authorizedCollections', 'timeoutMode'];
const CURSOR = [...COMMON, ...CONCERNS, 'batchSize', 'timeoutMode', 'cursorType', 'maxAwaitTimeMS'];
const CREATE = [
  ...['capped', 'size', 'max', 'storageEngine', 'validator', 'validationLevel', 'validationAction', 'viewOn'],
  ...['indexOptionDefaults', 'pipeline', 'timeseries', 'expireAfterSeconds', 'changeStreamPreAndPostImages'],
  ...['clusteredIndex', 'encryptedFields'],
];

/** Operations on a database, "Database Operations". */
export const databaseOperations: OperationTable = {
  aggregate: define(
    ['pipeline'],
    [...CURSOR, 'allowDiskUse', 'bypassDocumentValidation'],
    async ({ target, args, options }) => allOf(call(target, 'aggregate', args['pipeline'], options)),
  ),
  createChangeStream: define(['pipeline'], WATCH, startChangeStream),
  createCollection: define(['collection'], [...COMMON, 'writeConcern', ...CREATE], async ({ target, args, options }) =>
    call(target, 'createCollection', args['collection'], options),
  ),
  createCommandCursor: accepting(
    define(['command', 'commandName'], CURSOR, async operation => {
      const cursor = commandCursor(operation);
      await call(cursor, 'hasNext');
      return cursor;
    }),
    ['batchSize', 'maxTimeMS', 'comment'],
  ),
  dropCollection: define(
    ['collection'],
    [...COMMON, 'writeConcern', 'encryptedFields'],
    async ({ target, args, options }) => call(target, 'dropCollection', args['collection'], options),
  ),
  listCollections: define([], LIST, listCollections),
  listCollectionObjects: define([], LIST, listCollections),
  listCollectionNames: define([], LIST, async operation => {
    const named = { ...operation, options: { ...operation.options, nameOnly: true } };
    const infos = (await listCollections(named)) as readonly Doc[];
    return infos.map(({ name }) => name);
  }),
  modifyCollection: define(
    ['collection'],
    [
      ...COMMON,
      'index',
      'validator',
      'validationLevel',
      'validationAction',
      'viewOn',
      'pipeline',
      'changeStreamPreAndPostImages',
    ],
    async ({ target, args, options: { session, timeoutMS, ...fields } }) =>
      call(
        target,
        'command',
        { collMod: args['collection'], ...fields },
        { ...(session === undefined ? {} : { session }), ...(timeoutMS === undefined ? {} : { timeoutMS }) },
      ),
  ),
  runCommand: accepting(
    define(['command'], ['session', 'readPreference', 'timeoutMS'], async ({ target, args, options }) =>
      call(target, 'command', args['command'], options),
    ),
    ['commandName'],
  ),
  runCursorCommand: accepting(
    define(['command', 'commandName'], CURSOR, async operation => allOf(commandCursor(operation))),
    ['batchSize', 'maxTimeMS', 'comment'],
  ),
};

async function listCollections({ target, options: { filter, ...options } }: OperationCall): Promise<unknown> {
  return allOf(call(target, 'listCollections', filter ?? {}, options));
}

/** Here batchSize, maxTimeMS and comment are those of `getMore`; the command has its own. */
function commandCursor({ target, args, options }: OperationCall): object {
  const cursor = call(target, 'runCursorCommand', args['command'], options) as object;
  const { batchSize, maxTimeMS, comment } = args;
  if (batchSize !== undefined) call(cursor, 'setBatchSize', plain(batchSize));
  if (maxTimeMS !== undefined) call(cursor, 'setMaxTimeMS', plain(maxTimeMS));
  if (comment !== undefined) call(cursor, 'setComment', comment);
  return cursor;
}
