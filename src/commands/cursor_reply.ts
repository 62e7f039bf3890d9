import type { DocumentDecoder } from '../bson/decode.js';
import { DocumentReader } from '../bson/document_reader.js';
import type { Document } from '../bson/index.js';
import type { RawDocument } from '../bson/raw_document.js';
import { MongoUnexpectedServerResponseError } from '../errors/driver.js';
import type { OpenCursor, Operation, OperationReply } from '../executor/operation.js';
import { isCursorNamespace } from '../wire/cursor_namespace.js';
import type { Reply } from '../wire/reply.js';

/** The part of a reply that is a cursor and one of its batches. */
export interface CursorReply {
  /** 0n when the server has no more. */
  readonly id: bigint;
  /** `database.collection`, as the server names what the cursor reads. */
  readonly namespace: string;
  /** The array of documents, still in BSON. */
  readonly batch: RawDocument;
  /** Where the cursor lives. */
  readonly address: string;
  readonly reply: Reply;
}

/**
 * @param known - where the cursor lives if the server says nothing of use; empty if that is not known
 * @throws MongoUnexpectedServerResponseError if the reply holds no cursor, or one that no command could name
 */
export function cursorReplyOf(
  { reply, address }: OperationReply,
  field: 'firstBatch' | 'nextBatch',
  known: string,
): CursorReply {
  const cursor = reply.body.document('cursor');
  const batch = cursor?.array(field);
  const id = cursor === undefined ? undefined : idIn(cursor);
  if (cursor === undefined || batch === undefined || id === undefined) {
    throw new MongoUnexpectedServerResponseError(`A reply of ${address} lacks cursor.id or cursor.${field}`, {
      host: address,
    });
  }
  return { id, namespace: namespaceIn(cursor, id, known, address), batch, address, reply };
}

/**
 * The first document of a reply's only batch, or undefined: for those who make no cursor of it. A server may keep one open all the same, as
 * it does for time series.
 *
 * @param kill - makes the command that closes it
 */
export function firstDocumentOf(
  operationReply: OperationReply,
  decode: DocumentDecoder,
  known: string,
  kill: (cursor: OpenCursor) => Operation<void>,
): Document | undefined {
  const { reply, address } = operationReply;
  const cursor = reply.body.document('cursor');
  const batch = cursor?.array('firstBatch');
  if (cursor === undefined || batch === undefined) {
    throw new MongoUnexpectedServerResponseError(`A reply of ${address} lacks cursor.firstBatch`, { host: address });
  }
  const id = idIn(cursor) ?? 0n;
  if (id !== 0n) {
    operationReply.closing = kill({ id, namespace: namespaceIn(cursor, id, known, address), address });
  }
  return new DocumentReader(batch, decode).next();
}

/** A reply that is itself the one document of a cursor: that of an `explain`. */
export function documentAsBatch({ reply, address }: OperationReply): CursorReply {
  return { id: 0n, namespace: '', batch: reply.body.inArray(), address, reply };
}

/** An int64; a larger number names no cursor. */
function idIn(cursor: RawDocument): bigint | undefined {
  const id = cursor.bigint('id');
  return id === undefined || BigInt.asIntN(64, id) !== id ? undefined : id;
}

/** Find, getMore and killCursors Commands: what the server says counts, if it can be used. */
function namespaceIn(cursor: RawDocument, id: bigint, known: string, address: string): string {
  const namespace = cursor.string('ns') ?? '';
  if (isCursorNamespace(namespace)) return namespace;
  if (id === 0n || known !== '') return known;
  throw new MongoUnexpectedServerResponseError(
    `A reply of ${address} has a cursor whose namespace names no database and collection`,
    { host: address },
  );
}
