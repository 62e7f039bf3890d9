import type { Document } from '../bson/index.js';
import { ReadPreference } from '../concern/read_preference.js';
import { MongoInvalidArgumentError } from '../errors/driver.js';
import { readPreferenceSelector } from '../sdam/server_selection.js';
import type { OperationContext } from './context.js';
import type { Operation } from './operation.js';
import { defineOperation } from './operation_defaults.js';
import type { OperationOptions } from './options.js';

/** @public */
export type RunCommandOptions = OperationOptions;

/**
 * A command of the user's own, sent as it is: no concern is inherited, and it is not looked at (Run Command).
 *
 * @throws MongoInvalidArgumentError if it is no document or has no field
 */
export function runCommand(
  context: OperationContext,
  command: unknown,
  options: RunCommandOptions,
): Operation<Document> {
  if (typeof command !== 'object' || command === null || Array.isArray(command)) {
    throw new MongoInvalidArgumentError('A command must be a document whose first field is its name');
  }
  const entries = command instanceof Map ? [...(command as Map<string, unknown>)] : Object.entries(command);
  const name = entries[0]?.[0];
  if (name === undefined) throw new MongoInvalidArgumentError('A command must have a name: its first field');
  const readPreference = ReadPreference.fromOptions(options) ?? ReadPreference.primary;
  return defineOperation(context, readPreferenceSelector(readPreference), readPreference, {
    access: 'read',
    name,
    retryable: false,
    command: () => Object.fromEntries<unknown>(entries),
    result: ({ reply }) => reply.decode(context.decode),
  });
}
