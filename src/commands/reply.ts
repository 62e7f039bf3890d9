import { documentDecoder, replyDecoder } from '../bson/decode.js';
import type { Document } from '../bson/index.js';
import { ElementType } from '../bson/raw_document.js';
import { ReplyFields } from '../bson/reply_fields.js';
import { MongoServerError } from '../errors/server.js';
import type { OperationReply } from '../executor/operation.js';
import type { OperationContext } from './context.js';

/** A reply decoded with the user's BSON options. With `raw`, documents in it stay bytes. */
export function replyDocument({ reply }: OperationReply, { decode, bsonOptions }: OperationContext): Document {
  return reply.decode(bsonOptions.raw === true ? replyDecoder(bsonOptions) : decode);
}

/** A reply decoded with the user's BSON options, but also with `raw` as objects: for documents that the driver reads itself. */
export function replyDocumentDecoded({ reply }: OperationReply, { decode, bsonOptions }: OperationContext): Document {
  return reply.decode(bsonOptions.raw === true ? documentDecoder({ ...bsonOptions, raw: false }) : decode);
}

/** Throws the write error or write concern error in a reply of `ok: 1` to a write with one statement. */
export function throwWriteErrors(reply: OperationReply, { namespace }: OperationContext): void {
  // No iterator and no details are made for a reply without errors, which is the usual one.
  const first = writeErrorsIn(reply)[0];
  if (first === undefined && !reply.reply.body.has('writeConcernError')) return;
  const details = { host: reply.address, namespace };
  if (first !== undefined) {
    const labels: unknown = reply.reply.document['errorLabels'];
    throw new MongoServerError(first, { ...details, ...(Array.isArray(labels) && { labels: labels as string[] }) });
  }
  const error = reply.reply.writeConcernError(details);
  if (error !== null) throw error;
}

/** Throws the write concern error in a reply of `ok: 1` to any other command. */
export function throwWriteConcernError({ reply, address }: OperationReply, { namespace }: OperationContext): void {
  const error = reply.writeConcernError({ host: address, namespace });
  if (error !== null) throw error;
}

/**
 * The errors of single statements in the reply to a write.
 *
 * @throws MongoUnexpectedServerResponseError if they are malformed
 */
export function writeErrorsIn({ reply, taken, address }: OperationReply): readonly Document[] {
  if (reply.body.typedOffset('writeErrors', ElementType.array) < 0) return NONE;
  const errors = new ReplyFields(reply.document, 'reply to a write', address).documents('writeErrors');
  for (const error of errors) {
    const fields = new ReplyFields(error, 'write error', address);
    checkIndex(fields, taken);
    fields.number('code');
    fields.string('errmsg');
  }
  return errors;
}

const NONE: readonly Document[] = Object.freeze([]);

/** The document that an upsert inserted. */
export interface Upserted {
  /** Index of the statement among those that were sent. */
  readonly index: number;
  readonly _id: unknown;
}

/**
 * The documents that upserts inserted. Their `_id`s are decoded with the user's options.
 *
 * @throws MongoUnexpectedServerResponseError if the field is malformed
 */
export function upsertedIn(reply: OperationReply, context: OperationContext): readonly Upserted[] {
  if (reply.reply.body.typedOffset('upserted', ElementType.array) < 0) return NONE as readonly never[];
  const { address, taken } = reply;
  const fields = new ReplyFields(replyDocumentDecoded(reply, context), 'reply to an update', address);
  return fields.documents('upserted').map(upserted => {
    const index = checkIndex(new ReplyFields(upserted, 'upserted document of a reply', address), taken);
    return { index, _id: upserted['_id'] as unknown };
  });
}

/** The index of a statement that was sent. It may be missing if there is only one. */
function checkIndex(fields: ReplyFields, taken: number): number {
  const index = fields.count('index') ?? (taken === 1 ? 0 : fields.wrong('index', 'an integer', undefined));
  return index < taken ? index : fields.wrong('index', `below ${taken}, the number of statements sent`, index);
}

/**
 * A count in a reply; undefined if it is missing.
 *
 * @throws MongoUnexpectedServerResponseError unless the count is a non-negative integer
 */
export function countIn({ reply, address }: OperationReply, name: string): number | undefined {
  const count = reply.body.number(name);
  if (count !== undefined && Number.isInteger(count) && count >= 0) return count;
  if (!reply.body.has(name)) return undefined;
  // A count that is wrong is read again for the error, outside of the hot path.
  return new ReplyFields(reply.document, 'reply', address).count(name) ?? undefined;
}
