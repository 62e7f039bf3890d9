import { Timestamp } from 'bson';
import { type Document, isDocument } from '../bson/types.js';
import { type Namespace } from '../engine/namespace.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { decodeResumeToken, type ResumePoint } from './resume_token.js';

const fullDocument = ['default', 'updateLookup', 'whenAvailable', 'required'] as const;
const beforeChange = ['off', 'whenAvailable', 'required'] as const;

/** What `$changeStream` was given. */
export interface ChangeStreamOptions {
  /** What is watched: a collection, a database (with an empty collection), or everything. */
  readonly watched: Namespace | 'cluster';
  readonly fullDocument: (typeof fullDocument)[number];
  readonly fullDocumentBeforeChange: (typeof beforeChange)[number];
  readonly showExpandedEvents: boolean;
  readonly start: ResumePoint | Timestamp | undefined;
}

const known: ReadonlySet<string> = new Set([
  ...['fullDocument', 'fullDocumentBeforeChange', 'resumeAfter', 'startAfter', 'startAtOperationTime'],
  ...['allChangesForCluster', 'showExpandedEvents', 'showMigrationEvents', 'allowToRunOnConfigDB'],
  ...['showSystemEvents', 'showRawUpdateDescription', 'supportedEvents', 'matchCollectionUUIDForUpdateLookup'],
]);

/** @throws CommandError for what cannot be. */
export function parseChangeStream(operand: unknown, namespace: Namespace): ChangeStreamOptions {
  if (!isDocument(operand)) {
    throw new CommandError(50808, '$changeStream stage expects a document as argument');
  }
  const unknown = Object.keys(operand).find(name => !known.has(name));
  if (unknown !== undefined) {
    throw new CommandError(ErrorCode.IDLUnknownField, `BSON field '$changeStream.${unknown}' is an unknown field.`);
  }
  return {
    watched: watchedBy(operand, namespace),
    fullDocument: oneOf('fullDocument', operand['fullDocument'] ?? 'default', fullDocument),
    fullDocumentBeforeChange: oneOf(
      'fullDocumentBeforeChange',
      operand['fullDocumentBeforeChange'] ?? 'off',
      beforeChange,
    ),
    showExpandedEvents: operand['showExpandedEvents'] === true,
    start: startOf(operand),
  };
}

function watchedBy(operand: Document, { database, collection }: Namespace): Namespace | 'cluster' {
  const isDatabase = collection === '$cmd.aggregate';
  if (operand['allChangesForCluster'] === true) {
    if (database === 'admin' && isDatabase) return 'cluster';
    throw new CommandError(
      ErrorCode.InvalidOptions,
      "A $changeStream with 'allChangesForCluster:true' may only be opened on the 'admin' database, and with no collection name",
    );
  }
  if (['admin', 'config', 'local'].includes(database)) {
    throw new CommandError(
      ErrorCode.InvalidNamespace,
      `$changeStream may not be opened on the internal ${database} database`,
    );
  }
  return isDatabase ? { database, collection: '' } : { database, collection };
}

function startOf({ resumeAfter, startAfter, startAtOperationTime }: Document): ResumePoint | Timestamp | undefined {
  const given = [resumeAfter, startAfter, startAtOperationTime].filter(value => value !== undefined);
  if (given.length > 1) {
    throw new CommandError(
      40674,
      "Only one type of resume option is allowed, but multiple were found: 'resumeAfter', 'startAfter', 'startAtOperationTime'",
    );
  }
  if (startAtOperationTime !== undefined) {
    if (startAtOperationTime instanceof Timestamp) return startAtOperationTime;
    throw new CommandError(
      ErrorCode.TypeMismatch,
      "BSON field '$changeStream.startAtOperationTime' is the wrong type, expected type 'timestamp'",
    );
  }
  if (resumeAfter !== undefined) {
    const point = decodeResumeToken(resumeAfter);
    if (point.kind !== 'invalidate') return point;
    throw new CommandError(
      ErrorCode.InvalidResumeToken,
      "Attempting to resume a change stream using 'resumeAfter' is not allowed from an invalidate notification",
    );
  }
  return startAfter === undefined ? undefined : decodeResumeToken(startAfter);
}

function oneOf<Mode extends string>(field: string, value: unknown, modes: readonly Mode[]): Mode {
  const mode = modes.find(name => name === value);
  if (mode !== undefined) return mode;
  throw new CommandError(
    ErrorCode.BadValue,
    `Enumeration value '${String(value)}' for field '$changeStream.${field}' is not a valid value.`,
  );
}
