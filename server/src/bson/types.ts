import { type DBRef } from 'bson';

export type Document = Record<string, unknown>;

/** The names that $type, error messages and this code use for BSON types; 'missing' is a field that is not there. */
export type TypeName =
  | 'missing'
  | 'minKey'
  | 'double'
  | 'string'
  | 'object'
  | 'array'
  | 'binData'
  | 'objectId'
  | 'bool'
  | 'date'
  | 'null'
  | 'regex'
  | 'javascript'
  | 'javascriptWithScope'
  | 'symbol'
  | 'int'
  | 'timestamp'
  | 'long'
  | 'decimal'
  | 'maxKey';

const classNames: Readonly<Record<string, TypeName>> = {
  Int32: 'int',
  Double: 'double',
  Long: 'long',
  Decimal128: 'decimal',
  ObjectId: 'objectId',
  Binary: 'binData',
  Timestamp: 'timestamp',
  BSONRegExp: 'regex',
  BSONSymbol: 'symbol',
  Code: 'javascript',
  DBRef: 'object',
  MinKey: 'minKey',
  MaxKey: 'maxKey',
};

export function typeOf(value: unknown): TypeName {
  switch (typeof value) {
    case 'string':
      return 'string';
    case 'boolean':
      return 'bool';
    case 'number':
      return Number.isInteger(value) && Math.abs(value) < 2 ** 31 ? 'int' : 'double';
    case 'bigint':
      return 'long';
    case 'undefined':
    case 'function':
    case 'symbol':
      return 'missing';
    case 'object':
      break;
  }
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (value instanceof Date) return 'date';
  const className = bsonClass(value);
  if (className === undefined) return 'object';
  if (className === 'Code' && (value as { scope?: unknown }).scope) return 'javascriptWithScope';
  return classNames[className] ?? 'object';
}

/** The class of an object made by the package bson. A plain document may well have a field of the name _bsontype. */
export function bsonClass(value: object): string | undefined {
  if (Object.getPrototypeOf(value) === Object.prototype) return undefined;
  return (value as { _bsontype?: string })._bsontype;
}

/** A plain document; values of the package bson, dates and arrays are none. */
export function isDocument(value: unknown): value is Document {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** What a path may step into: a document, or a DBRef (which the parser of the package bson makes of {$ref, $id}). */
export function asDocument(value: unknown): Document | undefined {
  if (isDocument(value)) return value;
  if (typeof value !== 'object' || value === null || bsonClass(value) !== 'DBRef') return undefined;
  const reference = value as DBRef;
  return {
    $ref: reference.collection,
    $id: reference.oid,
    ...(reference.db === undefined ? {} : { $db: reference.db }),
    ...reference.fields,
  };
}

/** A field of a document, never one that every JavaScript object has (constructor, toString). */
export function fieldOf(document: Document, name: string): unknown {
  return Object.hasOwn(document, name) ? document[name] : undefined;
}

/** Sets a field even when it is named __proto__. */
export function setField(document: Document, name: string, value: unknown): void {
  if (name === '__proto__') {
    Object.defineProperty(document, name, { value, writable: true, enumerable: true, configurable: true });
  } else {
    document[name] = value;
  }
}

/** A copy whose documents and arrays may be changed; all other values are immutable and shared. */
export function cloneValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(cloneValue);
  return isDocument(value) ? cloneDocument(value) : value;
}

export function cloneDocument(document: Document): Document {
  const copy: Document = {};
  for (const name of Object.keys(document)) setField(copy, name, cloneValue(document[name]));
  return copy;
}
