import { RawDocument } from '../bson/raw_document.js';
import { HEADER_SIZE, OpCode, protocolError, writeHeader } from './header.js';

/** Flags, the namespace of commands to `admin`, nothing to skip, one document. */
const QUERY_HEAD = Buffer.concat([Buffer.alloc(4), Buffer.from('admin.$cmd\0'), int32(0), int32(-1)]);
/** Flags, cursor id, position and count: what stands before the documents of an OP_REPLY. */
const REPLY_HEAD_SIZE = 20;

/**
 * A command to `admin` as OP_QUERY. Only the first hello is sent so.
 *
 * Source: MongoDB Handshake, "Connection handshake"; the wire protocol's legacy opcodes.
 *
 * @param body - the command in BSON, without `$db`
 */
export function encodeOpQuery(requestId: number, body: Uint8Array): Buffer {
  const message = Buffer.concat([Buffer.alloc(HEADER_SIZE), QUERY_HEAD, body]);
  writeHeader(message, message.length, requestId, 0, OpCode.query);
  return message;
}

/**
 * Reads the one document of an OP_REPLY.
 *
 * @param frame - the whole message, its header included
 * @throws MongoUnexpectedServerResponseError if it breaks the protocol
 */
export function decodeOpReply(frame: Buffer): RawDocument {
  const start = HEADER_SIZE + REPLY_HEAD_SIZE;
  if (frame.length < start) protocolError('an OP_REPLY that is too short');
  const count = frame.readInt32LE(start - 4);
  if (count !== 1) protocolError(`an OP_REPLY with ${count} documents`);
  const body = RawDocument.at(frame, start, frame.length);
  if (body.end + 1 !== frame.length) protocolError('an OP_REPLY with bytes behind its document');
  return body;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}
