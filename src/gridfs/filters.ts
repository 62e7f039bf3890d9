import type { Document } from '../bson/index.js';
import { MongoInvalidArgumentError } from '../errors/driver.js';
import { isGiven } from '../runtime/own_options.js';

/** BSON types that the server does not take for equality in a filter. */
const PATTERNS: ReadonlySet<unknown> = new Set(['BSONRegExp']);

/**
 * The condition that a field equals a value. A value that a server could take for operators or a pattern is put into `$eq`: an id that comes from
 * a request must not choose other files.
 */
export function equals(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Date || value instanceof Uint8Array) return value;
  const type: unknown = (value as { readonly _bsontype?: unknown })._bsontype;
  return typeof type === 'string' && !PATTERNS.has(type) ? value : { $eq: value };
}

/** @throws MongoInvalidArgumentError if there is none: null would also mean what has no id at all */
export function checkId(id: unknown): void {
  if (!isGiven(id)) throw new MongoInvalidArgumentError(`The id of a file must not be ${String(id)}`);
}

/** @throws MongoInvalidArgumentError if it is no string: an object could choose other files than the one that is meant */
export function checkFilename(filename: unknown): asserts filename is string {
  if (typeof filename === 'string') return;
  throw new MongoInvalidArgumentError(
    `A filename must be a string, got ${filename === null ? 'null' : typeof filename}`,
  );
}

export function byId(id: unknown): Document {
  return { _id: equals(id) };
}

export function chunksOf(id: unknown): Document {
  return { files_id: equals(id) };
}
