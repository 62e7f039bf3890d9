import type { Document } from '../bson/index.js';
import { isDocument } from '../bson/reply_fields.js';
import { parseTopologyVersion } from '../description/topology_version.js';
import type { ErrorDetails } from '../errors/base.js';
import { MongoErrorLabel, ServerErrorCode } from '../errors/codes.js';
import { MongoUnexpectedServerResponseError } from '../errors/driver.js';
import { type ErrorDescription, MongoServerError } from '../errors/server.js';

/**
 * A program's own hook, the client's option `redact`: gets a command, or the reply to it, and returns what monitors may see. It may change the document that
 * it gets. If it throws, or returns no document, an empty one is shown.
 *
 * @public
 */
export type Redact = (commandName: string, document: Document) => Document;

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

/** Fields that hold secrets, wherever they stand in a command that carries no data. */
const SENSITIVE_FIELDS: ReadonlySet<string> = new Set([...SENSITIVE_COMMANDS, 'speculativeauthenticate', 'pwd']);

/** Commands whose documents are data and queries: a field of theirs with such a name is a field of the user's. */
const DATA_COMMANDS: ReadonlySet<string> = new Set([
  'aggregate',
  'bulkwrite',
  'collmod',
  'count',
  'create',
  'createindexes',
  'delete',
  'distinct',
  'find',
  'findandmodify',
  'getmore',
  'insert',
  'killcursors',
  'listcollections',
  'mapreduce',
  'update',
]);

/** Deeper than any command. */
const DEEPEST = 100;

/**
 * Whether a command, its reply and its failure must not be shown: they may hold credentials. A command may carry another one in it, as
 * `explain` does, under any name and at any depth.
 *
 * @param command - as it is sent; what a user gave may become something else when it is encoded
 */
export function isSensitive(commandName: string, command: Document): boolean {
  return SENSITIVE_COMMANDS.has(commandName.toLowerCase()) || isSensitiveDocument(command, 0);
}

/** Whether the contents of a command of this name are data. */
export function carriesData(commandName: string): boolean {
  return DATA_COMMANDS.has(commandName.toLowerCase());
}

function isSensitiveDocument(document: Document, depth: number): boolean {
  if (depth > DEEPEST) return true;
  const names = Object.keys(document);
  const [first = ''] = names;
  // Old servers take commands as queries to a collection of this name.
  const target: unknown = document[first];
  if (carriesData(first) && !(typeof target === 'string' && target.startsWith('$cmd'))) return false;
  return names.some(name => {
    const value: unknown = document[name];
    if (value === null || value === undefined) return false;
    return SENSITIVE_FIELDS.has(name.toLowerCase()) || isSensitiveValue(value, depth + 1);
  });
}

function isSensitiveValue(value: unknown, depth: number): boolean {
  if (Array.isArray(value)) return depth > DEEPEST || value.some(item => isSensitiveValue(item, depth + 1));
  return isDocument(value) && isSensitiveDocument(value, depth);
}

/**
 * The failure of a sensitive command as it may be shown: of what a server said, only code, codeName and errorLabels are kept. An
 * error in which no server had a say, such as a broken connection, stays as it is.
 */
export function redactFailure(error: Error): Error {
  const said = serverSaid(error);
  if (said === null) return error;
  if (!(said instanceof MongoServerError)) {
    return new MongoUnexpectedServerResponseError('The reply to a sensitive command is malformed; it is redacted');
  }
  const reply: ErrorDescription = { errorLabels: said.errorLabels };
  if (typeof said.code === 'number') reply.code = said.code;
  if (said.codeName !== undefined) reply.codeName = said.codeName;
  const redacted = new MongoServerError(reply);
  redacted.message = 'The command is a sensitive one: its failure is redacted';
  return redacted;
}

/** Failures of commands that hold credentials. */
const SENSITIVE_FAILURES = new WeakSet<object>();

/** Remembers that a failure is that of a command that holds credentials, wherever it is rethrown or becomes a cause. */
export function markSensitive(failure: unknown): void {
  if (failure instanceof Error) SENSITIVE_FAILURES.add(failure);
}

/** A failure as monitors may see it: redacted if it, or one of its causes, is that of a command that holds credentials. */
export function shownFailure<E>(failure: E): E | Error {
  const seen = new Set<unknown>();
  let current: unknown = failure;
  while (current instanceof Error && !seen.has(current)) {
    if (SENSITIVE_FAILURES.has(current)) return redactFailure(failure as Error);
    seen.add(current);
    current = current.cause;
  }
  return failure;
}

/** The same for what becomes of a server because of it: events of servers and of the topology show that error too. */
export function redactForTopology(error: Error): Error {
  const redacted = redactFailure(error);
  if (redacted === error || !(error instanceof MongoServerError)) return redacted;
  const topologyVersion = parseTopologyVersion(error.topologyVersion);
  return topologyVersion === null ? redacted : Object.assign(redacted, { topologyVersion });
}

/** The names of codes with which servers refuse authentication. They are not taken from the reply, of which nothing is shown. */
const CODE_NAMES: ReadonlyMap<number, string> = new Map([
  [2, 'BadValue'],
  [11, 'UserNotFound'],
  [13, 'Unauthorized'],
  [17, 'ProtocolError'],
  [18, 'AuthenticationFailed'],
  [20, 'IllegalOperation'],
  [59, 'CommandNotFound'],
  [91, 'ShutdownInProgress'],
  [139, 'InvalidSSLConfiguration'],
  [189, 'PrimarySteppedDown'],
  [334, 'MechanismUnavailable'],
  [10107, 'NotWritablePrimary'],
  [11600, 'InterruptedAtShutdown'],
  [11602, 'InterruptedDueToReplStateChange'],
  [13435, 'NotPrimaryNoSecondaryOk'],
  [13436, 'NotPrimaryOrSecondary'],
]);

const LABELS: ReadonlySet<string> = new Set(Object.values(MongoErrorLabel));

/**
 * A server's refusal of a command that carries credentials. It may repeat them, in any form, so nothing but its code and known labels goes
 * into the error, which events, logs and other errors will hold.
 *
 * @param what - what was refused: `Authentication`, `The hello`
 */
export function redactRefusal(error: MongoServerError, what: string, details: ErrorDetails): MongoServerError {
  const { code } = error;
  const reply: ErrorDescription = { ok: 0, errorLabels: error.errorLabels.filter(label => LABELS.has(label)) };
  if (typeof code === 'number') {
    reply.code = code;
    const codeName = CODE_NAMES.get(code);
    if (codeName !== undefined) reply.codeName = codeName;
  }
  const topologyVersion = parseTopologyVersion(error.topologyVersion);
  if (topologyVersion !== null) reply['topologyVersion'] = topologyVersion;
  const why = reply.codeName ?? (reply.code === undefined ? 'no code' : `code ${reply.code}`);
  // The words that servers use, and that programs know.
  reply.errmsg = code === ServerErrorCode.AuthenticationFailed ? 'Authentication failed.' : `${what} failed: ${why}`;
  return new MongoServerError(reply, details);
}

/** An error with words of a server. Follows the causes, which may go in a circle when a user made them. */
function serverSaid(error: unknown): MongoServerError | MongoUnexpectedServerResponseError | null {
  const seen = new Set<unknown>();
  let current: unknown = error;
  while (current instanceof Error && !seen.has(current)) {
    if (current instanceof MongoServerError || current instanceof MongoUnexpectedServerResponseError) return current;
    seen.add(current);
    current = current.cause;
  }
  return null;
}
