import { BsonWriter } from '../bson/document.js';
import { type Document } from '../bson/types.js';
import { compress } from './compression.js';
import { headerSize, OpCode, writeHeader } from './header.js';
import { type Request } from './request.js';

const moreToComeFlag = 2;
const writer = new BsonWriter();

export interface ReplyHeader {
  readonly requestId: number;
  readonly responseTo: number;
  /** Another reply follows without a request. */
  readonly moreToCome: boolean;
}

/** The reply in the form of its request: OP_REPLY to OP_QUERY, compressed to compressed. */
export function encodeReply(reply: Document, header: ReplyHeader, request: Request): Buffer {
  const message = request.format === 'query' ? encodeLegacy(reply, header) : encodeMsg(reply, header);
  return request.compressor === undefined ? message : compress(message, request.compressor);
}

function encodeMsg(reply: Document, { requestId, responseTo, moreToCome }: ReplyHeader): Buffer {
  writer.reset(headerSize + 5);
  writer.document(reply);
  const message = writer.take();
  writeHeader(message, { length: message.length, requestId, responseTo, opCode: OpCode.msg });
  message.writeUInt32LE(moreToCome ? moreToComeFlag : 0, headerSize);
  message.writeUInt8(0, headerSize + 4);
  return message;
}

/** OP_REPLY with the flag AwaitCapable and one document. */
function encodeLegacy(reply: Document, { requestId, responseTo }: ReplyHeader): Buffer {
  writer.reset(headerSize + 20);
  writer.document(reply);
  const message = writer.take();
  writeHeader(message, { length: message.length, requestId, responseTo, opCode: OpCode.reply });
  message.fill(0, headerSize, headerSize + 20);
  message.writeInt32LE(8, headerSize);
  message.writeInt32LE(1, headerSize + 16);
  return message;
}
