/** A deliberate difference from the official driver. */
export interface Difference {
  /** What of the call's outcome differs. */
  readonly parts: readonly Part[];
  readonly reason: string;
  /** Where it differs; default: everywhere. */
  readonly on?: 'replicaset';
}

export type Part = 'commands' | 'result' | 'error';

const EVENT = "an event shows what was sent, decoded, not the user's own object";
const UNSENT = 'what no server takes is refused before it is sent';
const TYPE = 'an option of a wrong type is refused, not ignored';
const NAME = 'a name that no server takes is refused at once';
const ARG = 'an argument that is none is told as such';
const NULL = 'null is taken for options that are not given, by all methods';
const COMMENT = 'the comment is sent: the server shows it in its logs';
const MORE = 'the message says more';
const COUNTS = 'counts are 0, as their type says, not undefined';
const SINGLE = 'singleBatch says that no cursor is to be kept';
const ENC = 'the command is encoded before it is announced: one that cannot be encoded was not started';

/** By the name of the call: why, and in what. A difference that has gone fails its test. */
const list: readonly (readonly [name: string, reason: string, ...parts: Part[]])[] = [
  ['BSON: a bigint', EVENT, 'commands'],
  ['BSON: an upsert with raw', 'the _id of an upsert is found with raw, too', 'result'],
  ['BSON: as it is', EVENT, 'commands'],
  ['BSON: bsonRegExp', EVENT, 'commands'],
  ['BSON: enableUtf8Validation: false', EVENT, 'commands'],
  ['BSON: fieldsAsRaw', EVENT, 'commands'],
  ['BSON: options of the database', EVENT, 'commands'],
  ['BSON: promoteBuffers', EVENT, 'commands'],
  ['BSON: promoteLongs: false', EVENT, 'commands'],
  ['BSON: promoteValues: false', EVENT, 'commands'],
  ['BSON: raw', EVENT, 'commands'],
  ['BSON: serializeFunctions', EVENT, 'commands'],
  ['BSON: useBigInt64', EVENT, 'commands'],
  ['a database with a dot in its name', NAME, 'error'],
  ['a database with an empty name', NAME, 'result', 'error'],
  ['a too large document', 'refused before it is sent: the server would close the connection', 'commands', 'error'],
  ['a write concern as a number', 'an old spelling of {w: 1} is understood', 'commands'],
  ['a write concern that contradicts itself', UNSENT, 'commands', 'result', 'error'],
  ['admin.validateCollection', 'the reply is returned, not what the driver reads it through', 'result'],
  ['admin.validateCollection with options', 'the reply is returned, not what the driver reads it through', 'result'],
  ['countDocuments with explain', 'the plan is returned, not the 0 that is counted in it', 'result'],
  ['aggregate on a database of no array', ARG, 'commands', 'error'],
  ['aggregate with a batchSize of 0', 'a batchSize of 0 is one: the first reply comes at once and empty', 'commands'],
  ['an unacknowledged deleteMany', COUNTS, 'result'],
  ['an unacknowledged updateOne', COUNTS, 'result'],
  ['buffered documents', 'a cursor that was closed says that it is closed', 'result'],
  ['bulkWrite of an unknown model', MORE, 'error'],
  ['client.bulkWrite', 'bypassDocumentValidation is not sent unless it is given', 'commands'],
  ['client.bulkWrite, verbose', 'bypassDocumentValidation is not sent unless it is given', 'commands'],
  ['collection with $ in its name', NAME, 'result', 'error'],
  ['collection with an empty name', NAME, 'result', 'error'],
  ['countDocuments with a negative skip', TYPE, 'commands', 'error'],
  ['countDocuments with a text', ARG, 'commands', 'error'],
  ['createIndex with a comment', COMMENT, 'commands'],
  ['createIndexes without a key', ARG, 'error'],
  ['deleteMany with a text', ARG, 'commands', 'error'],
  ['deleteOne with null', ARG, 'commands', 'error'],
  ['distinct of a number', ARG, 'commands', 'error'],
  ['distinct with a filter that is none', ARG, 'commands', 'error'],
  ['dropCollection with a comment', COMMENT, 'commands'],
  ['find with a filter that is null', 'null is no filter, as undefined is none', 'commands'],
  ['find with a hint that is none', TYPE, 'commands', 'result', 'error'],
  ['find with a limit that is a text', TYPE, 'commands', 'result', 'error'],
  ['find with a maxTimeMS that is a text', TYPE, 'commands', 'result', 'error'],
  ['find with a negative batchSize', SINGLE, 'commands'],
  ['find with a negative batchSize and a limit', SINGLE, 'commands'],
  ['find with a negative skip', TYPE, 'commands', 'error'],
  ['find with a projection that is none', TYPE, 'commands', 'error'],
  ['find with a wrong sort', MORE, 'error'],
  ['find with an unknown read preference', MORE, 'error'],
  ['find with limit 0', 'no limit is not sent (CRUD, "Combining limit and batchSize")', 'commands'],
  ['forceServerObjectId of the database', 'an _id that is not known is not listed as undefined', 'result'],
  ['ignoreUndefined', EVENT, 'commands'],
  ['insertMany with a text in it', ARG, 'error'],
  ['insertMany with a wrong ordered', TYPE, 'commands', 'result', 'error'],
  ['insertMany with null in it', ARG, 'commands', 'result', 'error'],
  ['insertOne of a text', ARG, 'error'],
  ['insertOne of an array', ARG, 'commands', 'error'],
  ['insertOne of no document', ARG, 'error'],
  ['insertOne with a name that has a null', ENC, 'commands'],
  ['insertOne with an _id that is a regular expression', UNSENT, 'commands', 'error'],
  ['insertOne with an _id that is an array', UNSENT, 'commands', 'error'],
  ['insertOne with an _id that is null', 'an _id of null is one (CRUD, create-null-ids)', 'commands', 'result'],
  ['insertOne with checkKeys', ENC, 'commands'],
  ['insertOne with checkKeys of a name with a dot', ENC, 'commands'],
  ['options that are null', NULL, 'commands', 'result', 'error'],
  ['rename to a name with a null', UNSENT, 'commands', 'error'],
  ['runCursorCommand with a read preference', 'the read preference that was given is used (Run Command)', 'commands'],
  ['runCursorCommand without a cursor', 'the message says which server, and what is missing', 'error'],
  ['types of BSON', EVENT, 'commands'],
  ['updateOne of undefined values alone', MORE, 'error'],
  ['updateOne with an upsert that is a text', TYPE, 'commands', 'result', 'error'],
  ['updateOne with arrayFilters that are none', TYPE, 'commands', 'error'],
];

const ON_REPLICA_SETS: ReadonlySet<string> = new Set(['runCursorCommand with a read preference']);

export const differences: ReadonlyMap<string, Difference> = new Map(
  list.map(([name, reason, ...parts]) => [
    name,
    { reason, parts, ...(ON_REPLICA_SETS.has(name) && { on: 'replicaset' }) },
  ]),
);
