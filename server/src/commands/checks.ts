import { isNumber, toInteger, toNumber } from '../bson/numbers.js';
import { type Document, isDocument } from '../bson/types.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { type Member } from '../replication/member.js';
import { type Command, type CommandContext } from './context.js';
import { checkComment, checkFieldRelease, unknownField } from './gates.js';
import { genericFields } from './generic_fields.js';
import { checkTransactionFields } from './transactions.js';

/** What must hold of every command before it runs, in the order in which the server looks. */
export function checkCommand(command: Command, context: CommandContext): void {
  const { name, body, database, connection, deployment } = context;
  if (deployment.requiresAuth && command.beforeAuth !== true && connection.users.length === 0) {
    throw new CommandError(ErrorCode.Unauthorized, `Command ${name} requires authentication`);
  }
  if (command.isAdminOnly === true && database !== 'admin') {
    throw new CommandError(ErrorCode.Unauthorized, `${name} may only be run against the admin database.`);
  }
  checkApiVersion(command, context);
  checkFieldRelease(deployment.version, name, body);
  checkComment(deployment.version, name, body);
  if (command.fields !== undefined) checkKnownFields(deployment.version, name, body, command.fields);
  checkMaxTime(body);
  checkTransactionFields(command, context);
}

function checkApiVersion(command: Command, { name, body }: CommandContext): void {
  const { apiVersion } = body;
  if (apiVersion === undefined) {
    if (body['apiStrict'] !== undefined || body['apiDeprecationErrors'] !== undefined) {
      throw new CommandError(
        ErrorCode.InvalidOptions,
        'Provided apiStrict and/or apiDeprecationErrors without passing apiVersion',
      );
    }
    return;
  }
  if (apiVersion !== '1') throw new CommandError(ErrorCode.APIVersionError, 'API version must be "1"');
  if (body['apiDeprecationErrors'] === true && command.isDeprecated === true) {
    throw new CommandError(
      ErrorCode.APIDeprecationError,
      `Provided apiDeprecationErrors:true, but the command ${name} is deprecated in API Version 1`,
    );
  }
  if (body['apiStrict'] !== true) return;
  checkStrictStages(body);
  if (command.isApiV1 !== true) {
    throw new CommandError(
      ErrorCode.APIStrictError,
      `Provided apiStrict:true, but the command ${name} is not in API Version 1`,
    );
  }
}

/** Stages that API version 1 does not have. */
const unstableStages: ReadonlySet<string> = new Set([
  ...['$collStats', '$currentOp', '$indexStats', '$listLocalSessions', '$listSessions', '$planCacheStats'],
  ...['$listSearchIndexes'],
]);

function checkStrictStages({ pipeline }: Document): void {
  if (!Array.isArray(pipeline)) return;
  for (const stage of pipeline as readonly unknown[]) {
    const [name] = isDocument(stage) ? Object.keys(stage) : [];
    // $collStats with nothing but a count is what estimatedDocumentCount once was.
    const isCount = name === '$collStats' && isDocument(stage) && isDocument(stage[name]) && 'count' in stage[name];
    if (name === undefined || isCount || !unstableStages.has(name)) continue;
    throw new CommandError(
      ErrorCode.APIStrictError,
      `stage ${name} is not allowed with 'apiStrict: true' in API Version 1`,
    );
  }
}

function checkKnownFields(version: string, name: string, body: Document, fields: readonly string[]): void {
  for (const field of Object.keys(body)) {
    if (fields.includes(field) || genericFields.has(field)) continue;
    throw unknownField(version, `${name}.${field}`);
  }
}

function checkMaxTime(body: Document): void {
  const { maxTimeMS } = body;
  if (maxTimeMS === undefined) return;
  if (!isNumber(maxTimeMS)) throw new CommandError(ErrorCode.TypeMismatch, 'maxTimeMS must be a number');
  const value = toInteger(maxTimeMS);
  if (value === undefined || value < 0 || value > 2 ** 31 - 1) {
    throw new CommandError(
      ErrorCode.BadValue,
      `${toNumber(maxTimeMS)} value for maxTimeMS is out of range [0, 2147483647]`,
    );
  }
}

/** Writes need the primary; reads need it, too, unless the client says that a secondary will do. */
export function checkRole(command: Command, member: Member, body: Document): void {
  if (member.isWritable || command.access === 'any') return;
  if (command.access === 'write') throw new CommandError(ErrorCode.NotWritablePrimary, 'not primary');
  if (member.role === 'removed') {
    throw new CommandError(ErrorCode.NotPrimaryOrSecondary, 'node is not in primary or recovering state');
  }
  const preference = body['$readPreference'];
  const mode = isDocument(preference) ? preference['mode'] : 'primary';
  if (mode === 'primary' || mode === undefined) {
    throw new CommandError(ErrorCode.NotPrimaryNoSecondaryOk, 'not primary and secondaryOk=false');
  }
}
