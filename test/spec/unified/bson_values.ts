import { EJSON } from 'bson';

/**
 * Values of BSON as a test sees them. They may come from any driver's copy of bson, so a type is read from `_bsontype`,
 * never from a class; and they may be JavaScript's own values, which some types of BSON are promoted to.
 */

export type Doc = Readonly<Record<string, unknown>>;

/** The aliases of `$type`, but for `number`, which stands for several types. */
const BSON_TYPES = [
  'double',
  'string',
  'object',
  'array',
  'binData',
  'undefined',
  'objectId',
  'bool',
  'date',
  'null',
  'regex',
  'dbPointer',
  'javascript',
  'symbol',
  'javascriptWithScope',
  'int',
  'timestamp',
  'long',
  'decimal',
  'minKey',
  'maxKey',
] as const;
export type BsonType = (typeof BSON_TYPES)[number];

const TYPE_OF_CLASS: Readonly<Record<string, BsonType>> = {
  Binary: 'binData',
  ObjectId: 'objectId',
  Int32: 'int',
  Double: 'double',
  Long: 'long',
  Decimal128: 'decimal',
  Timestamp: 'timestamp',
  BSONRegExp: 'regex',
  BSONSymbol: 'symbol',
  MinKey: 'minKey',
  MaxKey: 'maxKey',
  // A DBRef is a convention for documents, not a type of its own.
  DBRef: 'object',
};

const INT32 = 2 ** 31;
const SHOWN = 400;

export function isBsonType(alias: string): alias is BsonType {
  return (BSON_TYPES as readonly string[]).includes(alias);
}

function classOf(value: object): string | undefined {
  const name = (value as { _bsontype?: unknown })._bsontype;
  return typeof name === 'string' ? name : undefined;
}

/** Every type that a value may have had as BSON: a promoted number no longer tells. None for what BSON cannot hold. */
export function bsonTypes(value: unknown): readonly BsonType[] {
  switch (typeof value) {
    case 'string':
      return ['string'];
    case 'boolean':
      return ['bool'];
    case 'bigint':
      return ['long'];
    case 'number':
      return numberTypes(value);
    case 'object':
      return value === null ? ['null'] : objectTypes(value);
    default:
      return [];
  }
}

function numberTypes(value: number): readonly BsonType[] {
  if (!Number.isInteger(value)) return ['double'];
  return value >= -INT32 && value < INT32 ? ['int', 'long', 'double'] : ['long', 'double'];
}

function objectTypes(value: object): readonly BsonType[] {
  const name = classOf(value);
  if (name === 'Code') return [(value as { scope?: unknown }).scope ? 'javascriptWithScope' : 'javascript'];
  if (name !== undefined) {
    const type = TYPE_OF_CLASS[name];
    return type === undefined ? [] : [type];
  }
  if (Array.isArray(value)) return ['array'];
  if (value instanceof Date) return ['date'];
  if (value instanceof RegExp) return ['regex'];
  if (value instanceof Uint8Array) return ['binData'];
  return ['object'];
}

/** The fields of a document, whatever holds them; undefined for any other value. A field set to undefined is no field. */
export function fieldsOf(value: unknown): ReadonlyMap<string, unknown> | undefined {
  if (bsonTypes(value)[0] !== 'object') return undefined;
  const entries =
    value instanceof Map
      ? [...(value as Map<unknown, unknown>)].map(([key, field]) => [String(key), field] as const)
      : Object.entries(classOf(value as object) === 'DBRef' ? dbRefDocument(value as DbRefLike) : (value as object));
  return new Map(entries.filter(([, field]) => field !== undefined));
}

interface DbRefLike {
  readonly collection: string;
  readonly oid: unknown;
  readonly db?: string;
  readonly fields?: Doc;
}

function dbRefDocument({ collection, oid, db, fields }: DbRefLike): Doc {
  return { $ref: collection, $id: oid, $db: db, ...fields };
}

/** The value of an int, a long or a double; undefined for everything else, a Decimal128 included. */
export function numericValue(value: unknown): number | bigint | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return value;
  if (typeof value !== 'object' || value === null) return undefined;
  switch (classOf(value)) {
    case 'Int32':
    case 'Double':
      return Number((value as { value: unknown }).value);
    case 'Long':
      return BigInt((value as { toString(): string }).toString());
    default:
      return undefined;
  }
}

/** Compares without loss: a long above 2^53 is not equal to the double next to it. */
export function sameNumber(a: number | bigint, b: number | bigint): boolean {
  if (typeof a === typeof b) return a === b || (Number.isNaN(a) && Number.isNaN(b));
  return a <= b && a >= b;
}

/** The bytes of a Binary or of a Uint8Array. */
export function bytesOf(value: unknown): Buffer | undefined {
  if (bsonTypes(value)[0] !== 'binData') return undefined;
  if (value instanceof Uint8Array) return Buffer.from(value);
  const { buffer, position } = value as { buffer: Uint8Array; position?: number };
  return Buffer.from(buffer.subarray(0, position ?? buffer.length));
}

/** Equality of two values that are neither documents, arrays nor numbers. */
export function sameScalar(a: unknown, b: unknown): boolean {
  const type = bsonTypes(a)[0];
  if (type === undefined || type !== bsonTypes(b)[0]) return false;
  return canonical(type, a) === canonical(type, b);
}

/** A value of a type as something that `===` compares. */
function canonical(type: BsonType, value: unknown): unknown {
  const object = value as Doc & { toString(): string };
  switch (type) {
    case 'binData':
      return `${(value as { sub_type?: number }).sub_type ?? 0}:${bytesOf(value)?.toString('hex') ?? ''}`;
    case 'objectId':
    case 'decimal':
    case 'timestamp':
      return object.toString();
    case 'date':
      return (value as Date).getTime();
    case 'regex':
      return regexText(value as RegExp | { pattern: string; options: string });
    case 'symbol':
      return object['value'];
    case 'javascript':
    case 'javascriptWithScope':
      return `${String(object['code'])} ${show(object['scope'])}`;
    case 'minKey':
    case 'maxKey':
      return type;
    default:
      return value;
  }
}

function regexText(regex: RegExp | { pattern: string; options: string }): string {
  if (!(regex instanceof RegExp)) return `/${regex.pattern}/${Array.from(regex.options).sort().join('')}`;
  return `/${regex.source}/${regex.ignoreCase ? 'i' : ''}${regex.multiline ? 'm' : ''}${regex.dotAll ? 's' : ''}`;
}

/** A copy in which ints, doubles and those longs that fit are JavaScript's numbers, as options of a driver have them. */
export function plain(value: unknown): unknown {
  const number = numericValue(value);
  if (number !== undefined) return typeof number === 'bigint' && !fitsNumber(number) ? value : Number(number);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null || classOf(value) !== undefined) return value;
  const fields = fieldsOf(value);
  return fields === undefined ? value : Object.fromEntries([...fields].map(([key, field]) => [key, plain(field)]));
}

function fitsNumber(value: bigint): boolean {
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER;
}

/** A value as EJSON, cut to a length that a message can hold. */
export function show(value: unknown): string {
  const text = value === undefined ? 'nothing' : ejson(value);
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}… (${text.length} characters)`;
}

function ejson(value: unknown): string {
  if (typeof value === 'function' || typeof value === 'symbol') return String(value);
  try {
    return EJSON.stringify(value);
  } catch {
    // What bson refuses, such as a value that contains itself or one of another major version of it.
    return Object.prototype.toString.call(value);
  }
}
