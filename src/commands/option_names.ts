import { BSON_OPTIONS, type Document } from '../bson/index.js';
import { isGiven } from '../runtime/own_options.js';
import { optionOfProgram } from '../uri/options/table.js';
import { suggestName } from '../uri/suggest.js';

/**
 * All options that any method of a database, a collection, a cursor or a session takes or sends to the server.
 * `scripts/check_options.mjs` finds an option of a public type that is missing here.
 */
export const OPTION_NAMES = [
  ...BSON_OPTIONS,
  ...[
    'session',
    'signal',
    'timeoutMS',
    'deadline',
    'timeoutMode',
    'readPreference',
    'readConcern',
    'writeConcern',
    'comment',
  ],
  ...[
    'maxTimeMS',
    'explain',
    'rawData',
    'willRetryWrite',
    'dbName',
    'authdb',
    'authSource',
    'retryWrites',
    'retryReads',
  ],
  // reads
  ...['filter', 'limit', 'skip', 'sort', 'projection', 'hint', 'min', 'max', 'batchSize', 'maxAwaitTimeMS', 'timeout'],
  ...['noCursorTimeout', 'tailable', 'awaitData', 'returnKey', 'showRecordId', 'singleBatch', 'allowPartialResults'],
  ...[
    'allowDiskUse',
    'oplogReplay',
    'exhaust',
    'cursor',
    'out',
    'let',
    'collation',
    'prefetch',
    'lazy',
    'tailableRetryIntervalMS',
  ],
  ...['nameOnly', 'authorizedCollections', 'authorizedDatabases', 'full', 'scale', 'cursorType', 'query', 'partial'],
  // writes
  ...[
    'ordered',
    'upsert',
    'arrayFilters',
    'bypassDocumentValidation',
    'forceServerObjectId',
    'returnDocument',
    'multi',
  ],
  ...['includeResultMetadata', 'verboseResults', 'pkFactory', 'w', 'j', 'wtimeout', 'wtimeoutMS', 'journal', 'fsync'],
  // collections and indexes
  ...['capped', 'autoIndexId', 'idIndex', 'size', 'flags', 'temp', 'storageEngine', 'validator', 'validationLevel'],
  ...[
    'validationAction',
    'indexOptionDefaults',
    'viewOn',
    'pipeline',
    'timeseries',
    'clusteredIndex',
    'encryptedFields',
  ],
  ...['changeStreamPreAndPostImages', 'expireAfterSeconds', 'dropTarget', 'new_collection', 'commitQuorum'],
  ...['background', 'unique', 'name', 'key', 'partialFilterExpression', 'sparse', 'weights', 'default_language'],
  ...['language_override', 'defaultLanguage', 'languageOverride', 'textIndexVersion', '2dsphereIndexVersion', 'bits'],
  ...['bucketSize', 'wildcardProjection', 'hidden', 'version', 'v', 'repair', 'fixMultikey', 'metadata', 'scandata'],
  ...['checkBSONConformance', 'enforceFastCount', 'collHash'],
  // sessions
  ...[
    'causalConsistency',
    'snapshot',
    'snapshotTime',
    'defaultTransactionOptions',
    'defaultTimeoutMS',
    'maxCommitTimeMS',
  ],
  ...['force', 'forceClear'],
  // change streams
  ...['resumeAfter', 'startAfter', 'startAtOperationTime', 'fullDocument', 'fullDocumentBeforeChange'],
  ...['showExpandedEvents', 'resumeFor'],
] as const;

export type MethodOptionName = (typeof OPTION_NAMES)[number];

const KNOWN: ReadonlySet<string> = new Set(OPTION_NAMES);

/**
 * Adds to a command the options that are its fields, and options that the driver does not know: a newer server may know them. Options of
 * other commands, of clients and of the driver itself are left out.
 */
export function addOwnFields(command: Document, options: object, fields: ReadonlySet<string>): void {
  for (const [name, value] of Object.entries(options)) {
    if (!fields.has(name) && (KNOWN.has(name) || optionOfProgram(name) !== undefined)) continue;
    if (isGiven<unknown>(value) && typeof value !== 'function') command[name] = value;
  }
}

/** Maximum number of names to remember: a program that makes names up must not fill the memory. */
const MOST_NAMES = 1000;
/** Names of this length at most are close to too many others: one letter may differ. */
const SHORT = 5;

const looked = new Set<string>();

/**
 * Warns once per process of an unknown option whose name is close to a known one, such as `timeoutMs`: it would silently do nothing. Other
 * unknown options cause no warning, since libraries pass options of their own.
 */
export function warnOfUnknownOption(name: string): void {
  if (looked.has(name) || looked.size >= MOST_NAMES) return;
  looked.add(name);
  const meant = suggestName(name, OPTION_NAMES, name.length <= SHORT ? 1 : undefined);
  if (meant === undefined) return;
  process.emitWarning(
    `The option "${name}" is not known and has no effect: did you mean "${meant}"?`,
    'MongoOptionWarning',
  );
}
