import type { Document } from '../bson/index.js';
import type { Deadline } from '../csot/deadline.js';
import { MongoInvalidArgumentError } from '../errors/driver.js';
import type { OperationContext } from '../operations/context.js';
import type { Engine } from '../operations/engine.js';
import { execute } from '../operations/execute.js';
import { type InsertCommandOptions, insertOperation } from '../operations/insert.js';
import type { OperationReply } from '../operations/operation.js';
import { MongoBulkWriteError } from './errors.js';
import { BulkWriteResult, type BulkWriteState, emptyState, type WriteConcernErrorData, WriteError } from './result.js';

/** @public */
export interface BulkWriteOptions extends InsertCommandOptions {
  /** Stops at the first error. Default true. */
  ordered?: boolean;
  let?: Document;
}

/** @public */
export interface InsertManyResult<TSchema = Document> {
  acknowledged: boolean;
  insertedCount: number;
  /** `_id`s by the positions of the documents. */
  insertedIds: Record<number, TSchema extends { _id: infer Id } ? Id : unknown>;
}

/** What one batch of inserts came to. */
interface BatchOutcome {
  readonly acknowledged: boolean;
  readonly taken: number;
  readonly inserted: number;
  readonly writeErrors: readonly Document[];
  readonly writeConcernError: WriteConcernErrorData | undefined;
}

/**
 * Inserts documents in as few messages as the server's limits allow, all under one deadline. Each document is encoded once.
 *
 * @throws MongoBulkWriteError if the server refused documents, with the result of the others
 */
export async function insertMany<TSchema>(
  engine: Engine,
  context: OperationContext,
  documents: readonly Document[],
  options: BulkWriteOptions,
  deadline: Deadline,
): Promise<InsertManyResult<TSchema>> {
  if (documents.length === 0) {
    throw new MongoInvalidArgumentError('Invalid BulkOperation, Batch cannot be empty');
  }
  const ordered = options.ordered ?? true;
  const state = emptyState();
  const allIds: Record<number, unknown> = {};
  let acknowledged = true;
  for (let from = 0; from < documents.length; ) {
    const first = from;
    const operation = insertOperation(context, documents, first, options, batchOutcome, unacknowledgedOutcome);
    let outcome: BatchOutcome;
    try {
      outcome = await execute(engine, operation, deadline);
    } catch (error) {
      // Those inserted by earlier batches stay inserted; the error tells of them.
      if (error instanceof Error && state.insertedCount > 0)
        Object.assign(error, { result: new BulkWriteResult(state) });
      throw error;
    }
    acknowledged = outcome.acknowledged;
    merge(state, outcome, documents, first);
    from += outcome.taken;
    if (ordered && state.writeErrors.length > 0) break;
  }
  documents.forEach((document, index) => {
    allIds[index] = document['_id'];
  });
  throwIfFailed(state, context);
  return {
    acknowledged,
    insertedCount: state.insertedCount,
    insertedIds: allIds as InsertManyResult<TSchema>['insertedIds'],
  };
}

function batchOutcome({ reply, taken }: OperationReply): BatchOutcome {
  const { body } = reply;
  const failed = body.has('writeErrors') || body.has('writeConcernError');
  return {
    acknowledged: true,
    taken,
    inserted: body.number('n') ?? 0,
    writeErrors: failed ? ((reply.document['writeErrors'] as Document[] | undefined) ?? []) : [],
    writeConcernError: failed ? (reply.document['writeConcernError'] as WriteConcernErrorData | undefined) : undefined,
  };
}

function unacknowledgedOutcome(taken: number): BatchOutcome {
  return { acknowledged: false, taken, inserted: 0, writeErrors: [], writeConcernError: undefined };
}

/** Adds a batch's outcome, with the positions of the whole. */
function merge(state: BulkWriteState, outcome: BatchOutcome, documents: readonly Document[], from: number): void {
  state.insertedCount += outcome.inserted;
  const failedAt = new Set<number>();
  for (const error of outcome.writeErrors) {
    const index = from + Number(error['index']);
    failedAt.add(index);
    state.writeErrors.push(
      new WriteError({
        index,
        code: Number(error['code']),
        errmsg: String(error['errmsg']),
        errInfo: error['errInfo'] as Document | undefined,
        op: documents[index] ?? {},
      }),
    );
  }
  if (outcome.writeConcernError !== undefined) state.writeConcernErrors.push(outcome.writeConcernError);
  let inserted = 0;
  for (let index = from; index < from + outcome.taken && inserted < outcome.inserted; index++) {
    if (failedAt.has(index)) continue;
    state.insertedIds[index] = documents[index]?.['_id'];
    inserted++;
  }
}

function throwIfFailed(state: BulkWriteState, { namespace }: OperationContext): void {
  const [first] = state.writeErrors;
  const result = new BulkWriteResult(state);
  if (first !== undefined) {
    // The official driver's words.
    const message = state.writeErrors.length === 1 ? first.errmsg : 'write operation failed';
    throw new MongoBulkWriteError({ message, code: first.code }, result, { namespace });
  }
  const concern = state.writeConcernErrors.at(-1);
  if (concern !== undefined) {
    throw new MongoBulkWriteError({ message: concern.errmsg, code: concern.code }, result, { namespace });
  }
}
