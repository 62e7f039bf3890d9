import { MongoUnexpectedServerResponseError } from '../errors/driver.js';

/** Opcodes of the wire protocol that this driver speaks. The first hello is an OP_QUERY with an OP_REPLY; all else is OP_MSG. */
export const OpCode = Object.freeze({ reply: 1, query: 2004, compressed: 2012, msg: 2013 } as const);

export const HEADER_SIZE = 16;

/** The largest message that any supported server sends or takes, unless its hello says otherwise. */
export const DEFAULT_MAX_MESSAGE_SIZE = 48_000_000;

/** The 16 bytes before every message. */
export interface MessageHeader {
  readonly messageLength: number;
  readonly requestId: number;
  /** The `requestId` that this message answers; 0 in a request. */
  readonly responseTo: number;
  readonly opCode: number;
}

export function readHeader(frame: Buffer): MessageHeader {
  return {
    messageLength: frame.readInt32LE(0),
    requestId: frame.readInt32LE(4),
    responseTo: frame.readInt32LE(8),
    opCode: frame.readInt32LE(12),
  };
}

export function writeHeader(
  target: Buffer,
  messageLength: number,
  requestId: number,
  responseTo: number,
  opCode: number,
): void {
  target.writeInt32LE(messageLength, 0);
  target.writeInt32LE(requestId, 4);
  target.writeInt32LE(responseTo, 8);
  target.writeInt32LE(opCode, 12);
}

/**
 * A message that breaks the wire protocol. The connection that brought it cannot be trusted any more and must be closed.
 *
 * @throws MongoUnexpectedServerResponseError always
 */
export function protocolError(what: string): never {
  throw new MongoUnexpectedServerResponseError(`Protocol error: ${what}`);
}

const LARGEST_REQUEST_ID = 2 ** 31 - 1;
let lastRequestId = 0;

/** A number for a new message: 1, 2, 3 … through the whole process, and from 1 again after 2^31 - 1. */
export function nextRequestId(): number {
  lastRequestId = lastRequestId === LARGEST_REQUEST_ID ? 1 : lastRequestId + 1;
  return lastRequestId;
}
