import { decodeDocument } from '../bson/decode.js';
import type { Document } from '../bson/index.js';
import { isDocument, kindOf } from '../bson/is_document.js';
import { ReplyFields } from '../bson/reply_fields.js';
import { MongoInvalidArgumentError } from '../errors/driver.js';
import type { Operation, OperationReply } from '../executor/operation.js';
import {
  FIRST_WIRE_VERSION_WITH_SECONDARY_OUTPUT,
  outputSelector,
  readPreferenceSelector,
} from '../sdam/server_selection.js';
import { addReadConcern, addWriteConcern, type OperationContext } from './context.js';
import { type CursorReply, cursorReplyOf, firstDocumentOf } from './cursor_reply.js';
import { killCursors } from './get_more.js';
import { defineOperation } from './operation_defaults.js';
import { addGenericFields, type CommandOperationOptions, copyOptions, type Hint } from './options.js';

/** @public */
export interface AggregateCommandOptions extends CommandOperationOptions {
  allowDiskUse?: boolean;
  batchSize?: number;
  bypassDocumentValidation?: boolean;
  hint?: Hint;
  let?: Document;
}

/** @public */
export interface CountDocumentsOptions extends AggregateCommandOptions {
  skip?: number;
  limit?: number;
}

/** Whether a pipeline writes what it computes instead of returning it. */
export function writesOutput(pipeline: readonly Document[]): boolean {
  const last: unknown = pipeline.at(-1);
  return typeof last === 'object' && last !== null && (Object.hasOwn(last, '$out') || Object.hasOwn(last, '$merge'));
}

/** Opens a cursor over the results of a pipeline, on a collection or, if the context names none, on a database. */
export function aggregate(
  context: OperationContext,
  pipeline: readonly Document[],
  options: AggregateCommandOptions,
): Operation<CursorReply> {
  return aggregateOperation(context, pipeline, options, reply =>
    cursorReplyOf(reply, 'firstBatch', namespaceOf(context)),
  );
}

/** Counts the documents that match, by an aggregation (CRUD, "Count API Details"). */
export function countDocuments(
  context: OperationContext,
  filter: Document,
  { skip, limit, ...options }: CountDocumentsOptions,
): Operation<number> {
  const pipeline: Document[] = [{ $match: filter }];
  if (skip !== undefined) pipeline.push({ $skip: skip });
  if (limit !== undefined) pipeline.push({ $limit: limit });
  pipeline.push({ $group: { _id: 1, n: { $sum: 1 } } });
  return aggregateOperation(context, pipeline, options, reply => {
    const first = firstDocumentOf(reply, decodeDocument, context.namespace, cursor => killCursors(cursor, context));
    return first === undefined ? 0 : (new ReplyFields(first, 'result of a count', reply.address).count('n') ?? 0);
  });
}

/** The namespace of the cursor, as servers name it for an aggregation on a database. */
function namespaceOf({ database, collection, namespace }: OperationContext): string {
  return collection === '' ? `${database}.$cmd.aggregate` : namespace;
}

function aggregateOperation<T>(
  context: OperationContext,
  pipeline: readonly Document[],
  options: AggregateCommandOptions,
  result: (reply: OperationReply) => T,
): Operation<T> {
  const writes = writesOutput(pipeline);
  const { readPreference } = context;
  const selector = (writes ? outputSelector : readPreferenceSelector)(readPreference);
  return defineOperation(context, selector, readPreference, {
    access: 'read',
    writes,
    name: 'aggregate',
    retryable: !writes,
    // An older primary refuses a read preference that asks for a secondary (CRUD, "Read preferences and server selection").
    readPreferenceSince: writes ? FIRST_WIRE_VERSION_WITH_SECONDARY_OUTPUT : 0,
    command(target) {
      const command: Document = {
        aggregate: context.collection === '' ? 1 : context.collection,
        pipeline,
        cursor: options.batchSize === undefined || writes ? {} : { batchSize: options.batchSize },
      };
      copyOptions(command, options, ['allowDiskUse', 'bypassDocumentValidation', 'collation', 'hint', 'let']);
      addReadConcern(command, context);
      if (writes) addWriteConcern(command, context);
      addGenericFields(command, options, target);
      return command;
    },
    result,
  });
}

/** @throws MongoInvalidArgumentError unless the pipeline is an array of stages without holes */
export function checkPipeline(pipeline: unknown): asserts pipeline is Document[] {
  if (!Array.isArray(pipeline)) {
    throw new MongoInvalidArgumentError('Argument "pipeline" must be an array of aggregation stages');
  }
  for (let index = 0; index < pipeline.length; index++) {
    if (isDocument(pipeline[index])) continue;
    throw new MongoInvalidArgumentError(
      `Stage ${index} of an aggregation pipeline must be an object, got ${kindOf(pipeline[index])}`,
    );
  }
}
