import type { Document } from '../bson/index.js';
import type { Call } from '../call/call.js';
import type { OperationContext } from '../commands/context.js';
import { idOf } from '../commands/insert.js';
import type { CommandOperationOptions } from '../commands/options.js';
import { MongoError, setOrigin } from '../errors/base.js';
import { ServerErrorCode } from '../errors/codes.js';
import { MongoInvalidArgumentError } from '../errors/driver.js';
import { MongoNetworkError } from '../errors/network.js';
import { type ErrorDescription, MongoServerError, MongoWriteConcernError } from '../errors/server.js';
import { MongoOperationTimeoutError } from '../errors/timeout.js';
import { Binding } from '../executor/binding.js';
import type { Engine } from '../executor/engine.js';
import { execute } from '../executor/execute.js';
import { isGiven } from '../runtime/own_options.js';
import type { InferIdType } from '../types/schema.js';
import { type BatchOutcome, type BulkWriteOptions, batchOperation, outcomeOfFailed } from './batch.js';
import { addCounts, MongoBulkWriteError } from './errors.js';
import type { Run } from './runs.js';
import { Tally } from './tally.js';

/** What all batches of a bulk write have in common. */
interface BulkWrite {
  readonly engine: Engine;
  readonly context: OperationContext;
  readonly options: BulkWriteOptions;
  readonly binding: Binding;
  readonly call: Call;
}

/**
 * Sends writes in as few messages as the server's limits allow, in one session and all under one deadline. Each document is encoded once.
 *
 * Source: CRUD, "Bulk Write".
 *
 * @throws MongoBulkWriteError if writes were refused or the server could not be reached, with the result of the others
 */
export async function bulkWrite(
  engine: Engine,
  context: OperationContext,
  runs: readonly Run[],
  options: BulkWriteOptions,
  call: Call,
): Promise<Tally> {
  if (runs.every(({ statements }) => statements.length === 0)) {
    throw new MongoInvalidArgumentError('Invalid BulkOperation, Batch cannot be empty');
  }
  if (runs.some(({ kind }) => kind !== 'insert')) refuseCollation(options);
  const binding = new Binding(false);
  const tally = new Tally();
  try {
    await sendAll({ engine, context, options, binding, call }, runs, tally);
  } finally {
    binding.releaseSession(engine.sessions);
  }
  if (tally.failed) throw failureOf(tally, context, call);
  return tally;
}

/** @public */
export interface InsertManyResult<TSchema = Document> {
  acknowledged: boolean;
  insertedCount: number;
  /** `_id`s by the positions of the documents. */
  insertedIds: { [key: number]: InferIdType<TSchema> };
}

/**
 * Inserts documents in as few messages as the server's limits allow: a bulk write of inserts.
 *
 * @throws MongoBulkWriteError if the server refused documents, with the result of the others
 */
export async function insertMany<TSchema>(
  engine: Engine,
  context: OperationContext,
  documents: readonly Document[],
  options: BulkWriteOptions,
  call: Call,
): Promise<InsertManyResult<TSchema>> {
  const run = { kind: 'insert', statements: documents, changes: null, positions: null } as const;
  const { acknowledged, insertedCount } = await bulkWrite(engine, context, [run], options, call);
  const insertedIds: Record<number, unknown> = {};
  documents.forEach((document, index) => {
    const id = idOf(document);
    if (id !== undefined) insertedIds[index] = id;
  });
  return { acknowledged, insertedCount, insertedIds: insertedIds as InsertManyResult<TSchema>['insertedIds'] };
}

/**
 * The commands have no field for a collation: each write has its own. If a collation of the whole were left out, the writes would match
 * other documents than the caller meant.
 *
 * @throws MongoInvalidArgumentError if one is given
 */
export function refuseCollation({ collation }: CommandOperationOptions): void {
  if (!isGiven(collation)) return;
  throw new MongoInvalidArgumentError('A bulk write has no collation of its own: give one to each of its writes');
}

async function sendAll(bulk: BulkWrite, runs: readonly Run[], tally: Tally): Promise<void> {
  const { options } = bulk;
  const ordered = options.ordered ?? true;
  for (const run of runs) {
    for (let from = 0; from < run.statements.length; ) {
      const outcome = await sendBatch(bulk, run, from, tally);
      tally.add(run, from, outcome);
      from += outcome.taken;
      if (ordered && tally.writeErrors.length > 0) return;
    }
  }
}

async function sendBatch(bulk: BulkWrite, run: Run, from: number, tally: Tally): Promise<BatchOutcome> {
  const { engine, context, options, binding, call } = bulk;
  try {
    return await execute(engine, batchOperation(context, run, from, options), binding, call);
  } catch (error) {
    const outcome = outcomeOfFailed(error);
    // The batch was written. The write concern error is reported at the end.
    if (outcome !== undefined && error instanceof MongoWriteConcernError) return outcome;
    if (outcome !== undefined) tally.add(run, from, outcome);
    throw call.deadline.isAbortReason(error) ? error : withCounts(error, tally);
  }
}

/**
 * The error of a batch, with what the batches wrote. As in the official driver, errors of servers and connections become a
 * MongoBulkWriteError; other errors keep their class and get its fields.
 */
function withCounts(error: unknown, tally: Tally): unknown {
  if (!(error instanceof MongoError)) return error;
  // An earlier batch was sent, even if this one was not.
  if (error instanceof MongoOperationTimeoutError && tally.sent > 0) error.maybeApplied = true;
  const result = tally.result();
  if (!(error instanceof MongoServerError || error instanceof MongoNetworkError)) {
    addCounts(error, result);
    return error;
  }
  const { errorLabels: labels, host, namespace, phase } = error;
  const response = error instanceof MongoServerError ? error.errorResponse : (error as unknown as ErrorDescription);
  const whole = new MongoBulkWriteError(response, result, {
    labels,
    cause: error,
    ...(host !== undefined && { host }),
    ...(namespace !== undefined && { namespace }),
    ...(phase !== undefined && { phase }),
  });
  setOrigin(whole, error);
  return whole;
}

/** The error of a bulk write whose batches were all answered: with errors of writes or of write concerns. */
function failureOf(tally: Tally, { namespace }: OperationContext, { operationId, deadline }: Call): Error {
  const result = tally.result();
  const { code, errmsg: message } = tally.writeErrors[0] ?? tally.writeConcernErrors.at(-1) ?? {};
  const error = new MongoBulkWriteError(
    { ...(message !== undefined && { message }), ...(code !== undefined && { code }) },
    result,
    { namespace },
  );
  setOrigin(error, { operationId });
  const expired = tally.writeErrors.some(({ code }) => code === ServerErrorCode.MaxTimeMSExpired);
  if (!expired) return error;
  const during = `on the server (bulk write to ${namespace})`;
  const timeout = deadline.errorOnServer({ during, namespace, cause: error });
  if (timeout === null) return error;
  setOrigin(timeout, { operationId });
  if (timeout instanceof MongoError) addCounts(timeout, result);
  return timeout;
}
