import { type Binary } from 'bson';
import { type BsonDocument } from '../bson/document.js';
import { type Document } from '../bson/types.js';
import { type Namespace } from './namespace.js';

/** A change of one document, told after it was made. */
export interface DocumentChange {
  readonly kind: 'insert' | 'update' | 'replace' | 'delete';
  readonly namespace: Namespace;
  readonly uuid: Binary;
  readonly before: BsonDocument | undefined;
  readonly after: BsonDocument | undefined;
  /** The collection keeps pre- and post-images. */
  readonly hasImages: boolean;
}

/** A change of a collection or a database. */
export interface CatalogChange {
  readonly kind: 'create' | 'drop' | 'dropDatabase' | 'rename' | 'modify' | 'createIndexes' | 'dropIndexes';
  /** With an empty collection: the database. */
  readonly namespace: Namespace;
  readonly uuid: Binary | undefined;
  /** Of a rename. */
  readonly to?: Namespace;
  readonly isView?: boolean;
  /** What was asked for, as change streams tell it. */
  readonly description?: Document;
}

export type Change = DocumentChange | CatalogChange;

/** Told of every change of a storage, in order. */
export type Journal = (change: Change) => void;
