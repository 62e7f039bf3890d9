import { toNumber } from '../bson/numbers.js';
import { type Document } from '../bson/types.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { isReplicated } from '../replication/deployment.js';
import { checkTxnNumber, sessionKey } from '../replication/sessions.js';
import { Transaction } from '../replication/transaction.js';
import { type Command, type CommandContext, type Run } from './context.js';

/** What must hold of the fields that make a command part of a session's transaction or a retryable write. */
export function checkTransactionFields(command: Command, { name, body, deployment }: CommandContext): void {
  const { txnNumber, autocommit, startTransaction } = body;
  const inTransaction = autocommit !== undefined;
  if (txnNumber !== undefined && !isReplicated(deployment)) {
    throw new CommandError(
      ErrorCode.IllegalOperation,
      'Transaction numbers are only allowed on a replica set member or mongos',
    );
  }
  if (startTransaction !== undefined && !inTransaction) {
    throw invalid("'startTransaction' field requires 'autocommit' field to also be specified");
  }
  if (!inTransaction) {
    if (command.inTransaction === 'ends') {
      throw new CommandError(ErrorCode.CommandFailed, `${name} must be run within a transaction`);
    }
    if (txnNumber !== undefined && command.isRetryable !== true) {
      throw new CommandError(
        50768,
        `txnNumber may only be provided for multi-document transactions and retryable write commands. autocommit:false was not provided, and ${name} is not a retryable write command.`,
      );
    }
    return;
  }
  if (txnNumber === undefined) {
    throw invalid("'autocommit' field requires a transaction number to also be specified");
  }
  if (autocommit !== false) throw invalid('Specifying autocommit=true is not allowed.');
  if (startTransaction !== undefined && startTransaction !== true) {
    throw invalid('Specifying startTransaction=false is not allowed.');
  }
  checkAllowedInside(command, name, body);
}

function checkAllowedInside(command: Command, name: string, body: Document): void {
  if (command.inTransaction === undefined) {
    const advice = ' Please see http://dochub.mongodb.org/core/transaction-count for a recommended alternative.';
    throw new CommandError(
      ErrorCode.OperationNotSupportedInTransaction,
      `Cannot run '${name}' in a multi-document transaction.${name === 'count' ? advice : ''}`,
    );
  }
  const isFirst = body['startTransaction'] === true;
  if (command.inTransaction === 'ends') {
    if (!isFirst) return;
    throw new CommandError(
      ErrorCode.OperationNotSupportedInTransaction,
      `Cannot start a transaction with the command ${name}`,
    );
  }
  if (body['writeConcern'] !== undefined) {
    throw invalid('writeConcern is not allowed within a multi-statement transaction');
  }
  if (body['readConcern'] !== undefined && !isFirst) {
    throw invalid('Only the first command in a transaction may specify a readConcern');
  }
}

/** Whatever fails inside a transaction aborts it. */
export function runInTransaction(command: Command, context: CommandContext, run: Run): Document | Promise<Document> {
  if (command.inTransaction === 'ends') return run(command, context);
  const { transaction, number } = transactionOf(context);
  checkState(transaction, number);
  const abortAndThrow = (error: unknown): never => {
    transaction.abort();
    throw error;
  };
  const abortOnErrors = (reply: Document): Document => {
    if (hasWriteErrors(reply)) transaction.abort();
    return reply;
  };
  try {
    const reply = run(command, inside(context, transaction));
    return reply instanceof Promise ? reply.then(abortOnErrors, abortAndThrow) : abortOnErrors(reply);
  } catch (error) {
    return abortAndThrow(error);
  }
}

/** Executes a write of no transaction as soon as no open one has written the same documents. */
export async function runBehindTransactions(
  context: CommandContext,
  run: (context: CommandContext) => Document | Promise<Document>,
): Promise<Document> {
  const { storage, locks, oplog } = context.deployment;
  for (;;) {
    const transaction = new Transaction(storage, locks, oplog);
    const history = context.history?.fork();
    try {
      const reply = run({ ...inside(context, transaction), history });
      transaction.commit();
      if (history !== undefined) context.history?.adopt(history);
      return await reply;
    } catch (error) {
      transaction.abort();
      if (!(error instanceof CommandError) || error.code !== ErrorCode.WriteConflict) throw error;
    }
    await context.operation.waitForLock(locks.released);
  }
}

export function commitTransaction(context: CommandContext): Document {
  const { transaction, number } = transactionOf(context);
  if (transaction.state !== 'committed') checkState(transaction, number);
  transaction.commit();
  return {};
}

export function abortTransaction(context: CommandContext): Document {
  const { transaction, number } = transactionOf(context);
  checkState(transaction, number);
  transaction.abort();
  return {};
}

function transactionOf(context: CommandContext): { transaction: Transaction; number: string } {
  const { body, deployment, member } = context;
  const { lsid, txnNumber, startTransaction } = body;
  if (lsid === undefined) throw invalid('Transaction number requires a session ID to also be specified');
  checkTxnNumber(txnNumber);
  const transaction = deployment.sessions.findTransaction(sessionKey(lsid), txnNumber, startTransaction === true);
  if (startTransaction === true) transaction.router = member;
  else if (member.role === 'mongos' && transaction.router !== member) meetElsewhere(transaction);
  return { transaction, number: String(txnNumber) };
}

/** Another mongos can find out what was decided; where nothing was, it decides to abort. */
function meetElsewhere(transaction: Transaction): void {
  transaction.abort();
  if (transaction.state === 'committed') return;
  throw new CommandError(
    ErrorCode.NoSuchTransaction,
    'Transaction was not found on this router: the decision that was recovered is to abort it',
  );
}

function checkState({ state }: Transaction, number: string): void {
  switch (state) {
    case 'inProgress':
      return;
    case 'committed':
      throw new CommandError(
        ErrorCode.TransactionCommitted,
        `Transaction with { txnNumber: ${number} } has been committed.`,
      );
    case 'aborted':
      throw new CommandError(
        ErrorCode.NoSuchTransaction,
        `Transaction with { txnNumber: ${number} } has been aborted.`,
      );
  }
}

/** The command sees and changes the data of the transaction only. */
function inside(context: CommandContext, { storage }: Transaction): CommandContext {
  return { ...context, deployment: { ...context.deployment, storage } };
}

function hasWriteErrors({ writeErrors, nErrors }: Document): boolean {
  return writeErrors !== undefined || (nErrors !== undefined && toNumber(nErrors) > 0);
}

function invalid(message: string): CommandError {
  return new CommandError(ErrorCode.InvalidOptions, message);
}
