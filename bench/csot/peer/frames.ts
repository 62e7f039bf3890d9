import { type Document, deserialize, serialize } from 'bson';
import { BODY_OFFSET, OP_QUERY, OP_REPLY, opMsg } from '../../ops/canned.js';

const HEADER_LENGTH = 16;
const OP_REPLY_FIELDS = 20;

/** A message with one command in it. Document sequences are not looked at. */
export interface Message {
  readonly requestId: number;
  readonly isQuery: boolean;
  readonly command: Document;
}

/** Cuts what arrives on one connection into messages. */
export class MessageReader {
  #rest: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): Message[] {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    const messages: Message[] = [];
    while (this.#rest.length >= HEADER_LENGTH && this.#rest.length >= this.#rest.readInt32LE(0)) {
      const length = this.#rest.readInt32LE(0);
      messages.push(messageIn(this.#rest.subarray(0, length)));
      this.#rest = this.#rest.subarray(length);
    }
    return messages;
  }
}

function messageIn(frame: Buffer): Message {
  const isQuery = frame.readInt32LE(12) === OP_QUERY;
  // Of an OP_QUERY: flags, the namespace, two numbers. Of an OP_MSG the body may stand behind a document sequence.
  const start = isQuery ? frame.indexOf(0, HEADER_LENGTH + 4) + 9 : bodyOffset(frame);
  const command = deserialize(frame.subarray(start, start + frame.readInt32LE(start)));
  return { requestId: frame.readInt32LE(4), isQuery, command };
}

function bodyOffset(frame: Buffer): number {
  let section = BODY_OFFSET - 1;
  while (frame[section] === 1) section += 1 + frame.readInt32LE(section + 1);
  return section + 1;
}

export function replyTo({ requestId, isQuery }: Message, document: Document): Buffer {
  const frame = isQuery ? opReply(document) : opMsg(document);
  frame.writeInt32LE(requestId, 8);
  return frame;
}

function opReply(document: Document): Buffer {
  const head = Buffer.alloc(HEADER_LENGTH + OP_REPLY_FIELDS);
  const body = serialize(document);
  head.writeInt32LE(head.length + body.length, 0);
  head.writeInt32LE(OP_REPLY, 12);
  head.writeInt32LE(1, HEADER_LENGTH + 16);
  return Buffer.concat([head, body]);
}
