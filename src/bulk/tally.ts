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
  /** Of those that were sent. */
  readonly inserted: number;
}

/** Adds up what the batches of a bulk write came to, with the positions of the whole. */
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

  get writeConcernErrors(): BulkWriteState['writeConcernErrors'] {
    return this.#state.writeConcernErrors;
  }

  add(run: Run, from: number, outcome: BatchOutcome): void {
    const { kind, statements } = run;
    const { taken, n, upserted, writeConcernError } = outcome;
    const state = this.#state;
    this.acknowledged = outcome.acknowledged;
    this.sent += taken;
    if (kind === 'insert') {
      state.nInserted += n;
      this.#inserts.push({ run, from, taken, inserted: outcome.acknowledged ? n : taken });
    } else if (kind === 'delete') {
      state.nRemoved += n;
    } else {
      state.nMatched += n - upserted.length;
      state.nModified += outcome.nModified;
      state.nUpserted += upserted.length;
      for (const { index, _id } of upserted) state.upserted.push({ index: positionOf(run, from + index), _id });
    }
    for (const error of outcome.writeErrors) {
      const index = from + (numberOf(error['index']) ?? 0);
      const errmsg: unknown = error['errmsg'];
      state.writeErrors.push(
        new WriteError({
          index: positionOf(run, index),
          code: numberOf(error['code']) ?? 0,
          errmsg: typeof errmsg === 'string' ? errmsg : 'n/a',
          errInfo: error['errInfo'] as Document | undefined,
          op: statements[index] ?? {},
        }),
      );
    }
    if (writeConcernError !== undefined) state.writeConcernErrors.push(writeConcernError);
  }

  result(): BulkWriteResult {
    const { writeErrors, upserted } = this.#state;
    writeErrors.sort(byIndex);
    upserted.sort(byIndex);
    this.#state.insertedIds = this.#insertedIds();
    return new BulkWriteResult(this.#state);
  }

  /** Found only at the end: most bulk writes are not asked for them before, and an error names only those that were inserted. */
  #insertedIds(): IdAt[] {
    const failed = new Set(this.writeErrors.map(({ index }) => index));
    const ids: IdAt[] = [];
    for (const { run, from, taken, inserted } of this.#inserts) {
      let left = inserted;
      for (let index = from; index < from + taken && left > 0; index++) {
        const position = positionOf(run, index);
        if (failed.has(position)) continue;
        left--;
        const id = idOf(run.statements[index] ?? {});
        if (id !== undefined) ids.push({ index: position, _id: id });
      }
    }
    return ids;
  }
}

function byIndex(one: { readonly index: number }, other: { readonly index: number }): number {
  return one.index - other.index;
}
