import type { Document } from '../bson/index.js';
import { isDocument, kindOf } from '../bson/is_document.js';
import { MongoInvalidArgumentError } from '../errors/driver.js';
import type { CommandTarget, Operation } from '../executor/operation.js';
import type { InferIdType } from '../types/schema.js';
import { addWriteConcern, type OperationContext, unacknowledged } from './context.js';
import { onPrimary } from './operation_defaults.js';
import { addGenericFields, type CommandOperationOptions, copyOptions } from './options.js';
import { throwWriteErrors } from './reply.js';

/** @public */
export interface InsertOneOptions extends CommandOperationOptions {
  /** Skips the collection's validation rules. */
  bypassDocumentValidation?: boolean;
  /** Leaves a missing `_id` to the server. */
  forceServerObjectId?: boolean;
}

/** @public */
export interface InsertOneResult<TSchema = Document> {
  /** False for an unacknowledged write concern (`w: 0`). */
  acknowledged: boolean;
  insertedId: InferIdType<TSchema>;
}

export interface InsertCommandOptions extends InsertOneOptions {
  ordered?: boolean;
}

/** Inserts one document. */
export function insertOne<TSchema>(
  context: OperationContext,
  document: Document,
  options: InsertOneOptions,
): Operation<InsertOneResult<TSchema>> {
  const insertedId = idOf(document) as InsertOneResult<TSchema>['insertedId'];
  return onPrimary<InsertOneResult<TSchema>>(context, {
    access: 'write',
    name: 'insert',
    retryable: true,
    unacknowledged: unacknowledged(context),
    sequence: { field: 'documents', documents: [document], from: 0 },
    command: target => insertCommand(context, options, target),
    result(reply) {
      throwWriteErrors(reply, context);
      return { acknowledged: true, insertedId };
    },
    unacknowledgedResult: () => ({ acknowledged: false, insertedId }),
  });
}

function insertCommand(context: OperationContext, options: InsertCommandOptions, target: CommandTarget): Document {
  const command: Document = { insert: context.collection, ordered: options.ordered ?? true };
  addWriteConcern(command, context);
  addGenericFields(command, options, target);
  copyOptions(command, options, ['bypassDocumentValidation']);
  return command;
}

/**
 * A document with its `_id`. A missing `_id` is made here and also put on the user's own object, as in the official driver. In what is sent,
 * the new `_id` comes first (CRUD, "Insert: _id"). An `_id` of null is kept.
 *
 * @throws MongoInvalidArgumentError if the value is no document, or its `_id` has a type that servers refuse
 */
export function withId(document: unknown, createPk: () => unknown): Document {
  const own = checkedDocument(document);
  if (own instanceof Map) return mapWithId(own as Map<string, unknown>, createPk);
  if (typeof own['toBSON'] === 'function') return convertedWithId(own, createPk);
  const given: unknown = own['_id'];
  if (given !== undefined) {
    if (Object.hasOwn(own, '_id')) return own;
    // The `_id` is a getter of a class. Only own properties are encoded.
    if (Object.getPrototypeOf(own) !== Object.prototype) return { _id: given, ...own };
  }
  const id = createPk();
  putId(own, id);
  return { _id: id, ...own };
}

function mapWithId(own: Map<string, unknown>, createPk: () => unknown): Document {
  if (own.get('_id') !== undefined) return own;
  const id = createPk();
  own.set('_id', id);
  return new Map([['_id', id], ...own]);
}

/** The result of `toBSON` is what is stored, so the `_id` must be in it. */
function convertedWithId(own: Document, createPk: () => unknown): Document {
  const made = checkedDocument((own['toBSON'] as () => unknown)());
  if (idOf(made) !== undefined) return { ...made };
  const id: unknown = own['_id'] ?? createPk();
  if (own['_id'] === undefined) putId(own, id);
  return { _id: id, ...made };
}

/** A frozen object, or one with a getter only, stays as it is. */
function putId(own: Document, id: unknown): void {
  try {
    own['_id'] = id;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
}

/** The `_id` that a document will be stored with, if it has one. */
export function idOf(document: Document): unknown {
  if (document instanceof Map) return document.get('_id') as unknown;
  return Object.hasOwn(document, '_id') ? (document['_id'] as unknown) : undefined;
}

/** @throws MongoInvalidArgumentError as {@link withId} */
export function checkedDocument(document: unknown): Document {
  if (!isDocument(document)) {
    throw new MongoInvalidArgumentError(`A document to insert must be an object, got ${kindOf(document)}`);
  }
  const id = document instanceof Map ? (document.get('_id') as unknown) : (document['_id'] as unknown);
  const type = typeof id;
  if (type === 'function' || type === 'symbol' || (type === 'object' && id !== null && isForbiddenId(id as object))) {
    throw new MongoInvalidArgumentError(`The _id of a document cannot be ${kindOf(id)}`);
  }
  return document;
}

function isForbiddenId(id: object): boolean {
  return Array.isArray(id) || id instanceof RegExp || (id as { _bsontype?: unknown })._bsontype === 'BSONRegExp';
}
