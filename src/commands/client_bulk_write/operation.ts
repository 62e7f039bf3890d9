import { calculateObjectSize, type Document } from '../../bson/index.js';
import type { Operation, OperationReply } from '../../executor/operation.js';
import { addWriteConcern, type OperationContext, unacknowledged } from '../context.js';
import { type CursorReply, cursorReplyOf } from '../cursor_reply.js';
import { CLIENT_WRITE, encodedWrite, forEachSent } from '../encoded_write.js';
import { onPrimary } from '../operation_defaults.js';
import { addGenericFields, type CommandOperationOptions, copyOptions } from '../options.js';
import { checkEncodedWrite } from '../update_document.js';
import { countIn } from '../write_result.js';
import type { ClientWrite } from './write_model.js';

/** @public */
export interface ClientBulkWriteOptions extends CommandOperationOptions {
  /** Stops at the first error. Default true. */
  ordered?: boolean;
  /** Skips the collections' validation rules. */
  bypassDocumentValidation?: boolean;
  /** Values that filters, updates and pipelines may use as variables. */
  let?: Document;
  /** Has the server tell what came of each write. Default false. */
  verboseResults?: boolean;
}

/** Fields of the reply to a batch: how many writes failed, and what the others did. */
const COUNTS = ['nErrors', 'nInserted', 'nUpserted', 'nMatched', 'nModified', 'nDeleted'] as const;
export type ClientBatchCounts = Readonly<Record<(typeof COUNTS)[number], number>>;

/** What the server made of one batch. */
export interface ClientBatchReply {
  /** Writes that were sent. */
  readonly taken: number;
  /** What the server says of the batch as a whole; null when it was not asked to answer. */
  readonly counts: ClientBatchCounts | null;
  /** What came of single writes: all of them, or the errors alone. */
  readonly results: CursorReply | null;
  readonly writeConcernError: Document | undefined;
}

/** Where servers keep what came of single writes. */
const RESULTS_NAMESPACE = 'admin.$cmd.bulkWrite';

/** Most writes that any server takes in one command. */
const LARGEST_BATCH = 100_000;

/**
 * The `bulkWrite` command for the writes from an index on, as many as one message takes.
 *
 * @param ops - the writes' fields `ops`, made once for all batches
 */
export function clientBulkWriteOperation(
  context: OperationContext,
  writes: readonly ClientWrite[],
  ops: readonly Document[],
  from: number,
  options: ClientBulkWriteOptions,
  onFailedReply: (reply: OperationReply) => unknown,
): Operation<ClientBatchReply> {
  const fields = ownFields(options);
  return onPrimary<ClientBatchReply>(context, {
    access: 'write',
    name: 'bulkWrite',
    // Not with a write of many documents (Retryable Writes, "Supported Write Operations").
    retryable: !writes.slice(from, from + LARGEST_BATCH).some(({ op }) => op['multi'] === true),
    unacknowledged: unacknowledged(context),
    sequence: {
      field: 'ops',
      documents: ops,
      from,
      namespaces: { of: index => writes[index]?.namespace ?? '', commandSize: calculateObjectSize(fields) },
    },
    checkEncoded: message => checkOps(message, writes, from),
    command(target) {
      const command = { ...fields };
      addWriteConcern(command, context);
      addGenericFields(command, options, target);
      return command;
    },
    result(reply) {
      const error = reply.reply.writeConcernError({ host: reply.address });
      if (error === null) return batchReply(reply);
      // It may be one after which the write is to be repeated.
      onFailedReply(reply);
      throw error;
    },
    unacknowledgedResult: taken => ({ taken, counts: null, results: null, writeConcernError: undefined }),
  });
}

function checkOps(message: Buffer, writes: readonly ClientWrite[], from: number): void {
  forEachSent(message, (start, place) => {
    const write = writes[from + place];
    if (write === undefined || write.kind === 'insert') return;
    checkEncodedWrite(
      encodedWrite(message, start, CLIENT_WRITE),
      write.op['filter'],
      write.change,
      write.op['updateMods'],
    );
  });
}

/** @throws MongoUnexpectedServerResponseError if the reply is malformed */
export function batchReply(reply: OperationReply): ClientBatchReply {
  return {
    taken: reply.taken,
    counts: Object.fromEntries(COUNTS.map(name => [name, countIn(reply, name) ?? 0])) as ClientBatchCounts,
    results: cursorReplyOf(reply, 'firstBatch', RESULTS_NAMESPACE),
    writeConcernError: reply.reply.writeConcernError({ host: reply.address })?.result.writeConcernError,
  };
}

/** The command's fields beside those that any command may have. */
function ownFields(options: ClientBulkWriteOptions): Document {
  const fields: Document = {
    bulkWrite: 1,
    errorsOnly: options.verboseResults !== true,
    ordered: options.ordered ?? true,
  };
  copyOptions(fields, options, ['bypassDocumentValidation', 'let']);
  return fields;
}
