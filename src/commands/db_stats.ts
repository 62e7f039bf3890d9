import type { Document } from '../bson/index.js';
import type { Operation } from '../executor/operation.js';
import type { OperationContext } from './context.js';
import { byReadPreference } from './operation_defaults.js';
import { addGenericFields, type CommandOperationOptions, copyOptions } from './options.js';
import { replyDocument } from './reply.js';

/** @public */
export interface DbStatsOptions extends Omit<CommandOperationOptions, 'rawData'> {
  /** Divisor of the sizes: 1024 for kilobytes. */
  scale?: number;
}

/** Statistics of a database. */
export function dbStats(context: OperationContext, options: DbStatsOptions): Operation<Document> {
  return byReadPreference(context, {
    access: 'read',
    name: 'dbStats',
    retryable: false,
    command(target) {
      const command: Document = { dbStats: true };
      copyOptions(command, options, ['scale']);
      addGenericFields(command, options, target);
      return command;
    },
    result: reply => replyDocument(reply, context),
  });
}
