/** What came of an insert. @public */
export interface ClientInsertOneResult {
  insertedId: unknown;
}

/** What came of an update or a replacement. @public */
export interface ClientUpdateResult {
  matchedCount: number;
  modifiedCount: number;
  /** `_id` of the document that an upsert inserted; absent when none was. */
  upsertedId?: unknown;
  /** Whether a document was inserted: its `_id` may be any value. */
  didUpsert: boolean;
}

/** What came of a delete. @public */
export interface ClientDeleteResult {
  deletedCount: number;
}

/** What a client bulk write did. @public */
export interface ClientBulkWriteResult {
  /** False when the write concern asks for no answer; then all counts are 0. */
  readonly acknowledged: boolean;
  readonly insertedCount: number;
  readonly upsertedCount: number;
  readonly matchedCount: number;
  readonly modifiedCount: number;
  readonly deletedCount: number;
  /** By the position of the insert. Only with `verboseResults`, and only of those that succeeded. */
  readonly insertResults?: ReadonlyMap<number, ClientInsertOneResult>;
  readonly updateResults?: ReadonlyMap<number, ClientUpdateResult>;
  readonly deleteResults?: ReadonlyMap<number, ClientDeleteResult>;
}

/** Why a write of a client bulk write, or its write concern, failed. @public */
export interface ClientBulkWriteError {
  code: number;
  message: string;
  /** What the server adds, such as why a document is not valid. */
  details?: Record<string, unknown>;
}
