import type { Document } from '../bson/index.js';
import { ServerErrorCode } from '../errors/codes.js';
import type { Operation } from '../executor/operation.js';
import { addWriteConcern, type OperationContext } from './context.js';
import { onPrimary } from './operation_defaults.js';
import { addGenericFields, type CommandOperationOptions } from './options.js';
import { throwWriteConcernError } from './reply.js';

/** @public */
export interface DropCollectionOptions extends Omit<CommandOperationOptions, 'rawData'> {
  encryptedFields?: Document;
}

/** @public */
export type DropDatabaseOptions = Omit<CommandOperationOptions, 'rawData'>;

function drop(
  name: 'drop' | 'dropDatabase',
  value: string | number,
  context: OperationContext,
  options: CommandOperationOptions,
): Operation<boolean> {
  return onPrimary(context, {
    access: 'write',
    name,
    retryable: false,
    command(target) {
      const command: Document = { [name]: value };
      addWriteConcern(command, context);
      addGenericFields(command, options, target);
      return command;
    },
    result(reply) {
      throwWriteConcernError(reply, context);
      return true;
    },
  });
}

/** Drops a collection. */
export function dropCollection(context: OperationContext, options: DropCollectionOptions): Operation<boolean> {
  return drop('drop', context.collection, context, options);
}

/** Drops a database. */
export function dropDatabase(context: OperationContext, options: DropDatabaseOptions): Operation<boolean> {
  return drop('dropDatabase', 1, context, options);
}

/** Whether a server before MongoDB 7.0 reports that a collection to drop is missing. That counts as success. */
export function isMissingNamespace(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === ServerErrorCode.NamespaceNotFound;
}
