import type { DocumentDecoder } from '../bson/decode.js';
import { DocumentReader } from '../bson/document_reader.js';
import type { Document } from '../bson/index.js';
import type { RawDocument } from '../bson/raw_document.js';
import { MongoUnexpectedServerResponseError } from '../errors/driver.js';
import type { OpenCursor, Operation, OperationReply } from '../executor/operation.js';
import { isCursorNamespace } from '../wire/cursor_namespace.js';
import type { Reply } from '../wire/reply.js';

/** The cursor in a reply, with one batch of its documents. */
export interface CursorReply {
  /** 0n if the server has closed the cursor, because there are no more documents. */
  readonly id: bigint;
  /** `database.collection` that the cursor reads, as the server names it. */
  readonly namespace: string;
  /** The array of documents, still in BSON. */
  readonly batch: RawDocument;
  /** The server that has the cursor. */
  readonly address: string;
  readonly reply: Reply;
}

/**
 * @param known - the namespace of the cursor if the server names none that can be used; empty if it is unknown
 * @throws MongoUnexpectedServerResponseError if the reply has no cursor, or one that no getMore could name
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
 * The first document of a reply whose operation reads one batch only, or undefined. A server may keep the cursor open nevertheless, as it
 * does for time series.
 *
 * @param kill - makes the command that closes the cursor
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

/** A whole reply as the only document of a cursor: the reply to an `explain`. */
export function documentAsBatch({ reply, address }: OperationReply): CursorReply {
  return { id: 0n, namespace: '', batch: reply.body.inArray(), address, reply };
}

/** The id, which must be an int64. */
function idIn(cursor: RawDocument): bigint | undefined {
  const id = cursor.bigint('id');
  return id === undefined || BigInt.asIntN(64, id) !== id ? undefined : id;
}

/** The namespace that the server names takes precedence, if it can be used (Find, getMore and killCursors Commands). */
function namespaceIn(cursor: RawDocument, id: bigint, known: string, address: string): string {
  const namespace = cursor.string('ns') ?? '';
  if (isCursorNamespace(namespace)) return namespace;
  if (id === 0n || known !== '') return known;
  throw new MongoUnexpectedServerResponseError(
    `A reply of ${address} has a cursor whose namespace names no database and collection`,
    { host: address },
  );
}
