import type { Document } from '../bson/index.js';
import type { Operation } from '../executor/operation.js';
import type { OperationContext } from './context.js';
import { type CursorReply, cursorReplyOf } from './cursor_reply.js';
import { onPrimaryUnlessAsked } from './operation_defaults.js';
import { type Abortable, addGenericFields, type CommandOperationOptions } from './options.js';

/** @public */
export interface ListCollectionsOptions extends Omit<CommandOperationOptions, 'writeConcern'>, Abortable {
  /** Returns names and types only, which needs fewer locks and privileges. */
  nameOnly?: boolean;
  authorizedCollections?: boolean;
  batchSize?: number;
}

/** Opens a cursor over the collections of a database. */
export function listCollections(
  context: OperationContext,
  filter: Document,
  options: ListCollectionsOptions,
): Operation<CursorReply> {
  return onPrimaryUnlessAsked(context, options, {
    access: 'read',
    name: 'listCollections',
    retryable: true,
    command(target) {
      const command: Document = {
        listCollections: 1,
        filter,
        cursor: options.batchSize === undefined ? {} : { batchSize: options.batchSize },
        nameOnly: options.nameOnly ?? false,
        authorizedCollections: options.authorizedCollections ?? false,
      };
      addGenericFields(command, options, target);
      return command;
    },
    result: reply => cursorReplyOf(reply, 'firstBatch', `${context.database}.$cmd.listCollections`),
  });
}
