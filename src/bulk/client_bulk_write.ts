import { decodeDocument } from '../bson/decode.js';
import { DocumentReader } from '../bson/document_reader.js';
import type { Document } from '../bson/index.js';
import type { Call } from '../call/call.js';
import {
  batchReply,
  type ClientBatchReply,
  type ClientBulkWriteOptions,
  type ClientWrite,
  clientBulkWriteOperation,
  clientWriteOf,
} from '../commands/client_bulk_write.js';
import { type OperationContext, unacknowledged } from '../commands/context.js';
import type { CursorReply } from '../commands/cursor_reply.js';
import { getMore, killCursors } from '../commands/get_more.js';
import { type ErrorOrigin, MongoError, setOrigin } from '../errors/base.js';
import {
  MongoClientBulkWriteExecutionError,
  MongoInvalidArgumentError,
  MongoUnexpectedServerResponseError,
} from '../errors/driver.js';
import { MongoNetworkError } from '../errors/network.js';
import { MongoServerError, MongoWriteConcernError } from '../errors/server.js';
import { MongoOperationTimeoutError } from '../errors/timeout.js';
import { Binding } from '../executor/binding.js';
import type { Engine } from '../executor/engine.js';
import { execute } from '../executor/execute.js';
import type { OperationReply } from '../executor/operation.js';
import { refuseCollation } from './bulk_write.js';
import { type ClientBulkWriteResult, ClientTally } from './client_result.js';
import { MongoClientBulkWriteError } from './errors.js';

/** For a killCursors of results that cannot be read. */
const CLOSE_TIMEOUT_MS = 10_000;

/** What all batches have in common. */
interface ClientBulkWrite {
  readonly engine: Engine;
  readonly context: OperationContext;
  readonly writes: readonly ClientWrite[];
  readonly options: ClientBulkWriteOptions;
  readonly binding: Binding;
  readonly call: Call;
  readonly tally: ClientTally;
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
  if (!Array.isArray(models)) {
    throw new MongoInvalidArgumentError('Argument "models" must be an array of client bulk write models');
  }
  if (models.length === 0) {
    throw new MongoClientBulkWriteExecutionError('No client bulk write models were provided.');
  }
  const { ordered = true, verboseResults = false } = options;
  refuseCollation(options);
  checkUnacknowledged(context, ordered, verboseResults);
  // Holes are no models, and `map` would leave them.
  const writes = Array.from(models as readonly unknown[], model => clientWriteOf(model, prepare, context.bsonOptions));
  const tally = new ClientTally(writes, ordered, verboseResults);
  const binding = new Binding(true);
  try {
    await sendAll({ engine, context, writes, options, binding, call, tally }, ordered);
  } finally {
    binding.releaseSession(engine.sessions);
  }
  if (tally.writeErrors.size === 0 && tally.writeConcernErrors.length === 0) return tally.result();
  throw failure(
    tally,
    ordered && tally.writeErrors.size > 0
      ? 'Mongo client ordered bulk write encountered a write error.'
      : 'Mongo client bulk write encountered errors during execution.',
    call,
  );
}

/** Without an answer nobody knows where to stop, nor what came of each write. */
function checkUnacknowledged(context: OperationContext, ordered: boolean, verbose: boolean): void {
  if (!unacknowledged(context) || !(ordered || verbose)) return;
  const what = ordered ? 'ordered writes' : 'verbose results';
  throw new MongoInvalidArgumentError(`Cannot request unacknowledged write concern and ${what}`);
}

async function sendAll(bulk: ClientBulkWrite, ordered: boolean): Promise<void> {
  const { writes, tally, call } = bulk;
  const ops = writes.map(({ op }) => op);
  for (let from = 0; from < writes.length; ) {
    try {
      const reply = await sendBatch(bulk, ops, from);
      tally.addReply(reply);
      if (reply.results !== null) await readResults(bulk, reply.results, from, reply.taken);
      from += reply.taken;
    } catch (error) {
      throw withResult(error, tally);
    } finally {
      bulk.binding.unpin();
    }
    // The next batch's time begins here.
    if (call.deadline.canEnd) call.deadline.record('read');
    if (ordered && tally.writeErrors.size > 0) return;
  }
}

async function sendBatch(bulk: ClientBulkWrite, ops: readonly Document[], from: number): Promise<ClientBatchReply> {
  const { engine, context, writes, options, binding, call } = bulk;
  const failedReplies: OperationReply[] = [];
  const operation = clientBulkWriteOperation(context, writes, ops, from, options, reply => failedReplies.push(reply));
  try {
    return await execute(engine, operation, binding, call);
  } catch (error) {
    const failedReply = failedReplies.at(-1);
    // What it wrote stays written, and that its write concern was not satisfied is told at the end.
    if (failedReply !== undefined && error instanceof MongoWriteConcernError) return batchReply(failedReply);
    throw error;
  }
}

/** Reads what came of single writes, in as many batches as the server makes of it. */
async function readResults(bulk: ClientBulkWrite, first: CursorReply, from: number, taken: number): Promise<void> {
  const { engine, context, binding, call, tally } = bulk;
  const decode = context.bsonOptions.raw === true ? decodeDocument : context.decode;
  for (let reply = first; ; ) {
    const { id, namespace, address } = reply;
    const cursor = { id, namespace, address };
    if (id !== 0n) engine.cursors.add(cursor, binding, context.session);
    try {
      const reader = new DocumentReader(reply.batch, decode);
      for (let result = reader.next(); result !== undefined; result = reader.next()) {
        tally.addResult(result, from, taken);
      }
      if (id === 0n) return;
      const operation = getMore(cursor, context, {
        batchSize: undefined,
        comment: bulk.options.comment,
        kind: 'nonTailable',
        maxAwaitTimeMS: undefined,
      });
      reply = await execute(engine, operation, binding, call);
    } catch (error) {
      if (error instanceof MongoUnexpectedServerResponseError) reply.reply.corrupt(error);
      // Whether that is possible changes nothing: the server forgets idle cursors by itself.
      const bounded = call.until(call.deadline.refreshed().within('cursor', CLOSE_TIMEOUT_MS));
      if (id !== 0n) await execute(engine, killCursors(cursor, context), binding, bounded).catch(() => undefined);
      throw error;
    } finally {
      engine.cursors.delete(cursor);
    }
  }
}

/**
 * The error of a batch with what is known to have been done. A timeout keeps its class, and so does the loss of a connection before which
 * nothing was done; an abort reason is the caller's own and stays as it is.
 */
function withResult(error: unknown, tally: ClientTally): unknown {
  if (!(error instanceof MongoError)) return error;
  if (error instanceof MongoServerError || (error instanceof MongoNetworkError && tally.sent > 0)) {
    return failure(tally, 'Mongo client bulk write encountered an error during execution', error, error);
  }
  // Of the whole, not of the batch that did not go any more.
  if (error instanceof MongoOperationTimeoutError && tally.sent > 0) error.maybeApplied = true;
  const partialResult = tally.partialResult();
  return partialResult === undefined ? error : Object.assign(error, { partialResult });
}

function failure(
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
