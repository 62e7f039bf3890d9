import { MongoUnexpectedServerResponseError } from '../errors/driver.js';
import { type Document, Double, Int32, Long, ObjectId, Timestamp } from './index.js';

/**
 * Fields of a document that a server sent, read by their BSON types. A missing field and null are the same.
 *
 * A server can send an object with any field in it, `valueOf`, `_bsontype` and `__isLong__` included. So a value is never asked what it is,
 * and none of its methods is called before its class is known.
 */
export class ReplyFields {
  readonly #document: Document;
  readonly #what: string;
  readonly #host: string | undefined;

  /** @param what - names the document in errors, such as `hello of db1:27017` */
  constructor(document: Document, what: string, host?: string) {
    this.#document = document;
    this.#what = what;
    this.#host = host;
  }

  /** The fields of a value that must be a document. */
  static of(value: unknown, what: string, host?: string): ReplyFields {
    if (isDocument(value)) return new ReplyFields(value, what, host);
    return new ReplyFields({}, what, host).wrong('', 'a document', value);
  }

  /** The value as it was decoded; undefined when the field is missing or null. */
  value(name: string): unknown {
    return Object.hasOwn(this.#document, name) ? (this.#document[name] ?? undefined) : undefined;
  }

  /** Whether `ok` says that a command was carried out: 1 of any numeric type, or true. */
  get ok(): boolean {
    const ok = this.value('ok');
    return ok === true || numberOf(ok) === 1;
  }

  number(name: string): number | null {
    const value = this.value(name);
    if (value === undefined) return null;
    return numberOf(value) ?? this.wrong(name, 'a number', value);
  }

  integer(name: string): number | null {
    const number = this.number(name);
    if (number === null || Number.isInteger(number)) return number;
    return this.wrong(name, 'an integer', number);
  }

  /** An integer in full. */
  bigint(name: string): bigint | null {
    const value = this.value(name);
    if (typeof value === 'bigint') return value;
    if (isLong(value)) return value.toBigInt();
    const integer = this.integer(name);
    return integer === null ? null : BigInt(integer);
  }

  /** An integer from 0 on. */
  count(name: string): number | null {
    const integer = this.integer(name);
    return integer === null || integer >= 0 ? integer : this.wrong(name, 'an integer from 0 on', integer);
  }

  /** A boolean, or a number as servers and proxies send it in its place; false when it is missing. */
  boolean(name: string): boolean {
    const value = this.value(name);
    if (value === undefined || typeof value === 'boolean') return value ?? false;
    const number = numberOf(value) ?? this.wrong(name, 'a boolean', value);
    return number !== 0;
  }

  string(name: string): string | null {
    const value = this.value(name);
    return value === undefined || typeof value === 'string' ? (value ?? null) : this.wrong(name, 'a string', value);
  }

  /** An array of strings; empty when it is missing. */
  strings(name: string): readonly string[] {
    return this.array(name).map(item =>
      typeof item === 'string' ? item : this.wrong(name, 'an array of strings', item),
    );
  }

  array(name: string): readonly unknown[] {
    const value = this.value(name);
    if (value === undefined) return [];
    return Array.isArray(value) ? (value as unknown[]) : this.wrong(name, 'an array', value);
  }

  /** An array of documents; empty when it is missing. */
  documents(name: string): readonly Document[] {
    return this.array(name).map(item => (isDocument(item) ? item : this.wrong(name, 'an array of documents', item)));
  }

  document(name: string): Document | null {
    const value = this.value(name);
    return value === undefined || isDocument(value) ? (value ?? null) : this.wrong(name, 'a document', value);
  }

  objectId(name: string): ObjectId | null {
    const value = this.value(name);
    return value === undefined || value instanceof ObjectId ? (value ?? null) : this.wrong(name, 'an ObjectId', value);
  }

  /**
   * Refuses a field. The value itself is not shown: it may repeat what the client has sent.
   *
   * @throws MongoUnexpectedServerResponseError always
   */
  wrong(name: string, wanted: string, value: unknown): never {
    throw new MongoUnexpectedServerResponseError(
      `Protocol error: ${name === '' ? '' : `'${name}' in the `}${this.#what} must be ${wanted}, got ${kindOf(value)}`,
      this.#host === undefined ? {} : { host: this.#host },
    );
  }
}

/** A number of any BSON type but Decimal128, as any options of the decoder give it; null for everything else. */
export function numberOf(value: unknown): number | null {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Int32 || value instanceof Double) return value.value;
  return isLong(value) ? value.toNumber() : null;
}

/** Whether a value is an int64. A timestamp is a `Long` too, and no number. */
export function isLong(value: unknown): value is Long {
  return value instanceof Long && !(value instanceof Timestamp);
}

/** Whether a decoded value is an embedded document, as opposed to an array and to every other BSON type. */
export function isDocument(value: unknown): value is Document {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function kindOf(value: unknown): string {
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : `a ${typeof value}`;
  if (isDocument(value)) return 'a document';
  // The class by its prototype: `constructor` may be a field of the value.
  return `a value of type ${(Object.getPrototypeOf(value) as { constructor: { name: string } }).constructor.name}`;
}
