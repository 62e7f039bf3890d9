// Messages written by hand, byte by byte, so that tests do not trust the encoder that they test.
import { type Document, serialize } from '../../../src/bson/index.js';

export const COMPRESSED = 2012;
export const MSG = 2013;

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value | 0);
  return bytes;
}

/** A message with a header; `claimed` is the length that it says it has. */
export function message(opCode: number, parts: readonly Uint8Array[], responseTo = 7, claimed?: number): Buffer {
  const payload = Buffer.concat(parts);
  const length = claimed ?? 16 + payload.length;
  return Buffer.concat([int32(length), int32(1), int32(responseTo), int32(opCode), payload]);
}

export function opMsg(sections: readonly Uint8Array[], flags = 0): Buffer {
  return message(MSG, [int32(flags), ...sections]);
}

export function body(document: Document | Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(0), document instanceof Uint8Array ? document : serialize(document)]);
}

/** A kind 1 section; `claimed` is the size that it says it has. */
export function sequence(
  identifier: string | Uint8Array,
  documents: readonly (Document | Uint8Array)[],
  claimed?: number,
): Buffer {
  const content = Buffer.concat([
    typeof identifier === 'string' ? Buffer.from(identifier) : identifier,
    Buffer.of(0),
    ...documents.map(document => (document instanceof Uint8Array ? document : serialize(document))),
  ]);
  return Buffer.concat([Buffer.of(1), int32(claimed ?? 4 + content.length), content]);
}

export function opCompressed(
  compressorId: number,
  data: Uint8Array,
  claimedSize: number,
  originalOpCode: number = MSG,
): Buffer {
  return message(COMPRESSED, [int32(originalOpCode), int32(claimedSize), Buffer.of(compressorId), data]);
}

/** A BSON document out of the bytes of its elements. */
export function rawDocument(elements: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(elements);
  return Buffer.concat([int32(5 + content.length), content, Buffer.of(0)]);
}

export function element(type: number, name: string, value: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(type), Buffer.from(name), Buffer.of(0), value]);
}

/** `{a: {a: {a: …}}}` */
export function nested(levels: number, type = 3): Buffer {
  const size = 5 + 8 * levels;
  const bytes = Buffer.alloc(size);
  let offset = 0;
  for (let level = 0; level < levels; level++, offset += 7) {
    bytes.writeInt32LE(size - 8 * level, offset);
    bytes.set([type, 0x61, 0], offset + 4);
  }
  bytes.writeInt32LE(5, offset);
  return bytes;
}

/** Matches protocol errors and malformed BSON: what closes a connection. */
export function protocolError(text: RegExp): (error: unknown) => boolean {
  return error =>
    error instanceof Error && error.name === 'MongoUnexpectedServerResponseError' && text.test(error.message);
}
