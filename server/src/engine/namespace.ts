import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';

/** A database and a collection in it. */
export interface Namespace {
  readonly database: string;
  readonly collection: string;
}

export function namespaceText({ database, collection }: Namespace): string {
  return `${database}.${collection}`;
}

export function parseNamespace(text: string): Namespace {
  const dot = text.indexOf('.');
  return { database: text.slice(0, dot), collection: text.slice(dot + 1) };
}

export function checkDatabaseName(database: string): void {
  const isValid = database.length > 0 && database.length < 64 && !/[/\\. "$\0]/.test(database);
  if (!isValid && database !== '$external') {
    throw new CommandError(ErrorCode.InvalidNamespace, `Invalid database name: '${database}'`);
  }
}

export function checkNamespace(namespace: Namespace): void {
  const { collection } = namespace;
  const isValid = collection !== '' && !collection.startsWith('.') && !/[\0]/.test(collection);
  if (!isValid) {
    throw new CommandError(ErrorCode.InvalidNamespace, `Invalid namespace specified '${namespaceText(namespace)}'`);
  }
}

/** What a write or `create` may name: no dollar signs, no namespace that is too long. */
export function checkWritableNamespace(namespace: Namespace): void {
  checkNamespace(namespace);
  const text = namespaceText(namespace);
  if (namespace.collection.includes('$')) {
    throw new CommandError(ErrorCode.InvalidNamespace, `Invalid collection name: ${namespace.collection}`);
  }
  if (Buffer.byteLength(text) > 255) {
    throw new CommandError(
      ErrorCode.InvalidNamespace,
      `Fully qualified namespace is too long. Namespace: ${text} Max: 255`,
    );
  }
}
