import type { Document } from '../bson/index.js';
import type { Operation } from '../executor/operation.js';
import { addReadConcern, type OperationContext } from './context.js';
import { byReadPreference } from './operation_defaults.js';
import { addGenericFields, type CommandOperationOptions, copyOptions, type Hint } from './options.js';
import { countIn } from './reply.js';

/** @public */
export interface CountOptions extends CommandOperationOptions {
  /** Number of documents to leave out. */
  skip?: number;
  /** Maximum number of documents to count. */
  limit?: number;
  hint?: Hint;
}

/** @public */
export type EstimatedDocumentCountOptions = CommandOperationOptions;

/** Counts the documents that match, by the command `count`. */
export function count(context: OperationContext, filter: Document, options: CountOptions): Operation<number> {
  return countOperation(context, { query: filter }, options, ['skip', 'limit', 'hint', 'collation']);
}

/** The number of documents according to the metadata of the collection (CRUD, "Count API Details"). */
export function estimatedDocumentCount(
  context: OperationContext,
  options: EstimatedDocumentCountOptions,
): Operation<number> {
  return countOperation(context, {}, options, []);
}

function countOperation(
  context: OperationContext,
  fields: Document,
  options: CountOptions,
  names: readonly (keyof CountOptions)[],
): Operation<number> {
  return byReadPreference(context, {
    access: 'read',
    name: 'count',
    retryable: true,
    command(target) {
      const command: Document = { count: context.collection, ...fields };
      copyOptions(command, options, names);
      addReadConcern(command, context);
      addGenericFields(command, options, target);
      return command;
    },
    result: reply => countIn(reply, 'n') ?? 0,
  });
}
