import type { Document } from '../bson/index.js';
import { MongoInvalidArgumentError } from '../errors/driver.js';
import type { Operation } from '../executor/operation.js';
import { isGiven, ownOptions } from '../runtime/own_options.js';
import { addWriteConcern, type OperationContext } from './context.js';
import { onPrimary } from './operation_defaults.js';
import { addGenericFields, type CollationOptions, type CommandOperationOptions, copyOptions } from './options.js';
import { throwWriteConcernError } from './reply.js';

/** 1 ascending, -1 descending, or a kind of index. @public */
export type IndexDirection = '2d' | '2dsphere' | 'text' | 'geoHaystack' | 'hashed' | number;

/** @public */
export type OneOrMore<T> = T | ReadonlyArray<T>;

/** The keys of an index in any of the forms that `createIndex` takes. @public */
export type IndexSpecification = OneOrMore<
  | string
  | [string, IndexDirection]
  | { [key: string]: IndexDirection }
  | [string, IndexDirection][]
  | { [key: string]: IndexDirection }[]
  | Map<string, IndexDirection>
>;

/** Fields of an index and their directions, in order. */
export type IndexKeys = Map<string, IndexDirection>;

const KINDS: ReadonlySet<unknown> = new Set(['2d', '2dsphere', 'text', 'geoHaystack', 'hashed']);

/**
 * The keys of an index: `'a'`, `['a', 'b']`, `['a', -1]`, `{a: 1}`, a Map, or a list of these.
 *
 * @throws MongoInvalidArgumentError for anything else
 */
export function indexKeys(specification: IndexSpecification): IndexKeys {
  const keys: IndexKeys = new Map();
  if (isPair(specification)) return keys.set(specification[0], specification[1]);
  for (const part of Array.isArray(specification) ? (specification as readonly unknown[]) : [specification]) {
    for (const [name, direction] of pairsOf(part)) keys.set(name, direction);
  }
  return keys;
}

function pairsOf(part: unknown): Iterable<[string, IndexDirection]> {
  if (typeof part === 'string') return [[part, 1]];
  if (Array.isArray(part)) {
    return isPair(part) ? [[part[0], part[1]]] : part.flatMap(inner => [...pairsOf(inner)]);
  }
  if (part instanceof Map) return part as ReadonlyMap<string, IndexDirection>;
  if (typeof part === 'object' && part !== null) return Object.entries(part) as [string, IndexDirection][];
  throw new MongoInvalidArgumentError(
    'The keys of an index must be a name, an object or a Map of names and directions, or a list of these',
  );
}

function isPair(value: unknown): value is [string, IndexDirection] {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [name, direction] = value as unknown[];
  return typeof name === 'string' && (typeof direction === 'number' || KINDS.has(direction));
}

/** `a_1_b_-1`: the default name of an index (Index Management, "Index Name Generation"). */
export function indexName(keys: IndexKeys): string {
  return [...keys].map(([name, direction]) => `${name}_${direction}`).join('_');
}

/** Properties of an index beside its keys. @public */
export interface IndexFields {
  /** Without effect since MongoDB 4.2. */
  background?: boolean;
  unique?: boolean;
  /** Default: the keys and their directions, joined by `_`. */
  name?: string;
  /** Limits the index to documents that match. */
  partialFilterExpression?: Document;
  sparse?: boolean;
  /** Seconds after which a document is deleted. */
  expireAfterSeconds?: number;
  storageEngine?: Document;
  /** Format of the index, sent as `v`. */
  version?: number;
  weights?: Document;
  default_language?: string;
  language_override?: string;
  textIndexVersion?: number;
  '2dsphereIndexVersion'?: number;
  bits?: number;
  min?: number;
  max?: number;
  bucketSize?: number;
  wildcardProjection?: Document;
  /** Hides the index from queries. The server keeps it up to date. */
  hidden?: boolean;
  collation?: CollationOptions;
}

/** @public */
export interface CreateIndexesOptions extends Omit<CommandOperationOptions, 'writeConcern' | 'collation'>, IndexFields {
  /** Number of data-bearing members, or a name for it, that must be ready before the index is. */
  commitQuorum?: number | string;
}

/** Options of the command alone, for calls that give the options of the index apart. @public */
export interface CreateIndexOptions extends Omit<CommandOperationOptions, 'collation' | 'explain'> {
  commitQuorum?: number | string;
}

/** Options of the index alone. Unknown ones are sent to the server. @public */
export interface IndexOptions extends Document, IndexFields {
  /** Sent as `default_language`. */
  defaultLanguage?: string;
  /** Sent as `language_override`. */
  languageOverride?: string;
}

/** An index to create, for {@link Collection.createIndexes}. @public */
export interface IndexDescription extends IndexFields {
  key: { [key: string]: IndexDirection } | Map<string, IndexDirection>;
}

const FIELDS = [
  'background',
  'unique',
  'name',
  'partialFilterExpression',
  'sparse',
  'expireAfterSeconds',
  'storageEngine',
  'weights',
  'default_language',
  'language_override',
  'textIndexVersion',
  '2dsphereIndexVersion',
  'bits',
  'min',
  'max',
  'bucketSize',
  'wildcardProjection',
  'hidden',
  'collation',
] as const satisfies readonly (keyof IndexFields)[];

/** Options of an index whose field in the command has another name. */
const RENAMED: ReadonlyMap<string, string> = new Map([
  ['version', 'v'],
  ['defaultLanguage', 'default_language'],
  ['languageOverride', 'language_override'],
]);

/**
 * Creates one index.
 *
 * @param index - options of the index and of the command in one object, or of the index alone
 * @param command - options of the command, if `index` has only those of the index
 * @returns the name of the index
 */
export function createIndex(
  context: OperationContext,
  specification: IndexSpecification,
  index: CreateIndexesOptions | IndexOptions,
  command: CreateIndexOptions | undefined,
): Operation<string[]> {
  const keys = indexKeys(specification);
  return command === undefined
    ? createIndexesCommand(context, [knownFieldsOf(keys, index)], index)
    : createIndexesCommand(context, [allFieldsOf(keys, index)], command);
}

/**
 * Creates several indexes, each with options of its own.
 *
 * @param allowUnknown - whether to send options that the driver does not know
 * @returns their names
 */
export function createIndexes(
  context: OperationContext,
  descriptions: readonly IndexDescription[],
  options: CreateIndexesOptions,
  allowUnknown: boolean,
): Operation<string[]> {
  const fieldsOf = allowUnknown ? allFieldsOf : knownFieldsOf;
  if (!Array.isArray(descriptions)) {
    throw new MongoInvalidArgumentError('Argument "indexSpecs" must be an array of index descriptions');
  }
  // `map` would skip holes, which are no descriptions.
  const indexes = Array.from(descriptions as readonly IndexDescription[], (description, position) => {
    const key: unknown = (description as Partial<IndexDescription> | null)?.key;
    if (typeof key === 'object' && key !== null) return fieldsOf(indexKeys(key as IndexSpecification), description);
    throw new MongoInvalidArgumentError(`The index at position ${position} must have a key that is an object or a Map`);
  });
  return createIndexesCommand(context, indexes, options);
}

type NamedIndex = Document & { name: string };

function knownFieldsOf(key: IndexKeys, options: IndexFields): NamedIndex {
  const index: NamedIndex = { name: indexName(key), key };
  copyOptions(index, options, FIELDS);
  const { version } = ownOptions(options);
  if (version !== undefined) index['v'] = version;
  return index;
}

function allFieldsOf(key: IndexKeys, options: IndexFields): NamedIndex {
  const index: NamedIndex = { name: indexName(key) };
  for (const [name, value] of Object.entries(options)) {
    if (isGiven<unknown>(value)) index[RENAMED.get(name) ?? name] = value;
  }
  index['key'] = key;
  return index;
}

function createIndexesCommand(
  context: OperationContext,
  indexes: readonly { readonly name: string }[],
  options: CreateIndexesOptions,
): Operation<string[]> {
  return onPrimary(context, {
    access: 'write',
    name: 'createIndexes',
    retryable: false,
    command(target) {
      const command: Document = { createIndexes: context.collection, indexes };
      copyOptions(command, options, ['commitQuorum']);
      addWriteConcern(command, context);
      addGenericFields(command, options, target);
      return command;
    },
    result(reply) {
      throwWriteConcernError(reply, context);
      return indexes.map(({ name }) => name);
    },
  });
}
