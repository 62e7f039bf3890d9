import type { Document } from '../bson/index.js';
import type { Operation } from '../executor/operation.js';
import { addWriteConcern, type OperationContext } from './context.js';
import { onPrimary } from './operation_defaults.js';
import { addGenericFields, type CommandOperationOptions } from './options.js';
import { replyDocument, throwWriteConcernError } from './reply.js';

/** @public */
export type DropIndexesOptions = CommandOperationOptions;

/**
 * Drops an index by its name or its keys. `*` drops all indexes but that of `_id`.
 *
 * @returns the reply of the server
 */
export function dropIndexes(
  context: OperationContext,
  index: string | Document,
  options: DropIndexesOptions,
): Operation<Document> {
  return onPrimary(context, {
    access: 'write',
    name: 'dropIndexes',
    retryable: false,
    command(target) {
      const command: Document = { dropIndexes: context.collection, index };
      addWriteConcern(command, context);
      addGenericFields(command, options, target);
      return command;
    },
    result(reply) {
      throwWriteConcernError(reply, context);
      return replyDocument(reply, context);
    },
  });
}
