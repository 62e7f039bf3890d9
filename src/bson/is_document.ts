import { types } from 'node:util';
import type { Document } from './index.js';

/**
 * Whether a value is an object that stands for a document. Objects that BSON encodes as something else (arrays, dates, an ObjectId), or as
 * an empty document although they hold something (sets, promises), are none.
 */
export function isDocument(value: unknown): value is Document {
  if (typeof value !== 'object' || value === null) return false;
  if ((value as { _bsontype?: unknown })._bsontype !== undefined) return typeof bsonTypeOf(value) !== 'string';
  // The usual case.
  if (Object.getPrototypeOf(value) === Object.prototype) return true;
  return !(
    Array.isArray(value) ||
    types.isDate(value) ||
    types.isRegExp(value) ||
    types.isPromise(value) ||
    types.isAnyArrayBuffer(value) ||
    ArrayBuffer.isView(value) ||
    types.isBoxedPrimitive(value) ||
    types.isSet(value) ||
    types.isWeakMap(value) ||
    types.isWeakSet(value)
  );
}

/** What a value is, in words, for the message that refuses it. Says nothing of what it holds. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (value === undefined) return 'undefined';
  if (typeof value === 'function') return 'a function';
  if (typeof value !== 'object') return `a ${typeof value}`;
  if (Array.isArray(value)) return 'an array';
  if (types.isPromise(value)) return 'a promise (is an await missing?)';
  const type = bsonTypeOf(value);
  if (typeof type === 'string') return `a value of the BSON type ${type.slice(0, 32)}`;
  if (types.isDate(value)) return 'a date';
  if (types.isRegExp(value)) return 'a regular expression';
  if (types.isAnyArrayBuffer(value) || ArrayBuffer.isView(value)) return 'binary data';
  if (types.isBoxedPrimitive(value)) return `a ${typeof value.valueOf()}`;
  return types.isSet(value) ? 'a set' : 'an object that is no document';
}

function bsonTypeOf(value: object): unknown {
  return (value as { _bsontype?: unknown })._bsontype;
}
