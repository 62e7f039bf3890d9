import { isNumber, toNumber } from '../bson/numbers.js';
import { type Document, isDocument } from '../bson/types.js';
import { checkDatabaseName } from '../engine/namespace.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { type Command, type CommandContext } from './context.js';
import { hasCommand } from './gates.js';
import { commands } from './table.js';

/** What was sent, by which client and to which node, before it is known to be a command. */
export type Incoming = Omit<CommandContext, 'name' | 'database' | 'operation'>;

export function lookUp(incoming: Incoming): { context: CommandContext; command: Command } {
  const name = nameOf(incoming.body);
  const database = incoming.body['$db'];
  if (database === undefined) {
    throw new CommandError(ErrorCode.IDLFailedToParse, "BSON field 'OpMsgRequest.$db' is missing but a required field");
  }
  if (typeof database !== 'string') {
    throw new CommandError(ErrorCode.TypeMismatch, "BSON field '$db' is the wrong type, expected type 'string'");
  }
  checkDatabaseName(database);
  const command = findCommand(name);
  const isMissing = command?.isOfRouters === true && incoming.member.role !== 'mongos';
  if (command === undefined || isMissing || !hasCommand(incoming.deployment.version, name))
    throw new CommandError(ErrorCode.CommandNotFound, `no such command: '${name}'`);
  const { body, connection, member, deployment } = incoming;
  const endsWithClient = command.access !== 'write';
  const facts = { connection, name, database, body, maxTimeMS: timeLimitOf(name, body), endsWithClient };
  const operation = member.operations.begin(facts, deployment.timers);
  return { context: { ...incoming, name, database, operation }, command };
}

/** What is no number is refused by the checks later on. Of getMore it is the time to wait for data, and no limit. */
function timeLimitOf(name: string, { maxTimeMS }: Document): number {
  return name === 'getMore' || !isNumber(maxTimeMS) ? 0 : Math.max(toNumber(maxTimeMS), 0);
}

/** The name of a command is that of its first field. */
export function nameOf(body: Document): string {
  const [name = ''] = Object.keys(body);
  return name;
}

export function findCommand(name: string): Command | undefined {
  return Object.hasOwn(commands, name) ? commands[name] : undefined;
}

export function isHello(command: Command | undefined): boolean {
  return command?.run === commands['hello']?.run;
}

/** Whether a hello asks to be streamed: only one that awaits changes is. */
export function awaitsChanges(body: Document): boolean {
  return isHello(findCommand(nameOf(body))) && isDocument(body['topologyVersion']);
}
