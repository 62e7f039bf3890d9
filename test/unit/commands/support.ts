import { documentDecoder } from '../../../src/bson/decode.js';
import { type Document, serialize } from '../../../src/bson/index.js';
import { RawDocument } from '../../../src/bson/raw_document.js';
import type { OperationContext } from '../../../src/commands/context.js';
import { ReadPreference } from '../../../src/concern/read_preference.js';
import { ServerDescription } from '../../../src/description/server_description.js';
import { ServerType } from '../../../src/description/types.js';
import type { CommandTarget, Operation, OperationReply } from '../../../src/executor/operation.js';
import type { ConnectionDescription } from '../../../src/pool/handshake.js';
import { Reply } from '../../../src/wire/reply.js';

/** What operations on the collection `shop.orders` inherit. */
export function contextWith(given: Partial<OperationContext> = {}): OperationContext {
  return {
    database: 'shop',
    collection: 'orders',
    namespace: 'shop.orders',
    readPreference: ReadPreference.primary,
    readConcern: undefined,
    writeConcern: undefined,
    bsonOptions: {},
    decode: documentDecoder(),
    session: null,
    ...given,
  };
}

/** A server of a wire version: 21 is MongoDB 7.0. */
export function targetWith(maxWireVersion = 21): CommandTarget {
  const server = new ServerDescription({ address: 'db1:27017', type: ServerType.Standalone, maxWireVersion });
  return { connection: { server } as ConnectionDescription };
}

export function commandOf(operation: Operation<unknown>, target: CommandTarget = targetWith()): Document {
  return operation.command(target);
}

/** A reply of `db1:27017` to a command. */
export function replyOf(fields: Document, taken = 0): OperationReply {
  const bytes = Buffer.from(serialize({ ok: 1, ...fields }));
  const source = { close: () => undefined };
  return { reply: new Reply(RawDocument.at(bytes, 0, bytes.length), false, source), taken, address: 'db1:27017' };
}

/** The result of an operation that gets a reply with these fields. */
export function resultOf<T>(operation: Operation<T>, fields: Document, taken = 0): T {
  return operation.result(replyOf(fields, taken));
}
