import { type DeserializeOptions, deserialize } from 'bson';
import { type Document, setField } from './types.js';

/**
 * Strings are bytes to the server: it stores and answers what is no UTF-8 as it came. In this code such a byte is a lone surrogate, U+DC80
 * to U+DCFF, which no UTF-8 can be decoded to; so a string that is read and written again has its bytes.
 */
const ESCAPE = 0xdc00;

export function decodeText(bytes: Buffer): string {
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes, at);
    text += length === 0 ? String.fromCharCode(ESCAPE | bytes.readUInt8(at)) : bytes.toString('utf8', at, at + length);
    at += length === 0 ? 1 : length;
  }
  return text;
}

/** Whether a string has surrogates that are no pair. */
export function isEscaped(text: string): boolean {
  return /\p{Surrogate}/u.test(text);
}

export function encodeText(text: string): Buffer {
  const parts: Buffer[] = [];
  for (const character of text) {
    const code = character.charCodeAt(0);
    const isEscape = character.length === 1 && code >= (ESCAPE | 0x80) && code <= (ESCAPE | 0xff);
    parts.push(isEscape ? Buffer.of(code & 0xff) : Buffer.from(character));
  }
  return Buffer.concat(parts);
}

/** How many bytes the character at a position has; 0 when there is none. */
function sequenceLength(bytes: Buffer, at: number): number {
  for (let length = 1; length <= 4 && at + length <= bytes.length; length++) {
    if (isText(bytes.subarray(at, at + length))) return length;
  }
  return 0;
}

function isText(bytes: Buffer): boolean {
  return Buffer.from(bytes.toString('utf8')).equals(bytes);
}

/** Parses a document with strings or names of fields that are no UTF-8: slowly, and without a loss. */
export function parseLossless(bytes: Buffer, options: DeserializeOptions): Document {
  const document: Document = {};
  for (const { name, value } of elementsOf(bytes, options)) setField(document, name, value);
  return document;
}

function* elementsOf(bytes: Buffer, options: DeserializeOptions): Generator<{ name: string; value: unknown }> {
  for (let at = 4; bytes[at] !== undefined && bytes[at] !== 0; ) {
    const type = bytes.readUInt8(at);
    const nameEnd = bytes.indexOf(0, at + 1);
    const name = decodeText(bytes.subarray(at + 1, nameEnd));
    const start = nameEnd + 1;
    const size = sizeOf(type, bytes, start);
    const content = bytes.subarray(start, start + size);
    yield { name, value: valueOf(type, content, options) };
    at = start + size;
  }
}

function valueOf(type: number, content: Buffer, options: DeserializeOptions): unknown {
  if (type === 2) return decodeText(content.subarray(4, content.length - 1));
  if (type === 3) return parseLossless(content, options);
  if (type === 4) return [...elementsOf(content, options)].map(({ value }) => value);
  const head = Buffer.alloc(7);
  head.writeInt32LE(8 + content.length, 0);
  head.set([type, 'v'.charCodeAt(0), 0], 4);
  const { v } = deserialize(Buffer.concat([head, content, Buffer.of(0)]), {
    ...options,
    validation: { utf8: false },
  }) as { v: unknown };
  return v;
}

const SIZES: Readonly<Record<number, number>> = {
  1: 8,
  6: 0,
  7: 12,
  8: 1,
  9: 8,
  10: 0,
  16: 4,
  17: 8,
  18: 8,
  19: 16,
  127: 0,
  255: 0,
};

function sizeOf(type: number, bytes: Buffer, start: number): number {
  const fixed = SIZES[type];
  if (fixed !== undefined) return fixed;
  switch (type) {
    case 2:
    case 13:
    case 14:
      return 4 + bytes.readInt32LE(start);
    case 3:
    case 4:
    case 15:
      return bytes.readInt32LE(start);
    case 5:
      return 5 + bytes.readInt32LE(start);
    case 11:
      return bytes.indexOf(0, bytes.indexOf(0, start) + 1) + 1 - start;
    case 12:
      return 4 + bytes.readInt32LE(start) + 12;
    default:
      throw new RangeError(`The BSON type ${type} does not exist`);
  }
}
