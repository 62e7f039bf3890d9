import type { Document } from '../bson/index.js';
import { ReplyFields } from '../bson/reply_fields.js';
import { MongoInvalidArgumentError } from '../errors/driver.js';
import type { Operation } from '../executor/operation.js';
import { addReadConcern, type OperationContext } from './context.js';
import { byReadPreference } from './operation_defaults.js';
import { addGenericFields, type CommandOperationOptions, copyOptions, type Hint } from './options.js';
import { replyDocument } from './reply.js';

/** @public */
export type DistinctOptions = CommandOperationOptions & { hint?: Hint };

/** The distinct values of a field in the documents that match. */
export function distinct(
  context: OperationContext,
  key: unknown,
  filter: Document,
  options: DistinctOptions,
): Operation<unknown[]> {
  if (typeof key !== 'string') throw new MongoInvalidArgumentError('Argument "key" must be a string');
  return byReadPreference(context, {
    access: 'read',
    name: 'distinct',
    retryable: true,
    command(target) {
      const command: Document = { distinct: context.collection, key, query: filter };
      copyOptions(command, options, ['hint', 'collation']);
      addReadConcern(command, context);
      addGenericFields(command, options, target);
      return command;
    },
    result: reply =>
      new ReplyFields(replyDocument(reply, context), 'reply to distinct', reply.address).array('values') as unknown[],
  });
}
