import type { Document } from '../bson/index.js';
import type { RawDocument } from '../bson/raw_document.js';
import type { ClientBatchReply } from '../operations/client_bulk_write/operation.js';
import type { ClientWrite } from '../operations/client_bulk_write/write_model.js';
import type {
  ClientBulkWriteError,
  ClientBulkWriteResult,
  ClientDeleteResult,
  ClientInsertOneResult,
  ClientUpdateResult,
} from './client_result.js';

const COUNTS = {
  insertedCount: 'nInserted',
  upsertedCount: 'nUpserted',
  matchedCount: 'nMatched',
  modifiedCount: 'nModified',
  deletedCount: 'nDeleted',
} as const;

type CountName = keyof typeof COUNTS;

/** Adds up what the batches of a client bulk write came to, with the positions of the whole. */
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

  constructor(writes: readonly ClientWrite[], ordered: boolean, verbose: boolean) {
    this.#writes = writes;
    this.#ordered = ordered;
    this.#verbose = verbose;
  }

  /** Adds what a reply says of the batch as a whole; what came of single writes is in its cursor. */
  addReply({ body, taken, writeConcernError }: ClientBatchReply): void {
    this.sent += taken;
    this.#acknowledged = body !== null;
    if (body === null) return;
    for (const [name, field] of Object.entries(COUNTS)) this.#counts[name as CountName] += body.number(field) ?? 0;
    if (writeConcernError !== undefined) this.writeConcernErrors.push(errorOf(writeConcernError));
    this.#succeeded ||= this.#someSucceeded(body, taken);
  }

  #someSucceeded(body: RawDocument, taken: number): boolean {
    const failed = body.number('nErrors') ?? 0;
    // Ordered, the one that failed may be the first: its result tells.
    return this.#ordered ? failed === 0 : failed < taken;
  }

  /**
   * Adds what came of one write.
   *
   * @param from - position of the batch's first write
   */
  addResult(result: Document, from: number): void {
    const position = Number(result['idx']);
    const index = from + position;
    const write = this.#writes[index];
    if (Number(result['ok']) !== 1) {
      this.writeErrors.set(index, errorOf(result));
      if (this.#ordered && position > 0) this.#succeeded = true;
      return;
    }
    this.#succeeded = true;
    if (!this.#verbose || write === undefined) return;
    const n = Number(result['n'] ?? 0);
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

  /** What is known to have been done; undefined when nothing is. */
  partialResult(): ClientBulkWriteResult | undefined {
    return this.#succeeded ? this.result() : undefined;
  }
}

function updateResult(result: Document, n: number): ClientUpdateResult {
  const upserted = result['upserted'] as Document | undefined;
  return {
    matchedCount: n,
    modifiedCount: Number(result['nModified'] ?? 0),
    didUpsert: upserted !== undefined,
    ...(upserted !== undefined && { upsertedId: upserted['_id'] as unknown }),
  };
}

function errorOf(error: Document): ClientBulkWriteError {
  const details = error['errInfo'] as Record<string, unknown> | undefined;
  return {
    code: Number(error['code'] ?? 0),
    message: String(error['errmsg'] ?? ''),
    ...(details !== undefined && { details }),
  };
}
