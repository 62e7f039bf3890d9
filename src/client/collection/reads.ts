import type { Document } from '../../bson/index.js';
import { type CountDocumentsOptions, checkPipeline, countDocuments } from '../../commands/aggregate.js';
import { withOverrides } from '../../commands/context.js';
import {
  type CountOptions,
  count,
  type EstimatedDocumentCountOptions,
  estimatedDocumentCount,
} from '../../commands/count.js';
import { type DistinctOptions, distinct } from '../../commands/distinct.js';
import type { ExplainCommandOptions, ExplainVerbosityLike } from '../../commands/explain.js';
import { checkFilter, findOne } from '../../commands/find.js';
import type { Abortable } from '../../commands/options.js';
import type { Filter } from '../../types/filter.js';
import type { Flatten, WithId } from '../../types/schema.js';
import { type AggregateOptions, AggregationCursor } from '../cursors/aggregation_cursor.js';
import { FindCursor, type FindOptions } from '../cursors/find_cursor.js';
import { run, runExplainable } from '../run.js';
import { notYet } from '../unsupported.js';
import { CollectionWrites } from './writes.js';

/** @public */
export type FindOneOptions = Omit<FindOptions, 'batchSize' | 'noCursorTimeout' | 'timeoutMode'>;

const NO_QUERY = 'Query filter must be a plain object or ObjectId';

/** Operations that read documents, and count them. */
export class CollectionReads<TSchema extends Document = Document> extends CollectionWrites<TSchema> {
  /** The first document that matches, or null. */
  findOne(): Promise<WithId<TSchema> | null>;
  findOne(filter: Filter<TSchema>): Promise<WithId<TSchema> | null>;
  findOne(filter: Filter<TSchema>, options: FindOneOptions & Abortable): Promise<WithId<TSchema> | null>;
  findOne<T = TSchema>(): Promise<T | null>;
  findOne<T = TSchema>(filter: Filter<TSchema>): Promise<T | null>;
  findOne<T = TSchema>(filter: Filter<TSchema>, options?: FindOneOptions & Abortable): Promise<T | null>;
  findOne(filter?: Filter<TSchema> | null, options?: FindOneOptions): Promise<unknown> {
    return runExplainable(this.client, this.context, options, (context, own) => {
      const wanted = filter ?? {};
      checkFilter(wanted, NO_QUERY);
      return findOne(context, wanted, own);
    });
  }

  /** The documents that match. Nothing is sent before the cursor is read. */
  find(): FindCursor<WithId<TSchema>>;
  find(filter: Filter<TSchema>, options?: FindOptions & Abortable): FindCursor<WithId<TSchema>>;
  find<T extends Document>(filter: Filter<TSchema>, options?: FindOptions & Abortable): FindCursor<T>;
  find(filter?: Filter<TSchema> | null, options?: FindOptions | null): FindCursor<WithId<TSchema>> {
    const wanted = filter ?? {};
    checkFilter(wanted, NO_QUERY);
    return new FindCursor(this.client, withOverrides(this.context, options), wanted, options ?? {});
  }

  /**
   * Change streams are not supported yet.
   *
   * @throws MongoCompatibilityError always
   */
  watch(_pipeline?: Document[], _options?: Document): never {
    return notYet('change streams (watch)');
  }

  /** The results of an aggregation. Nothing is sent before the cursor is read. */
  aggregate<T extends Document = Document>(
    pipeline: Document[] = [],
    options?: AggregateOptions & Abortable,
  ): AggregationCursor<T> {
    checkPipeline(pipeline);
    return new AggregationCursor<T>(this.client, withOverrides(this.context, options), pipeline, options ?? {});
  }

  /** How many documents match, by looking at them. */
  countDocuments(filter: Filter<TSchema> = {}, options?: CountDocumentsOptions & Abortable): Promise<number> {
    return runExplainable(this.client, this.context, options, (context, own) => {
      checkFilter(filter);
      return countDocuments(context, filter, own);
    });
  }

  /** How many documents the metadata of the collection say that there are: quick, and not exact after an unclean shutdown. */
  estimatedDocumentCount(options?: EstimatedDocumentCountOptions): Promise<number> {
    return run(this.client, this.context, options, estimatedDocumentCount);
  }

  /**
   * How many documents match, by the command `count`.
   *
   * @deprecated Use {@link Collection.countDocuments} or {@link Collection.estimatedDocumentCount}.
   */
  count(filter: Filter<TSchema> = {}, options?: CountOptions): Promise<number> {
    return run(this.client, this.context, options, (context, own) => {
      checkFilter(filter);
      return count(context, filter, own);
    });
  }

  /** The values of a field in the documents that match, each once. */
  distinct<Key extends keyof WithId<TSchema>>(key: Key): Promise<Array<Flatten<WithId<TSchema>[Key]>>>;
  distinct<Key extends keyof WithId<TSchema>>(
    key: Key,
    filter: Filter<TSchema>,
  ): Promise<Array<Flatten<WithId<TSchema>[Key]>>>;
  distinct<Key extends keyof WithId<TSchema>>(
    key: Key,
    filter: Filter<TSchema>,
    options: DistinctOptions,
  ): Promise<Array<Flatten<WithId<TSchema>[Key]>>>;
  distinct(
    key: keyof WithId<TSchema>,
    filter: Filter<TSchema>,
    options: DistinctOptions & { explain: ExplainVerbosityLike | ExplainCommandOptions },
  ): Promise<Document>;
  // The type of a field that the schema does not name is the program's business.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  distinct(key: string, filter?: Filter<TSchema>, options?: DistinctOptions): Promise<any[]>;
  distinct(key: unknown, filter: Filter<TSchema> = {}, options?: DistinctOptions): Promise<unknown> {
    return runExplainable(this.client, this.context, options, (context, own) => {
      checkFilter(filter);
      return distinct(context, key, filter, own);
    });
  }
}
