import { documentDecoder, replyDecoder } from '../bson/decode.js';
import type { Document } from '../bson/index.js';
import { ElementType } from '../bson/raw_document.js';
import { ReplyFields } from '../bson/reply_fields.js';
import { MongoServerError } from '../errors/server.js';
import type { OperationReply } from '../executor/operation.js';
import type { OperationContext } from './context.js';

/** A reply as an object, by the user's BSON options. With `raw`, documents in it are bytes. */
export function replyDocument({ reply }: OperationReply, { decode, bsonOptions }: OperationContext): Document {
  return reply.decode(bsonOptions.raw === true ? replyDecoder(bsonOptions) : decode);
}

/** The same for a reply of which the driver itself reads documents. */
export function replyDocumentDecoded({ reply }: OperationReply, { decode, bsonOptions }: OperationContext): Document {
  return reply.decode(bsonOptions.raw === true ? documentDecoder({ ...bsonOptions, raw: false }) : decode);
}

/** Throws the error that a reply to a write of one document holds although it is `ok: 1`. */
export function throwWriteErrors(reply: OperationReply, { namespace }: OperationContext): void {
  const details = { host: reply.address, namespace };
  const [first] = writeErrorsIn(reply);
  if (first !== undefined) {
    const labels: unknown = reply.reply.document['errorLabels'];
    throw new MongoServerError(first, { ...details, ...(Array.isArray(labels) && { labels: labels as string[] }) });
  }
  const error = reply.reply.writeConcernError(details);
  if (error !== null) throw error;
}

/** Throws the write concern error that the reply to any other command holds although it is `ok: 1`. */
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

/** What an upsert has inserted. */
export interface Upserted {
  /** Of the statement, among those that were sent. */
  readonly index: number;
  readonly _id: unknown;
}

/**
 * The documents that upserts have inserted. Their `_id`s are the user's: they are decoded by the user's options.
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

/** The position of a statement, which must be one of those that were sent. Without one there is one statement. */
function checkIndex(fields: ReplyFields, taken: number): number {
  const index = fields.count('index') ?? (taken === 1 ? 0 : fields.wrong('index', 'an integer', undefined));
  return index < taken ? index : fields.wrong('index', `below ${taken}, the number of statements sent`, index);
}

/**
 * How many documents a reply speaks of; undefined when it does not say.
 *
 * @throws MongoUnexpectedServerResponseError if it says anything but a number from 0 on
 */
export function countIn({ reply, address }: OperationReply, name: string): number | undefined {
  const count = reply.body.number(name);
  if (count !== undefined && Number.isInteger(count) && count >= 0) return count;
  if (!reply.body.has(name)) return undefined;
  // What is wrong with it is worth no second look in the hot path.
  return new ReplyFields(reply.document, 'reply', address).count(name) ?? undefined;
}
