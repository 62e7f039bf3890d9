import type { Document } from '../bson/index.js';
import { isDocument, kindOf } from '../bson/is_document.js';
import { MongoInvalidArgumentError } from '../errors/driver.js';
import type { CommandTarget, Operation, OperationReply } from '../executor/operation.js';
import type { InferIdType } from '../types/schema.js';
import { addWriteConcern, type OperationContext, unacknowledged } from './context.js';
import { onPrimary } from './operation_defaults.js';
import { addGenericFields, type CommandOperationOptions, copyOptions } from './options.js';
import { throwWriteErrors } from './reply.js';

/** @public */
export interface InsertOneOptions extends CommandOperationOptions {
  /** Skips the collection's validation rules. */
  bypassDocumentValidation?: boolean;
  /** Leaves the making of a missing `_id` to the server. */
  forceServerObjectId?: boolean;
}

/** @public */
export interface InsertOneResult<TSchema = Document> {
  /** False when the write concern asks for no answer. */
  acknowledged: boolean;
  insertedId: InferIdType<TSchema>;
}

export interface InsertCommandOptions extends InsertOneOptions {
  ordered?: boolean;
}

/** The `insert` command for the documents from an index on, as many as one message takes. */
export function insertOperation<T>(
  context: OperationContext,
  documents: readonly Document[],
  from: number,
  options: InsertCommandOptions,
  result: (reply: OperationReply) => T,
  unacknowledgedResult: (taken: number) => T,
): Operation<T> {
  return onPrimary(context, {
    access: 'write',
    name: 'insert',
    retryable: true,
    unacknowledged: unacknowledged(context),
    sequence: { field: 'documents', documents, from },
    command: target => insertCommand(context, options, target),
    result,
    unacknowledgedResult,
  });
}

function insertCommand(context: OperationContext, options: InsertCommandOptions, target: CommandTarget): Document {
  const command: Document = { insert: context.collection, ordered: options.ordered ?? true };
  addWriteConcern(command, context);
  addGenericFields(command, options, target);
  copyOptions(command, options, ['bypassDocumentValidation']);
  return command;
}

/** Inserts one document. */
export function insertOne<TSchema>(
  context: OperationContext,
  document: Document,
  options: InsertOneOptions,
): Operation<InsertOneResult<TSchema>> {
  const insertedId = idOf(document) as InsertOneResult<TSchema>['insertedId'];
  return insertOperation<InsertOneResult<TSchema>>(
    context,
    [document],
    0,
    options,
    reply => {
      throwWriteErrors(reply, context);
      return { acknowledged: true, insertedId };
    },
    () => ({ acknowledged: false, insertedId }),
  );
}

/**
 * A document with its `_id`, which is made here if it is missing and then is also put on the user's own object, as users of the official
 * driver expect. In what is sent the new `_id` comes first (CRUD, "Insert: _id"). An `_id` that is null is one, and stays.
 *
 * @throws MongoInvalidArgumentError if it is no document, or its `_id` is of a type that no server stores there
 */
export function withId(document: unknown, createPk: () => unknown): Document {
  const own = checkedDocument(document);
  if (own instanceof Map) return mapWithId(own as Map<string, unknown>, createPk);
  if (typeof own['toBSON'] === 'function') return convertedWithId(own, createPk);
  const given: unknown = own['_id'];
  if (given !== undefined) {
    if (Object.hasOwn(own, '_id')) return own;
    // A getter of its class: only own properties are encoded.
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

/** What `toBSON` makes is what is stored: the `_id` must be in there. */
function convertedWithId(own: Document, createPk: () => unknown): Document {
  const made = checkedDocument((own['toBSON'] as () => unknown)());
  if (idOf(made) !== undefined) return { ...made };
  const id: unknown = own['_id'] ?? createPk();
  if (own['_id'] === undefined) putId(own, id);
  return { _id: id, ...made };
}

/** Objects that are frozen or have only a getter keep what they have. */
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
