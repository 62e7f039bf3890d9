import type { Document } from '../bson/index.js';
import { MongoInvalidArgumentError } from '../errors/driver.js';
import { addWriteConcern, type OperationContext, unacknowledged } from './context.js';
import type { CommandTarget, Operation, OperationReply } from './operation.js';
import { onPrimary } from './operation_defaults.js';
import { addGenericFields, type CommandOperationOptions, copyOptions } from './options.js';
import type { InferIdType } from './schema_types.js';
import { throwWriteErrors } from './write_result.js';

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
  addWriteConcern(command, context, target);
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
  const insertedId = document['_id'] as InsertOneResult<TSchema>['insertedId'];
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
  if (own['_id'] !== undefined) return own;
  const id = createPk();
  own['_id'] = id;
  const plain = Object.getPrototypeOf(own) === Object.prototype;
  return plain ? { _id: id, ...own } : own;
}

/** @throws MongoInvalidArgumentError as {@link withId} */
export function checkedDocument(document: unknown): Document {
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw new MongoInvalidArgumentError(`A document to insert must be an object, given was ${describe(document)}`);
  }
  const id: unknown = (document as Document)['_id'];
  if (typeof id === 'object' && id !== null && isForbiddenId(id)) {
    throw new MongoInvalidArgumentError(
      `The _id of a document cannot be ${Array.isArray(id) ? 'an array' : 'a regular expression'}`,
    );
  }
  return document;
}

function isForbiddenId(id: object): boolean {
  return Array.isArray(id) || id instanceof RegExp || (id as { _bsontype?: unknown })._bsontype === 'BSONRegExp';
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`;
}
