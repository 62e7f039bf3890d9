import type { Document } from '../bson/index.js';
import { ReadPreference } from '../concern/read_preference.js';
import { MongoInvalidArgumentError } from '../errors/driver.js';
import type { Operation, OperationReply } from '../executor/operation.js';
import { isGiven } from '../runtime/own_options.js';
import { readPreferenceSelector } from '../sdam/server_selection.js';
import { type OperationContext, transactionOf } from './context.js';
import { type CursorReply, cursorReplyOf } from './cursor_reply.js';
import { defineOperation } from './operation_defaults.js';
import type { OperationOptions } from './options.js';
import { replyDocument } from './reply.js';

/** @public */
export type RunCommandOptions = OperationOptions;

/** A copy of a user's command, to which fields may be added. */
function copyOf(command: unknown): Document {
  if (typeof command !== 'object' || command === null || Array.isArray(command)) {
    throw new MongoInvalidArgumentError('A command must be a document whose first field is its name');
  }
  const copy = Object.fromEntries<unknown>(
    command instanceof Map ? (command as Map<string, unknown>) : Object.entries(command),
  );
  for (const _name in copy) return copy;
  throw new MongoInvalidArgumentError('A command must have a name: its first field');
}

function run<T>(
  context: OperationContext,
  given: unknown,
  options: RunCommandOptions,
  result: (reply: OperationReply) => T,
): Operation<T> {
  const command = copyOf(given);
  const { readPreference: asked } = options;
  const own = isGiven(asked) ? ReadPreference.fromOptions({ readPreference: asked }) : undefined;
  const readPreference = own ?? transactionOf(context)?.settings.readPreference ?? ReadPreference.primary;
  return defineOperation(context, readPreferenceSelector(readPreference), readPreference, {
    access: 'read',
    name: Object.keys(command)[0] ?? '',
    retryable: false,
    sessionRole: 'asGiven',
    command: () => ({ ...command }),
    result,
  });
}

/**
 * Sends a command of the user as it is. It inherits no concern (Run Command).
 *
 * @throws MongoInvalidArgumentError if the command is no document or has no field
 */
export function runCommand(
  context: OperationContext,
  command: unknown,
  options: RunCommandOptions,
): Operation<Document> {
  return run(context, command, options, reply => replyDocument(reply, context));
}

/**
 * Sends a command of the user that opens a cursor.
 *
 * @throws MongoUnexpectedServerResponseError if the reply has no cursor
 */
export function runCursorCommand(
  context: OperationContext,
  command: unknown,
  options: RunCommandOptions,
): Operation<CursorReply> {
  return run(context, command, options, reply => cursorReplyOf(reply, 'firstBatch', ''));
}
