import type { Document } from '../bson/index.js';
import { addWriteConcern, type OperationContext, unacknowledged } from '../commands/context.js';
import { encodedWrite, forEachSent, STATEMENT } from '../commands/encoded_write.js';
import { onPrimary } from '../commands/operation_defaults.js';
import { addGenericFields, type CommandOperationOptions, copyOptions } from '../commands/options.js';
import { countIn, type Upserted, upsertedIn, writeErrorsIn } from '../commands/reply.js';
import { checkEncodedWrite } from '../commands/update_document.js';
import type { MongoWriteConcernError } from '../errors/server.js';
import type { Operation, OperationReply } from '../executor/operation.js';
import { withWritten, writtenOf } from '../executor/written.js';
import type { WriteConcernErrorData } from './result.js';
import { isRepeatable, type Run, type WriteKind } from './runs.js';

/** @public */
export interface BulkWriteOptions extends CommandOperationOptions {
  /** Skips the collection's validation rules. */
  bypassDocumentValidation?: boolean;
  /** Leaves a missing `_id` to the server. */
  forceServerObjectId?: boolean;
  /** Stops at the first error. Default true. */
  ordered?: boolean;
  /** Values that filters, updates and pipelines may use as variables. */
  let?: Document;
}

/** The result of one batch. */
export interface BatchOutcome {
  readonly acknowledged: boolean;
  /** Statements that were sent. */
  readonly taken: number;
  readonly n: number;
  readonly nModified: number;
  /** With indexes of the batch. */
  readonly upserted: readonly Upserted[];
  /** With indexes of the batch. */
  readonly writeErrors: readonly Document[];
  readonly writeConcernError: WriteConcernErrorData | undefined;
}

const SEQUENCE: Readonly<Record<WriteKind, string>> = { insert: 'documents', update: 'updates', delete: 'deletes' };

/** Options that are fields of the command, beside those that any command takes. */
const FIELDS: Readonly<Record<WriteKind, readonly (keyof BulkWriteOptions)[]>> = {
  insert: ['bypassDocumentValidation'],
  update: ['bypassDocumentValidation', 'let'],
  delete: ['let'],
};

/**
 * The command for the statements of a run from an index on, as many as one message takes. If its write concern is not satisfied, it fails
 * with an error that tells the outcome ({@link outcomeOfFailed}): the executor may have to retry it.
 */
export function batchOperation(
  context: OperationContext,
  run: Run,
  from: number,
  options: BulkWriteOptions,
): Operation<BatchOutcome> {
  const { kind, statements } = run;
  return onPrimary<BatchOutcome>(context, {
    access: 'write',
    name: kind,
    retryable: isRepeatable(run, from),
    unacknowledged: unacknowledged(context),
    sequence: { field: SEQUENCE[kind], documents: statements, from },
    checkEncoded: kind === 'insert' ? undefined : message => checkStatements(message, run, from),
    command(target) {
      const command: Document = { [kind]: context.collection, ordered: options.ordered ?? true };
      addWriteConcern(command, context);
      addGenericFields(command, options, target);
      copyOptions(command, options, FIELDS[kind]);
      return command;
    },
    result(reply) {
      const error = reply.reply.writeConcernError({ host: reply.address });
      const outcome = outcomeIn(reply, context, error);
      if (error !== null) throw withWritten(error, outcome);
      return outcome;
    },
    unacknowledgedResult: taken => ({ ...NOTHING, taken }),
  });
}

/** What a batch wrote that ended with an error; undefined if no reply has told. */
export function outcomeOfFailed(error: unknown): BatchOutcome | undefined {
  return writtenOf(error) as BatchOutcome | undefined;
}

function checkStatements(message: Buffer, { statements, changes }: Run, from: number): void {
  forEachSent(message, (start, place) => {
    const encoded = encodedWrite(message, start, STATEMENT);
    const statement = statements[from + place];
    checkEncodedWrite(encoded, statement?.['q'], changes?.[from + place] ?? null, statement?.['u']);
  });
}

const NOTHING: BatchOutcome = Object.freeze({
  acknowledged: false,
  taken: 0,
  n: 0,
  nModified: 0,
  upserted: [],
  writeErrors: [],
  writeConcernError: undefined,
});

/** @throws MongoUnexpectedServerResponseError if the reply is malformed */
function outcomeIn(
  reply: OperationReply,
  context: OperationContext,
  writeConcernError: MongoWriteConcernError | null,
): BatchOutcome {
  return {
    acknowledged: true,
    taken: reply.taken,
    n: countIn(reply, 'n') ?? 0,
    nModified: countIn(reply, 'nModified') ?? 0,
    upserted: upsertedIn(reply, context),
    writeErrors: writeErrorsIn(reply),
    writeConcernError: writeConcernError?.result.writeConcernError,
  };
}
