import { BsonDocument } from '../bson/document.js';
import { isNumber, toNumber } from '../bson/numbers.js';
import { type Document, isDocument } from '../bson/types.js';
import { type Collection, sameKeyPattern } from '../engine/collection.js';
import { type IndexSpecification } from '../engine/index_keys.js';
import { checkWritableNamespace, namespaceText, parseNamespace } from '../engine/namespace.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { documentsIn } from './catalog.js';
import { type CommandContext } from './context.js';
import { Fields, fieldsOf, requireNamespace } from './fields.js';
import { openCursor } from './read.js';

export function createIndexes(context: CommandContext): Document {
  const namespace = requireNamespace(context);
  checkWritableNamespace(namespace);
  const { storage } = context.deployment;
  const indexes = fieldsOf(context).array('indexes');
  if (indexes.length === 0) throw new CommandError(ErrorCode.BadValue, 'Must specify at least one index to create');
  const specifications = documentsIn('createIndexes.indexes', indexes).map(parseIndex);
  const existing = storage.find(namespace);
  if (context.body['autocommit'] !== undefined && existing !== undefined && existing.size > 0) {
    throw new CommandError(
      ErrorCode.OperationNotSupportedInTransaction,
      `Cannot create new indexes on existing collection ${namespaceText(namespace)} in a multi-document transaction.`,
    );
  }
  const isNew = existing === undefined;
  const collection = storage.findOrCreate(namespace);
  const before = collection.indexes().length;
  const created = specifications.filter(specification => collection.createIndex(specification));
  tell(context, 'createIndexes', collection, created);
  return {
    numIndexesBefore: before,
    numIndexesAfter: collection.indexes().length,
    createdCollectionAutomatically: isNew,
    ...(created.length > 0 ? {} : { note: 'all indexes already exist' }),
  };
}

/** For change streams that want to know of indexes. */
function tell(
  { deployment }: CommandContext,
  kind: 'createIndexes' | 'dropIndexes',
  { namespace, uuid }: Collection,
  specifications: readonly IndexSpecification[],
): void {
  if (specifications.length === 0) return;
  const description = { indexes: specifications.map(describe) };
  deployment.storage.journal?.({ kind, namespace: parseNamespace(namespace), uuid, description });
}

function describe({ key, name, options }: IndexSpecification): Document {
  return { v: 2, key, name, ...options };
}

function parseIndex(index: Document): IndexSpecification {
  const fields = new Fields('createIndexes.indexes', index);
  const key = fields.optionalDocument('key');
  const name = fields.optionalString('name');
  if (key === undefined || name === undefined) {
    throw new CommandError(
      ErrorCode.FailedToParse,
      `Error in specification ${JSON.stringify(Object.keys(index))} :: caused by :: The '${key === undefined ? 'key' : 'name'}' field is a required property of an index specification`,
    );
  }
  checkKey(key);
  const { key: _key, name: _name, v: _version, ...options } = index;
  return {
    name,
    key,
    unique: fields.boolean('unique', false),
    sparse: fields.boolean('sparse', false),
    partialFilter: fields.optionalDocument('partialFilterExpression'),
    options,
  };
}

function checkKey(key: Document): void {
  const fields = Object.entries(key);
  if (fields.length === 0) throw new CommandError(ErrorCode.CannotCreateIndex, 'Index keys cannot be empty.');
  for (const [field, direction] of fields) {
    const isValid = typeof direction === 'string' ? direction !== '' : isNumber(direction) && toNumber(direction) !== 0;
    if (field === '' || !isValid) {
      throw new CommandError(
        ErrorCode.CannotCreateIndex,
        `Values in v:2 index key pattern must be numbers > 0, numbers < 0 or the name of an index type (field '${field}')`,
      );
    }
  }
}

export function listIndexes(context: CommandContext): Document {
  const namespace = requireNamespace(context);
  const collection = context.deployment.storage.require(namespace);
  const cursor = new Fields('listIndexes.cursor', fieldsOf(context).optionalDocument('cursor') ?? {});
  const documents = collection.indexes().map(index => BsonDocument.fromValue(describe(index)));
  return openCursor(context, namespace, documents, cursor.count('batchSize'));
}

export function dropIndexes(context: CommandContext): Document {
  const namespace = requireNamespace(context);
  const collection = context.deployment.storage.require(namespace);
  const before = collection.indexes();
  const target = context.body['index'];
  if (target === '*') collection.dropAllIndexes();
  else {
    for (const index of Array.isArray(target) ? (target as unknown[]) : [target]) {
      collection.dropIndex(nameOf(index, collection.indexes()));
    }
  }
  const left = collection.indexes();
  const dropped = before.filter(({ name }) => !left.some(index => index.name === name));
  tell(context, 'dropIndexes', collection, dropped);
  return { nIndexesWas: before.length };
}

function nameOf(index: unknown, existing: readonly IndexSpecification[]): string {
  if (typeof index === 'string') return index;
  if (!isDocument(index)) {
    throw new CommandError(
      ErrorCode.TypeMismatch,
      "BSON field 'dropIndexes.index' must be a string, an array or an object",
    );
  }
  const found = existing.find(({ key }) => sameKeyPattern(key, index));
  if (found === undefined) {
    throw new CommandError(ErrorCode.IndexNotFound, `can't find index with key: ${JSON.stringify(index)}`);
  }
  return found.name;
}
