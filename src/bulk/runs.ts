import type { Document } from '../bson/index.js';
import type { ChangeKind } from '../commands/update_document.js';

/** Which of the three write commands a write goes into. */
export type WriteKind = 'insert' | 'update' | 'delete';

/** One write: a document to insert, or a statement of `update` or `delete`. */
export interface Write {
  readonly kind: WriteKind;
  readonly statement: Document;
  /** What the change of an `update` is meant to be; null for the other kinds. */
  readonly change: ChangeKind | null;
}

/** Writes that go into commands of one name; how many a command takes is known only when it is encoded. */
export interface Run {
  readonly kind: WriteKind;
  readonly statements: readonly Document[];
  /** What the changes of the statements are meant to be; null for a run of inserts alone. */
  readonly changes: readonly (ChangeKind | null)[] | null;
  /** Positions of the statements in what the user gave; null when they are the same. */
  readonly positions: readonly number[] | null;
}

/**
 * Ordered, a new run begins wherever the kind changes; unordered, there is one run of each kind (CRUD, "Bulk Write": order need not be
 * kept).
 */
export function runsOf(writes: readonly Write[], ordered: boolean): Run[] {
  return ordered ? consecutiveRuns(writes) : runsByKind(writes);
}

interface GrowingRun extends Run {
  readonly statements: Document[];
  readonly changes: (ChangeKind | null)[];
  readonly positions: number[];
}

function consecutiveRuns(writes: readonly Write[]): Run[] {
  const runs: GrowingRun[] = [];
  let last: GrowingRun | undefined;
  writes.forEach(({ kind, statement, change }, position) => {
    if (last?.kind !== kind) runs.push((last = { kind, statements: [], changes: [], positions: [] }));
    last.statements.push(statement);
    last.changes.push(change);
    last.positions.push(position);
  });
  return runs;
}

/** In the order in which the official driver sends them, so that what one run leaves is what the next one finds there too. */
const KINDS: readonly WriteKind[] = ['insert', 'update', 'delete'];

function runsByKind(writes: readonly Write[]): Run[] {
  const runs = KINDS.map((kind): GrowingRun => ({ kind, statements: [], changes: [], positions: [] }));
  writes.forEach(({ kind, statement, change }, position) => {
    const run = runs[KINDS.indexOf(kind)];
    run?.statements.push(statement);
    run?.changes.push(change);
    run?.positions.push(position);
  });
  return runs.filter(({ statements }) => statements.length > 0);
}

/** The position of a statement in what the user gave. */
export function positionOf({ positions }: Run, index: number): number {
  return positions === null ? index : (positions[index] ?? index);
}

/** Servers take at most so many writes in one command, whatever they say in their hello: they all say this. */
const LARGEST_BATCH = 100_000;

/**
 * Whether the command with the statements from an index on may be repeated: not with a write of many documents in it (Retryable Writes,
 * "Supported Write Operations"). How many it will take is not known yet; that one more is looked at than are taken costs a retry at worst.
 */
export function isRepeatable({ kind, statements }: Run, from: number): boolean {
  if (kind === 'insert') return true;
  const last = Math.min(statements.length, from + LARGEST_BATCH);
  for (let index = from; index < last; index++) {
    const statement = statements[index];
    if (statement?.['multi'] === true || statement?.['limit'] === 0) return false;
  }
  return true;
}
