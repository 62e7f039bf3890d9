import type { BSONSerializeOptions, Document } from '../bson/index.js';
import { isDocument } from '../bson/is_document.js';
import { MongoInvalidArgumentError } from '../errors/driver.js';
import { type Content, contentWhenEncoded, type EncodedWrite } from './encoded_write.js';

/** Whether a change must be update operators (or a pipeline of them), or a whole document. */
export type ChangeKind = 'update' | 'replacement';

/** Why a change is not of its kind. */
export type ChangeFault = 'noObject' | 'noOperators' | 'nothingLeft' | 'operators' | 'vanished';

// A server takes an update whose first name is no operator for a replacement, and the reverse. The driver checks only the first name; the
// server checks the others (CRUD, "Update vs. replace validation").

/**
 * Checks a change as it will be encoded: without undefined values (under `ignoreUndefined`) and functions, after `toBSON`, in the order of a
 * Map, and with own properties only.
 *
 * @param options - null if they are not known yet; then the change is checked as it was given
 */
export function changeFault(
  kind: ChangeKind,
  given: unknown,
  options: BSONSerializeOptions | null,
): ChangeFault | undefined {
  if (typeof given !== 'object' || given === null) return 'noObject';
  const isUpdate = kind === 'update';
  if (Array.isArray(given)) {
    if (!isUpdate) return 'operators';
    // The methods of arrays would skip holes.
    for (let index = 0; index < given.length; index++) if (!startsWithOperator(given[index])) return 'noOperators';
    if (given.length === 0) return 'noOperators';
  } else if (!isDocument(given)) {
    return 'noObject';
  } else if (!convertsItself(given)) {
    const name = firstName(given);
    if (isUpdate && name?.startsWith('$') !== true) return 'noOperators';
    if (!isUpdate && name?.startsWith('$') === true) return 'operators';
    if (isKept(given, name, options) || (name === undefined && isEmptyOnPurpose(given))) return undefined;
  }
  if (options === null) return undefined;
  const content = contentWhenEncoded(given, options);
  return content === null ? undefined : encodedFault(kind, content, given);
}

/** Checks the encoded form of a change. */
function encodedFault(kind: ChangeKind, content: Content, given: unknown): ChangeFault | undefined {
  const hasOperators = content === 'operators' || content === 'pipeline';
  if (kind === 'update') return hasOperators ? undefined : 'nothingLeft';
  if (hasOperators) return 'operators';
  if (content === 'empty') return isEmptyOnPurpose(given) ? undefined : 'vanished';
  return content === 'fields' ? undefined : 'noObject';
}

/**
 * Checks the encoded form of a write, which is what the server gets. An object may have changed since the method was called, and a getter or
 * a `toBSON` may return something else each time.
 *
 * @param kind - null for a delete
 * @param filter - the filter that the caller gave
 * @param change - the change that the caller gave
 * @throws MongoInvalidArgumentError if the server would do another write than the caller asked for
 */
export function checkEncodedWrite(
  encoded: EncodedWrite,
  filter: unknown,
  kind: ChangeKind | null,
  change: unknown,
): void {
  if (encoded.filter === 'empty') refuseVanishedFilter(filter);
  else if (encoded.filter !== 'fields' && encoded.filter !== 'operators') {
    throw new MongoInvalidArgumentError('The filter of a write must be a document');
  }
  if (kind !== null) throwChangeFault(encodedFault(kind, encoded.change, change));
}

/**
 * @param update - operators, or a pipeline of them
 * @throws MongoInvalidArgumentError if the update has no operators, or has none once it is encoded
 */
export function checkUpdate(update: unknown, options: BSONSerializeOptions | null): asserts update is Document {
  throwChangeFault(changeFault('update', update, options));
}

/** @throws MongoInvalidArgumentError if the replacement has update operators, or begins with one once it is encoded */
export function checkReplacement(
  replacement: unknown,
  options: BSONSerializeOptions | null,
): asserts replacement is Document {
  throwChangeFault(changeFault('replacement', replacement, options));
}

/** @throws MongoInvalidArgumentError for a fault */
export function throwChangeFault(fault: ChangeFault | undefined): void {
  switch (fault) {
    case undefined:
      return;
    case 'noObject':
      throw new MongoInvalidArgumentError('Document must be a valid JavaScript object');
    case 'noOperators':
      throw new MongoInvalidArgumentError('Update document requires atomic operators');
    case 'nothingLeft':
      throw new MongoInvalidArgumentError(
        'Update operations require that all atomic operators have defined values, but none were provided. What is left of the update when it is encoded has no operators; the server would replace the document with it',
      );
    case 'vanished':
      throw new MongoInvalidArgumentError(
        'A replacement has no fields left when it is encoded (undefined values and functions are left out, and only own properties count): the document would be emptied. If that is meant, the replacement must be {}',
      );
    default:
      throw new MongoInvalidArgumentError('Replacement document must not contain atomic operators');
  }
}

/**
 * Checks the filter of a write. A filter that loses all conditions when it is encoded would match every document.
 *
 * @param options - null if they are not known yet; then the filter is checked as it was given
 * @throws MongoInvalidArgumentError if the filter is no document, or becomes empty when it is encoded
 */
export function checkWriteFilter(
  filter: unknown,
  message: string,
  options: BSONSerializeOptions | null,
): asserts filter is Document {
  if (!isDocument(filter)) throw new MongoInvalidArgumentError(message);
  if (options === null || isEmptyOnPurpose(filter)) return;
  if (!convertsItself(filter) && isKept(filter, firstName(filter), options)) return;
  const content = contentWhenEncoded(filter, options);
  if (content === 'empty') refuseVanishedFilter(filter);
  if (content !== null && content !== 'fields' && content !== 'operators') {
    throw new MongoInvalidArgumentError(message);
  }
}

/** @throws MongoInvalidArgumentError unless a filter that is empty once it is encoded was empty before */
function refuseVanishedFilter(filter: unknown): void {
  if (isEmptyOnPurpose(filter)) return;
  throw new MongoInvalidArgumentError(
    'The filter of a write has no conditions left when it is encoded (undefined values and functions are left out, and only own properties count): the write would match every document. If that is meant, the filter must be {}',
  );
}

/** Whether a value is `{}`, an empty Map, or an object whose `toBSON` returns `{}`. */
function isEmptyOnPurpose(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (value instanceof Map) return value.size === 0;
  const { toBSON } = value as { toBSON?: unknown };
  if (typeof toBSON !== 'function') return isPlain(value) && firstName(value) === undefined;
  const made: unknown = (toBSON as () => unknown).call(value);
  return typeof made === 'object' && made !== null && isPlain(made) && firstName(made) === undefined;
}

/** Whether an object is a literal, possibly of another realm, or has no prototype. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Whether an object has a `toBSON`, whose result is encoded in its place. */
function convertsItself(value: object): boolean {
  return typeof (value as { toBSON?: unknown }).toBSON === 'function';
}

/** The name of the first own property, as it is encoded. */
function firstName(value: object): string | undefined {
  if (value instanceof Map) return value.size === 0 ? undefined : String(value.keys().next().value);
  // Own properties come first.
  for (const name in value) return Object.hasOwn(value, name) ? name : undefined;
  return undefined;
}

/** Whether the first property is certainly encoded. */
function isKept(given: object, name: string | undefined, options: BSONSerializeOptions | null): boolean {
  if (name === undefined) return false;
  const value: unknown = given instanceof Map ? given.get(name) : (given as Document)[name];
  switch (typeof value) {
    case 'undefined':
      return options?.ignoreUndefined !== true;
    case 'function':
      return options?.serializeFunctions === true;
    case 'symbol':
      return false;
    case 'object':
      return value === null || typeof (value as { toBSON?: unknown }).toBSON !== 'function';
    default:
      return true;
  }
}

function startsWithOperator(stage: unknown): boolean {
  if (!isDocument(stage)) return false;
  return convertsItself(stage) || firstName(stage)?.startsWith('$') === true;
}
