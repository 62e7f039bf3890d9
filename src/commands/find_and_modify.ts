import type { Document } from '../bson/index.js';
import { ElementType } from '../bson/raw_document.js';
import { MongoInvalidArgumentError } from '../errors/driver.js';
import type { CommandTarget, Operation, OperationReply } from '../executor/operation.js';
import type { WithId } from '../types/schema.js';
import type { Sort } from '../types/sort.js';
import { addWriteConcern, type OperationContext, unacknowledged } from './context.js';
import { encodedBody, FIND_AND_MODIFY } from './encoded_write.js';
import { onPrimary } from './operation_defaults.js';
import { addGenericFields, type CommandOperationOptions, checkHintWithoutAnswer, copyOptions } from './options.js';
import { replyDocument, throwWriteConcernError } from './reply.js';
import { formatSort } from './sort.js';
import {
  type ChangeKind,
  checkEncodedWrite,
  checkReplacement,
  checkUpdate,
  checkWriteFilter,
} from './update_document.js';

/** The state of the document to return. @public */
export const ReturnDocument = Object.freeze({ BEFORE: 'before', AFTER: 'after' } as const);
/** @public */
export type ReturnDocument = (typeof ReturnDocument)[keyof typeof ReturnDocument];

/** @public */
export interface FindOneAndDeleteOptions extends CommandOperationOptions {
  hint?: Document;
  /** The fields to return. */
  projection?: Document;
  /** The order that decides which document is the first. */
  sort?: Sort;
  let?: Document;
  /** Returns the whole reply of the server (`value`, `lastErrorObject`, `ok`) instead of the document. Default false. */
  includeResultMetadata?: boolean;
}

/** @public */
export interface FindOneAndReplaceOptions extends FindOneAndDeleteOptions {
  bypassDocumentValidation?: boolean;
  /** Default `before`. */
  returnDocument?: ReturnDocument;
  /** Inserts the replacement when no document matches. */
  upsert?: boolean;
}

/** @public */
export interface FindOneAndUpdateOptions extends FindOneAndReplaceOptions {
  arrayFilters?: Document[];
}

/** The whole reply of the server. @public */
export interface ModifyResult<TSchema = Document> {
  value: WithId<TSchema> | null;
  lastErrorObject?: Document;
  ok: 0 | 1;
}

export function findOneAndDelete(
  context: OperationContext,
  filter: unknown,
  options: FindOneAndDeleteOptions,
): Operation<Document | null> {
  return findAndModify(context, filter, null, { remove: true, new: false, upsert: false }, options);
}

/** @throws MongoInvalidArgumentError if the replacement is no object, or has update operators */
export function findOneAndReplace(
  context: OperationContext,
  filter: unknown,
  replacement: unknown,
  options: FindOneAndReplaceOptions,
): Operation<Document | null> {
  checkObject('replacement', replacement);
  checkReplacement(replacement, context.bsonOptions);
  const { arrayFilters: _, ...own }: FindOneAndUpdateOptions = options;
  return findAndModify(context, filter, 'replacement', changeFields(replacement, own), options);
}

/** @throws MongoInvalidArgumentError if the update is no object, or has no update operators */
export function findOneAndUpdate(
  context: OperationContext,
  filter: unknown,
  update: unknown,
  options: FindOneAndUpdateOptions,
): Operation<Document | null> {
  checkObject('update', update);
  checkUpdate(update, context.bsonOptions);
  return findAndModify(context, filter, 'update', changeFields(update, options), options);
}

function checkObject(name: string, given: unknown): asserts given is Document {
  if (typeof given === 'object' && given !== null) return;
  throw new MongoInvalidArgumentError(`Argument "${name}" must be an object`);
}

function changeFields(update: Document, options: FindOneAndUpdateOptions): Document {
  const fields: Document = {
    remove: false,
    new: options.returnDocument === ReturnDocument.AFTER,
    upsert: options.upsert ?? false,
    update,
  };
  copyOptions(fields, options, ['bypassDocumentValidation', 'arrayFilters']);
  return fields;
}

function findAndModify(
  context: OperationContext,
  filter: unknown,
  kind: ChangeKind | null,
  fields: Document,
  options: FindOneAndDeleteOptions,
): Operation<Document | null> {
  checkWriteFilter(filter, 'Argument "filter" must be an object', context.bsonOptions);
  const sort = formatSort(options.sort);
  return onPrimary<Document | null>(context, {
    access: 'write',
    name: 'findAndModify',
    retryable: true,
    unacknowledged: unacknowledged(context),
    checkEncoded: message => checkEncodedWrite(encodedBody(message, FIND_AND_MODIFY), filter, kind, fields['update']),
    command(target: CommandTarget) {
      if (options.hint !== undefined) checkHintWithoutAnswer('findAndModify', context, target);
      const command: Document = { findAndModify: context.collection, query: filter, ...fields };
      if (sort !== undefined) command['sort'] = sort;
      if (options.projection !== undefined) command['fields'] = options.projection;
      copyOptions(command, options, ['hint', 'let', 'collation']);
      addWriteConcern(command, context);
      addGenericFields(command, options, target);
      return command;
    },
    result(reply: OperationReply) {
      throwWriteConcernError(reply, context);
      // Checked in BSON: the options of the user decide what the document is decoded to.
      reply.reply.body.typedOffset('value', ElementType.document);
      const document = replyDocument(reply, context);
      return options.includeResultMetadata === true ? document : ((document['value'] ?? null) as Document | null);
    },
    unacknowledgedResult: () => (options.includeResultMetadata === true ? { value: null, ok: 1 } : null),
  });
}
