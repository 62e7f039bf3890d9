import type { Document } from '../bson/index.js';
import type { Operation } from '../executor/operation.js';
import type { OperationContext } from './context.js';
import type { IndexDescription, IndexDirection } from './create_indexes.js';
import { type CursorReply, cursorReplyOf } from './cursor_reply.js';
import { onPrimaryUnlessAsked } from './operation_defaults.js';
import { addGenericFields, type CommandOperationOptions } from './options.js';

/** Options of the command `listIndexes`. @public */
export interface ListIndexesCommandOptions extends Omit<CommandOperationOptions, 'writeConcern'> {
  batchSize?: number;
}

/** An index as a server describes it. @public */
export type IndexDescriptionInfo = Omit<IndexDescription, 'key' | 'version'> & {
  key: { [key: string]: IndexDirection };
  v?: IndexDescription['version'];
} & Document;

/** The keys of indexes by their names. @public */
export type IndexDescriptionCompact = Record<string, [name: string, direction: IndexDirection][]>;

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
    result: reply => cursorReplyOf(reply, 'firstBatch', context.namespace),
  });
}
