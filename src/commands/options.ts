import type { BSONSerializeOptions, Document } from '../bson/index.js';
import type { SharedDeadline } from '../call/shared_deadline.js';
import type { ReadConcernLike } from '../concern/read_concern.js';
import type { ReadPreferenceLike } from '../concern/read_preference.js';
import type { WriteConcernOptions } from '../concern/write_concern.js';
import { MongoCompatibilityError } from '../errors/driver.js';
import type { CommandTarget } from '../executor/operation.js';
import { isGiven } from '../runtime/own_options.js';
import type { ClientSession } from '../sessions/client_session.js';
import { type OperationContext, unacknowledged } from './context.js';
import type { ExplainOptions } from './explain.js';

/** @public */
export interface Abortable {
  /** Ends the operation when it aborts; the operation rejects with the signal's own reason. */
  signal?: AbortSignal;
}

/** Options of every operation. @public */
export interface OperationOptions extends BSONSerializeOptions, Abortable {
  /** The session of the operation, and with it the transaction. It must belong to the same client and must not have ended. */
  session?: ClientSession;
  readPreference?: ReadPreferenceLike;
  /** Without effect: whether a write is retried is a setting of the client. */
  willRetryWrite?: boolean;
  /**
   * Milliseconds that the whole operation may take: server selection, waiting for a connection, establishing one, execution, retries. 0 is no
   * limit. Default: the `timeoutMS` of the collection, the database or the client.
   *
   * @throws MongoOperationTimeoutError when the time has expired
   */
  timeoutMS?: number;
  /**
   * A deadline that this operation shares with others and with work of the program. An own `timeoutMS` still counts if it is sooner; that of the
   * collection, the database or the client does not.
   *
   * @throws MongoOperationTimeoutError when it is over
   */
  deadline?: SharedDeadline;
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
export interface CommandOperationOptions extends OperationOptions, WriteConcernOptions, ExplainOptions {
  readConcern?: ReadConcernLike;
  collation?: CollationOptions;
  /** Milliseconds after which the server stops the command. Without effect under `timeoutMS`. */
  maxTimeMS?: number;
  /** Shown in the server's logs, its profiler and `currentOp`. */
  comment?: unknown;
  /** Works on the raw documents of the buckets of a time series. Sent to MongoDB 8.2 and later. */
  rawData?: boolean;
  dbName?: string;
  authdb?: string;
}

/** An index by its name or by its keys. @public */
export type Hint = string | Document;

/** Names of fields as a document: `['a', 'b']` becomes `{a: 1, b: 1}`, as in the official driver. */
export function namesAsKeys(names: readonly string[]): Document {
  return Object.fromEntries(names.map(name => [name, 1]));
}

/** MongoDB 8.2, the first that knows `rawData`. */
const RAW_DATA_WIRE_VERSION = 27;

/** Copies options that are set to the fields of the same names. */
export function copyOptions<O extends object>(
  command: Document,
  options: O,
  names: readonly (keyof O & string)[],
): void {
  // A call has few options or none: to look for each of the names would cost more.
  for (const name in options) {
    // Models and indexes are the caller's own objects. Only own properties count.
    if (!names.includes(name) || !Object.hasOwn(options, name)) continue;
    const value = options[name];
    if (isGiven(value)) command[name] = value;
  }
}

/** Adds the fields that any command takes. The executor removes `maxTimeMS` under `timeoutMS`. */
export function addGenericFields(
  command: Document,
  { comment, maxTimeMS, rawData }: Pick<CommandOperationOptions, 'comment' | 'maxTimeMS' | 'rawData'>,
  target: CommandTarget,
): void {
  if (isGiven(maxTimeMS)) command['maxTimeMS'] = maxTimeMS;
  if (comment !== undefined) command['comment'] = comment;
  if (isGiven(rawData) && target.connection.server.maxWireVersion >= RAW_DATA_WIRE_VERSION) {
    command['rawData'] = rawData;
  }
}

/** MongoDB 4.4, the first whose delete and findAndModify know `hint`. */
const FIRST_WIRE_VERSION_WITH_HINT = 9;

/**
 * An old server refuses a `hint` that it does not know. If the write is unacknowledged, the driver must refuse it (CRUD, "hint").
 *
 * @throws MongoCompatibilityError if the server is too old
 */
export function checkHintWithoutAnswer(
  command: 'delete' | 'findAndModify',
  context: OperationContext,
  { connection }: CommandTarget,
): void {
  if (!unacknowledged(context) || connection.server.maxWireVersion >= FIRST_WIRE_VERSION_WITH_HINT) return;
  throw new MongoCompatibilityError(`hint for the ${command} command is only supported on MongoDB 4.4+`);
}
