import { type Document, EJSON } from '../bson/index.js';

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

  /** Position of the write in the list that the user gave. */
  get index(): number {
    return this.err.index;
  }

  get errmsg(): string {
    return this.err.errmsg;
  }

  get errInfo(): Document | undefined {
    return this.err.errInfo;
  }

  /** The write itself, as it was sent. */
  getOperation(): Document {
    return this.err.op;
  }

  toJSON(): { code: number; index: number; errmsg?: string; op: Document } {
    return { code: this.code, index: this.index, errmsg: this.errmsg, op: this.err.op };
  }

  toString(): string {
    return `WriteError(${JSON.stringify(this)})`;
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

/** An `_id` and the position of the write that it belongs to. @public */
export interface IdAt {
  index: number;
  _id: unknown;
}

/** What a bulk write has done so far, by the names that users of `getRawResponse` know. @public */
export interface BulkWriteState {
  ok: number;
  writeErrors: WriteError[];
  writeConcernErrors: WriteConcernErrorData[];
  insertedIds: IdAt[];
  nInserted: number;
  nUpserted: number;
  nMatched: number;
  nModified: number;
  nRemoved: number;
  upserted: IdAt[];
}

export function emptyState(): BulkWriteState {
  return {
    ok: 1,
    writeErrors: [],
    writeConcernErrors: [],
    insertedIds: [],
    nInserted: 0,
    nUpserted: 0,
    nMatched: 0,
    nModified: 0,
    nRemoved: 0,
    upserted: [],
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
  constructor(state: BulkWriteState, _isOrdered?: boolean) {
    this.#state = state;
    this.insertedCount = state.nInserted;
    this.matchedCount = state.nMatched;
    this.modifiedCount = state.nModified;
    this.deletedCount = state.nRemoved;
    this.upsertedCount = state.nUpserted;
    this.upsertedIds = byIndex(state.upserted);
    this.insertedIds = byIndex(state.insertedIds);
  }

  get ok(): number {
    return this.#state.ok;
  }

  /** The same as {@link BulkWriteResult.getRawResponse}: `nInserted`, `upserted` and so on. */
  get result(): BulkWriteState {
    return this.#state;
  }

  isOk(): boolean {
    return this.#state.ok === 1;
  }

  /** The `_id` of an upsert and the position of its write; 0 is the first upsert. */
  getUpsertedIdAt(index: number): Document | undefined {
    return this.#state.upserted[index];
  }

  /** All counts, under the names of the old bulk interface. */
  getRawResponse(): Document {
    return this.#state;
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

  /** The write concern error. Several are joined: the code of the first, and the messages of all. */
  getWriteConcernError(): WriteConcernError | undefined {
    const [first, ...others] = this.#state.writeConcernErrors;
    if (first === undefined) return undefined;
    if (others.length === 0) return new WriteConcernError(first);
    const errmsg = [first, ...others].map(error => error.errmsg).join(' and ');
    return new WriteConcernError({ ...first, errmsg });
  }

  toString(): string {
    return `BulkWriteResult(${EJSON.stringify(this.#state)})`;
  }
}

function byIndex(ids: readonly IdAt[]): Record<number, unknown> {
  const found: Record<number, unknown> = {};
  for (const { index, _id } of ids) found[index] = _id;
  return found;
}
