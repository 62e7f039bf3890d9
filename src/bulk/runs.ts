import type { Document } from '../bson/index.js';
import type { ChangeKind } from '../commands/update_document.js';

/** The command that a write belongs to. */
export type WriteKind = 'insert' | 'update' | 'delete';

/** One write: a document to insert, or a statement of `update` or `delete`. */
export interface Write {
  readonly kind: WriteKind;
  readonly statement: Document;
  /** Whether an `update` has operators or a replacement; null for the other kinds. */
  readonly change: ChangeKind | null;
}

/** Writes for commands of one name. How many a command takes is known only once it is encoded. */
export interface Run {
  readonly kind: WriteKind;
  readonly statements: readonly Document[];
  /** Whether the statements have operators or replacements; null for a run of inserts alone. */
  readonly changes: readonly (ChangeKind | null)[] | null;
  /** Positions of the statements in the list that the user gave; null if they are the indexes. */
  readonly positions: readonly number[] | null;
}

/**
 * Groups writes into runs. If ordered, a new run begins wherever the kind changes. If unordered, there is one run of each kind, since the
 * order does not matter (CRUD, "Bulk Write").
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

/** The order in which the official driver sends the runs, so that later runs find the same documents. */
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

/** The position of a statement in the list that the user gave. */
export function positionOf({ positions }: Run, index: number): number {
  return positions === null ? index : (positions[index] ?? index);
}

/** The `maxWriteBatchSize` of all servers. */
const LARGEST_BATCH = 100_000;

/**
 * Whether the command with the statements from an index on can be retried: not if one of them writes many documents (Retryable Writes,
 * "Supported Write Operations"). It is not known yet how many the command takes. A statement that it does not take costs a retry at worst.
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
