import type { DocumentDecoder } from '../bson/decode.js';
import { DocumentReader } from '../bson/document_reader.js';
import type { Document } from '../bson/index.js';
import type { RawDocument } from '../bson/raw_document.js';
import { MongoUnexpectedServerResponseError } from '../errors/driver.js';
import type { Reply } from '../wire/reply.js';
import type { OperationReply } from './operation.js';

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

/** @throws MongoUnexpectedServerResponseError if the reply holds no cursor */
export function cursorReplyOf({ reply, address }: OperationReply, field: 'firstBatch' | 'nextBatch'): CursorReply {
  const cursor = reply.body.document('cursor');
  const batch = cursor?.array(field);
  const id = cursor?.bigint('id');
  if (cursor === undefined || batch === undefined || id === undefined) {
    throw new MongoUnexpectedServerResponseError(`A reply of ${address} lacks cursor.id or cursor.${field}`, {
      host: address,
    });
  }
  return { id, namespace: cursor.string('ns') ?? '', batch, address, reply };
}

/** The first document of a reply's only batch, or undefined: for those who make no cursor of it. */
export function firstDocumentOf({ reply, address }: OperationReply, decode: DocumentDecoder): Document | undefined {
  const batch = reply.body.document('cursor')?.array('firstBatch');
  if (batch === undefined) {
    throw new MongoUnexpectedServerResponseError(`A reply of ${address} lacks cursor.firstBatch`, { host: address });
  }
  return new DocumentReader(batch, decode).next();
}

/** A reply that is itself the one document of a cursor: that of an `explain`. */
export function documentAsBatch({ reply, address }: OperationReply): CursorReply {
  return { id: 0n, namespace: '', batch: reply.body.inArray(), address, reply };
}
