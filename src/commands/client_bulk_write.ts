import { type BSONSerializeOptions, calculateObjectSize, type Document } from '../bson/index.js';
import { isDocument, kindOf } from '../bson/is_document.js';
import { MongoAPIError, MongoInvalidArgumentError } from '../errors/driver.js';
import type { MongoWriteConcernError } from '../errors/server.js';
import type { Operation, OperationReply } from '../executor/operation.js';
import { withWritten, writtenOf } from '../executor/written.js';
import { ownOptions } from '../runtime/own_options.js';
import type { Sort } from '../types/sort.js';
import { addWriteConcern, type OperationContext, unacknowledged } from './context.js';
import { type CursorReply, cursorReplyOf } from './cursor_reply.js';
import { CLIENT_WRITE, encodedWrite, forEachSent } from './encoded_write.js';
import { idOf } from './insert.js';
import { onPrimary } from './operation_defaults.js';
import { addGenericFields, type CommandOperationOptions, copyOptions } from './options.js';
import { countIn } from './reply.js';
import { formatSort } from './sort.js';
import { type ChangeKind, changeFault, checkEncodedWrite, checkWriteFilter } from './update_document.js';

/** @public */
export interface ClientBulkWriteOptions extends CommandOperationOptions {
  /** Stops at the first error. Default true. */
  ordered?: boolean;
  /** Skips the collections' validation rules. */
  bypassDocumentValidation?: boolean;
  /** Values that filters, updates and pipelines may use as variables. */
  let?: Document;
  /** Returns the result of each write. Default false. */
  verboseResults?: boolean;
}

/** One write of a client bulk write, as an element of the field `ops`. */
export interface ClientWrite {
  readonly kind: 'insert' | 'update' | 'delete';
  /** `database.collection` */
  readonly namespace: string;
  /** The first field has the name of the kind. Its value becomes the number of the namespace when the write is encoded. */
  readonly op: Document;
  /** The `_id` of an insert. */
  readonly insertedId: unknown;
  /** Whether an update has operators or a replacement; null for the other kinds. */
  readonly change: ChangeKind | null;
}

/**
 * The write that a model describes (CRUD, "Client Bulk Write").
 *
 * @param prepare - puts the `_id` on a document to insert
 * @param options - how the write will be encoded: it is checked as the server will see it
 * @throws MongoInvalidArgumentError if the model describes no write; MongoAPIError for an update without operators or a replacement with them
 */
export function clientWriteOf(
  model: unknown,
  prepare: (document: unknown) => Document,
  options: BSONSerializeOptions,
): ClientWrite {
  if (!isDocument(model)) {
    throw new MongoInvalidArgumentError(
      `A client bulk write model must be an object with a name and a namespace, got ${kindOf(model)}`,
    );
  }
  const { name, namespace: given, filter, ...fields } = ownOptions(model);
  const namespace = namespaceOf(given);
  switch (name) {
    case 'insertOne': {
      const document = prepare(fields['document']);
      return { kind: 'insert', namespace, op: { insert: 0, document }, insertedId: idOf(document), change: null };
    }
    case 'updateOne':
    case 'updateMany': {
      checkFilter(filter, options);
      const op = updateOp(filter, fields['update'], name === 'updateMany', fields);
      if (changeFault('update', fields['update'], options) === undefined)
        return write('update', namespace, op, 'update');
      throw new MongoAPIError(
        'Client bulk write update models must only contain atomic modifiers (start with $) and must not be empty.',
      );
    }
    case 'replaceOne': {
      checkFilter(filter, options);
      const op = updateOp(filter, fields['replacement'], false, fields);
      if (changeFault('replacement', fields['replacement'], options) === undefined) {
        return write('update', namespace, op, 'replacement');
      }
      throw new MongoAPIError(
        'Client bulk write replace models must not contain atomic modifiers (start with $) and must not be empty.',
      );
    }
    case 'deleteOne':
    case 'deleteMany': {
      checkFilter(filter, options);
      const op: Document = { delete: 0, filter, multi: name === 'deleteMany' };
      copyOptions(op, fields, ['hint', 'collation']);
      return write('delete', namespace, op, null);
    }
    default:
      throw new MongoInvalidArgumentError(
        `Client bulk write only supports insertOne, updateOne, updateMany, replaceOne, deleteOne and deleteMany, got ${String(name)}`,
      );
  }
}

function write(kind: ClientWrite['kind'], namespace: string, op: Document, change: ClientWrite['change']): ClientWrite {
  return { kind, namespace, op, insertedId: undefined, change };
}

function updateOp(filter: Document, updateMods: unknown, multi: boolean, fields: Document): Document {
  const op: Document = { update: 0, filter, updateMods, multi };
  copyOptions(op, fields, ['upsert', 'hint', 'arrayFilters', 'collation']);
  // A write of many documents has no first document.
  const sort = multi ? undefined : formatSort(fields['sort'] as Sort | undefined);
  if (sort !== undefined) op['sort'] = sort;
  return op;
}

function namespaceOf(namespace: unknown): string {
  const dot = typeof namespace === 'string' ? namespace.indexOf('.') : -1;
  if (typeof namespace === 'string' && dot > 0 && dot < namespace.length - 1 && !namespace.includes('\0')) {
    return namespace;
  }
  throw new MongoInvalidArgumentError(
    `The namespace of a client bulk write model must be 'database.collection', got ${typeof namespace === 'string' ? `'${namespace.slice(0, 100)}'` : typeof namespace}`,
  );
}

function checkFilter(filter: unknown, options: BSONSerializeOptions): asserts filter is Document {
  checkWriteFilter(filter, 'The filter of a client bulk write model must be an object', options);
}

/** Fields of the reply to a batch: how many writes failed, and what the others did. */
const COUNTS = ['nErrors', 'nInserted', 'nUpserted', 'nMatched', 'nModified', 'nDeleted'] as const;
export type ClientBatchCounts = Readonly<Record<(typeof COUNTS)[number], number>>;

/** The reply to one batch. */
export interface ClientBatchReply {
  /** Writes that were sent. */
  readonly taken: number;
  /** Counts of the whole batch; null for an unacknowledged one. */
  readonly counts: ClientBatchCounts | null;
  /** A cursor over the results of single writes: of all of them, or of those that failed. */
  readonly results: CursorReply | null;
  readonly writeConcernError: Document | undefined;
}

/** The namespace of the cursor over the results of single writes, if the server does not name it. */
const RESULTS_NAMESPACE = 'admin.$cmd.bulkWrite';

/** Most writes that any server takes in one command. */
const LARGEST_BATCH = 100_000;

/**
 * The `bulkWrite` command for the writes from an index on, as many as one message takes. If its write concern is not satisfied, it fails
 * with an error that tells the reply ({@link clientReplyOfFailed}): the executor may have to retry it.
 *
 * @param ops - the writes' fields `ops`, made once for all batches
 */
export function clientBulkWriteOperation(
  context: OperationContext,
  writes: readonly ClientWrite[],
  ops: readonly Document[],
  from: number,
  options: ClientBulkWriteOptions,
): Operation<ClientBatchReply> {
  const fields = ownFields(options);
  return onPrimary<ClientBatchReply>(context, {
    access: 'write',
    name: 'bulkWrite',
    // A write of many documents cannot be retried (Retryable Writes, "Supported Write Operations").
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
      const batch = batchReplyIn(reply, error);
      if (error !== null) throw withWritten(error, batch);
      return batch;
    },
    unacknowledgedResult: taken => ({ taken, counts: null, results: null, writeConcernError: undefined }),
  });
}

/** The reply to a batch that was written and ended with an error; undefined if there is none. */
export function clientReplyOfFailed(error: unknown): ClientBatchReply | undefined {
  return writtenOf(error) as ClientBatchReply | undefined;
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
function batchReplyIn(reply: OperationReply, writeConcernError: MongoWriteConcernError | null): ClientBatchReply {
  return {
    taken: reply.taken,
    counts: Object.fromEntries(COUNTS.map(name => [name, countIn(reply, name) ?? 0])) as ClientBatchCounts,
    results: cursorReplyOf(reply, 'firstBatch', RESULTS_NAMESPACE),
    writeConcernError: writeConcernError?.result.writeConcernError,
  };
}

/** The fields of the command that only `bulkWrite` has. */
function ownFields(options: ClientBulkWriteOptions): Document {
  const fields: Document = {
    bulkWrite: 1,
    errorsOnly: options.verboseResults !== true,
    ordered: options.ordered ?? true,
  };
  copyOptions(fields, options, ['bypassDocumentValidation', 'let']);
  return fields;
}
