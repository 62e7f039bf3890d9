import type { BSONSerializeOptions, Document } from '../bson/index.js';
import { MongoInvalidArgumentError } from '../errors/driver.js';

// Only the first name is looked at: the rest is the server's business (CRUD, "Update vs. replace validation").

/**
 * @param update - operators, or a pipeline of them
 * @throws MongoInvalidArgumentError if it has no update operators
 */
export function checkUpdate(update: Document, { ignoreUndefined }: BSONSerializeOptions): void {
  const parts = Array.isArray(update) ? (update as unknown[]) : [update];
  if (parts.length === 0 || !parts.every(startsWithOperator)) {
    throw new MongoInvalidArgumentError('Update document requires atomic operators');
  }
  // Nothing would be left to send of it.
  if (ignoreUndefined === true && !parts.some(part => Object.values(part as Document).some(isDefined))) {
    throw new MongoInvalidArgumentError(
      'Update operations require that all atomic operators have defined values, but none were provided.',
    );
  }
}

/** @throws MongoInvalidArgumentError if it has update operators */
export function checkReplacement(replacement: Document): void {
  if (Array.isArray(replacement) || startsWithOperator(replacement)) {
    throw new MongoInvalidArgumentError('Replacement document must not contain atomic operators');
  }
}

function startsWithOperator(document: unknown): boolean {
  if (typeof document !== 'object' || document === null) return false;
  for (const name in document instanceof Map ? Object.fromEntries(document) : document) return name.startsWith('$');
  return false;
}

function isDefined(value: unknown): boolean {
  return value !== undefined;
}
