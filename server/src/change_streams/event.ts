import { type BsonDocument } from '../bson/document.js';
import { type Document } from '../bson/types.js';
import { type CatalogChange, type DocumentChange } from '../engine/journal.js';
import { type Namespace } from '../engine/namespace.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { type OplogEntry } from '../replication/oplog.js';
import { type ChangeStreamOptions } from './options.js';
import { encodeResumeToken, type ResumePoint } from './resume_token.js';
import { describeUpdate } from './update_description.js';

/** The document as it is now, for `updateLookup`. */
export type LookUp = (namespace: Namespace, id: unknown) => BsonDocument | undefined;

/** Told only with showExpandedEvents. */
const expanded: ReadonlySet<string> = new Set(['create', 'modify', 'createIndexes', 'dropIndexes']);

const internalDatabases: ReadonlySet<string> = new Set(['admin', 'config', 'local']);

/** Whether a stream tells of a change at all. */
export function isWatched({ change }: OplogEntry, { watched, showExpandedEvents }: ChangeStreamOptions): boolean {
  if (expanded.has(change.kind) && !showExpandedEvents) return false;
  if (isOfView(change)) return showExpandedEvents && watched !== 'cluster' && watched.collection === '';
  const { namespace } = change;
  if (watched === 'cluster') return !internalDatabases.has(namespace.database);
  if (namespace.database !== watched.database) {
    return change.kind === 'rename' && change.to !== undefined && covers(watched, change.to);
  }
  if (watched.collection === '') return true;
  // The end of its database ends a collection, too: that was told as a drop before.
  if (change.kind === 'dropDatabase') return false;
  return (
    covers(watched, namespace) || (change.kind === 'rename' && change.to !== undefined && covers(watched, change.to))
  );
}

/** Whether a change ends a stream. */
export function invalidates({ change }: OplogEntry, { watched }: ChangeStreamOptions): boolean {
  if (watched === 'cluster') return false;
  if (watched.collection === '') return change.kind === 'dropDatabase';
  return change.kind === 'drop' || change.kind === 'rename' || change.kind === 'dropDatabase';
}

function isOfView(change: DocumentChange | CatalogChange): boolean {
  return 'isView' in change && change.isView;
}

function covers(watched: Namespace, { database, collection }: Namespace): boolean {
  return database === watched.database && (watched.collection === '' || collection === watched.collection);
}

export function pointOf({ time, position }: OplogEntry, kind: ResumePoint['kind'] = 'event'): ResumePoint {
  return { time, position, kind, fragment: 0 };
}

/** A change as the client sees it. */
export function eventOf(entry: OplogEntry, options: ChangeStreamOptions, lookUp: LookUp): Document {
  const { change, time, wallTime, transaction } = entry;
  const { uuid } = change;
  return {
    _id: encodeResumeToken(pointOf(entry)),
    operationType: change.kind === 'delete' ? 'delete' : change.kind,
    clusterTime: time,
    ...(options.showExpandedEvents && uuid !== undefined ? { collectionUUID: uuid } : {}),
    wallTime,
    ...(isDocumentChange(change) ? documentFields(change, options, lookUp) : catalogFields(change, options)),
    ...(transaction === undefined ? {} : { txnNumber: transaction.txnNumber, lsid: transaction.lsid }),
  };
}

export function invalidateEvent(entry: OplogEntry): Document {
  return {
    _id: encodeResumeToken(pointOf(entry, 'invalidate')),
    operationType: 'invalidate',
    clusterTime: entry.time,
    wallTime: entry.wallTime,
  };
}

function isDocumentChange(change: DocumentChange | CatalogChange): change is DocumentChange {
  return 'after' in change;
}

function documentFields(change: DocumentChange, options: ChangeStreamOptions, lookUp: LookUp): Document {
  const { namespace, before, after, kind } = change;
  const id = (after ?? before)?.value['_id'];
  const ns = { db: namespace.database, coll: namespace.collection };
  const fields: Document = { ns, documentKey: { _id: id } };
  if (kind === 'update' && before !== undefined && after !== undefined) {
    const { disambiguatedPaths, ...description } = describeUpdate(before.value, after.value);
    fields['updateDescription'] = options.showExpandedEvents ? { ...description, disambiguatedPaths } : description;
  }
  return {
    ...(kind === 'insert' || kind === 'replace' ? { fullDocument: after?.value } : {}),
    ...fields,
    ...(kind === 'update' ? postImage(change, options, lookUp) : {}),
    ...(kind === 'insert' ? {} : preImage(change, options)),
  };
}

function postImage(change: DocumentChange, { fullDocument }: ChangeStreamOptions, lookUp: LookUp): Document {
  const { namespace, after, hasImages } = change;
  switch (fullDocument) {
    case 'default':
      return {};
    case 'updateLookup':
      return { fullDocument: lookUp(namespace, after?.value['_id'])?.value ?? null };
    case 'whenAvailable':
      return { fullDocument: hasImages ? after?.value : null };
    case 'required':
      if (hasImages) return { fullDocument: after?.value };
      throw noImage('post-image for all update events, but the post-image');
    default:
      return fullDocument satisfies never;
  }
}

function preImage({ before, hasImages }: DocumentChange, options: ChangeStreamOptions): Document {
  switch (options.fullDocumentBeforeChange) {
    case 'off':
      return {};
    case 'whenAvailable':
      return { fullDocumentBeforeChange: hasImages ? before?.value : null };
    case 'required':
      if (hasImages) return { fullDocumentBeforeChange: before?.value };
      throw noImage('pre-image for all update, delete and replace events, but the pre-image');
    default:
      return options.fullDocumentBeforeChange satisfies never;
  }
}

function noImage(what: string): CommandError {
  return new CommandError(
    ErrorCode.NoMatchingDocument,
    `Change stream was configured to require a ${what} was not found for an event`,
    { errorLabels: ['NonResumableChangeStreamError'] },
  );
}

function catalogFields(
  { kind, namespace, to, isView, description }: CatalogChange,
  options: ChangeStreamOptions,
): Document {
  const { database, collection } = namespace;
  const ns = collection === '' ? { db: database } : { db: database, coll: collection };
  const renamed = to === undefined ? {} : { to: { db: to.database, coll: to.collection } };
  if (!options.showExpandedEvents) return { ns, ...renamed };
  return {
    ns,
    ...renamed,
    ...(kind === 'create' ? { nsType: isView === true ? 'view' : 'collection' } : {}),
    ...(description === undefined && to === undefined ? {} : { operationDescription: { ...renamed, ...description } }),
  };
}
