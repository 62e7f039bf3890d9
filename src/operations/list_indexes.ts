import type { Document } from '../bson/index.js';
import type { OperationContext } from './context.js';
import { type CursorReply, cursorReplyOf } from './cursor_reply.js';
import type { Operation } from './operation.js';
import { onPrimaryUnlessAsked } from './operation_defaults.js';
import { addGenericFields, type CommandOperationOptions } from './options.js';

/** What a listIndexes asks of the server. @public */
export interface ListIndexesCommandOptions extends Omit<CommandOperationOptions, 'writeConcern'> {
  batchSize?: number;
}

/** Opens a cursor over the indexes of a collection. */
export function listIndexes(context: OperationContext, options: ListIndexesCommandOptions): Operation<CursorReply> {
  return onPrimaryUnlessAsked(context, options, {
    access: 'read',
    name: 'listIndexes',
    retryable: true,
    command(target) {
      const command: Document = {
        listIndexes: context.collection,
        cursor: options.batchSize === undefined ? {} : { batchSize: options.batchSize },
      };
      addGenericFields(command, options, target);
      return command;
    },
    result: reply => cursorReplyOf(reply, 'firstBatch'),
  });
}
