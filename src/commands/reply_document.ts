import { documentDecoder, replyDecoder } from '../bson/decode.js';
import type { Document } from '../bson/index.js';
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
