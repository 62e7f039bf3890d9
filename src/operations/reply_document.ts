import { documentDecoder } from '../bson/decode.js';
import type { Document } from '../bson/index.js';
import type { OperationContext } from './context.js';
import type { OperationReply } from './operation.js';

/**
 * A reply as an object, by the user's BSON options. `raw` is not for replies of which only a part is returned: it would leave nothing to
 * take that part from.
 */
export function replyDocument({ reply }: OperationReply, { decode, bsonOptions }: OperationContext): Document {
  return reply.decode(bsonOptions.raw === true ? documentDecoder({ ...bsonOptions, raw: false }) : decode);
}
