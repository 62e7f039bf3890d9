import type { Binary, Document, Timestamp } from '../bson/index.js';
import type { InferIdType } from './schema.js';

/**
 * Where a change stream can go on: the `_id` of a change, or what the server tells with a batch. Opaque: store it as it is, as a BSON document.
 *
 * @public
 */
export type ResumeToken = unknown;

/** @public */
export interface ChangeStreamDocumentCommon {
  /** The resume token of this change: the stream can be resumed after it. */
  _id: ResumeToken;
  /**
   * When the change happened, by the oplog. All changes of one transaction have the time of its commit. On a sharded cluster, changes of different
   * shards may have the same time; `lsid` and `txnNumber` together tell those of one transaction.
   */
  clusterTime?: Timestamp;
  /** Number of the transaction, for a change that is part of one. A `Long` with `promoteLongs: false`. */
  txnNumber?: number;
  /** Session of the transaction, for a change that is part of one. */
  lsid?: { readonly id: Binary };
  /** Which part of a large change this is, where the pipeline ends with `$changeStreamSplitLargeEvent`. */
  splitEvent?: ChangeStreamSplitEvent;
}

/** @public */
export interface ChangeStreamSplitEvent {
  /** Number of this part, from 1 on. */
  fragment: number;
  /** How many parts there are. */
  of: number;
}

/** @public */
export interface ChangeStreamNameSpace {
  db: string;
  coll: string;
}

/** @public */
export interface ChangeStreamDocumentKey<TSchema extends Document = Document> {
  /** The `_id` of the document, and in a sharded collection also its shard key. */
  // biome-ignore lint/suspicious/noExplicitAny: a shard key has values of any type
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  documentKey: { _id: InferIdType<TSchema>; [shardKey: string]: any };
}

/** @public */
export interface ChangeStreamDocumentCollectionUUID {
  /** UUID of the collection. With `showExpandedEvents`, from MongoDB 6.1 on. A `Buffer` with `promoteBuffers`. */
  collectionUUID: Binary;
}

/** @public */
export interface ChangeStreamDocumentOperationDescription {
  /** What was done in detail. With `showExpandedEvents`, from MongoDB 6.1 on. */
  operationDescription?: Document;
}

/** @public */
export interface ChangeStreamDocumentWallTime {
  /** The server's date and time of the change. From MongoDB 6.0 on. */
  wallTime?: Date;
}

/**
 * How an update changed a document.
 *
 * @public
 */
export interface UpdateDescription<TSchema extends Document = Document> {
  /** New values, by the paths of the fields. */
  updatedFields?: Partial<TSchema>;
  /** Paths of the fields that were removed. */
  removedFields?: string[];
  /** Arrays that became shorter. */
  truncatedArrays?: { field: string; newSize: number }[];
  /** The parts of paths that could be misread, such as a field whose name is a number. With `showExpandedEvents`, from MongoDB 6.1 on. */
  disambiguatedPaths?: Document;
}

/** @public */
export interface ChangeStreamInsertDocument<TSchema extends Document = Document>
  extends ChangeStreamDocumentCommon,
    ChangeStreamDocumentKey<TSchema>,
    ChangeStreamDocumentCollectionUUID,
    ChangeStreamDocumentWallTime {
  operationType: 'insert';
  /** The document that was inserted. */
  fullDocument: TSchema;
  ns: ChangeStreamNameSpace;
}

/** @public */
export interface ChangeStreamUpdateDocument<TSchema extends Document = Document>
  extends ChangeStreamDocumentCommon,
    ChangeStreamDocumentKey<TSchema>,
    ChangeStreamDocumentCollectionUUID,
    ChangeStreamDocumentWallTime {
  operationType: 'update';
  /**
   * The document after the change, if the option `fullDocument` asks for it. With `updateLookup`: as it is when the change is read, so that it may have
   * been changed again, and null if it has been deleted.
   */
  fullDocument?: TSchema;
  updateDescription: UpdateDescription<TSchema>;
  ns: ChangeStreamNameSpace;
  /** The document before the change, if the option `fullDocumentBeforeChange` asks for it; null with `whenAvailable` if there is none. */
  fullDocumentBeforeChange?: TSchema;
}

/** @public */
export interface ChangeStreamReplaceDocument<TSchema extends Document = Document>
  extends ChangeStreamDocumentCommon,
    ChangeStreamDocumentKey<TSchema>,
    ChangeStreamDocumentWallTime {
  operationType: 'replace';
  /** The new document. */
  fullDocument: TSchema;
  ns: ChangeStreamNameSpace;
  /** The document before the change, if the option `fullDocumentBeforeChange` asks for it; null with `whenAvailable` if there is none. */
  fullDocumentBeforeChange?: TSchema;
}

/** @public */
export interface ChangeStreamDeleteDocument<TSchema extends Document = Document>
  extends ChangeStreamDocumentCommon,
    ChangeStreamDocumentKey<TSchema>,
    ChangeStreamDocumentCollectionUUID,
    ChangeStreamDocumentWallTime {
  operationType: 'delete';
  ns: ChangeStreamNameSpace;
  /** The document before the change, if the option `fullDocumentBeforeChange` asks for it; null with `whenAvailable` if there is none. */
  fullDocumentBeforeChange?: TSchema;
}

/** @public */
export interface ChangeStreamDropDocument
  extends ChangeStreamDocumentCommon,
    ChangeStreamDocumentCollectionUUID,
    ChangeStreamDocumentWallTime {
  operationType: 'drop';
  ns: ChangeStreamNameSpace;
}

/** @public */
export interface ChangeStreamRenameDocument
  extends ChangeStreamDocumentCommon,
    ChangeStreamDocumentCollectionUUID,
    ChangeStreamDocumentWallTime {
  operationType: 'rename';
  /** The new name. */
  to: { db: string; coll: string };
  /** The old name. */
  ns: ChangeStreamNameSpace;
}

/** @public */
export interface ChangeStreamDropDatabaseDocument extends ChangeStreamDocumentCommon, ChangeStreamDocumentWallTime {
  operationType: 'dropDatabase';
  ns: { db: string };
}

/**
 * What was watched is gone: the stream ends. Another can begin after it with `startAfter`.
 *
 * @public
 */
export interface ChangeStreamInvalidateDocument extends ChangeStreamDocumentCommon, ChangeStreamDocumentWallTime {
  operationType: 'invalidate';
}

/** Only with `showExpandedEvents`. @public */
export interface ChangeStreamCreateIndexDocument
  extends ChangeStreamDocumentCommon,
    ChangeStreamDocumentCollectionUUID,
    ChangeStreamDocumentOperationDescription,
    ChangeStreamDocumentWallTime {
  operationType: 'createIndexes';
}

/** Only with `showExpandedEvents`. @public */
export interface ChangeStreamDropIndexDocument
  extends ChangeStreamDocumentCommon,
    ChangeStreamDocumentCollectionUUID,
    ChangeStreamDocumentOperationDescription,
    ChangeStreamDocumentWallTime {
  operationType: 'dropIndexes';
}

/** Only with `showExpandedEvents`. @public */
export interface ChangeStreamCollModDocument
  extends ChangeStreamDocumentCommon,
    ChangeStreamDocumentCollectionUUID,
    ChangeStreamDocumentWallTime {
  operationType: 'modify';
}

/** Only with `showExpandedEvents`. @public */
export interface ChangeStreamCreateDocument
  extends ChangeStreamDocumentCommon,
    ChangeStreamDocumentCollectionUUID,
    ChangeStreamDocumentWallTime {
  operationType: 'create';
  /** What was made. From MongoDB 8.1 on. */
  nsType?: 'collection' | 'timeseries' | 'view';
}

/** Only with `showExpandedEvents`. @public */
export interface ChangeStreamShardCollectionDocument
  extends ChangeStreamDocumentCommon,
    ChangeStreamDocumentCollectionUUID,
    ChangeStreamDocumentOperationDescription,
    ChangeStreamDocumentWallTime {
  operationType: 'shardCollection';
}

/** Only with `showExpandedEvents`. @public */
export interface ChangeStreamReshardCollectionDocument
  extends ChangeStreamDocumentCommon,
    ChangeStreamDocumentCollectionUUID,
    ChangeStreamDocumentOperationDescription {
  operationType: 'reshardCollection';
}

/** Only with `showExpandedEvents`. @public */
export interface ChangeStreamRefineCollectionShardKeyDocument
  extends ChangeStreamDocumentCommon,
    ChangeStreamDocumentCollectionUUID,
    ChangeStreamDocumentOperationDescription {
  operationType: 'refineCollectionShardKey';
}

/**
 * A change, told apart by its `operationType`.
 *
 * @public
 */
export type ChangeStreamDocument<TSchema extends Document = Document> =
  | ChangeStreamInsertDocument<TSchema>
  | ChangeStreamUpdateDocument<TSchema>
  | ChangeStreamReplaceDocument<TSchema>
  | ChangeStreamDeleteDocument<TSchema>
  | ChangeStreamDropDocument
  | ChangeStreamRenameDocument
  | ChangeStreamDropDatabaseDocument
  | ChangeStreamInvalidateDocument
  | ChangeStreamCreateIndexDocument
  | ChangeStreamCreateDocument
  | ChangeStreamCollModDocument
  | ChangeStreamDropIndexDocument
  | ChangeStreamShardCollectionDocument
  | ChangeStreamReshardCollectionDocument
  | ChangeStreamRefineCollectionShardKeyDocument;
