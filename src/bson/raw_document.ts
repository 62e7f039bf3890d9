import { isUtf8 } from 'node:buffer';
import { MongoUnexpectedServerResponseError } from '../errors/driver.js';
import { Timestamp } from './index.js';

/** BSON element types that a reply's own fields have. */
export const ElementType = Object.freeze({
  double: 0x01,
  string: 0x02,
  document: 0x03,
  array: 0x04,
  binary: 0x05,
  objectId: 0x07,
  boolean: 0x08,
  date: 0x09,
  null: 0x0a,
  int32: 0x10,
  timestamp: 0x11,
  int64: 0x12,
} as const);

const SHORTEST_DOCUMENT = 5;

/** Bytes of a value whose size does not depend on what it holds; -1 elsewhere. */
const FIXED_SIZE = new Int8Array(256).fill(-1);
for (const [type, size] of [
  [0x01, 8],
  [0x06, 0],
  [0x07, 12],
  [0x08, 1],
  [0x09, 8],
  [0x0a, 0],
  [0x10, 4],
  [0x11, 8],
  [0x12, 8],
  [0x13, 16],
  [0x7f, 0],
  [0xff, 0],
] as const) {
  FIXED_SIZE[type] = size;
}

/** @throws MongoUnexpectedServerResponseError always */
export function malformed(what: string): never {
  throw new MongoUnexpectedServerResponseError(`Malformed BSON in a reply: ${what}`);
}

/** The index of the next zero byte before `limit`; names and regular expressions end with one. */
export function endOfCString(bytes: Buffer, from: number, limit: number): number {
  // Names are short: a loop is faster than a call to indexOf.
  for (let index = from; index < limit; index++) if (bytes[index] === 0) return index;
  return malformed('a name without an end');
}

function sizeAt(bytes: Buffer, offset: number, limit: number): number {
  if (offset + 4 > limit) malformed('a size beyond the end of its document');
  return bytes.readInt32LE(offset);
}

/** The offset just after a value, checked to lie inside its document. */
export function endOfValue(bytes: Buffer, type: number, offset: number, limit: number): number {
  let end: number;
  const fixed = FIXED_SIZE[type] ?? -1;
  if (fixed >= 0) {
    end = offset + fixed;
  } else {
    switch (type) {
      case 0x02: // string
      case 0x0d: // code
      case 0x0e: {
        // symbol
        const size = sizeAt(bytes, offset, limit);
        if (size < 1) malformed(`a string of ${size} bytes`);
        end = offset + 4 + size;
        if (end <= limit && bytes[end - 1] !== 0) malformed('a string without an end');
        break;
      }
      case 0x03: // document
      case 0x04: {
        // array
        const size = sizeAt(bytes, offset, limit);
        if (size < SHORTEST_DOCUMENT) malformed(`a document of ${size} bytes`);
        end = offset + size;
        break;
      }
      case 0x05: {
        // binary
        const size = sizeAt(bytes, offset, limit);
        if (size < 0) malformed(`binary data of ${size} bytes`);
        end = offset + 5 + size;
        break;
      }
      case 0x0b: // regular expression
        end = endOfCString(bytes, endOfCString(bytes, offset, limit) + 1, limit) + 1;
        break;
      case 0x0c: {
        // DBPointer
        const size = sizeAt(bytes, offset, limit);
        if (size < 1) malformed(`a namespace of ${size} bytes`);
        end = offset + 4 + size + 12;
        break;
      }
      case 0x0f: {
        // code with scope
        const size = sizeAt(bytes, offset, limit);
        if (size < 14) malformed(`code with scope of ${size} bytes`);
        end = offset + size;
        break;
      }
      default:
        return malformed(`unknown element type 0x${type.toString(16)}`);
    }
  }
  if (end > limit) malformed('a value beyond the end of its document');
  return end;
}

/**
 * A BSON document read where it lies in a reply: its own fields are found by walking over them, and only what is asked for is decoded.
 * The walk of {@link RawDocument.at} makes sure that every field lies inside the document; the other methods rely on it.
 */
export class RawDocument {
  readonly bytes: Buffer;
  readonly start: number;
  /** Offset of the terminating zero byte. */
  readonly end: number;

  private constructor(bytes: Buffer, start: number, end: number) {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
  }

  /**
   * The document at an offset, after a look at its size and at the bounds of its own fields (nested documents are looked at when they are read).
   *
   * @throws MongoUnexpectedServerResponseError if it does not lie before `limit` or is malformed
   */
  static at(bytes: Buffer, start: number, limit: number): RawDocument {
    const size = sizeAt(bytes, start, limit);
    if (size < SHORTEST_DOCUMENT) malformed(`a document of ${size} bytes`);
    if (start + size > limit) malformed(`a document of ${size} bytes where ${limit - start} are left`);
    const end = start + size - 1;
    if (bytes[end] !== 0) malformed('a document without an end');
    for (let offset = start + 4; offset < end; ) {
      const type = bytes[offset] ?? 0;
      if (type === 0) malformed('a document that ends before its size');
      offset = endOfValue(bytes, type, endOfCString(bytes, offset + 1, end) + 1, end);
    }
    return new RawDocument(bytes, start, end);
  }

  /** Size of the whole document in bytes. */
  get byteLength(): number {
    return this.end + 1 - this.start;
  }

  /** Offset of a field's type byte, or -1. Its value begins at `offset + 2 + name.length`: names asked for are ASCII. */
  #find(name: string): number {
    const { bytes, end } = this;
    const length = name.length;
    for (let offset = this.start + 4; offset < end; ) {
      let index = 0;
      while (index < length && bytes[offset + 1 + index] === name.charCodeAt(index)) index++;
      if (index === length && bytes[offset + 1 + length] === 0) return offset;
      const nameEnd = endOfCString(bytes, offset + 1 + index, end);
      offset = endOfValue(bytes, bytes[offset] ?? 0, nameEnd + 1, end);
    }
    return -1;
  }

  /** Offset of the value of a field of that type, or -1. */
  valueOffset(name: string, type: number): number {
    const found = this.#find(name);
    return found < 0 || this.bytes[found] !== type ? -1 : found + 2 + name.length;
  }

  /**
   * The same for a field that is kept or acted upon: one of another type is not overlooked. A missing field and null are the same.
   *
   * @throws MongoUnexpectedServerResponseError if the field has another type
   */
  typedOffset(name: string, type: number): number {
    const found = this.#find(name);
    if (found < 0 || this.bytes[found] === ElementType.null) return -1;
    if (this.bytes[found] === type) return found + 2 + name.length;
    return malformed(`'${name}' of type 0x${(this.bytes[found] ?? 0).toString(16)} and not 0x${type.toString(16)}`);
  }

  has(name: string): boolean {
    return this.#find(name) >= 0;
  }

  /**
   * A number of any BSON type (a 64-bit integer beyond 2^53 loses its last digits), or a boolean as 0 and 1.
   *
   * @throws MongoUnexpectedServerResponseError if it is a boolean that is neither
   */
  number(name: string): number | undefined {
    const found = this.#find(name);
    if (found < 0) return undefined;
    const value = found + 2 + name.length;
    switch (this.bytes[found]) {
      case ElementType.double:
        return this.bytes.readDoubleLE(value);
      case ElementType.int32:
        return this.bytes.readInt32LE(value);
      case ElementType.int64:
        return Number(this.bytes.readBigInt64LE(value));
      case ElementType.boolean: {
        const boolean = this.bytes[value] ?? 0;
        return boolean > 1 ? malformed(`a boolean of ${boolean}`) : boolean;
      }
      default:
        return undefined;
    }
  }

  /** An integer in full. */
  bigint(name: string): bigint | undefined {
    const found = this.#find(name);
    if (found >= 0 && this.bytes[found] === ElementType.int64) {
      return this.bytes.readBigInt64LE(found + 2 + name.length);
    }
    const number = this.number(name);
    return number === undefined || !Number.isInteger(number) ? undefined : BigInt(number);
  }

  /** @throws MongoUnexpectedServerResponseError if it is not UTF-8 */
  string(name: string): string | undefined {
    const found = this.#find(name);
    if (found < 0 || this.bytes[found] !== ElementType.string) return undefined;
    return this.#text(name, found + 2 + name.length);
  }

  #text(name: string, value: number): string {
    const text = this.bytes.subarray(value + 4, value + 3 + this.bytes.readInt32LE(value));
    if (!isUtf8(text)) malformed(`'${name}' is not UTF-8`);
    return text.toString('utf8');
  }

  /**
   * The value of a field that is a string, a double, a 32-bit integer or a boolean; undefined when it is something else or missing.
   *
   * @throws MongoUnexpectedServerResponseError if it is a string that is not UTF-8, or a boolean that is neither
   */
  simple(name: string): string | number | boolean | undefined {
    const found = this.#find(name);
    if (found < 0) return undefined;
    const value = found + 2 + name.length;
    switch (this.bytes[found]) {
      case ElementType.string:
        return this.#text(name, value);
      case ElementType.double:
        return this.bytes.readDoubleLE(value);
      case ElementType.int32:
        return this.bytes.readInt32LE(value);
      case ElementType.boolean: {
        const boolean = this.bytes[value] ?? 0;
        return boolean > 1 ? malformed(`a boolean of ${boolean}`) : boolean === 1;
      }
      default:
        return undefined;
    }
  }

  /**
   * A timestamp that is kept or acted upon.
   *
   * @throws MongoUnexpectedServerResponseError if the field has another type
   */
  timestamp(name: string): Timestamp | undefined {
    const value = this.typedOffset(name, ElementType.timestamp);
    return value < 0 ? undefined : new Timestamp(this.bytes.readBigUInt64LE(value));
  }

  /** A nested document. */
  document(name: string): RawDocument | undefined {
    return this.#nested(name, ElementType.document);
  }

  /** An array, which BSON keeps as a document with the indexes as names. */
  array(name: string): RawDocument | undefined {
    return this.#nested(name, ElementType.array);
  }

  #nested(name: string, type: number): RawDocument | undefined {
    const found = this.#find(name);
    if (found < 0 || this.bytes[found] !== type) return undefined;
    return RawDocument.at(this.bytes, found + 2 + name.length, this.end);
  }

  /** An array that holds only this document. */
  inArray(): RawDocument {
    const head = Buffer.from([0, 0, 0, 0, ElementType.document, 0x30, 0]);
    const array = Buffer.concat([head, this.slice(), Buffer.of(0)]);
    array.writeInt32LE(array.length, 0);
    return RawDocument.at(array, 0, array.length);
  }

  /** A document of its own that holds only this field; undefined when there is no such field. */
  only(name: string): Buffer | undefined {
    const found = this.#find(name);
    if (found < 0) return undefined;
    const end = endOfValue(this.bytes, this.bytes[found] ?? 0, found + 2 + name.length, this.end);
    const document = Buffer.allocUnsafe(SHORTEST_DOCUMENT + end - found);
    document.writeInt32LE(document.length, 0);
    this.bytes.copy(document, 4, found, end);
    document[document.length - 1] = 0;
    return document;
  }

  /** The bytes of this document; a view, not a copy. */
  slice(): Buffer {
    return this.bytes.subarray(this.start, this.end + 1);
  }
}
