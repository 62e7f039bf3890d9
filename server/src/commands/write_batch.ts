import { type Document } from '../bson/types.js';
import { ErrorCode, isInterruption } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { type CommandContext } from './context.js';
import { fieldsOf } from './fields.js';

export const maxWriteBatchSize = 100_000;

/**
 * Runs the statements of a write command. A statement that fails is a write error; the first one ends the batch
 * when it is ordered.
 */
export function runBatch<Statement>(
  context: CommandContext,
  statements: readonly Statement[],
  run: (statement: Statement, index: number) => void,
): Document[] {
  const { length } = statements;
  if (length === 0 || length > maxWriteBatchSize) {
    throw new CommandError(
      ErrorCode.InvalidLength,
      `Write batch sizes must be between 1 and ${maxWriteBatchSize}. Got ${length} operations.`,
    );
  }
  const isOrdered = fieldsOf(context).boolean('ordered', true);
  const errors: Document[] = [];
  for (const [index, statement] of statements.entries()) {
    try {
      run(statement, index);
    } catch (error) {
      // A conflict is not the fault of the statement: the whole command is tried again. What ends the command, ends all of it.
      if (!(error instanceof CommandError) || error.code === ErrorCode.WriteConflict) throw error;
      if (isInterruption(error.code)) throw error;
      errors.push({ index, code: error.code, errmsg: error.message, ...error.details });
      if (isOrdered) break;
    }
  }
  return errors;
}

/** writeErrors is left out of the reply when there are none. */
export function withWriteErrors(reply: Document, errors: readonly Document[]): Document {
  return errors.length === 0 ? reply : { ...reply, writeErrors: errors };
}
