import type { Document } from '../bson/index.js';
import type { CountDocumentsOptions } from '../commands/aggregate.js';
import type { DeleteOptions, DeleteResult } from '../commands/delete.js';
import type { DistinctOptions } from '../commands/distinct.js';
import type {
  FindOneAndDeleteOptions,
  FindOneAndReplaceOptions,
  FindOneAndUpdateOptions,
  ModifyResult,
} from '../commands/find_and_modify.js';
import type { Abortable } from '../commands/options.js';
import type { ReplaceOptions, UpdateOptions, UpdateResult } from '../commands/update.js';
import type { ExactFilter } from '../types/exact_filter.js';
import type { ExactUpdateFilter } from '../types/exact_update.js';
import type { Flatten, WithId, WithoutId } from '../types/schema.js';
import type { Sort } from '../types/sort.js';
import type { Collection, FindOneOptions } from './collection.js';
import type { FindCursor, FindOptions } from './cursors/find_cursor.js';

/**
 * A collection whose filters and updates the compiler checks whole, with {@link ExactFilter} and {@link ExactUpdateFilter}. The type of what
 * {@link exact} returns. `bulkWrite`, and `filter` of a cursor, take what they take in {@link Collection}.
 *
 * @public
 */
export interface ExactCollection<TSchema extends Document = Document>
  extends Omit<
    Collection<TSchema>,
    | 'countDocuments'
    | 'deleteMany'
    | 'deleteOne'
    | 'distinct'
    | 'find'
    | 'findOne'
    | 'findOneAndDelete'
    | 'findOneAndReplace'
    | 'findOneAndUpdate'
    | 'replaceOne'
    | 'updateMany'
    | 'updateOne'
  > {
  findOne<T = WithId<TSchema>>(filter?: ExactFilter<TSchema>, options?: FindOneOptions & Abortable): Promise<T | null>;
  find<T extends Document = WithId<TSchema>>(
    filter?: ExactFilter<TSchema>,
    options?: FindOptions & Abortable,
  ): FindCursor<T>;
  countDocuments(filter?: ExactFilter<TSchema>, options?: CountDocumentsOptions & Abortable): Promise<number>;
  distinct<Key extends keyof WithId<TSchema>>(
    key: Key,
    filter?: ExactFilter<TSchema>,
    options?: DistinctOptions,
  ): Promise<Array<Flatten<WithId<TSchema>[Key]>>>;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the type of a field that the schema does not name is the program's business
  distinct(key: string, filter?: ExactFilter<TSchema>, options?: DistinctOptions): Promise<any[]>;
  updateOne(
    filter: ExactFilter<TSchema>,
    change: ExactUpdateFilter<TSchema> | Document[],
    options?: UpdateOptions & { sort?: Sort },
  ): Promise<UpdateResult<TSchema>>;
  updateMany(
    filter: ExactFilter<TSchema>,
    change: ExactUpdateFilter<TSchema> | Document[],
    options?: UpdateOptions,
  ): Promise<UpdateResult<TSchema>>;
  replaceOne(
    filter: ExactFilter<TSchema>,
    replacement: WithoutId<TSchema>,
    options?: ReplaceOptions,
  ): Promise<UpdateResult<TSchema>>;
  deleteOne(filter?: ExactFilter<TSchema>, options?: DeleteOptions): Promise<DeleteResult>;
  deleteMany(filter?: ExactFilter<TSchema>, options?: DeleteOptions): Promise<DeleteResult>;
  findOneAndDelete(
    filter: ExactFilter<TSchema>,
    options: FindOneAndDeleteOptions & { includeResultMetadata: true },
  ): Promise<ModifyResult<TSchema>>;
  findOneAndDelete(filter: ExactFilter<TSchema>, options?: FindOneAndDeleteOptions): Promise<WithId<TSchema> | null>;
  findOneAndReplace(
    filter: ExactFilter<TSchema>,
    replacement: WithoutId<TSchema>,
    options: FindOneAndReplaceOptions & { includeResultMetadata: true },
  ): Promise<ModifyResult<TSchema>>;
  findOneAndReplace(
    filter: ExactFilter<TSchema>,
    replacement: WithoutId<TSchema>,
    options?: FindOneAndReplaceOptions,
  ): Promise<WithId<TSchema> | null>;
  findOneAndUpdate(
    filter: ExactFilter<TSchema>,
    change: ExactUpdateFilter<TSchema> | Document[],
    options: FindOneAndUpdateOptions & { includeResultMetadata: true },
  ): Promise<ModifyResult<TSchema>>;
  findOneAndUpdate(
    filter: ExactFilter<TSchema>,
    change: ExactUpdateFilter<TSchema> | Document[],
    options?: FindOneAndUpdateOptions,
  ): Promise<WithId<TSchema> | null>;
}

/**
 * The same collection, with filters and updates that the compiler checks whole. Nothing changes when the program runs.
 *
 * ```ts
 * const orders = exact(db.collection<Order>('orders'));
 * await orders.findOne({ 'customer.nmae': 'Ada' }); // does not compile
 * ```
 *
 * @public
 */
export function exact<TSchema extends Document>(collection: Collection<TSchema>): ExactCollection<TSchema> {
  // The compiler would compare all filters that either type takes, for each schema.
  return collection as unknown as ExactCollection<TSchema>;
}
