import { type BSONSerializeOptions, calculateObjectSize, type Document } from '../bson/index.js';
import { isDocument, kindOf } from '../bson/is_document.js';
import { ownOptions } from '../concern/given.js';
import { MongoAPIError, MongoInvalidArgumentError } from '../errors/driver.js';
import type { Operation, OperationReply } from '../executor/operation.js';
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

/** One write of a client bulk write, as an element of the field `ops`. */
export interface ClientWrite {
  readonly kind: 'insert' | 'update' | 'delete';
  /** `database.collection` */
  readonly namespace: string;
  /** Its first field, whose name is the kind, becomes the number of the namespace when it is encoded. */
  readonly op: Document;
  /** Of an insert. */
  readonly insertedId: unknown;
  /** What the change of an update is meant to be; null for the other kinds. */
  readonly change: ChangeKind | null;
}

/**
 * Source: CRUD, "Client Bulk Write".
 *
 * @param prepare - puts the `_id` on a document to insert
 * @param options - how it will be encoded: a write is checked for what it becomes
 * @throws MongoInvalidArgumentError if it is no write; MongoAPIError for an update without operators or a replacement with them
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
  // Of many documents that are changed none is the first.
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
