import { decodeDocument } from '../bson/decode.js';
import { DocumentReader } from '../bson/document_reader.js';
import type { Document } from '../bson/index.js';
import type { Call } from '../call/call.js';
import {
  type ClientBatchReply,
  type ClientBulkWriteOptions,
  type ClientWrite,
  clientBulkWriteOperation,
  clientReplyOfFailed,
  clientWriteOf,
} from '../commands/client_bulk_write.js';
import { type OperationContext, transactionOf, unacknowledged } from '../commands/context.js';
import type { CursorReply } from '../commands/cursor_reply.js';
import { getMore, killCursors } from '../commands/get_more.js';
import { type ErrorOrigin, MongoError, setOrigin } from '../errors/base.js';
import {
  MongoClientBulkWriteExecutionError,
  MongoInvalidArgumentError,
  MongoTransactionError,
  MongoUnexpectedServerResponseError,
} from '../errors/driver.js';
import { MongoNetworkError } from '../errors/network.js';
import { MongoServerError, MongoWriteConcernError } from '../errors/server.js';
import { MongoOperationTimeoutError } from '../errors/timeout.js';
import { Binding } from '../executor/binding.js';
import type { Engine } from '../executor/engine.js';
import { execute } from '../executor/execute.js';
import type { OpenCursor } from '../executor/operation.js';
import { isGiven } from '../runtime/own_options.js';
import { refuseCollation } from './bulk_write.js';
import { type ClientBulkWriteResult, ClientTally } from './client_result.js';
import { MongoClientBulkWriteError } from './errors.js';

/** Limit of a killCursors for results that cannot be read. */
const CLOSE_TIMEOUT_MS = 10_000;

/** What all batches have in common. */
interface ClientBulkWrite {
  readonly engine: Engine;
  readonly context: OperationContext;
  readonly writes: readonly ClientWrite[];
  readonly options: ClientBulkWriteOptions;
  readonly binding: Binding;
  readonly call: Call;
}

/**
 * Writes to any collections of a deployment, in as few messages as the server's limits allow, in one session and all under one deadline.
 *
 * Source: CRUD, "Client Bulk Write".
 *
 * @param context - of the database `admin`
 * @param prepare - puts the `_id` on a document to insert
 * @throws MongoClientBulkWriteError if writes were refused, with the result of the others
 */
export async function clientBulkWrite(
  engine: Engine,
  context: OperationContext,
  models: unknown,
  options: ClientBulkWriteOptions,
  prepare: (document: unknown) => Document,
  call: Call,
): Promise<ClientBulkWriteResult> {
  const { ordered = true, verboseResults = false } = options;
  const given = checkedModels(models);
  refuseCollation(options);
  refuseConcern(context, options);
  checkUnacknowledged(context, ordered, verboseResults);
  // `map` would skip holes, which are no models.
  const writes = Array.from(given, model => clientWriteOf(model, prepare, context.bsonOptions));
  const tally = new ClientTally(writes, ordered, verboseResults);
  const binding = new Binding(true);
  try {
    await sendAll({ engine, context, writes, options, binding, call }, tally, ordered);
  } finally {
    binding.releaseSession(engine.sessions);
  }
  if (!tally.failed) return tally.result();
  const message =
    ordered && tally.writeErrors.size > 0
      ? 'Mongo client ordered bulk write encountered a write error.'
      : 'Mongo client bulk write encountered errors during execution.';
  throw failureOf(tally, message, call);
}

function checkedModels(models: unknown): readonly unknown[] {
  if (!Array.isArray(models)) {
    throw new MongoInvalidArgumentError('Argument "models" must be an array of client bulk write models');
  }
  if (models.length > 0) return models;
  throw new MongoClientBulkWriteExecutionError('No client bulk write models were provided.');
}

/** A write concern in a transaction: the specification's tests demand the error here. Other methods leave it out (docs/differences.md). */
function refuseConcern(context: OperationContext, { writeConcern }: ClientBulkWriteOptions): void {
  if (!isGiven(writeConcern) || transactionOf(context) === null) return;
  throw new MongoTransactionError(
    'Cannot set write concern after starting a transaction: it is an option of the transaction',
  );
}

/** Without a reply the driver knows neither where to stop nor the result of a write. */
function checkUnacknowledged(context: OperationContext, ordered: boolean, verbose: boolean): void {
  if (!unacknowledged(context) || !(ordered || verbose)) return;
  const what = ordered ? 'ordered writes' : 'verbose results';
  throw new MongoInvalidArgumentError(`Cannot request unacknowledged write concern and ${what}`);
}

async function sendAll(bulk: ClientBulkWrite, tally: ClientTally, ordered: boolean): Promise<void> {
  const { writes, binding, call } = bulk;
  const ops = writes.map(({ op }) => op);
  for (let from = 0; from < writes.length; ) {
    try {
      const reply = await sendBatch(bulk, tally, ops, from);
      tally.addReply(reply);
      if (reply.results !== null) await readResults(bulk, tally, reply.results, from, reply.taken);
      from += reply.taken;
    } catch (error) {
      throw call.deadline.isAbortReason(error) ? error : withPartialResult(error, tally);
    } finally {
      binding.unpin();
    }
    if (ordered && tally.writeErrors.size > 0) return;
  }
}

async function sendBatch(
  bulk: ClientBulkWrite,
  tally: ClientTally,
  ops: readonly Document[],
  from: number,
): Promise<ClientBatchReply> {
  const { engine, context, writes, options, binding, call } = bulk;
  try {
    return await execute(engine, clientBulkWriteOperation(context, writes, ops, from, options), binding, call);
  } catch (error) {
    const reply = clientReplyOfFailed(error);
    // The batch was written. The write concern error is reported at the end.
    if (reply !== undefined && error instanceof MongoWriteConcernError) return reply;
    if (reply !== undefined) addWritten(bulk, tally, reply, from);
    throw error;
  }
}

/** Adds what an attempt wrote whose retry failed. Only the results that came with its reply are there: the rest was in a cursor of that attempt. */
function addWritten({ context }: ClientBulkWrite, tally: ClientTally, reply: ClientBatchReply, from: number): void {
  tally.addReply(reply);
  if (reply.results === null) return;
  try {
    const results = new DocumentReader(reply.results.batch, decoderOf(context));
    for (let result = results.next(); result !== undefined; result = results.next()) {
      tally.addResult(result, from, reply.taken);
    }
  } catch {
    // The error of the retry tells more than one about malformed results of the attempt before it.
  }
}

function decoderOf({ bsonOptions, decode }: OperationContext): OperationContext['decode'] {
  return bsonOptions.raw === true ? decodeDocument : decode;
}

/** Reads the results of single writes, in as many batches as the server sends. */
async function readResults(
  bulk: ClientBulkWrite,
  tally: ClientTally,
  first: CursorReply,
  from: number,
  taken: number,
): Promise<void> {
  const { engine, context, binding } = bulk;
  const decode = decoderOf(context);
  for (let reply = first; ; ) {
    const { id, namespace, address } = reply;
    const cursor = { id, namespace, address };
    const isOpen = id !== 0n;
    if (isOpen) engine.cursors.add(cursor, binding, context.session);
    try {
      const results = new DocumentReader(reply.batch, decode);
      for (let result = results.next(); result !== undefined; result = results.next()) {
        tally.addResult(result, from, taken);
      }
      if (!isOpen) return;
      reply = await nextResults(bulk, cursor);
    } catch (error) {
      if (error instanceof MongoUnexpectedServerResponseError) reply.reply.corrupt(error);
      if (isOpen) await closeResults(bulk, cursor);
      throw error;
    } finally {
      engine.cursors.delete(cursor);
    }
  }
}

function nextResults(
  { engine, context, options, binding, call }: ClientBulkWrite,
  cursor: OpenCursor,
): Promise<CursorReply> {
  const operation = getMore(cursor, context, {
    batchSize: undefined,
    comment: options.comment,
    kind: 'nonTailable',
    maxAwaitTimeMS: undefined,
  });
  return execute(engine, operation, binding, call);
}

/** Closes the cursor in a time of its own. An error does not matter: the server closes idle cursors by itself. */
async function closeResults({ engine, context, binding, call }: ClientBulkWrite, cursor: OpenCursor): Promise<void> {
  const bounded = call.until(call.deadline.refreshed().within('read', CLOSE_TIMEOUT_MS));
  await execute(engine, killCursors(cursor, context), binding, bounded).catch(() => undefined);
}

/**
 * The error of a batch, with the result so far. A timeout keeps its class, and so does the loss of a connection before any batch was
 * answered.
 */
function withPartialResult(error: unknown, tally: ClientTally): unknown {
  if (!(error instanceof MongoError)) return error;
  if (error instanceof MongoServerError || (error instanceof MongoNetworkError && tally.sent > 0)) {
    return failureOf(tally, 'Mongo client bulk write encountered an error during execution', error, error);
  }
  // An earlier batch was sent, even if this one was not.
  if (error instanceof MongoOperationTimeoutError && tally.sent > 0) error.maybeApplied = true;
  const partialResult = tally.partialResult();
  return partialResult === undefined ? error : Object.assign(error, { partialResult });
}

function failureOf(
  tally: ClientTally,
  message: string,
  origin: ErrorOrigin,
  cause?: MongoError,
): MongoClientBulkWriteError {
  const { host, namespace, phase } = cause ?? {};
  const error = new MongoClientBulkWriteError({ message }, tally, {
    ...(cause !== undefined && { cause, labels: cause.errorLabels }),
    ...(host !== undefined && { host }),
    ...(namespace !== undefined && { namespace }),
    ...(phase !== undefined && { phase }),
  });
  setOrigin(error, origin);
  return error;
}
