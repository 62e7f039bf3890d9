import type { Document } from '../bson/index.js';

/** One write that a server refused, in a batch of many. @public */
export interface BulkWriteOperationError {
  index: number;
  code: number;
  errmsg: string;
  errInfo: Document | undefined;
  op: Document;
}

/** A write of a batch that failed. @public */
export class WriteError {
  readonly err: BulkWriteOperationError;

  constructor(err: BulkWriteOperationError) {
    this.err = err;
  }

  get code(): number {
    return this.err.code;
  }

  /** Position of the write in what the user gave. */
  get index(): number {
    return this.err.index;
  }

  get errmsg(): string {
    return this.err.errmsg;
  }

  get errInfo(): Document | undefined {
    return this.err.errInfo;
  }

  /** The write itself. */
  getOperation(): Document {
    return this.err.op;
  }

  toJSON(): { code: number; index: number; errmsg?: string; op: Document } {
    return { code: this.code, index: this.index, errmsg: this.errmsg, op: this.err.op };
  }

  toString(): string {
    return `WriteError(code ${this.code}, index ${this.index}: ${this.errmsg})`;
  }
}

/** @public */
export interface WriteConcernErrorData {
  code: number;
  errmsg: string;
  errInfo?: Document;
}

/** The writes are done, and the write concern was not satisfied. @public */
export class WriteConcernError {
  readonly #error: WriteConcernErrorData;

  constructor(error: WriteConcernErrorData) {
    this.#error = error;
  }

  get code(): number | undefined {
    return this.#error.code;
  }

  get errmsg(): string | undefined {
    return this.#error.errmsg;
  }

  get errInfo(): Document | undefined {
    return this.#error.errInfo;
  }

  toJSON(): WriteConcernErrorData {
    return this.#error;
  }

  toString(): string {
    return `WriteConcernError(${this.#error.errmsg})`;
  }
}

/** What a bulk write has done so far. */
export interface BulkWriteState {
  insertedCount: number;
  matchedCount: number;
  modifiedCount: number;
  deletedCount: number;
  upsertedCount: number;
  readonly insertedIds: Record<number, unknown>;
  readonly upsertedIds: Record<number, unknown>;
  readonly writeErrors: WriteError[];
  readonly writeConcernErrors: WriteConcernErrorData[];
}

export function emptyState(): BulkWriteState {
  return {
    insertedCount: 0,
    matchedCount: 0,
    modifiedCount: 0,
    deletedCount: 0,
    upsertedCount: 0,
    insertedIds: {},
    upsertedIds: {},
    writeErrors: [],
    writeConcernErrors: [],
  };
}

/** What a bulk write did. @public */
export class BulkWriteResult {
  readonly insertedCount: number;
  readonly matchedCount: number;
  readonly modifiedCount: number;
  readonly deletedCount: number;
  readonly upsertedCount: number;
  /** `_id`s of upserted documents by the position of their write. */
  readonly upsertedIds: Record<number, unknown>;
  /** `_id`s of inserted documents by the position of their write. */
  readonly insertedIds: Record<number, unknown>;
  readonly #state: BulkWriteState;

  /** @internal */
  constructor(state: BulkWriteState) {
    this.#state = state;
    this.insertedCount = state.insertedCount;
    this.matchedCount = state.matchedCount;
    this.modifiedCount = state.modifiedCount;
    this.deletedCount = state.deletedCount;
    this.upsertedCount = state.upsertedCount;
    this.upsertedIds = state.upsertedIds;
    this.insertedIds = state.insertedIds;
  }

  get ok(): number {
    return 1;
  }

  isOk(): boolean {
    return true;
  }

  getUpsertedIdAt(index: number): unknown {
    return this.upsertedIds[index];
  }

  getRawResponse(): Document {
    return { ...this.#state };
  }

  hasWriteErrors(): boolean {
    return this.#state.writeErrors.length > 0;
  }

  getWriteErrorCount(): number {
    return this.#state.writeErrors.length;
  }

  getWriteErrorAt(index: number): WriteError | undefined {
    return this.#state.writeErrors[index];
  }

  getWriteErrors(): WriteError[] {
    return this.#state.writeErrors;
  }

  getWriteConcernError(): WriteConcernError | undefined {
    const last = this.#state.writeConcernErrors.at(-1);
    return last === undefined ? undefined : new WriteConcernError(last);
  }

  toString(): string {
    return `BulkWriteResult(${JSON.stringify(this.#state)})`;
  }
}
