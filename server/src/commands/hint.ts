import { isDocument } from '../bson/types.js';
import { type Collection, sameKeyPattern } from '../engine/collection.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';

/** A hint must name an index that exists, or ask for a scan ({$natural: 1}); it changes nothing else here. */
export function checkHint(collection: Collection | undefined, hint: unknown): void {
  if (collection === undefined || hint === undefined || hint === null) return;
  const indexes = collection.indexes();
  if (typeof hint === 'string' && indexes.some(({ name }) => name === hint)) return;
  if (isDocument(hint)) {
    if (Object.keys(hint).length === 0 || '$natural' in hint) return;
    if (indexes.some(({ key }) => sameKeyPattern(key, hint))) return;
  }
  throw new CommandError(
    ErrorCode.BadValue,
    'error processing query: planner returned error :: caused by :: hint provided does not correspond to an existing index',
  );
}
