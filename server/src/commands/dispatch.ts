import { Double } from 'bson';
import { toNumber } from '../bson/numbers.js';
import { type Document, isDocument } from '../bson/types.js';
import { checkDatabaseName, namespaceText } from '../engine/namespace.js';
import {
  codeName,
  ErrorCode,
  isRetryableWriteCode,
  isTransientTransactionCode,
  tellsOfStateChange,
} from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { type Fault } from '../failpoints/fail_points.js';
import { checkTxnNumber, sessionKey } from '../replication/sessions.js';
import { checkCommand, checkRole } from './checks.js';
import { CloseConnection, type Command, type CommandContext, namespaceOf } from './context.js';
import { rememberClient } from './handshake.js';
import { commands } from './table.js';
import { runBehindTransactions, runInTransaction } from './transactions.js';
import { checkWriteConcern } from './write_concern.js';

const ok = new Double(1);
const notOk = new Double(0);

/** Who sent what to whom, before it is known to be a command. */
export type Incoming = Omit<CommandContext, 'name' | 'database'>;

/**
 * Runs one command and answers its whole reply. The reply is there at once unless something has to be waited for, so
 * that commands of one connection are executed in one turn of the event loop where possible.
 *
 *   look up → fail point (block, close, error) → checks → role → retried before? → run → write concern → decorate
 */
export function dispatch(incoming: Incoming): Document | Promise<Document> {
  const [name = ''] = Object.keys(incoming.body);
  try {
    const { context, command } = lookUp(name, incoming);
    if (command.run === commands['hello']?.run) rememberClient(context.connection, context.body['client']);
    const fault = context.member.failPoints.take(victimOf(context));
    if (fault === undefined) return settle(context, undefined, () => run(command, context));
    if (fault.blockTimeMS === 0) return settle(context, fault, () => runWithFault(command, context, fault));
    return blocked(context, fault).then(
      () => settle(context, fault, () => runWithFault(command, context, fault)),
      (error: unknown) => failure(error, incoming, fault),
    );
  } catch (error) {
    return failure(error, incoming, undefined);
  }
}

function lookUp(name: string, incoming: Incoming): { context: CommandContext; command: Command } {
  const database = incoming.body['$db'];
  if (database === undefined) {
    throw new CommandError(ErrorCode.IDLFailedToParse, "BSON field 'OpMsgRequest.$db' is missing but a required field");
  }
  if (typeof database !== 'string') {
    throw new CommandError(ErrorCode.TypeMismatch, "BSON field '$db' is the wrong type, expected type 'string'");
  }
  checkDatabaseName(database);
  const command = findCommand(name);
  if (command === undefined) throw new CommandError(ErrorCode.CommandNotFound, `no such command: '${name}'`);
  return { context: { ...incoming, name, database }, command };
}

function findCommand(name: string): Command | undefined {
  return Object.hasOwn(commands, name) ? commands[name] : undefined;
}

function victimOf(context: CommandContext): {
  command: string;
  appName: string | undefined;
  namespace: string | undefined;
} {
  const namespace = namespaceOf(context);
  return {
    command: context.name,
    appName: context.connection.appName,
    namespace: namespace === undefined ? undefined : namespaceText(namespace),
  };
}

/** Waits as the fail point wants, but no longer than maxTimeMS. */
async function blocked({ body, deployment }: CommandContext, { blockTimeMS }: Fault): Promise<void> {
  const maxTimeMS = body['maxTimeMS'] === undefined ? 0 : toNumber(body['maxTimeMS']);
  const expires = maxTimeMS > 0 && maxTimeMS < blockTimeMS;
  const outcome = await deployment.timers.sleep(expires ? maxTimeMS : blockTimeMS);
  if (outcome === 'cancelled') throw new CloseConnection('the server stopped');
  if (expires) throw new CommandError(ErrorCode.MaxTimeMSExpired, 'operation exceeded time limit');
}

function runWithFault(command: Command, context: CommandContext, fault: Fault): Document | Promise<Document> {
  if (fault.closeConnection) throw new CloseConnection('closed by a fail point');
  if (fault.errorCode !== undefined) {
    throw new CommandError(fault.errorCode, "Failing command via 'failCommand' failpoint", fault.errorExtraInfo);
  }
  return run(command, context);
}

function run(command: Command, context: CommandContext): Document | Promise<Document> {
  checkCommand(command, context);
  checkRole(command, context.member, context.body);
  const { body, deployment } = context;
  deployment.sessions.enterTerm(deployment.replicaSet?.term ?? 0);
  if (body['autocommit'] !== undefined) return runInTransaction(command, context, runOnce);
  const { lsid, txnNumber } = body;
  const session = lsid === undefined ? undefined : sessionKey(lsid);
  if (txnNumber === undefined || command.isRetryable !== true) return runAlone(command, context);
  if (session === undefined)
    throw new CommandError(ErrorCode.InvalidOptions, 'Transaction number requires a session ID to also be specified');
  checkTxnNumber(txnNumber);
  const known = deployment.sessions.findReply(session, txnNumber);
  if (known !== undefined) return known;
  const remember = (reply: Document): Document => {
    deployment.sessions.remember(session, txnNumber, reply);
    return reply;
  };
  const reply = runAlone(command, context);
  return reply instanceof Promise ? reply.then(remember) : remember(reply);
}

/** A write behind open transactions has to wait for those that wrote the same documents. */
function runAlone(command: Command, context: CommandContext): Document | Promise<Document> {
  const mayWait = command.isRetryable === true && context.deployment.locks.areHeld;
  return mayWait ? runBehindTransactions(context, waiting => runOnce(command, waiting)) : runOnce(command, context);
}

function runOnce(command: Command, context: CommandContext): Document | Promise<Document> {
  const reply = command.run(context);
  if (command.access === 'write') context.deployment.clusterTime.tick();
  return reply;
}

/** Runs the rest of a command and makes a reply of its result or its error. */
function settle(
  context: CommandContext,
  fault: Fault | undefined,
  execute: () => Document | Promise<Document>,
): Document | Promise<Document> {
  try {
    const result = execute();
    if (!(result instanceof Promise)) return success(result, context, fault);
    return result.then(
      reply => success(reply, context, fault),
      (error: unknown) => failure(error, context, fault),
    );
  } catch (error) {
    return failure(error, context, fault);
  }
}

function success(result: Document, context: CommandContext, fault: Fault | undefined): Document {
  const writeConcernError = fault?.writeConcernError ?? checkWriteConcern(context);
  const reply: Document = { ...result, ok };
  if (writeConcernError !== undefined) {
    reply['writeConcernError'] = writeConcernError;
    const labels = labelsOf(toNumber(writeConcernError['code']), context, fault);
    if (labels.length > 0) reply['errorLabels'] = labels;
  }
  return decorated(reply, context);
}

function failure(error: unknown, incoming: Incoming, fault: Fault | undefined): Document {
  if (error instanceof CloseConnection) throw error;
  const known =
    error instanceof CommandError
      ? error
      : new CommandError(ErrorCode.InternalError, error instanceof Error ? error.message : String(error));
  const labels = labelsOf(known.code, incoming, fault);
  // Nothing changed when a fail point says so, and the version that clients know would make them ignore it as stale.
  const hasChanged = tellsOfStateChange(known.code) && fault?.errorCode === undefined;
  const reply: Document = {
    ok: notOk,
    errmsg: known.message,
    code: known.code,
    codeName: codeName(known.code),
    ...known.details,
    ...(labels.length > 0 ? { errorLabels: labels } : {}),
    ...(hasChanged ? { topologyVersion: incoming.member.topologyVersion() } : {}),
  };
  return decorated(reply, incoming);
}

/** Labels that a fail point names are given as they are; else a retryable write gets the label by its error code. */
function labelsOf(code: number, { body }: Pick<Incoming, 'body'>, fault: Fault | undefined): readonly string[] {
  if (fault?.errorLabels !== undefined) return fault.errorLabels;
  const [name = ''] = Object.keys(body);
  const command = findCommand(name);
  const inTransaction = body['autocommit'] !== undefined;
  const endsTransaction = command?.inTransaction === 'ends';
  const isRetryable = inTransaction ? endsTransaction : command?.isRetryable === true;
  const labels: string[] = [];
  if (isRetryable && body['txnNumber'] !== undefined && isRetryableWriteCode(code)) labels.push('RetryableWriteError');
  if (inTransaction && isTransientTransactionCode(code, endsTransaction)) labels.push('TransientTransactionError');
  return labels;
}

function decorated(reply: Document, { deployment }: Pick<Incoming, 'deployment'>): Document {
  if (deployment.replicaSet === undefined) return reply;
  reply['$clusterTime'] = deployment.clusterTime.gossip;
  reply['operationTime'] = deployment.clusterTime.latest;
  return reply;
}

/** Whether a hello asks to be streamed: only one that awaits changes is. */
export function awaitsChanges(body: Document): boolean {
  const [name = ''] = Object.keys(body);
  return findCommand(name)?.run === commands['hello']?.run && isDocument(body['topologyVersion']);
}
