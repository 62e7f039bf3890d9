import { type Document } from '../bson/types.js';
import { CloseConnection } from '../errors/close_connection.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { checkTxnNumber, sessionKey } from '../replication/sessions.js';
import { checkCommand, checkRole } from './checks.js';
import { type Command, type CommandContext } from './context.js';
import { checkReadConcern, runBehind, runOnSnapshot } from './read_concern.js';
import { runBehindTransactions, runInTransaction } from './transactions.js';

/** Checks and runs a command: in a transaction, each of its statements once however often it is sent, or simply. */
export function execute(command: Command, context: CommandContext): Document | Promise<Document> {
  checkCommand(command, context);
  checkRole(command, context.member, context.body);
  checkReadConcern(command, context);
  const { body, deployment } = context;
  const { lsid, txnNumber } = body;
  const session = lsid === undefined ? undefined : sessionKey(lsid);
  deployment.sessions.endExpired();
  deployment.sessions.enterTerm(deployment.replicaSet?.term ?? 0);
  if (session !== undefined) deployment.sessions.use(session);
  if (body['autocommit'] !== undefined) return runInTransaction(command, context, runOnce);
  const snapshot = runOnSnapshot(command, context, runOnce) ?? runBehind(command, context, runOnce);
  if (snapshot !== undefined) return snapshot;
  if (txnNumber === undefined || command.isRetryable !== true) return runAlone(command, context);
  if (session === undefined)
    throw new CommandError(ErrorCode.InvalidOptions, 'Transaction number requires a session ID to also be specified');
  checkTxnNumber(txnNumber);
  return runRetryable(command, { ...context, history: deployment.sessions.historyOf(session, txnNumber) });
}

function runRetryable(command: Command, context: CommandContext): Document | Promise<Document> {
  const reply = runAlone(command, context);
  return reply instanceof Promise ? reply.then(later => kept(later, context)) : kept(reply, context);
}

/** What was done stays done: only the reply is lost. */
function kept(reply: Document, { operation }: CommandContext): Document {
  if (operation.losesReply) throw new CloseConnection('closed by a fail point after the write');
  return reply;
}

/** A write behind open transactions has to wait for those that wrote the same documents. */
function runAlone(command: Command, context: CommandContext): Document | Promise<Document> {
  const mayWait = command.isRetryable === true && context.deployment.locks.areHeld;
  return mayWait ? runBehindTransactions(context, waiting => runOnce(command, waiting)) : runOnce(command, context);
}

function runOnce(command: Command, context: CommandContext): Document | Promise<Document> {
  return context.operation.work(() => command.run(context));
}
