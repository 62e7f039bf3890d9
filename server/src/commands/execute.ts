import { type Document } from '../bson/types.js';
import { CloseConnection } from '../errors/close_connection.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { checkTxnNumber, sessionKey } from '../replication/sessions.js';
import { checkCommand, checkRole } from './checks.js';
import { type Command, type CommandContext } from './context.js';
import { checkReadConcern, runBehind, runOnSnapshot } from './read_concern.js';
import { runBehindTransactions, runInTransaction } from './transactions.js';

/** Checks and runs a command: in a transaction, once however often it is sent, or simply. */
export function execute(command: Command, context: CommandContext): Document | Promise<Document> {
  checkCommand(command, context);
  checkRole(command, context.member, context.body);
  checkReadConcern(context);
  const { body, deployment } = context;
  deployment.sessions.enterTerm(deployment.replicaSet?.term ?? 0);
  if (body['autocommit'] !== undefined) return runInTransaction(command, context, runOnce);
  const snapshot = runOnSnapshot(command, context, runOnce) ?? runBehind(command, context, runOnce);
  if (snapshot !== undefined) return snapshot;
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
  const fault = context.member.failPoints.takeOnRetryableWrite();
  if (fault?.failsBefore !== undefined) failBefore(fault.failsBefore, fault.closeConnection);
  const reply = runAlone(command, context);
  const answer = (result: Document): Document => {
    const remembered = remember(result);
    // What was done stays done: only the reply is lost.
    if (fault?.closeConnection === true) throw new CloseConnection('closed by a fail point after the write');
    return remembered;
  };
  return reply instanceof Promise ? reply.then(answer) : answer(reply);
}

function failBefore(code: number, closeConnection: boolean): never {
  if (closeConnection) throw new CloseConnection('closed by a fail point before the write');
  throw new CommandError(code, 'Failing write due to failpoint. The write must not be reflected.');
}

/** A write behind open transactions has to wait for those that wrote the same documents. */
function runAlone(command: Command, context: CommandContext): Document | Promise<Document> {
  const mayWait = command.isRetryable === true && context.deployment.locks.areHeld;
  return mayWait ? runBehindTransactions(context, waiting => runOnce(command, waiting)) : runOnce(command, context);
}

function runOnce(command: Command, context: CommandContext): Document | Promise<Document> {
  return context.operation.work(() => command.run(context));
}
