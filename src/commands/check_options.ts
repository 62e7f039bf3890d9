import { MongoInvalidArgumentError } from '../errors/driver.js';
import { isGiven } from '../runtime/own_options.js';
import { type MethodOptionName, OPTION_NAMES, warnOfUnknownOption } from './option_names.js';

/** A kind of values that an option takes: in words for the error, and as a test. */
interface Kind {
  readonly words: string;
  readonly allows: (value: unknown) => boolean;
}

const BOOLEAN: Kind = { words: 'true or false', allows: value => typeof value === 'boolean' };
const NUMBER: Kind = { words: 'a number', allows: isNumber };
const NOT_NEGATIVE: Kind = { words: 'a number from 0 on', allows: value => isNumber(value) && Number(value) >= 0 };
const OBJECT: Kind = { words: 'an object', allows: isObject };
const ARRAY: Kind = { words: 'an array', allows: Array.isArray };
const HINT: Kind = {
  words: 'the name of an index or its keys',
  allows: value => typeof value === 'string' || (typeof value === 'object' && value !== null),
};

/** The kind of options by their name, which means the same in every method. The consumer or the server checks all other options. */
const KINDS_BY_NAME = {
  limit: NUMBER,
  skip: NOT_NEGATIVE,
  batchSize: NUMBER,
  maxTimeMS: NOT_NEGATIVE,
  maxAwaitTimeMS: NOT_NEGATIVE,
  expireAfterSeconds: NUMBER,
  ordered: BOOLEAN,
  upsert: BOOLEAN,
  bypassDocumentValidation: BOOLEAN,
  forceServerObjectId: BOOLEAN,
  allowDiskUse: BOOLEAN,
  allowPartialResults: BOOLEAN,
  noCursorTimeout: BOOLEAN,
  tailable: BOOLEAN,
  awaitData: BOOLEAN,
  returnKey: BOOLEAN,
  showRecordId: BOOLEAN,
  singleBatch: BOOLEAN,
  nameOnly: BOOLEAN,
  authorizedCollections: BOOLEAN,
  authorizedDatabases: BOOLEAN,
  dropTarget: BOOLEAN,
  includeResultMetadata: BOOLEAN,
  rawData: BOOLEAN,
  capped: BOOLEAN,
  unique: BOOLEAN,
  sparse: BOOLEAN,
  let: OBJECT,
  collation: OBJECT,
  projection: { words: 'an object', allows: value => typeof value === 'object' && value !== null },
  arrayFilters: ARRAY,
  hint: HINT,
} satisfies { readonly [Name in MethodOptionName]?: Kind };

const KINDS: ReadonlyMap<string, Kind | null> = new Map<string, Kind | null>([
  ...OPTION_NAMES.map((name): [string, null] => [name, null]),
  ...Object.entries(KINDS_BY_NAME),
]);

/**
 * Refuses options of a wrong type. Otherwise the server would refuse them, or the call would do something else than the caller meant.
 *
 * @throws MongoInvalidArgumentError that names the option, what it must be, and what it got
 */
export function checkOptions(options: object): void {
  for (const name in options) {
    const kind = KINDS.get(name);
    if (kind === undefined) warnOfUnknownOption(name);
    if (kind === undefined || kind === null) continue;
    const value: unknown = (options as Record<string, unknown>)[name];
    if (isGiven(value) && !kind.allows(value)) {
      throw new MongoInvalidArgumentError(`Option "${name}" must be ${kind.words}, got ${shown(value)}`);
    }
  }
}

/** Checks the names of options alone: warns of one that is misspelt. */
export function checkOptionNames(options: object): void {
  for (const name of Object.keys(options)) if (!KINDS.has(name)) warnOfUnknownOption(name);
}

function isNumber(value: unknown): boolean {
  return typeof value === 'number' ? !Number.isNaN(value) : typeof value === 'bigint' || isNumericBSON(value);
}

function isNumericBSON(value: unknown): boolean {
  const type: unknown = isObject(value) ? (value as { readonly _bsontype?: unknown })._bsontype : undefined;
  return type === 'Long' || type === 'Int32' || type === 'Double';
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`;
}
