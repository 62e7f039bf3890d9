import type { Document } from '../bson/index.js';
import type { CollationOptions, Hint } from '../commands/options.js';
import type { Filter } from '../types/filter.js';
import type { OptionalId, WithoutId } from '../types/schema.js';
import type { Sort } from '../types/sort.js';
import type { UpdateFilter } from '../types/update.js';

/** @public */
export interface InsertOneModel<TSchema extends Document = Document> {
  /** A missing `_id` is made and put on it. */
  document: OptionalId<TSchema>;
}

/** @public */
export interface DeleteOneModel<TSchema extends Document = Document> {
  filter: Filter<TSchema>;
  collation?: CollationOptions;
  hint?: Hint;
}

/** @public */
export interface DeleteManyModel<TSchema extends Document = Document> {
  filter: Filter<TSchema>;
  collation?: CollationOptions;
  hint?: Hint;
}

/** @public */
export interface ReplaceOneModel<TSchema extends Document = Document> {
  filter: Filter<TSchema>;
  replacement: WithoutId<TSchema>;
  collation?: CollationOptions;
  hint?: Hint;
  /** Inserts the replacement when nothing matches. */
  upsert?: boolean;
  /** Which document is replaced when several match. */
  sort?: Sort;
}

/** @public */
export interface UpdateManyModel<TSchema extends Document = Document> {
  filter: Filter<TSchema>;
  /** Update operators, or a pipeline. */
  update: UpdateFilter<TSchema> | Document[];
  /** Which elements of arrays an update is about. */
  arrayFilters?: Document[];
  collation?: CollationOptions;
  hint?: Hint;
  /** Inserts a document when nothing matches. */
  upsert?: boolean;
}

/** @public */
export interface UpdateOneModel<TSchema extends Document = Document> extends UpdateManyModel<TSchema> {
  /** Which document is changed when several match. */
  sort?: Sort;
}

/** One write of `Collection.bulkWrite`. @public */
export type AnyBulkWriteOperation<TSchema extends Document = Document> =
  | { insertOne: InsertOneModel<TSchema> }
  | { replaceOne: ReplaceOneModel<TSchema> }
  | { updateOne: UpdateOneModel<TSchema> }
  | { updateMany: UpdateManyModel<TSchema> }
  | { deleteOne: DeleteOneModel<TSchema> }
  | { deleteMany: DeleteManyModel<TSchema> };

/** What all writes of `MongoClient.bulkWrite` have. @public */
export interface ClientWriteModel {
  /** `database.collection` */
  namespace: string;
}

/** @public */
export interface ClientInsertOneModel<TSchema extends Document = Document>
  extends ClientWriteModel,
    InsertOneModel<TSchema> {
  name: 'insertOne';
}

/** @public */
export interface ClientDeleteOneModel<TSchema extends Document = Document>
  extends ClientWriteModel,
    DeleteOneModel<TSchema> {
  name: 'deleteOne';
}

/** @public */
export interface ClientDeleteManyModel<TSchema extends Document = Document>
  extends ClientWriteModel,
    DeleteManyModel<TSchema> {
  name: 'deleteMany';
}

/** @public */
export interface ClientReplaceOneModel<TSchema extends Document = Document>
  extends ClientWriteModel,
    ReplaceOneModel<TSchema> {
  name: 'replaceOne';
}

/** @public */
export interface ClientUpdateOneModel<TSchema extends Document = Document>
  extends ClientWriteModel,
    UpdateOneModel<TSchema> {
  name: 'updateOne';
}

/** @public */
export interface ClientUpdateManyModel<TSchema extends Document = Document>
  extends ClientWriteModel,
    UpdateManyModel<TSchema> {
  name: 'updateMany';
}

/** One write of `MongoClient.bulkWrite`, to a collection of a known schema. @public */
export type AnyClientBulkWriteModel<TSchema extends Document> =
  | ClientInsertOneModel<TSchema>
  | ClientReplaceOneModel<TSchema>
  | ClientUpdateOneModel<TSchema>
  | ClientUpdateManyModel<TSchema>
  | ClientDeleteOneModel<TSchema>
  | ClientDeleteManyModel<TSchema>;

/** One write of `MongoClient.bulkWrite`: its namespace says which schema it has. @public */
export type ClientBulkWriteModel<SchemaMap extends Record<string, Document> = Record<string, Document>> = {
  [Namespace in keyof SchemaMap]: AnyClientBulkWriteModel<SchemaMap[Namespace]> & { namespace: Namespace };
}[keyof SchemaMap];
