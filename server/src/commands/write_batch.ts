import { Int32 } from 'bson';
import { toInteger } from '../bson/numbers.js';
import { type Document } from '../bson/types.js';
import { CloseConnection } from '../errors/close_connection.js';
import { ErrorCode, isInterruption } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { type CommandContext } from './context.js';
import { fieldsOf } from './fields.js';

export const maxWriteBatchSize = 100_000;

/** How a write command executes a statement, and how it counts what came of it: in this reply or in an earlier one. */
export interface StatementRunner<Statement, Outcome> {
  /** All statements are one write, as the documents of an insert are. */
  readonly isOneWrite?: true;
  execute(statement: Statement): Outcome;
  count(outcome: Outcome, index: number): void;
}

/** What of a batch is told besides its counts. */
export interface BatchReport {
  readonly errors: readonly Document[];
  /** The statements that were not executed, because they had been before. */
  readonly retried: readonly number[];
}

/**
 * Runs the statements of a write command. A statement that fails is a write error; the first one ends the batch
 * when it is ordered.
 */
export function runBatch<Statement, Outcome>(
  context: CommandContext,
  statements: readonly Statement[],
  runner: StatementRunner<Statement, Outcome>,
): BatchReport {
  const { length } = statements;
  if (length === 0 || length > maxWriteBatchSize) {
    throw new CommandError(
      ErrorCode.InvalidLength,
      `Write batch sizes must be between 1 and ${maxWriteBatchSize}. Got ${length} operations.`,
    );
  }
  const isOrdered = fieldsOf(context).boolean('ordered', true);
  const idOf = statementIds(context);
  const errors: Document[] = [];
  const retried: number[] = [];
  for (const [index, statement] of statements.entries()) {
    try {
      const isPart = runner.isOneWrite === true && index > 0;
      const { outcome, wasKnown } = executeOnce(context, idOf(index), () => runner.execute(statement), isPart);
      if (wasKnown) retried.push(idOf(index));
      runner.count(outcome, index);
    } catch (error) {
      // A conflict is not the fault of the statement: the whole command is tried again. What ends the command, ends all of it.
      if (!(error instanceof CommandError) || error.code === ErrorCode.WriteConflict) throw error;
      if (isInterruption(error.code)) throw error;
      errors.push({ index, code: error.code, errmsg: error.message, ...error.details });
      if (isOrdered) break;
    }
  }
  return { errors, retried };
}

/**
 * Executes a statement of a retryable write unless that was done before.
 *
 * @param isPart - It is one write with a statement before it, so that the fail point for such writes is not asked again.
 */
export function executeOnce<Outcome>(
  { history, member, operation }: CommandContext,
  statementId: number,
  execute: () => Outcome,
  isPart = false,
): { outcome: Outcome; wasKnown: boolean } {
  if (history === undefined) return { outcome: execute(), wasKnown: false };
  if (history.has(statementId)) return { outcome: history.outcomeOf(statementId) as Outcome, wasKnown: true };
  const fault = isPart ? undefined : member.failPoints.takeOnRetryableWrite();
  if (fault?.failsBefore !== undefined) failBefore(fault.failsBefore, fault.closeConnection);
  const outcome = execute();
  history.record(statementId, outcome);
  if (fault?.closeConnection === true) operation.losesReply = true;
  return { outcome, wasKnown: false };
}

function failBefore(code: number, closeConnection: boolean): never {
  if (closeConnection) throw new CloseConnection('closed by a fail point before the write');
  throw new CommandError(code, 'Failing write due to failpoint. The write must not be reflected.');
}

/** The ids of statements: those that the client gives, or their places. */
export function statementIds(context: CommandContext): (index: number) => number {
  const fields = fieldsOf(context);
  const first = fields.count('stmtId') ?? 0;
  const given = fields.optionalArray('stmtIds');
  return index => toInteger(given?.[index]) ?? first + index;
}

/** Which statements a retryable write may not have: whatever may write many documents. */
export function checkSingle({ history }: CommandContext, isMulti: boolean, option: string): void {
  if (history === undefined || !isMulti) return;
  throw new CommandError(ErrorCode.InvalidOptions, `Cannot use (or request) retryable writes with ${option}`);
}

/** What is empty is left out of the reply. */
export function withReport(reply: Document, { errors, retried }: BatchReport): Document {
  return {
    ...reply,
    ...(errors.length === 0 ? {} : { writeErrors: errors }),
    ...(retried.length === 0 ? {} : { retriedStmtIds: retried.map(id => new Int32(id)) }),
  };
}
