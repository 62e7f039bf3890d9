import { type Document, Long, ObjectId, serialize } from 'bson';
import { BATCH_SIZE, BATCHES, cursorId, INSERT_MANY_COUNT, NAMESPACE, newUser } from './documents.js';

export const OP_REPLY = 1;
export const OP_QUERY = 2004;
export const OP_MSG = 2013;

/** Bytes before the body of an OP_MSG: header, flags, kind of section. */
export const BODY_OFFSET = 21;
const OP_REPLY_BODY_OFFSET = 36;

const MIB = 1024 * 1024;

/** An OP_MSG with one section. Its ids are left 0 for who sends it. */
export function opMsg(document: Document): Buffer {
  const body = serialize(document);
  const frame = Buffer.alloc(BODY_OFFSET + body.length);
  frame.writeInt32LE(frame.length, 0);
  frame.writeInt32LE(OP_MSG, 12);
  frame.set(body, BODY_OFFSET);
  return frame;
}

function opReply(document: Document): Buffer {
  const body = serialize(document);
  const frame = Buffer.alloc(OP_REPLY_BODY_OFFSET + body.length);
  frame.writeInt32LE(frame.length, 0);
  frame.writeInt32LE(OP_REPLY, 12);
  frame.writeInt32LE(1, 32);
  frame.set(body, OP_REPLY_BODY_OFFSET);
  return frame;
}

/** A standalone without a topology version, so that monitors poll every 10 s and are not seen in the figures. */
const HELLO: Document = {
  helloOk: true,
  ismaster: true,
  isWritablePrimary: true,
  maxBsonObjectSize: 16 * MIB,
  maxMessageSizeBytes: 48_000_000,
  maxWriteBatchSize: 100_000,
  localTime: new Date(),
  logicalSessionTimeoutMinutes: 30,
  connectionId: 1,
  minWireVersion: 0,
  maxWireVersion: 25,
  readOnly: false,
  ok: 1,
};

function storedUsers(count: number): Document[] {
  return Array.from({ length: count }, () => ({ _id: new ObjectId(), ...newUser() }));
}

function batch(field: 'firstBatch' | 'nextBatch', documents: Document[], batchesLeft: number): Buffer {
  const id = Long.fromBigInt(cursorId(batchesLeft));
  return opMsg({ cursor: { [field]: documents, id, ns: NAMESPACE }, ok: 1 });
}

/** The replies of the server, fields in the order in which mongod has them. */
export function makeReplies() {
  const users = storedUsers(BATCH_SIZE);
  return {
    ok: opMsg({ ok: 1 }),
    hello: opMsg(HELLO),
    legacyHello: opReply(HELLO),
    findOne: batch('firstBatch', users.slice(0, 1), 0),
    firstBatch: batch('firstBatch', users, BATCHES - 1),
    /** By the number of batches that are left when the getMore comes. */
    nextBatch: Array.from({ length: BATCHES }, (_, left) => batch('nextBatch', users, Math.max(0, left - 1))),
    insertOne: opMsg({ n: 1, ok: 1 }),
    insertMany: opMsg({ n: INSERT_MANY_COUNT, ok: 1 }),
  };
}

export type Replies = ReturnType<typeof makeReplies>;
