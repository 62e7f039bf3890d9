import type { BSONSerializeOptions, Document } from '../bson/index.js';
import { isDocument } from '../bson/is_document.js';
import { copyOptions } from '../commands/options.js';
import { formatSort } from '../commands/sort.js';
import { type ChangeKind, changeFault, checkWriteFilter, throwChangeFault } from '../commands/update_document.js';
import { MongoInvalidArgumentError } from '../errors/driver.js';
import { ownOptions } from '../runtime/own_options.js';
import type { Sort } from '../types/sort.js';
import type { Write } from './runs.js';

/** The fields of all models but that of an insert. The name of a model decides which of them it has. */
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

/** Puts the `_id` on a document to insert, unless the server makes it. */
export type PrepareDocument = (document: unknown) => Document;

const OPERATIONS: ReadonlySet<string> = new Set([
  'insertOne',
  'updateOne',
  'updateMany',
  'replaceOne',
  'deleteOne',
  'deleteMany',
]);

/**
 * The write that a model of `bulkWrite` describes: `{insertOne: {document}}`, `{updateOne: {filter, update}}` and so on.
 *
 * @throws MongoInvalidArgumentError if the model describes no write, several writes or an invalid one
 */
export function writeOf(model: unknown, prepare: PrepareDocument): Write {
  const name = operationName(model);
  const fields: unknown = (model as Document)[name];
  switch (name) {
    case 'insertOne':
      return insertWrite(
        isDocument(fields) && Object.hasOwn(fields, 'document') ? fields['document'] : fields,
        prepare,
      );
    case 'updateOne':
    case 'updateMany':
    case 'replaceOne':
      return updateWrite(name, checkedFields(fields));
    default:
      return deleteWrite(name as 'deleteOne' | 'deleteMany', checkedFields(fields));
  }
}

/** The name of the operation in a model. A model with two is refused, since only one of them would run. */
function operationName(model: unknown): string {
  const names = isDocument(model) ? Object.keys(model) : [];
  const [first] = names;
  if (first === undefined) throw new MongoInvalidArgumentError('Operation must be an object with an operation key');
  if (names.length === 1 && OPERATIONS.has(first)) return first;
  const known = names.filter(name => OPERATIONS.has(name));
  const [name, second] = known;
  if (second !== undefined) {
    throw new MongoInvalidArgumentError(
      `A bulkWrite operation must have one operation key, got ${known.join(' and ')}`,
    );
  }
  if (name !== undefined) return name;
  throw new MongoInvalidArgumentError(
    `bulkWrite only supports insertOne, updateOne, updateMany, deleteOne, deleteMany and replaceOne, got ${first}`,
  );
}

export function insertWrite(document: unknown, prepare: PrepareDocument): Write {
  return { kind: 'insert', statement: prepare(document), change: null };
}

export function updateWrite(name: 'updateOne' | 'updateMany' | 'replaceOne', fields: StatementFields): Write {
  const change = name === 'replaceOne' ? 'replacement' : 'update';
  const given = name === 'replaceOne' ? fields.replacement : fields.update;
  checkChange(change, given, null);
  const statement: Document = { q: selectorOf(fields.filter), u: given };
  if (name === 'updateMany') statement['multi'] = true;
  copyOptions(statement, fields, ['upsert', 'hint', 'arrayFilters', 'collation']);
  // An update of many documents has no first document.
  const sort = name === 'updateMany' ? undefined : formatSort(ownOptions(fields).sort as Sort | undefined);
  if (sort !== undefined) statement['sort'] = sort;
  return { kind: 'update', statement, change };
}

export function deleteWrite(name: 'deleteOne' | 'deleteMany', fields: StatementFields): Write {
  const statement: Document = { q: selectorOf(fields.filter), limit: name === 'deleteOne' ? 1 : 0 };
  copyOptions(statement, fields, ['collation', 'hint']);
  return { kind: 'delete', statement, change: null };
}

/** The write of a statement of `update` or `delete` that the caller made. */
export function rawWrite(kind: 'update' | 'delete', statement: unknown): Write {
  const { q, u } = checkedObject(statement);
  selectorOf(q);
  if (kind === 'delete') return { kind, statement: statement as Document, change: null };
  const change = changeFault('replacement', u, null) === 'operators' ? 'update' : 'replacement';
  checkChange(change, u, null);
  return { kind, statement: statement as Document, change };
}

/**
 * Checks all writes as they will be encoded, before the first is sent.
 *
 * @throws MongoInvalidArgumentError if a write would become another write
 */
export function checkWrites(writes: readonly Write[], options: BSONSerializeOptions): void {
  for (const { statement, kind, change } of writes) {
    if (kind === 'insert') continue;
    checkWriteFilter(statement['q'], NO_SELECTOR, options);
    if (change !== null) checkChange(change, statement['u'], options);
  }
}

const NO_SELECTOR = 'Selector must be a valid JavaScript object';

function checkChange(kind: ChangeKind, given: unknown, options: BSONSerializeOptions | null): void {
  const fault = changeFault(kind, given, options);
  if (fault === 'operators') {
    throw new MongoInvalidArgumentError('Replacement document must not use atomic operators');
  }
  throwChangeFault(fault);
}

function selectorOf(filter: unknown): Document {
  checkWriteFilter(filter, NO_SELECTOR, null);
  return filter;
}

function checkedFields(fields: unknown): StatementFields {
  const own = checkedObject(fields);
  if (Object.hasOwn(own, 'q')) throw new MongoInvalidArgumentError('Raw operations are not allowed');
  return ownOptions<StatementFields>(own);
}

function checkedObject(value: unknown): Document {
  if (!isDocument(value)) throw new MongoInvalidArgumentError(NO_SELECTOR);
  return value;
}
