import { isNumber, toInteger, toNumber } from '../bson/numbers.js';
import { type Document, isDocument, typeOf } from '../bson/types.js';
import { checkNamespace, type Namespace } from '../engine/namespace.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { type CommandContext } from './context.js';

/** Reads typed fields of a command (or of a document inside it), with the server's errors. */
export class Fields {
  readonly #owner: string;
  readonly #document: Document;

  constructor(owner: string, document: Document) {
    this.#owner = owner;
    this.#document = document;
  }

  has(name: string): boolean {
    return this.#document[name] !== undefined;
  }

  raw(name: string): unknown {
    return this.#document[name];
  }

  string(name: string): string {
    return this.#required(name, this.optionalString(name));
  }

  optionalString(name: string): string | undefined {
    const value = this.#document[name];
    if (value === undefined) return undefined;
    if (typeof value !== 'string') throw this.wrongType(name, 'string');
    return value;
  }

  document(name: string): Document {
    return this.#required(name, this.optionalDocument(name));
  }

  /** null stands for "not given", as in the server. */
  optionalDocument(name: string): Document | undefined {
    const value = this.#document[name];
    if (value === undefined || value === null) return undefined;
    if (!isDocument(value)) throw this.wrongType(name, 'object');
    return value;
  }

  array(name: string): readonly unknown[] {
    return this.#required(name, this.optionalArray(name));
  }

  optionalArray(name: string): readonly unknown[] | undefined {
    const value = this.#document[name];
    if (value === undefined || value === null) return undefined;
    if (!Array.isArray(value)) throw this.wrongType(name, 'array');
    return value as unknown[];
  }

  boolean(name: string, otherwise: boolean): boolean {
    const value = this.#document[name];
    if (value === undefined || value === null) return otherwise;
    if (typeof value === 'boolean') return value;
    if (isNumber(value)) return toNumber(value) !== 0;
    throw this.wrongType(name, 'bool');
  }

  /** A whole number that is not negative. */
  count(name: string): number | undefined {
    const value = this.#document[name];
    if (value === undefined || value === null) return undefined;
    if (!isNumber(value)) throw this.wrongType(name, 'long');
    const count = toInteger(value);
    if (count === undefined || count < 0) {
      throw new CommandError(
        51024,
        `BSON field '${name}' value must be >= 0, actual value '${String(toNumber(value))}'`,
      );
    }
    return count;
  }

  wrongType(name: string, expected: string): CommandError {
    return new CommandError(
      ErrorCode.TypeMismatch,
      `BSON field '${this.#owner}.${name}' is the wrong type '${typeOf(this.#document[name])}', expected type '${expected}'`,
    );
  }

  #required<Value>(name: string, value: Value | undefined): Value {
    if (value !== undefined) return value;
    throw new CommandError(
      ErrorCode.IDLFailedToParse,
      `BSON field '${this.#owner}.${name}' is missing but a required field`,
    );
  }
}

export function fieldsOf(context: CommandContext): Fields {
  return new Fields(context.name, context.body);
}

/** The collection that the first field of the command names. */
export function requireNamespace(context: CommandContext): Namespace {
  const collection = context.body[context.name];
  if (typeof collection !== 'string') {
    throw new CommandError(ErrorCode.InvalidNamespace, `collection name has invalid type ${typeOf(collection)}`);
  }
  const namespace = { database: context.database, collection };
  checkNamespace(namespace);
  return namespace;
}
