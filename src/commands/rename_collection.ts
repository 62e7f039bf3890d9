import type { Document } from '../bson/index.js';
import type { Operation } from '../executor/operation.js';
import { addWriteConcern, type OperationContext } from './context.js';
import { onPrimary } from './operation_defaults.js';
import { addGenericFields, type CommandOperationOptions } from './options.js';
import { throwWriteConcernError } from './reply.js';

/** @public */
export interface RenameOptions extends Omit<CommandOperationOptions, 'rawData'> {
  /** Drops an existing collection of the new name. Default false: the command fails if there is one. */
  dropTarget?: boolean;
  /** Without effect. */
  new_collection?: boolean;
}

/** Renames a collection inside its database. */
export function renameCollection(context: OperationContext, to: string, options: RenameOptions): Operation<void> {
  const { database, namespace } = context;
  return onPrimary(
    { ...context, database: 'admin' },
    {
      access: 'write',
      name: 'renameCollection',
      retryable: false,
      command(target) {
        const command: Document = {
          renameCollection: namespace,
          to: `${database}.${to}`,
          dropTarget: options.dropTarget ?? false,
        };
        addWriteConcern(command, context);
        addGenericFields(command, options, target);
        return command;
      },
      result: reply => throwWriteConcernError(reply, context),
    },
  );
}
