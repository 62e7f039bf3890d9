import type { BSONSerializeOptions, Document } from '../bson/index.js';
import type { ReadConcernLike } from '../concern/read_concern.js';
import type { ReadPreferenceLike } from '../concern/read_preference.js';
import type { WriteConcern, WriteConcernSettings } from '../concern/write_concern.js';

/** @public */
export interface Abortable {
  /** Ends the operation when it aborts; the operation rejects with the signal's own reason. */
  signal?: AbortSignal;
}

/** What every operation takes. @public */
export interface OperationOptions extends BSONSerializeOptions, Abortable {
  readPreference?: ReadPreferenceLike;
  /**
   * Milliseconds that the whole operation may take: finding a server, waiting for a connection, making one, execution, retries. 0 is no
   * limit. Default: that of the collection, the database or the client.
   *
   * @throws MongoOperationTimeoutError when it is over
   */
  timeoutMS?: number;
}

/** @public */
export interface CollationOptions {
  locale: string;
  caseLevel?: boolean;
  caseFirst?: string;
  strength?: number;
  numericOrdering?: boolean;
  alternate?: string;
  maxVariable?: string;
  backwards?: boolean;
  normalization?: boolean;
}

/** @public */
export interface CommandOperationOptions extends OperationOptions {
  readConcern?: ReadConcernLike;
  writeConcern?: WriteConcern | WriteConcernSettings;
  collation?: CollationOptions;
  /** Milliseconds after which the server gives up. Without effect where `timeoutMS` is in use. */
  maxTimeMS?: number;
  /** Shown in the server's logs, its profiler and `currentOp`. */
  comment?: unknown;
}

/** An index by its name or by its keys. @public */
export type Hint = string | Document;

/** Options whose names are those of the command's fields, and which are sent if they are set. */
export function copyOptions<O extends object>(
  command: Document,
  options: O,
  names: readonly (keyof O & string)[],
): void {
  for (const name of names) {
    const value = options[name];
    if (value !== undefined) command[name] = value;
  }
}
