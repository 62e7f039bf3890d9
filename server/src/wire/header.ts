export const OpCode = { reply: 1, query: 2004, compressed: 2012, msg: 2013 } as const;

export const headerSize = 16;
export const maxMessageSizeBytes = 48_000_000;

/** The four integers that every message begins with. */
export interface Header {
  readonly length: number;
  readonly requestId: number;
  readonly responseTo: number;
  readonly opCode: number;
}

/** The client does not speak the protocol: the connection is closed without an answer. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}

export function readHeader(message: Buffer): Header {
  return {
    length: message.readInt32LE(0),
    requestId: message.readInt32LE(4),
    responseTo: message.readInt32LE(8),
    opCode: message.readInt32LE(12),
  };
}

export function writeHeader(message: Buffer, header: Header): void {
  message.writeInt32LE(header.length, 0);
  message.writeInt32LE(header.requestId, 4);
  message.writeInt32LE(header.responseTo, 8);
  message.writeInt32LE(header.opCode, 12);
}
