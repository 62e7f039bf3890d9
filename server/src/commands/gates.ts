import { type Document, typeOf } from '../bson/types.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { isSince, type Release } from '../replication/versions.js';

/** Commands by the release that they came with. */
const commands: Readonly<Record<string, Release>> = {
  bulkWrite: '8.0',
  createSearchIndexes: '7.0',
  updateSearchIndex: '7.0',
  dropSearchIndex: '7.0',
};

/** Fields of commands. */
const fields: Readonly<Record<string, Release>> = {
  'find.let': '5.0',
  'update.let': '5.0',
  'delete.let': '5.0',
  'findAndModify.let': '5.0',
  'aggregate.let': '5.0',
  'distinct.hint': '8.0',
  'create.clusteredIndex': '6.0',
  'create.changeStreamPreAndPostImages': '6.0',
  'create.timeseries': '5.0',
};

/** Fields of statements. */
const statementFields: Readonly<Record<string, Release>> = {
  'update.updates.sort': '8.0',
};

export function hasCommand(version: string, name: string): boolean {
  const release = commands[name];
  return !Object.hasOwn(commands, name) || release === undefined || isSince(version, release);
}

/** @throws CommandError for a field that a server of this version does not know. */
export function checkFieldRelease(version: string, name: string, body: Document): void {
  for (const field of Object.keys(body)) {
    const release = fields[`${name}.${field}`];
    if (release !== undefined && !isSince(version, release)) throw unknownField(version, `${name}.${field}`);
  }
}

/** @throws CommandError for a field of a statement that is not known: the whole command is refused. */
export function checkStatements(
  version: string,
  owner: string,
  statements: readonly Document[],
  known: ReadonlySet<string>,
): void {
  for (const statement of statements) {
    for (const field of Object.keys(statement)) {
      const release = statementFields[`${owner}.${field}`];
      const isKnown = known.has(field) && (release === undefined || isSince(version, release));
      if (!isKnown) throw unknownField(version, `${owner}.${field}`);
    }
  }
}

/**
 * A comment of any type came with 4.4, and for count and distinct with 4.4.14; before, some commands took a string.
 *
 * @throws CommandError for a comment that a server of this version does not take.
 */
export function checkComment(version: string, name: string, body: Document): void {
  const { comment } = body;
  if (comment === undefined || isSince(version, '5.0')) return;
  if (!isSince(version, '4.4')) {
    if (!commented.has(name)) return;
    if (name !== 'find' && name !== 'aggregate') throw unknownField(version, `${name}.comment`);
  } else if ((name !== 'count' && name !== 'distinct') || patchOf(version) >= 14) return;
  if (typeof comment === 'string') return;
  throw new CommandError(
    ErrorCode.TypeMismatch,
    `BSON field '${name}.comment' is the wrong type '${typeOf(comment)}', expected type 'string'`,
  );
}

/** Commands that take a comment, as far as clients send them. */
const commented: ReadonlySet<string> = new Set([
  ...['find', 'aggregate', 'count', 'distinct', 'getMore', 'insert', 'update', 'delete', 'findAndModify'],
]);

function patchOf(version: string): number {
  return Number(version.split('.')[2] ?? 0);
}

/** As each release says it. */
export function unknownField(version: string, path: string): CommandError {
  const [command = '', field = ''] = path.split('.');
  if (command === 'find' && !isSince(version, '5.0')) {
    return new CommandError(ErrorCode.FailedToParse, `Failed to parse: Unrecognized field '${field}'.`);
  }
  if (command === 'aggregate' && !isSince(version, '5.0')) {
    return new CommandError(ErrorCode.FailedToParse, `unrecognized field '${field}'`);
  }
  if (command === 'findAndModify' && !isSince(version, '5.0')) {
    return new CommandError(ErrorCode.IDLUnknownField, `BSON field '${field}' is an unknown field.`);
  }
  return new CommandError(ErrorCode.IDLUnknownField, `BSON field '${path}' is an unknown field.`);
}
