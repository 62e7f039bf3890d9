import type { Document } from '../bson/index.js';
import type { Deadline } from '../csot/deadline.js';
import { MongoError } from '../errors/base.js';
import { ServerErrorCode } from '../errors/codes.js';
import { MongoInvalidArgumentError } from '../errors/driver.js';
import { MongoServerError, MongoWriteConcernError } from '../errors/server.js';
import { MongoOperationTimeoutError } from '../errors/timeout.js';
import type { OperationContext } from '../operations/context.js';
import type { Engine } from '../operations/engine.js';
import { executeWith } from '../operations/execute.js';
import { type InsertCommandOptions, insertOperation } from '../operations/insert.js';
import type { OperationReply } from '../operations/operation.js';
import { newScope, type OperationScope } from '../operations/scope.js';
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
  const scope = newScope();
  try {
    return await insertBatches(scope, engine, context, documents, options, deadline);
  } finally {
    if (scope.session !== null) engine.sessions.release(scope.session);
  }
}

async function insertBatches<TSchema>(
  scope: OperationScope,
  engine: Engine,
  context: OperationContext,
  documents: readonly Document[],
  options: BulkWriteOptions,
  deadline: Deadline,
): Promise<InsertManyResult<TSchema>> {
  const ordered = options.ordered ?? true;
  const state = emptyState();
  const allIds: Record<number, unknown> = {};
  let acknowledged = true;
  for (let from = 0; from < documents.length; ) {
    const first = from;
    const replies: OperationReply[] = [];
    const operation = insertOperation(context, documents, first, options, batchResult(replies), unacknowledgedOutcome);
    let outcome: BatchOutcome;
    try {
      outcome = await executeWith(scope, engine, operation, deadline);
    } catch (error) {
      const reply = replies.at(-1);
      // Those inserted stay inserted; the error tells of them.
      if (reply !== undefined) outcome = batchOutcome(reply);
      else throw withResult(error, state, first);
      if (!(error instanceof MongoWriteConcernError)) {
        merge(state, outcome, documents, first);
        throw withResult(error, state, first);
      }
    }
    // The next batch's time begins here.
    if (deadline.canEnd) deadline.record('read');
    acknowledged = outcome.acknowledged;
    merge(state, outcome, documents, first);
    from += outcome.taken;
    if (ordered && state.writeErrors.length > 0) break;
  }
  documents.forEach((document, index) => {
    allIds[index] = document['_id'];
  });
  throwIfFailed(state, context, deadline);
  return {
    acknowledged,
    insertedCount: state.insertedCount,
    insertedIds: allIds as InsertManyResult<TSchema>['insertedIds'],
  };
}

/**
 * The error of a batch, with what the earlier ones came to. As in the official driver, what a server answered is a MongoBulkWriteError;
 * other errors keep their class, and an abort reason is the caller's own and stays as it is.
 *
 * @param sent - documents of the earlier batches
 */
function withResult(error: unknown, state: BulkWriteState, sent: number): unknown {
  if (!(error instanceof MongoError)) return error;
  // Of the whole, not of the batch that did not go any more.
  if (error instanceof MongoOperationTimeoutError && sent > 0) error.maybeApplied = true;
  const result = new BulkWriteResult(state);
  if (!(error instanceof MongoServerError)) return Object.assign(error, { result });
  const { errorResponse, errorLabels: labels, host, namespace } = error;
  return new MongoBulkWriteError(errorResponse, result, {
    labels,
    cause: error,
    ...(host !== undefined && { host }),
    ...(namespace !== undefined && { namespace }),
  });
}

/** Throws a write concern error, since it may be one after which the write is to be repeated; the reply is kept for its other contents. */
function batchResult(replies: OperationReply[]): (reply: OperationReply) => BatchOutcome {
  return reply => {
    const error = reply.reply.writeConcernError({ host: reply.address });
    if (error !== null) {
      replies.push(reply);
      throw error;
    }
    return batchOutcome(reply);
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

function throwIfFailed(state: BulkWriteState, { namespace }: OperationContext, deadline: Deadline): void {
  const failure = state.writeErrors[0] ?? state.writeConcernErrors.at(-1);
  if (failure === undefined) return;
  const { code, errmsg: message } = failure;
  const error = new MongoBulkWriteError({ message, code }, new BulkWriteResult(state), { namespace });
  const expired = state.writeErrors.some(({ code }) => code === ServerErrorCode.MaxTimeMSExpired);
  if (!expired || !deadline.timedByOperation) throw error;
  // The server's own timeout came from ours, so it is ours (CSOT, "Errors").
  const during = `on the server (insert ${namespace})`;
  throw deadline.errorOf(
    { kind: 'expired', lateByMS: 0 },
    { during, phase: 'server', namespace, maybeApplied: true, cause: error },
  );
}
