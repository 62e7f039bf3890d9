import { type DocumentDecoder, documentDecoder } from '../bson/decode.js';
import { BSON_OPTIONS, type BSONSerializeOptions, type Document } from '../bson/index.js';
import {
  inheritReadConcern,
  type ReadConcern,
  type ReadConcernLike,
  readConcernDocument,
} from '../concern/read_concern.js';
import { ReadPreference, type ReadPreferenceLike } from '../concern/read_preference.js';
import {
  inheritWriteConcern,
  isUnacknowledged,
  type WriteConcern,
  type WriteConcernSettings,
  writeConcernDocument,
} from '../concern/write_concern.js';
import { MongoAPIError, MongoInvalidArgumentError } from '../errors/driver.js';
import { isGiven, ownOptions } from '../runtime/own_options.js';
import { ClientSession } from '../sessions/client_session.js';
import type { SessionState } from '../sessions/session_state.js';
import type { Transaction } from '../sessions/transaction.js';

/** The namespace and the settings of an operation: those of its collection or database, overridden by those of the call. */
export interface OperationContext {
  readonly database: string;
  /** The name of the collection; empty for an operation on a whole database. */
  readonly collection: string;
  readonly namespace: string;
  readonly readPreference: ReadPreference;
  readonly readConcern: ReadConcern | undefined;
  readonly writeConcern: WriteConcern | undefined;
  readonly bsonOptions: BSONSerializeOptions;
  /** Decodes the user's documents with `bsonOptions`. */
  readonly decode: DocumentDecoder;
  /** The session of the call. */
  readonly session: SessionState | null;
}

/** Settings that a call, a collection or a database may override. */
export interface ContextOverrides extends BSONSerializeOptions {
  readPreference?: ReadPreferenceLike;
  readConcern?: ReadConcernLike;
  writeConcern?: WriteConcern | WriteConcernSettings;
  session?: ClientSession;
}

const BSON_OPTION_NAMES: ReadonlySet<string> = new Set(BSON_OPTIONS);

/** The context with a call's options applied. The same object if they change nothing, which is the usual case. */
export function withOverrides<C extends OperationContext>(context: C, given: ContextOverrides | null | undefined): C {
  if (!isGiven(given)) return context;
  const options = ownOptions(given);
  const { readPreference, readConcern, writeConcern, session } = options;
  if (isGiven(session)) return inSession(context, options, session);
  const bson = bsonOverrides(options);
  if (readPreference === undefined && readConcern === undefined && writeConcern === undefined && bson === undefined) {
    return context;
  }
  const bsonOptions = bson === undefined ? context.bsonOptions : ownOptions(bothBSONOptions(context.bsonOptions, bson));
  return {
    ...context,
    readPreference: readPreferenceOf(readPreference) ?? context.readPreference,
    readConcern: inheritReadConcern(readConcern, context.readConcern),
    writeConcern: inheritWriteConcern(writeConcern, context.writeConcern),
    bsonOptions,
    decode: bson === undefined ? context.decode : documentDecoder(bsonOptions),
  };
}

/**
 * Inside a transaction only the concerns of the transaction count (Transactions, "readConcern" and "writeConcern"). Those of collections, databases and calls are
 * left out: the specification demands an error for those of a call, and the official driver leaves them out (docs/differences.md).
 *
 * @throws MongoInvalidArgumentError if the value is no session, MongoExpiredSessionError if it has ended, MongoAPIError for a call with `w: 0` in a transaction
 */
function inSession<C extends OperationContext>(context: C, options: ContextOverrides, given: unknown): C {
  if (!(given instanceof ClientSession)) {
    throw new MongoInvalidArgumentError('Option "session" must be a session of this client (client.startSession())');
  }
  const { state } = given;
  state.mustBeUsable();
  const { session: _, ...others } = options;
  const own = { ...withOverrides(context, ownOptions(others)), session: state };
  if (!state.transaction.isActive) return own;
  // Without it, the write would be acknowledged, which its caller does not wait for.
  if (isGiven(options.writeConcern) && unacknowledgedBy(own.writeConcern)) {
    throw new MongoAPIError('Cannot have explicit session with unacknowledged writes');
  }
  const readPreference = readPreferenceOf(options.readPreference) ?? state.transaction.settings.readPreference;
  return { ...own, readConcern: undefined, writeConcern: undefined, readPreference };
}

/** The transaction that a command with this context is part of. */
export function transactionOf({ session }: Pick<OperationContext, 'session'>): Transaction | null {
  return session?.transaction.isActive === true ? session.transaction : null;
}

function readPreferenceOf(readPreference: ReadPreferenceLike | undefined): ReadPreference | undefined {
  return readPreference === undefined ? undefined : ReadPreference.fromOptions({ readPreference });
}

/** @throws MongoInvalidArgumentError if the options contradict one another, so that no reply could be decoded */
function bothBSONOptions(inherited: BSONSerializeOptions, own: BSONSerializeOptions): BSONSerializeOptions {
  const both = { ...inherited, ...own };
  if (both.useBigInt64 === true && (both.promoteLongs === false || both.promoteValues === false)) {
    throw new MongoInvalidArgumentError(
      'Must request either bigint or Long for int64 deserialization: useBigInt64 excludes promoteLongs=false and promoteValues=false',
    );
  }
  return both;
}

/** @param options - inherits nothing */
function bsonOverrides(options: BSONSerializeOptions): BSONSerializeOptions | undefined {
  let overrides: Record<string, unknown> | undefined;
  // A call has few options or none: to look for each of the dozen that there are would cost more.
  for (const name in options) {
    const value = BSON_OPTION_NAMES.has(name) ? (options as Record<string, unknown>)[name] : undefined;
    if (!isGiven(value)) continue;
    overrides ??= {};
    overrides[name] = value;
  }
  return overrides;
}

/** Puts the write concern on a command, unless it is the server's default, or a transaction has its own. */
export function addWriteConcern(command: Document, context: OperationContext): void {
  const { writeConcern } = context;
  if (writeConcern === undefined || transactionOf(context) !== null) return;
  const document = writeConcernDocument(writeConcern);
  if (document !== undefined) command['writeConcern'] = document;
}

/** Puts the read concern on a command, unless it is the server's default, or a transaction has its own. */
export function addReadConcern(command: Document, context: OperationContext): void {
  const { readConcern } = context;
  if (readConcern === undefined || transactionOf(context) !== null) return;
  const document = readConcernDocument(readConcern);
  if (document !== undefined) command['readConcern'] = document;
}

export function unacknowledged(context: OperationContext): boolean {
  return unacknowledgedBy(context.writeConcern) && transactionOf(context) === null;
}

function unacknowledgedBy(writeConcern: WriteConcern | undefined): boolean {
  return writeConcern !== undefined && isUnacknowledged(writeConcern);
}
