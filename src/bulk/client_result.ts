import type { Document } from '../bson/index.js';
import { ReplyFields } from '../bson/reply_fields.js';
import type { ClientBatchReply, ClientWrite } from '../commands/client_bulk_write.js';

/** The result of an insert. @public */
export interface ClientInsertOneResult {
  insertedId: unknown;
}

/** The result of an update or a replacement. @public */
export interface ClientUpdateResult {
  matchedCount: number;
  modifiedCount: number;
  /** `_id` of the document that an upsert inserted; absent when none was. */
  upsertedId?: unknown;
  /** Whether a document was inserted: its `_id` may be any value. */
  didUpsert: boolean;
}

/** The result of a delete. @public */
export interface ClientDeleteResult {
  deletedCount: number;
}

/** The result of a client bulk write. @public */
export interface ClientBulkWriteResult {
  /** False for an unacknowledged write concern (`w: 0`); then all counts are 0. */
  readonly acknowledged: boolean;
  readonly insertedCount: number;
  readonly upsertedCount: number;
  readonly matchedCount: number;
  readonly modifiedCount: number;
  readonly deletedCount: number;
  /** Results of inserts that succeeded, by their positions. Only with `verboseResults`. */
  readonly insertResults?: ReadonlyMap<number, ClientInsertOneResult>;
  readonly updateResults?: ReadonlyMap<number, ClientUpdateResult>;
  readonly deleteResults?: ReadonlyMap<number, ClientDeleteResult>;
}

/** Why a write of a client bulk write, or its write concern, failed. @public */
export interface ClientBulkWriteError {
  code: number;
  message: string;
  /** Details of the server, such as why a document is not valid. */
  details?: Record<string, unknown>;
}

const COUNTS = [
  ['insertedCount', 'nInserted'],
  ['upsertedCount', 'nUpserted'],
  ['matchedCount', 'nMatched'],
  ['modifiedCount', 'nModified'],
  ['deletedCount', 'nDeleted'],
] as const;

type CountName = (typeof COUNTS)[number][0];

/** Adds up the replies to the batches of a client bulk write, with the positions of the whole. */
export class ClientTally {
  readonly #writes: readonly ClientWrite[];
  readonly #ordered: boolean;
  readonly #verbose: boolean;
  readonly #counts: Record<CountName, number> = {
    insertedCount: 0,
    upsertedCount: 0,
    matchedCount: 0,
    modifiedCount: 0,
    deletedCount: 0,
  };
  readonly #inserts = new Map<number, ClientInsertOneResult>();
  readonly #updates = new Map<number, ClientUpdateResult>();
  readonly #deletes = new Map<number, ClientDeleteResult>();
  readonly writeErrors = new Map<number, ClientBulkWriteError>();
  readonly writeConcernErrors: ClientBulkWriteError[] = [];
  #acknowledged = true;
  /** Whether a write is known to have succeeded. */
  #succeeded = false;
  /** Writes of the batches that were answered. */
  sent = 0;

  /** Whether there is an error to report. */
  get failed(): boolean {
    return this.writeErrors.size > 0 || this.writeConcernErrors.length > 0;
  }

  constructor(writes: readonly ClientWrite[], ordered: boolean, verbose: boolean) {
    this.#writes = writes;
    this.#ordered = ordered;
    this.#verbose = verbose;
  }

  /** Adds the counts of a batch. The results of its single writes are in its cursor. */
  addReply({ counts, taken, writeConcernError }: ClientBatchReply): void {
    this.sent += taken;
    this.#acknowledged = counts !== null;
    if (counts === null) return;
    for (const [name, field] of COUNTS) this.#counts[name] += counts[field];
    if (writeConcernError !== undefined) this.writeConcernErrors.push(errorOf(writeConcernError));
    this.#succeeded ||= this.#someSucceeded(counts.nErrors, taken);
  }

  #someSucceeded(failed: number, taken: number): boolean {
    // In an ordered batch the write that failed may be the first: only its result tells.
    return this.#ordered ? failed === 0 : failed < taken;
  }

  /**
   * Adds the result of one write.
   *
   * @param from - position of the batch's first write
   * @param taken - how many writes the batch has
   * @throws MongoUnexpectedServerResponseError if the result is malformed
   */
  addResult(document: Document, from: number, taken: number): void {
    const result = new ReplyFields(document, 'result of a client bulk write');
    const position = result.count('idx') ?? -1;
    if (position < 0 || position >= taken) result.wrong('idx', `from 0 on and below ${taken}`, position);
    const index = from + position;
    const write = this.#writes[index];
    if (!result.ok) {
      this.writeErrors.set(index, errorOf(document));
      if (this.#ordered && position > 0) this.#succeeded = true;
      return;
    }
    this.#succeeded = true;
    if (!this.#verbose || write === undefined) return;
    const n = result.count('n') ?? 0;
    if (write.kind === 'insert') this.#inserts.set(index, { insertedId: write.insertedId });
    else if (write.kind === 'delete') this.#deletes.set(index, { deletedCount: n });
    else this.#updates.set(index, updateResult(result, n));
  }

  result(): ClientBulkWriteResult {
    const { insertedCount, upsertedCount, matchedCount, modifiedCount, deletedCount } = this.#counts;
    return {
      acknowledged: this.#acknowledged,
      ...{ insertedCount, upsertedCount, matchedCount, modifiedCount, deletedCount },
      ...(this.#verbose && {
        insertResults: this.#inserts,
        updateResults: this.#updates,
        deleteResults: this.#deletes,
      }),
    };
  }

  /** The result, if a write is known to have succeeded. */
  partialResult(): ClientBulkWriteResult | undefined {
    return this.#succeeded ? this.result() : undefined;
  }
}

function updateResult(result: ReplyFields, n: number): ClientUpdateResult {
  const upserted = result.document('upserted');
  return {
    matchedCount: n,
    modifiedCount: result.count('nModified') ?? 0,
    didUpsert: upserted !== null,
    ...(upserted !== null && { upsertedId: upserted['_id'] as unknown }),
  };
}

function errorOf(document: Document): ClientBulkWriteError {
  const error = new ReplyFields(document, 'error of a client bulk write');
  const details = error.document('errInfo');
  return {
    code: error.number('code') ?? 0,
    message: error.string('errmsg') ?? '',
    ...(details !== null && { details }),
  };
}
