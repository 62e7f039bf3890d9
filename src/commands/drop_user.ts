import type { Document } from '../bson/index.js';
import { MongoInvalidArgumentError } from '../errors/driver.js';
import type { Operation } from '../executor/operation.js';
import { addWriteConcern, type OperationContext } from './context.js';
import { onPrimary } from './operation_defaults.js';
import { addGenericFields, type CommandOperationOptions } from './options.js';
import { throwWriteConcernError } from './reply.js';

/** @public */
export type RemoveUserOptions = Omit<CommandOperationOptions, 'rawData'>;

/** Removes a user of the database. */
export function dropUser(context: OperationContext, name: unknown, options: RemoveUserOptions): Operation<boolean> {
  if (typeof name !== 'string') throw new MongoInvalidArgumentError('Argument "username" must be a string');
  return onPrimary(context, {
    access: 'write',
    name: 'dropUser',
    retryable: false,
    command(target) {
      const command: Document = { dropUser: name };
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
