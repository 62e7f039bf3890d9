import {
  type Binary,
  type BSONRegExp,
  type Decimal128,
  type Double,
  deserialize,
  type Int32,
  Long,
  type ObjectId,
  serialize,
} from 'bson';
import { encodeText, isEscaped, parseLossless } from './lossless.js';
import { bsonClass, type Document, isDocument } from './types.js';

/** Nothing is promoted: a stored Long must stay a Long, and 1.0 a double. */
const parseOptions = { promoteValues: false, promoteLongs: false, promoteBuffers: false, bsonRegExp: true } as const;

export function parseDocument(bytes: Uint8Array): Document {
  const value = deserialize(bytes, { ...parseOptions, validation: { utf8: false } });
  return mayHaveLost(value)
    ? parseLossless(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), parseOptions)
    : value;
}

/** Whether a string or a name has the character that the decoder puts in the place of what it cannot read. */
function mayHaveLost(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('\ufffd');
  if (Array.isArray(value)) return value.some(mayHaveLost);
  if (!isDocument(value)) return false;
  for (const name of Object.keys(value)) if (name.includes('\ufffd') || mayHaveLost(value[name])) return true;
  return false;
}

/**
 * A document that is known by its bytes, by its value, or both; the other is made when it is asked for. Immutable:
 * a change makes a new one. So cursors are snapshots, and stored bytes go into replies as they are.
 */
export class BsonDocument {
  #bytes: Buffer | undefined;
  #value: Document | undefined;

  private constructor(bytes: Buffer | undefined, value: Document | undefined) {
    this.#bytes = bytes;
    this.#value = value;
  }

  /** The bytes are kept as they are: pass a copy when they are part of a larger buffer. */
  static fromBytes(bytes: Buffer): BsonDocument {
    return new BsonDocument(bytes, undefined);
  }

  static fromValue(value: Document): BsonDocument {
    return new BsonDocument(undefined, value);
  }

  get value(): Document {
    this.#value ??= parseDocument(this.bytes);
    return this.#value;
  }

  get bytes(): Buffer {
    this.#bytes ??= encodeDocument(this.value);
    return this.#bytes;
  }

  writeTo(writer: BsonWriter): void {
    if (this.#bytes === undefined) writer.document(this.value);
    else writer.raw(this.#bytes);
  }
}

/** Writes BSON into one growing buffer; a BsonDocument inside is copied byte by byte. */
export class BsonWriter {
  #buffer = Buffer.allocUnsafe(16 * 1024);
  #length = 0;

  /** Forgets what was written and leaves room for a header of the given size. */
  reset(reserved: number): void {
    this.#length = 0;
    this.#reserve(reserved);
    this.#length = reserved;
  }

  /** A copy of what was written. */
  take(): Buffer {
    const bytes = Buffer.allocUnsafe(this.#length);
    this.#buffer.copy(bytes, 0, 0, this.#length);
    // One huge document must not keep its buffer for ever.
    if (this.#buffer.length > 4 * 1024 * 1024) this.#buffer = Buffer.allocUnsafe(16 * 1024);
    return bytes;
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  document(value: Document): void {
    const start = this.#open();
    for (const name of Object.keys(value)) this.#element(name, value[name]);
    this.#close(start);
  }

  #array(values: readonly unknown[]): void {
    const start = this.#open();
    for (let index = 0; index < values.length; index++) this.#element(String(index), values[index] ?? null);
    this.#close(start);
  }

  #open(): number {
    const start = this.#length;
    this.#reserve(4);
    this.#length += 4;
    return start;
  }

  #close(start: number): void {
    this.#byte(0);
    this.#buffer.writeInt32LE(this.#length - start, start);
  }

  #element(name: string, value: unknown): void {
    switch (typeof value) {
      case 'string':
        this.#head(2, name);
        {
          this.#string(value);
          return;
        }
      case 'boolean':
        this.#head(8, name);
        {
          this.#byte(value ? 1 : 0);
          return;
        }
      case 'number':
        if (Number.isInteger(value) && (value | 0) === value) {
          this.#int32(name, value);
          return;
        }
        {
          this.#double(name, value);
          return;
        }
      case 'bigint': {
        this.#int64(18, name, Long.fromBigInt(value));
        return;
      }
      case 'object':
        if (value === null) {
          this.#head(10, name);
          return;
        }
        {
          this.#object(name, value);
          return;
        }
      case 'undefined':
      case 'function':
      case 'symbol':
        return;
    }
  }

  #object(name: string, value: object): void {
    if (Array.isArray(value)) {
      this.#head(4, name);
      this.#array(value);
      return;
    }
    if (value instanceof BsonDocument) {
      this.#head(3, name);
      value.writeTo(this);
      return;
    }
    if (value instanceof Date) {
      this.#int64(9, name, Long.fromNumber(value.getTime()));
      return;
    }
    switch (bsonClass(value)) {
      case undefined:
        this.#head(3, name);
        {
          this.document(value as Document);
          return;
        }
      case 'ObjectId':
        this.#head(7, name);
        {
          this.raw((value as ObjectId).id);
          return;
        }
      case 'Int32': {
        this.#int32(name, (value as Int32).value);
        return;
      }
      case 'Double': {
        this.#double(name, (value as Double).value);
        return;
      }
      case 'Long': {
        this.#int64(18, name, value as Long);
        return;
      }
      case 'Timestamp': {
        this.#int64(17, name, value as Long);
        return;
      }
      case 'Decimal128':
        this.#head(19, name);
        {
          this.raw((value as Decimal128).bytes);
          return;
        }
      case 'BSONRegExp':
        this.#head(11, name);
        this.#cString((value as BSONRegExp).pattern);
        {
          this.#cString((value as BSONRegExp).options);
          return;
        }
      case 'Binary':
        if ((value as Binary).sub_type !== 2) {
          this.#binary(name, value as Binary);
          return;
        }
        {
          this.#other(name, value);
          return;
        }
      case 'MinKey': {
        this.#head(255, name);
        return;
      }
      case 'MaxKey': {
        this.#head(127, name);
        return;
      }
      default: {
        this.#other(name, value);
        return;
      }
    }
  }

  /** Rare types: the package bson writes them, and the element is cut out of its document. */
  #other(name: string, value: object): void {
    const bytes = serialize({ [name]: value });
    this.raw(bytes.subarray(4, bytes.length - 1));
  }

  #binary(name: string, value: Binary): void {
    this.#head(5, name);
    this.#reserve(5);
    this.#buffer.writeInt32LE(value.position, this.#length);
    this.#buffer[this.#length + 4] = value.sub_type;
    this.#length += 5;
    this.raw(value.buffer.subarray(0, value.position));
  }

  #head(type: number, name: string): void {
    this.#byte(type);
    this.#cString(name);
  }

  #cString(text: string): void {
    if (isEscaped(text)) {
      this.raw(encodeText(text));
      this.#byte(0);
      return;
    }
    this.#reserve(text.length * 3 + 1);
    this.#length += this.#buffer.write(text, this.#length, 'utf8');
    this.#buffer[this.#length++] = 0;
  }

  #string(text: string): void {
    if (isEscaped(text)) {
      const bytes = encodeText(text);
      this.#reserve(4);
      this.#length = this.#buffer.writeInt32LE(bytes.length + 1, this.#length);
      this.raw(bytes);
      this.#byte(0);
      return;
    }
    this.#reserve(text.length * 3 + 5);
    const size = this.#buffer.write(text, this.#length + 4, 'utf8');
    this.#buffer.writeInt32LE(size + 1, this.#length);
    this.#length += size + 4;
    this.#buffer[this.#length++] = 0;
  }

  #int32(name: string, value: number): void {
    this.#head(16, name);
    this.#reserve(4);
    this.#length = this.#buffer.writeInt32LE(value, this.#length);
  }

  #int64(type: number, name: string, value: Long): void {
    this.#head(type, name);
    this.#reserve(8);
    this.#buffer.writeInt32LE(value.low, this.#length);
    this.#length = this.#buffer.writeInt32LE(value.high, this.#length + 4);
  }

  #double(name: string, value: number): void {
    this.#head(1, name);
    this.#reserve(8);
    this.#length = this.#buffer.writeDoubleLE(value, this.#length);
  }

  #byte(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#length++] = value;
  }

  #reserve(size: number): void {
    const needed = this.#length + size;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}

const scratch = new BsonWriter();

export function encodeDocument(value: Document): Buffer {
  scratch.reset(0);
  scratch.document(value);
  return scratch.take();
}
