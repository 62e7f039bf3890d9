import type { Document } from '../bson/index.js';
import { numberOf } from '../bson/reply_fields.js';
import { idOf } from '../commands/insert.js';
import type { BatchOutcome } from './batch.js';
import { BulkWriteResult, type BulkWriteState, emptyState, type IdAt, WriteError } from './result.js';
import { positionOf, type Run } from './runs.js';

/** Inserts that were sent in one batch. */
interface SentInserts {
  readonly run: Run;
  readonly from: number;
  readonly taken: number;
  /** How many of those that were sent the server inserted. */
  readonly inserted: number;
}

/** Adds up the outcomes of the batches of a bulk write, with the positions of the whole. */
export class Tally {
  readonly #state: BulkWriteState = emptyState();
  readonly #inserts: SentInserts[] = [];
  acknowledged = true;
  /** Statements of the batches that were answered. */
  sent = 0;

  get insertedCount(): number {
    return this.#state.nInserted;
  }

  get writeErrors(): readonly WriteError[] {
    return this.#state.writeErrors;
  }

  get writeConcernErrors(): readonly BulkWriteState['writeConcernErrors'][number][] {
    return this.#state.writeConcernErrors;
  }

  /** Whether there is an error to report. */
  get failed(): boolean {
    return this.#state.writeErrors.length > 0 || this.#state.writeConcernErrors.length > 0;
  }

  /** Adds the outcome of the statements of a run from an index on. */
  add(run: Run, from: number, outcome: BatchOutcome): void {
    const state = this.#state;
    const { acknowledged, taken, n, upserted } = outcome;
    this.acknowledged = acknowledged;
    this.sent += taken;
    switch (run.kind) {
      case 'insert':
        state.nInserted += n;
        this.#inserts.push({ run, from, taken, inserted: acknowledged ? n : taken });
        break;
      case 'delete':
        state.nRemoved += n;
        break;
      case 'update':
        // The server counts an upsert as a match.
        state.nMatched += n - upserted.length;
        state.nModified += outcome.nModified;
        state.nUpserted += upserted.length;
        for (const { index, _id } of upserted) state.upserted.push({ index: positionOf(run, from + index), _id });
    }
    for (const error of outcome.writeErrors) state.writeErrors.push(writeErrorOf(error, run, from));
    if (outcome.writeConcernError !== undefined) state.writeConcernErrors.push(outcome.writeConcernError);
  }

  result(): BulkWriteResult {
    const { writeErrors, upserted } = this.#state;
    writeErrors.sort(byIndex);
    upserted.sort(byIndex);
    this.#state.insertedIds = this.#insertedIds();
    return new BulkWriteResult(this.#state);
  }

  /** Computed with the result, since insertMany does without. Only documents that were inserted count. */
  #insertedIds(): IdAt[] {
    const failed = new Set(this.writeErrors.map(({ index }) => index));
    return this.#inserts.flatMap(sent => idsOf(sent, failed));
  }
}

/** The `_id`s of the documents of a batch that were inserted: the first of those that did not fail. */
function idsOf({ run, from, taken, inserted }: SentInserts, failed: ReadonlySet<number>): IdAt[] {
  const ids: IdAt[] = [];
  let left = inserted;
  for (let index = from; index < from + taken && left > 0; index++) {
    const position = positionOf(run, index);
    if (failed.has(position)) continue;
    left--;
    const id = idOf(run.statements[index] ?? {});
    if (id !== undefined) ids.push({ index: position, _id: id });
  }
  return ids;
}

/** @param error - of a reply, checked but for its message */
function writeErrorOf(error: Document, run: Run, from: number): WriteError {
  const index = from + (numberOf(error['index']) ?? 0);
  const errmsg: unknown = error['errmsg'];
  return new WriteError({
    index: positionOf(run, index),
    code: numberOf(error['code']) ?? 0,
    errmsg: typeof errmsg === 'string' ? errmsg : 'n/a',
    errInfo: error['errInfo'] as Document | undefined,
    op: run.statements[index] ?? {},
  });
}

function byIndex(one: { readonly index: number }, other: { readonly index: number }): number {
  return one.index - other.index;
}
