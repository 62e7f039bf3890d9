import type { Document } from '../bson/index.js';
import { MongoInvalidArgumentError } from '../errors/driver.js';
import type { CommandTarget, Operation } from '../executor/operation.js';
import { isGiven } from '../runtime/own_options.js';
import type { Sort } from '../types/sort.js';
import { addReadConcern, type OperationContext } from './context.js';
import { type CursorReply, cursorReplyOf, firstDocumentOf } from './cursor_reply.js';
import { killCursors } from './get_more.js';
import { byReadPreference } from './operation_defaults.js';
import { addGenericFields, type CommandOperationOptions, copyOptions, type Hint, namesAsKeys } from './options.js';
import { formatSort } from './sort.js';

/** Options of the command `find`. @public */
export interface FindCommandOptions extends Omit<CommandOperationOptions, 'writeConcern'> {
  /** Maximum number of documents. If negative, they come in one batch. */
  limit?: number;
  skip?: number;
  sort?: Sort;
  projection?: Document;
  /** Maximum number of documents in each batch. Default of the server: 101 in the first batch, then as many as fit. */
  batchSize?: number;
  singleBatch?: boolean;
  hint?: Hint;
  min?: Document;
  max?: Document;
  returnKey?: boolean;
  showRecordId?: boolean;
  allowDiskUse?: boolean;
  allowPartialResults?: boolean;
  noCursorTimeout?: boolean;
  /** The cursor stays open at the end of a capped collection. */
  tailable?: boolean;
  /** The server waits for new documents at the end. */
  awaitData?: boolean;
  oplogReplay?: boolean;
  /** The opposite of `noCursorTimeout`, over which it takes precedence. */
  timeout?: boolean;
  let?: Document;
}

/**
 * `limit`, `batchSize` and `singleBatch` as the server takes them (CRUD, "Combining limit and batchSize"). As in the official driver, a
 * negative `batchSize` is a limit with one batch.
 */
function sizeFields({ skip, singleBatch, ...given }: FindCommandOptions): Document {
  const limit = given.limit ?? 0;
  const batchSize = given.batchSize ?? undefined;
  const count = batchSize !== undefined && batchSize < 0 ? -batchSize : Math.abs(limit);
  // If the batch were as large as the limit, the server would keep a cursor open without need.
  const size = count > 0 && count === batchSize ? batchSize + 1 : batchSize;
  return {
    ...(isGiven(skip) && { skip }),
    ...(count > 0 && { limit: count }),
    ...(size !== undefined && size >= 0 && { batchSize: size }),
    ...((limit < 0 || (batchSize ?? 0) < 0 || singleBatch === true) && { singleBatch: true }),
  };
}

/** An ObjectId stands for the document that has it. */
function filterOf(filter: Document): Document {
  return filter['_bsontype'] === 'ObjectId' ? { _id: filter } : filter;
}

function withFindOptions(
  command: Document,
  context: OperationContext,
  options: FindCommandOptions,
  target: CommandTarget,
): Document {
  const { projection, hint } = options;
  const sort = formatSort(options.sort);
  if (sort !== undefined) command['sort'] = sort;
  if (isGiven(projection))
    command['projection'] = Array.isArray(projection) ? namesAsKeys(projection as string[]) : projection;
  if (isGiven(hint)) command['hint'] = Array.isArray(hint) ? namesAsKeys(hint as string[]) : hint;
  copyOptions(command, options, [
    'collation',
    'min',
    'max',
    'returnKey',
    'showRecordId',
    'allowDiskUse',
    'allowPartialResults',
    'noCursorTimeout',
    'tailable',
    'awaitData',
    'oplogReplay',
    'let',
  ]);
  if (typeof options.timeout === 'boolean') command['noCursorTimeout'] = !options.timeout;
  addReadConcern(command, context);
  addGenericFields(command, options, target);
  return command;
}

/** Opens a cursor over the documents that match. */
export function find(context: OperationContext, filter: Document, options: FindCommandOptions): Operation<CursorReply> {
  return byReadPreference(context, {
    access: 'read',
    name: 'find',
    retryable: true,
    command(target) {
      const fields = { find: context.collection, filter: filterOf(filter) };
      return Object.assign(withFindOptions(fields, context, options, target), sizeFields(options));
    },
    result: reply => cursorReplyOf(reply, 'firstBatch', context.namespace),
  });
}

/** The first document that matches, or null. */
export function findOne(
  context: OperationContext,
  filter: Document,
  options: FindCommandOptions,
): Operation<Document | null> {
  return byReadPreference(context, {
    access: 'read',
    name: 'find',
    retryable: true,
    command(target) {
      // The fields of each such command, in one literal: V8 grows an object for each few fields that are added to it.
      const fields = { find: context.collection, filter: filterOf(filter), limit: 1, singleBatch: true };
      const command = withFindOptions(fields, context, options, target);
      if (isGiven(options.skip)) command['skip'] = options.skip;
      return command;
    },
    result(reply) {
      return firstDocumentOf(reply, context.decode, context.namespace, cursor => killCursors(cursor, context)) ?? null;
    },
  });
}

/** @throws MongoInvalidArgumentError unless the filter is an object */
export function checkFilter(
  filter: unknown,
  message = 'Argument "filter" must be an object',
): asserts filter is Document {
  if (typeof filter === 'object' && filter !== null && !Array.isArray(filter)) return;
  throw new MongoInvalidArgumentError(message);
}
