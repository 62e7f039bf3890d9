import type { Document } from '../bson/index.js';
import type { Operation } from '../executor/operation.js';
import type { OperationContext } from './context.js';
import { onPrimaryUnlessAsked } from './operation_defaults.js';
import { addGenericFields, type CommandOperationOptions, copyOptions } from './options.js';
import { replyDocument } from './reply.js';

/** @public */
export interface ListDatabasesOptions extends Omit<CommandOperationOptions, 'rawData'> {
  /** A filter for the databases. */
  filter?: Document;
  /** Returns names only, which needs fewer locks and privileges. */
  nameOnly?: boolean;
  authorizedDatabases?: boolean;
}

/** @public */
export interface ListDatabasesResult {
  databases: ({ name: string; sizeOnDisk?: number; empty?: boolean } & Document)[];
  totalSize?: number;
  totalSizeMb?: number;
  ok: 1 | 0;
}

/** The databases of the deployment. */
export function listDatabases(
  context: OperationContext,
  options: ListDatabasesOptions,
): Operation<ListDatabasesResult> {
  return onPrimaryUnlessAsked(context, options, {
    access: 'read',
    name: 'listDatabases',
    retryable: true,
    command(target) {
      const command: Document = { listDatabases: 1 };
      copyOptions(command, options, ['nameOnly', 'filter', 'authorizedDatabases']);
      addGenericFields(command, options, target);
      return command;
    },
    result: reply => replyDocument(reply, context) as ListDatabasesResult,
  });
}
