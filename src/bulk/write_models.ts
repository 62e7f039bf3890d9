import type { Document } from '../bson/index.js';
import { MongoInvalidArgumentError } from '../errors/driver.js';
import { copyOptions } from '../operations/options.js';
import { formatSort, type Sort } from '../operations/sort.js';
import type { Write } from './runs.js';

/** What a write of many fields is made of; which of them a model has depends on its name. */
export interface StatementFields {
  readonly filter?: unknown;
  readonly update?: unknown;
  readonly replacement?: unknown;
  readonly upsert?: unknown;
  readonly hint?: unknown;
  readonly collation?: unknown;
  readonly arrayFilters?: unknown;
  readonly sort?: unknown;
}

/** Puts the `_id` on a document to insert, or leaves that to the server. */
export type PrepareDocument = (document: unknown) => Document;

/**
 * One of the models that `bulkWrite` takes: `{insertOne: {document}}`, `{updateOne: {filter, update}}` and so on.
 *
 * @throws MongoInvalidArgumentError if it is none, or what it asks for cannot be
 */
export function writeOf(model: unknown, prepare: PrepareDocument): Write {
  const name = isObject(model) ? Object.keys(model)[0] : undefined;
  if (name === undefined) throw new MongoInvalidArgumentError('Operation must be an object with an operation key');
  const fields: unknown = (model as Document)[name];
  switch (name) {
    case 'insertOne':
      return insertWrite(isObject(fields) && 'document' in fields ? fields['document'] : fields, prepare);
    case 'updateOne':
    case 'updateMany':
    case 'replaceOne':
      return updateWrite(name, checkedFields(fields));
    case 'deleteOne':
    case 'deleteMany':
      return deleteWrite(name, checkedFields(fields));
    default:
      throw new MongoInvalidArgumentError(
        `bulkWrite only supports insertOne, updateOne, updateMany, deleteOne, deleteMany and replaceOne, given was ${name}`,
      );
  }
}

export function insertWrite(document: unknown, prepare: PrepareDocument): Write {
  return { kind: 'insert', statement: prepare(document) };
}

export function updateWrite(name: 'updateOne' | 'updateMany' | 'replaceOne', fields: StatementFields): Write {
  const change = name === 'replaceOne' ? replacementOf(fields.replacement) : updateOf(fields.update);
  const statement: Document = { q: selectorOf(fields.filter), u: change };
  if (name === 'updateMany') statement['multi'] = true;
  copyOptions(statement, fields, ['upsert', 'hint', 'arrayFilters', 'collation']);
  const sort = formatSort(fields.sort as Sort | undefined);
  if (sort !== undefined) statement['sort'] = sort;
  return { kind: 'update', statement };
}

export function deleteWrite(name: 'deleteOne' | 'deleteMany', fields: StatementFields): Write {
  const statement: Document = { q: selectorOf(fields.filter), limit: name === 'deleteOne' ? 1 : 0 };
  copyOptions(statement, fields, ['collation', 'hint']);
  return { kind: 'delete', statement };
}

/**
 * An update as operators or a pipeline. Only the first name is looked at: the rest is the server's business (CRUD, "Update vs. replace
 * validation").
 */
export function updateOf(update: unknown): Document | Document[] {
  if (!isObject(update)) throw new MongoInvalidArgumentError('Document must be a valid JavaScript object');
  const hasOperators = Array.isArray(update) ? update.length > 0 : Object.keys(update)[0]?.startsWith('$') === true;
  if (!hasOperators) throw new MongoInvalidArgumentError('Update document requires atomic operators');
  return update;
}

export function replacementOf(replacement: unknown): Document {
  if (!isObject(replacement)) throw new MongoInvalidArgumentError('Document must be a valid JavaScript object');
  if (Array.isArray(replacement) || Object.keys(replacement)[0]?.startsWith('$') === true) {
    throw new MongoInvalidArgumentError('Replacement document must not use atomic operators');
  }
  return replacement;
}

export function selectorOf(filter: unknown): Document {
  if (!isObject(filter)) throw new MongoInvalidArgumentError('Selector must be a valid JavaScript object');
  return filter;
}

function checkedFields(fields: unknown): StatementFields {
  if (!isObject(fields)) throw new MongoInvalidArgumentError('Selector must be a valid JavaScript object');
  if ('q' in fields) throw new MongoInvalidArgumentError('Raw operations are not allowed');
  return fields;
}

function isObject(value: unknown): value is Document {
  return typeof value === 'object' && value !== null;
}
