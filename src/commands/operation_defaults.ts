import type { Document } from '../bson/index.js';
import { ReadPreference } from '../concern/read_preference.js';
import type { CommandTarget, Operation, OperationReply } from '../executor/operation.js';
import { isGiven } from '../runtime/own_options.js';
import { readPreferenceSelector, type ServerSelector, writableSelector } from '../sdam/server_selection.js';
import type { SessionRole } from '../sessions/session_fields.js';
import type { DocumentSequence } from '../wire/message_encoder.js';
import type { OperationContext } from './context.js';

/** The fields of an operation that differ from command to command. The others have defaults or come from the context. */
export interface OperationDefinition<T> {
  readonly name: string;
  readonly access: 'read' | 'write';
  /** Default: true if `access` is `write`. */
  readonly writes?: boolean;
  readonly retryable: boolean;
  /** Default 0. */
  readonly readPreferenceSince?: number;
  /** Default `remaining`. */
  readonly maxTime?: 'remaining' | 'omit' | number;
  readonly sequence?: DocumentSequence;
  /** Default `ordinary`. */
  readonly sessionRole?: SessionRole;
  /** Default false. */
  readonly unacknowledged?: boolean;
  readonly unacknowledgedResult?: (taken: number) => T;
  readonly checkEncoded?: ((message: Buffer) => void) | undefined;
  readonly command: (target: CommandTarget) => Document;
  readonly result: (reply: OperationReply) => T;
}

/**
 * Makes every operation, field by field in one order. So all operations have one shape, which keeps the executor fast. (An object literal with
 * a spread costs a hundred times as much.)
 */
export function defineOperation<T>(
  {
    database,
    namespace,
    bsonOptions,
    session,
  }: Pick<OperationContext, 'database' | 'namespace' | 'bsonOptions' | 'session'>,
  selector: ServerSelector,
  readPreference: ReadPreference,
  definition: OperationDefinition<T>,
): Operation<T> {
  return {
    name: definition.name,
    database,
    namespace,
    access: definition.access,
    writes: definition.writes ?? definition.access === 'write',
    retryable: definition.retryable,
    selector,
    readPreference,
    readPreferenceSince: definition.readPreferenceSince ?? 0,
    maxTime: definition.maxTime ?? 'remaining',
    unacknowledged: definition.unacknowledged ?? false,
    bsonOptions,
    session,
    sessionRole: definition.sessionRole ?? 'ordinary',
    sequence: definition.sequence,
    command: definition.command,
    checkEncoded: definition.checkEncoded,
    result: definition.result,
    unacknowledgedResult: definition.unacknowledgedResult,
  };
}

/** An operation for the primary, a mongos or a standalone server: every write, and most commands on a whole database. */
export function onPrimary<T>(context: OperationContext, definition: OperationDefinition<T>): Operation<T> {
  return defineOperation(context, writableSelector, ReadPreference.primary, definition);
}

/** A read whose server is selected by the read preference. */
export function byReadPreference<T>(context: OperationContext, definition: OperationDefinition<T>): Operation<T> {
  const { readPreference } = context;
  const selector = readPreference.mode === 'primary' ? writableSelector : readPreferenceSelector(readPreference);
  return defineOperation(context, selector, readPreference, definition);
}

/**
 * A listing of collections or indexes, for the primary. Only a read preference of the call itself counts, not an inherited one (Enumerating
 * Collections, Enumerating Indexes, "Replica Sets").
 */
export function onPrimaryUnlessAsked<T>(
  context: OperationContext,
  { readPreference }: { readonly readPreference?: unknown },
  definition: OperationDefinition<T>,
): Operation<T> {
  return isGiven(readPreference) ? byReadPreference(context, definition) : onPrimary(context, definition);
}
