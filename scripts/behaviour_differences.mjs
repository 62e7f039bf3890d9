// Deliberate differences in behaviour from the official driver, for check_behaviour.mjs: which parts of the outcome of which calls, and why. A
// difference that has gone fails the check.

const ALL = ['commands', 'result', 'error'];

/** Methods whose commands have no collation. */
const WITHOUT_COLLATION =
  /insert(One|Many)$|ename|ndex|drop|Collections?$|\.options|isCapped|[cC]ollections$|stats|[pP]rofil|User|Database|estimated|listDatabases/;
const CREATE_FIELDS =
  'capped|autoIndexId|size|max|flags|storageEngine|validator|validationLevel|validationAction|indexOptionDefaults|expireAfterSeconds|collation|none';

/** Those that the official driver does not put into `$changeStream`, and those that belong there. */
const CHANGE_STREAM_OPTIONS = [
  ...['none', 'fullDocument', 'fullDocumentBeforeChange', 'showExpandedEvents', 'startAtOperationTime'],
  ...[
    'batchSize',
    'cursor',
    'out',
    'maxAwaitTimeMS',
    'maxTimeMS',
    'allowDiskUse',
    'hint',
    'let',
    'collation',
    'comment',
  ],
  ...['bypassDocumentValidation', 'rawData', 'readConcern', 'readPreference', 'writeConcern', 'explain'],
  ...['ignoreUndefined', 'serializeFunctions', 'promoteLongs', 'promoteValues', 'promoteBuffers', 'useBigInt64'],
  ...['bsonRegExp', 'enableUtf8Validation', 'fieldsAsRaw', 'raw', 'checkKeys'],
].join('|');

export const differences = [
  {
    option: /^willRetryWrite$/,
    parts: ALL,
    reason: 'no effect; there it puts a txnNumber on commands that cannot have one, which servers refuse',
  },
  {
    option: /^(dbName|authdb)$/,
    parts: ALL,
    reason: 'no effect; there some commands go to another database than that of the collection',
  },
  {
    method: WITHOUT_COLLATION,
    option: /^collation$/,
    parts: ALL,
    reason: 'sent with commands that have one; servers refuse it elsewhere',
  },
  {
    method: /bulk/i,
    option: /^collation$/,
    parts: ALL,
    reason: 'refused before anything is sent: no write command has one, each of its writes has',
  },
  { option: /^comment$/, parts: ['commands'], reason: 'sent with every command: the server shows it in its logs' },
  {
    method: /createIndexes$/,
    option: /^maxTimeMS$/,
    parts: ['commands'],
    reason: 'sent: building an index takes long',
  },
  {
    method: /countDocuments|findOneAnd/,
    option: /^explain$/,
    parts: ['result'],
    reason: 'the plan is returned, not what is looked for in it',
  },
  {
    method: /^(db\.command|admin\.(command|ping|buildInfo))$/,
    option: /^explain$/,
    parts: ALL,
    reason: 'refused: a command of your own is explained by the command explain, and would be carried out',
  },
  {
    option: /^promoteValues$/,
    parts: ['result', 'error'],
    reason: 'counts and codes are numbers, as their types say; the option is about documents',
  },
  {
    method: /client\.bulkWrite$/,
    option: /^(?!bypassDocumentValidation$)/,
    parts: ['commands'],
    reason: 'bypassDocumentValidation is not sent unless it is given',
  },
  {
    method: /client\.bulkWrite$/,
    option: /^(?!verboseResults$)/,
    parts: ['result', 'error'],
    reason: 'insertResults and the like are absent, not undefined',
  },
  {
    method: /^a duplicate in (insertMany|bulkWrite)$/,
    parts: ['error'],
    reason: 'the ids are those of what was inserted, everywhere in the error',
  },
  {
    method: /^admin\.validateCollection$/,
    parts: ['result'],
    reason: 'the reply is returned, not what the driver reads it through',
  },
  {
    method: /^admin\.validateCollection$/,
    option: /^(?!(full|background|none)$)/,
    parts: ['commands', 'error'],
    reason: 'options of other commands are left out; servers refuse them',
  },
  {
    method: /^db\.createCollection$/,
    option: new RegExp(`^(?!(${CREATE_FIELDS})$)`),
    parts: ALL,
    reason: 'options of other commands are left out; servers refuse them',
  },
  {
    method: /^collection\.rename$/,
    option: /^(readPreferenceTags|maxStalenessSeconds|hedge)$/,
    parts: ALL,
    reason: 'no effect without a mode; a rename goes to the primary in any case',
  },
  {
    method: /^collection\.deleteMany$/,
    option: /^limit$/,
    parts: ALL,
    reason: 'no option of a delete; there it takes the place of the 0 that means all, and servers refuse it',
  },
  {
    method: /^collection\.(update|replace|delete)(One|Many)$/,
    option: /^ordered$/,
    parts: ['commands'],
    reason: 'no effect: there is one statement',
  },
  {
    method: /^collection\.countDocuments$/,
    option: /^(out|cursor)$/,
    parts: ['commands', 'result'],
    reason: 'no options of a count; there out writes the count to a collection, and the result is 0',
  },
  {
    method: /^db\.runCursorCommand$/,
    option: /^readPreference$/,
    parts: ['commands'],
    reason: 'the read preference that was given is used (Run Command)',
  },
  {
    method: /^collection\.findOne$/,
    option: /^batchSize$/,
    parts: ['commands'],
    reason: 'left out: there is one document',
  },
  {
    method: /^collection\.aggregate$|watch$/,
    option: /^cursor$/,
    parts: ['commands'],
    reason: 'its batchSize counts for all batches, not for the first alone',
  },
  {
    method: /watch$/,
    option: new RegExp(`^(?!(${CHANGE_STREAM_OPTIONS})$)`),
    parts: ALL,
    reason: 'options of other methods are left out; there they stand in $changeStream, which servers refuse',
  },
  {
    method: /watch$/,
    option: /^(out|explain)$/,
    parts: ['commands', 'error'],
    reason: 'refused before anything is sent: a change stream neither writes a collection nor has a plan',
  },
  {
    method: /watch$/,
    option: /^readPreference$/,
    parts: ['commands'],
    reason: 'killCursors has it too, as all commands of a cursor',
  },
];
