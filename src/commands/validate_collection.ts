import type { Document } from '../bson/index.js';
import { MongoUnexpectedServerResponseError } from '../errors/driver.js';
import type { Operation } from '../executor/operation.js';
import type { OperationContext } from './context.js';
import { byReadPreference } from './operation_defaults.js';
import { addOwnFields } from './option_names.js';
import { addGenericFields, type CommandOperationOptions } from './options.js';
import { replyDocument } from './reply.js';

/** @public */
export interface ValidateCollectionOptions extends Omit<CommandOperationOptions, 'rawData'> {
  /** Validates in the background. For MongoDB 4.4 and later. */
  background?: boolean;
}

/** Options that are fields of the command. */
const FIELDS: ReadonlySet<string> = new Set([
  'full',
  'background',
  'repair',
  'fixMultikey',
  'metadata',
  'checkBSONConformance',
  'enforceFastCount',
  'scandata',
  'collHash',
]);

/**
 * Checks whether the data of a collection are valid.
 *
 * @throws MongoUnexpectedServerResponseError if they are not
 */
export function validateCollection(
  context: OperationContext,
  name: string,
  options: ValidateCollectionOptions,
): Operation<Document> {
  return byReadPreference(context, {
    access: 'read',
    name: 'validate',
    retryable: false,
    command(target) {
      const command: Document = { validate: name };
      addOwnFields(command, options, FIELDS);
      addGenericFields(command, options, target);
      return command;
    },
    result(reply) {
      const document = replyDocument(reply, context);
      if (document['valid'] === false) throw new MongoUnexpectedServerResponseError(`Invalid collection ${name}`);
      return document;
    },
  });
}
