import type { Document } from '../bson/index.js';
import { type ErrorDescription, MongoServerError } from '../errors/server.js';

/** Command Logging and Monitoring, "Security", in lower case. */
const SENSITIVE_COMMANDS: ReadonlySet<string> = new Set([
  'authenticate',
  'saslstart',
  'saslcontinue',
  'getnonce',
  'createuser',
  'updateuser',
  'copydbgetnonce',
  'copydbsaslstart',
  'copydb',
]);

const HELLO_COMMANDS: ReadonlySet<string> = new Set(['hello', 'ismaster']);

/** Whether a command, its reply and its failure must not be shown: they may hold credentials. */
export function isSensitive(commandName: string, command: Document): boolean {
  const name = commandName.toLowerCase();
  if (SENSITIVE_COMMANDS.has(name)) return true;
  return HELLO_COMMANDS.has(name) && (command['speculativeAuthenticate'] ?? null) !== null;
}

/** The command as it may be shown. */
export function redactCommand(commandName: string, command: Document): Document {
  return isSensitive(commandName, command) ? {} : command;
}

/** The reply to a command as it may be shown. */
export function redactReply(commandName: string, command: Document, reply: Document): Document {
  return isSensitive(commandName, command) ? {} : reply;
}

/**
 * The failure of a sensitive command as it may be shown: of what a server said, only code, codeName and errorLabels are kept. An
 * error in which no server had a say, such as a broken connection, stays as it is.
 */
export function redactFailure(error: Error): Error {
  const fromServer = serverErrorIn(error);
  if (fromServer === null) return error;
  const reply: ErrorDescription = { errorLabels: fromServer.errorLabels };
  if (typeof fromServer.code === 'number') reply.code = fromServer.code;
  if (fromServer.codeName !== undefined) reply.codeName = fromServer.codeName;
  const redacted = new MongoServerError(reply);
  redacted.message = 'The command is a sensitive one, so that its failure is not shown';
  return redacted;
}

/** Follows the causes, which may go in a circle when a user made them. */
function serverErrorIn(error: unknown): MongoServerError | null {
  const seen = new Set<unknown>();
  let current: unknown = error;
  while (current instanceof Error && !seen.has(current)) {
    if (current instanceof MongoServerError) return current;
    seen.add(current);
    current = current.cause;
  }
  return null;
}
