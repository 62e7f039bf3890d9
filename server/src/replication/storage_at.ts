import { type Change } from '../engine/journal.js';
import { type Storage } from '../engine/storage.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { type Oplog, type OplogEntry } from './oplog.js';

/** The data as they were once: what came later is undone, from the end. @throws CommandError when that is too long ago. */
export function storageBefore(storage: Storage, oplog: Oplog, isLater: (entry: OplogEntry) => boolean): Storage {
  const past = storage.snapshot();
  for (let position = oplog.last; ; position--) {
    const entry = oplog.at(position);
    if (entry === undefined) {
      if (position >= 1) throw tooOld();
      return past;
    }
    if (!isLater(entry)) return past;
    undo(past, entry.change);
  }
}

function undo(past: Storage, change: Change): void {
  if (!('after' in change)) {
    // A collection that came later is not there, and one that went is there again; indexes and options are those of now.
    if (change.kind === 'create') past.drop(change.namespace);
    else if ((change.kind === 'drop' || change.kind === 'rename') && !past.restore(change)) throw tooOld();
    return;
  }
  const collection = past.findToChange(change.namespace);
  const { before, after } = change;
  if (collection === undefined) return;
  if (before === undefined && after !== undefined) collection.remove(after);
  else if (before !== undefined && after === undefined) collection.insert(before);
  else if (before !== undefined && after !== undefined) collection.replace(after, before);
}

function tooOld(): CommandError {
  return new CommandError(ErrorCode.SnapshotTooOld, 'Read timestamp is older than the oldest available timestamp.');
}
