import type { BSONSerializeOptions, Document } from '../bson/index.js';
import { isGiven } from '../concern/given.js';
import type { ReadConcernLike } from '../concern/read_concern.js';
import type { ReadPreferenceLike } from '../concern/read_preference.js';
import type { WriteConcernOptions } from '../concern/write_concern.js';
import { MongoCompatibilityError } from '../errors/driver.js';
import type { CommandTarget } from '../executor/operation.js';
import type { ClientSession } from '../sessions/client_session.js';
import { type OperationContext, unacknowledged } from './context.js';
import type { ExplainOptions } from './explain.js';

/** @public */
export interface Abortable {
  /** Ends the operation when it aborts; the operation rejects with the signal's own reason. */
  signal?: AbortSignal;
}

/** What every operation takes. @public */
export interface OperationOptions extends BSONSerializeOptions, Abortable {
  /** The session, and its transaction if there is one, that the operation is part of. Of the same client, and not ended. */
  session?: ClientSession;
  readPreference?: ReadPreferenceLike;
  /** Without effect: whether a write is retried is a setting of the client. */
  willRetryWrite?: boolean;
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
export interface CommandOperationOptions extends OperationOptions, WriteConcernOptions, ExplainOptions {
  readConcern?: ReadConcernLike;
  collation?: CollationOptions;
  /** Milliseconds after which the server gives up. Without effect where `timeoutMS` is in use. */
  maxTimeMS?: number;
  /** Shown in the server's logs, its profiler and `currentOp`. */
  comment?: unknown;
  /** Works on the raw documents of a time series' buckets. Sent to servers from 8.2 on. */
  rawData?: boolean;
  dbName?: string;
  authdb?: string;
}

/** An index by its name or by its keys. @public */
export type Hint = string | Document;

/** Names of fields as a document: `['a', 'b']` is `{a: 1, b: 1}`, as the official driver has it. */
export function namesAsKeys(names: readonly string[]): Document {
  return Object.fromEntries(names.map(name => [name, 1]));
}

/** The first server that knows `rawData`: 8.2. */
const RAW_DATA_WIRE_VERSION = 27;

/** Options whose names are those of the command's fields, and which are sent if they are set. */
export function copyOptions<O extends object>(
  command: Document,
  options: O,
  names: readonly (keyof O & string)[],
): void {
  for (const name of names) {
    // Fields of a model or of an index come as the caller wrote them; only own properties count.
    const value = Object.hasOwn(options, name) ? options[name] : undefined;
    if (isGiven(value)) command[name] = value;
  }
}

/** The fields that any command takes: `comment`, the user's own `maxTimeMS`, which `timeoutMS` puts out of use, and `rawData`. */
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

/** The first server whose delete and findAndModify know `hint`: 4.4. */
const FIRST_WIRE_VERSION_WITH_HINT = 9;

/**
 * A server that does not know `hint` says so, unless nobody hears it: then the driver does (CRUD, "hint").
 *
 * @throws MongoCompatibilityError
 */
export function checkHintWithoutAnswer(
  command: 'delete' | 'findAndModify',
  context: OperationContext,
  { connection }: CommandTarget,
): void {
  if (!unacknowledged(context) || connection.server.maxWireVersion >= FIRST_WIRE_VERSION_WITH_HINT) return;
  throw new MongoCompatibilityError(`hint for the ${command} command is only supported on MongoDB 4.4+`);
}
