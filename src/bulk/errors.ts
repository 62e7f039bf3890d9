import { brand, type ErrorDetails, type MongoError } from '../errors/base.js';
import { type ErrorDescription, MongoServerError } from '../errors/server.js';
import type { ClientBulkWriteError, ClientBulkWriteResult } from './client_result.js';
import type { BulkWriteResult, WriteConcernError, WriteError } from './result.js';

/**
 * A bulk write or an insertMany failed, at least in part. `result` has what was written, `writeErrors` the writes that the server refused.
 *
 * @public
 */
export class MongoBulkWriteError extends MongoServerError {
  readonly result: BulkWriteResult;
  /** Errors of single writes, in the order of their positions. */
  readonly writeErrors: readonly WriteError[];

  constructor(error: ErrorDescription, result: BulkWriteResult, details?: ErrorDetails) {
    super(error, details);
    this.result = result;
    this.writeErrors = result.getWriteErrors();
  }

  /** The write concern error, if there is one. */
  get err(): WriteConcernError | undefined {
    return this.result.getWriteConcernError();
  }

  get insertedCount(): number {
    return this.result.insertedCount;
  }

  get matchedCount(): number {
    return this.result.matchedCount;
  }

  get modifiedCount(): number {
    return this.result.modifiedCount;
  }

  get deletedCount(): number {
    return this.result.deletedCount;
  }

  get upsertedCount(): number {
    return this.result.upsertedCount;
  }

  get insertedIds(): Record<number, unknown> {
    return this.result.insertedIds;
  }

  get upsertedIds(): Record<number, unknown> {
    return this.result.upsertedIds;
  }

  static {
    brand(this, 'MongoBulkWriteError');
  }
}

/** The result of the batches before a failure. */
export interface BulkCounts {
  readonly result: BulkWriteResult;
  readonly writeErrors: readonly WriteError[];
  readonly insertedCount: number;
  readonly matchedCount: number;
  readonly modifiedCount: number;
  readonly deletedCount: number;
  readonly upsertedCount: number;
  readonly insertedIds: Record<number, unknown>;
  readonly upsertedIds: Record<number, unknown>;
}

// The layer of errors is below that of results, so the fields are merged in here.
declare module '../errors/timeout.js' {
  /** A bulk write or an insertMany has the result of its earlier batches here, in the same fields as {@link MongoBulkWriteError}. */
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type -- merging takes an interface
  interface MongoOperationTimeoutError extends Partial<BulkCounts> {}
}

/** Puts the result of the earlier batches on an error that keeps its class. */
export function addCounts(error: MongoError, result: BulkWriteResult): void {
  const { insertedCount, matchedCount, modifiedCount, deletedCount, upsertedCount, insertedIds, upsertedIds } = result;
  const writeErrors = result.getWriteErrors();
  const counts = { insertedCount, matchedCount, modifiedCount, deletedCount, upsertedCount, insertedIds, upsertedIds };
  Object.assign(error, { result, writeErrors, ...counts } satisfies BulkCounts);
}

/** The part of a client bulk write's result that an error has. */
interface ClientOutcome {
  readonly writeErrors: Map<number, ClientBulkWriteError>;
  readonly writeConcernErrors: ClientBulkWriteError[];
  partialResult(): ClientBulkWriteResult | undefined;
}

/**
 * A client bulk write failed, at least in part. `writeErrors` has the errors of single writes, `cause` the error that ended the bulk write.
 *
 * @public
 */
export class MongoClientBulkWriteError extends MongoServerError {
  /** Write concern errors of its batches. */
  readonly writeConcernErrors: ClientBulkWriteError[];
  /** Errors of single writes by their position. */
  readonly writeErrors: Map<number, ClientBulkWriteError>;
  /** The result so far; absent unless a write is known to have succeeded. */
  declare partialResult?: ClientBulkWriteResult;

  /** @internal */
  constructor(message: ErrorDescription, outcome?: ClientOutcome, details?: ErrorDetails) {
    super(message, details);
    this.writeConcernErrors = outcome?.writeConcernErrors ?? [];
    this.writeErrors = outcome?.writeErrors ?? new Map<number, ClientBulkWriteError>();
    const partialResult = outcome?.partialResult();
    if (partialResult !== undefined) this.partialResult = partialResult;
  }

  static {
    brand(this, 'MongoClientBulkWriteError');
  }
}
