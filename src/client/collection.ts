import type { BSONSerializeOptions, Document } from '../bson/index.js';
import type { BulkWriteOptions } from '../bulk/batch.js';
import { type BulkPort, OrderedBulkOperation, UnorderedBulkOperation } from '../bulk/bulk_operation.js';
import { bulkWrite } from '../bulk/bulk_write.js';
import { type InsertManyResult, insertMany } from '../bulk/insert_many.js';
import type { BulkWriteResult } from '../bulk/result.js';
import { runsOf, type Write } from '../bulk/runs.js';
import { writeOf } from '../bulk/write_models.js';
import type { ReadConcern } from '../concern/read_concern.js';
import type { ReadPreference } from '../concern/read_preference.js';
import type { WriteConcern } from '../concern/write_concern.js';
import { MongoInvalidArgumentError } from '../errors/driver.js';
import { type CountDocumentsOptions, countDocuments } from '../operations/aggregate.js';
import { withOverrides } from '../operations/context.js';
import { type DeleteOptions, type DeleteResult, deleteDocuments } from '../operations/delete.js';
import { type DropCollectionOptions, dropCollection, isMissingNamespace } from '../operations/drop.js';
import { execute } from '../operations/execute.js';
import { checkFilter, findOne } from '../operations/find.js';
import { type InsertOneOptions, type InsertOneResult, insertOne, withId } from '../operations/insert.js';
import type { Operation } from '../operations/operation.js';
import type { CommandOperationOptions } from '../operations/options.js';
import type { Sort } from '../operations/sort.js';
import { type ReplaceOptions, type UpdateOptions, type UpdateResult, update } from '../operations/update.js';
import type { AnyBulkWriteOperation } from './bulk_write_models.js';
import type { ClientPort } from './client_port.js';
import { type AggregateOptions, AggregationCursor } from './cursors/aggregation_cursor.js';
import { FindCursor, type FindOptions } from './cursors/find_cursor.js';
import { ListIndexesCursor, type ListIndexesOptions } from './cursors/list_indexes_cursor.js';
import { ListSearchIndexesCursor, type ListSearchIndexesOptions } from './cursors/list_search_indexes_cursor.js';
import { deriveContext, type Inherited, type LevelOptions, startDeadline } from './inherit.js';
import { checkCollectionName } from './namespace.js';
import type { Filter, OptionalUnlessRequiredId, UpdateFilter, WithId, WithoutId } from './types.js';

/** What operations on a collection inherit; each may set its own. @public */
export interface CollectionOptions extends LevelOptions {
  /** Milliseconds for each operation on this collection. 0 is no limit. Default: that of the database. */
  timeoutMS?: number;
}

/** @public */
export type FindOneOptions = Omit<FindOptions, 'batchSize' | 'noCursorTimeout' | 'timeoutMode'>;

// Here and not there, since a cursor's file cannot import this one: that would be a cycle.
declare module './cursors/list_indexes_cursor.js' {
  interface ListIndexesCursor {
    parent: Collection;
  }
}

/** What a collection needs of its database. */
interface CollectionParent {
  readonly context: Inherited;
  /** How missing `_id`s are made. */
  readonly idSettings: { readonly createPk: () => unknown; readonly forceServerObjectId: boolean };
}

/**
 * A collection of documents. Cheap to make; nothing is sent until an operation is called.
 *
 * @public
 */
export class Collection<TSchema extends Document = Document> {
  readonly #client: ClientPort;
  readonly #parent: CollectionParent;
  readonly #context: Inherited;

  /** @internal */
  constructor(client: ClientPort, parent: CollectionParent, name: string, options?: CollectionOptions) {
    checkCollectionName(name);
    const { context } = parent;
    this.#client = client;
    this.#parent = parent;
    this.#context = deriveContext(context, { database: context.database, collection: name }, 'collection', options);
    Object.defineProperty(this, 'db', { value: parent });
  }

  /** @internal */
  get client(): ClientPort {
    return this.#client;
  }

  /** What operations inherit. @internal */
  get context(): Inherited {
    return this.#context;
  }

  get dbName(): string {
    return this.#context.database;
  }

  get collectionName(): string {
    return this.#context.collection;
  }

  /** `database.collection` */
  get namespace(): string {
    return this.#context.namespace;
  }

  get readConcern(): ReadConcern | undefined {
    return this.#context.readConcern;
  }

  get readPreference(): ReadPreference {
    return this.#context.readPreference;
  }

  get writeConcern(): WriteConcern | undefined {
    return this.#context.writeConcern;
  }

  get bsonOptions(): BSONSerializeOptions {
    return this.#context.bsonOptions;
  }

  /** Milliseconds for each operation, as inherited or set here. */
  get timeoutMS(): number | undefined {
    return this.#context.timeoutMS;
  }

  /**
   * Inserts one document. A missing `_id` is made and put on the document.
   *
   * @throws MongoServerError with code 11000 if a unique index holds the same key already
   */
  async insertOne(
    document: OptionalUnlessRequiredId<TSchema>,
    options: InsertOneOptions = {},
  ): Promise<InsertOneResult<WithId<TSchema>>> {
    return this.#run(options, context => insertOne(context, this.#prepared(document, options), options));
  }

  /**
   * Inserts documents, in as few messages as possible.
   *
   * @throws MongoBulkWriteError if some were refused; its `result` tells of the others
   */
  async insertMany(
    documents: readonly OptionalUnlessRequiredId<TSchema>[],
    options: BulkWriteOptions = {},
  ): Promise<InsertManyResult<WithId<TSchema>>> {
    const engine = this.#client.engine();
    const deadline = startDeadline(this.#context, options, engine.clock);
    if (!Array.isArray(documents)) {
      throw new MongoInvalidArgumentError('Argument "docs" must be an array of documents');
    }
    const prepared = documents.map(document => this.#prepared(document, options));
    return insertMany(engine, withOverrides(this.#context, options), prepared, options, deadline);
  }

  /**
   * Does writes of several kinds, in as few messages as possible.
   *
   * @throws MongoBulkWriteError if some were refused; its `result` tells of the others
   */
  async bulkWrite(
    operations: readonly AnyBulkWriteOperation<TSchema>[],
    options: BulkWriteOptions = {},
  ): Promise<BulkWriteResult> {
    if (!Array.isArray(operations)) {
      throw new MongoInvalidArgumentError('Argument "operations" must be an array of documents');
    }
    return this.#bulk(options, () =>
      operations.map(one => writeOf(one, document => this.#prepared(document, options))),
    );
  }

  /** Gathers writes, to be done one after the other until one fails. */
  initializeOrderedBulkOp(options: BulkWriteOptions = {}): OrderedBulkOperation {
    return new OrderedBulkOperation(this.#bulkPort(), options);
  }

  /** Gathers writes, to be done whether or not others fail. */
  initializeUnorderedBulkOp(options: BulkWriteOptions = {}): UnorderedBulkOperation {
    return new UnorderedBulkOperation(this.#bulkPort(), options);
  }

  /** Changes the first document that matches, by update operators or a pipeline. */
  async updateOne(
    filter: Filter<TSchema>,
    change: UpdateFilter<TSchema> | Document[],
    options: UpdateOptions & { sort?: Sort } = {},
  ): Promise<UpdateResult<WithId<TSchema>>> {
    checkFilter(filter);
    return this.#run(options, context => update('updateOne', context, filter, change, options));
  }

  /** Changes all documents that match. */
  async updateMany(
    filter: Filter<TSchema>,
    change: UpdateFilter<TSchema> | Document[],
    options: UpdateOptions = {},
  ): Promise<UpdateResult<WithId<TSchema>>> {
    checkFilter(filter);
    return this.#run(options, context => update('updateMany', context, filter, change, options));
  }

  /** Replaces the first document that matches; its `_id` stays. */
  async replaceOne(
    filter: Filter<TSchema>,
    replacement: WithoutId<TSchema>,
    options: ReplaceOptions = {},
  ): Promise<UpdateResult<WithId<TSchema>>> {
    checkFilter(filter);
    return this.#run(options, context => update('replaceOne', context, filter, replacement, options));
  }

  /** Deletes the first document that matches. */
  async deleteOne(filter: Filter<TSchema> = {}, options: DeleteOptions = {}): Promise<DeleteResult> {
    checkFilter(filter);
    return this.#run(options, context => deleteDocuments('deleteOne', context, filter, options));
  }

  /** Deletes all documents that match. */
  async deleteMany(filter: Filter<TSchema> = {}, options: DeleteOptions = {}): Promise<DeleteResult> {
    checkFilter(filter);
    return this.#run(options, context => deleteDocuments('deleteMany', context, filter, options));
  }

  /** The first document that matches, or null. */
  async findOne<T = WithId<TSchema>>(filter?: Filter<TSchema>, options: FindOneOptions = {}): Promise<T | null> {
    const wanted = filter ?? {};
    checkFilter(wanted);
    return this.#run(options, context => findOne(context, wanted, options)) as Promise<T | null>;
  }

  /** The documents that match. Nothing is sent before the cursor is read. */
  find<T extends Document = WithId<TSchema>>(filter?: Filter<TSchema>, options: FindOptions = {}): FindCursor<T> {
    const wanted = filter ?? {};
    checkFilter(wanted);
    return new FindCursor<T>(this.#client, withOverrides(this.#context, options), wanted, options);
  }

  /** The results of an aggregation. Nothing is sent before the cursor is read. */
  aggregate<T extends Document = Document>(
    pipeline: Document[] = [],
    options: AggregateOptions = {},
  ): AggregationCursor<T> {
    if (!Array.isArray(pipeline)) {
      throw new MongoInvalidArgumentError('Argument "pipeline" must be an array of aggregation stages');
    }
    return new AggregationCursor<T>(this.#client, withOverrides(this.#context, options), pipeline, options);
  }

  /** The indexes. */
  listIndexes(options?: ListIndexesOptions): ListIndexesCursor {
    return new ListIndexesCursor(this, options);
  }

  /** The search indexes: all, or the one of a name. */
  listSearchIndexes(options?: ListSearchIndexesOptions): ListSearchIndexesCursor;
  listSearchIndexes(name: string, options?: ListSearchIndexesOptions): ListSearchIndexesCursor;
  listSearchIndexes(
    nameOrOptions?: string | ListSearchIndexesOptions,
    options?: ListSearchIndexesOptions,
  ): ListSearchIndexesCursor {
    return typeof nameOrOptions === 'string'
      ? new ListSearchIndexesCursor(this, nameOrOptions, options)
      : new ListSearchIndexesCursor(this, null, nameOrOptions);
  }

  /** How many documents match, by looking at them. */
  async countDocuments(filter: Filter<TSchema> = {}, options: CountDocumentsOptions = {}): Promise<number> {
    checkFilter(filter);
    return this.#run(options, context => countDocuments(context, filter, options));
  }

  /** Drops the collection. True also when there was none. */
  async drop(options: DropCollectionOptions = {}): Promise<boolean> {
    try {
      return await this.#run(options, context => dropCollection(context, options));
    } catch (error) {
      if (isMissingNamespace(error)) return true;
      throw error;
    }
  }

  #prepared(document: unknown, { forceServerObjectId }: InsertOneOptions): Document {
    const { createPk, forceServerObjectId: inherited } = this.#parent.idSettings;
    if (forceServerObjectId ?? inherited) return document as Document;
    return withId(document, createPk);
  }

  async #bulk(options: BulkWriteOptions, make: () => readonly Write[]): Promise<BulkWriteResult> {
    const engine = this.#client.engine();
    const deadline = startDeadline(this.#context, options, engine.clock);
    const runs = runsOf(make(), options.ordered ?? true);
    return (await bulkWrite(engine, withOverrides(this.#context, options), runs, options, deadline)).result();
  }

  #bulkPort(): BulkPort {
    const { bsonOptions, writeConcern } = this.#context;
    return {
      bsonOptions,
      writeConcern,
      prepare: (document, options) => this.#prepared(document, options),
      execute: (writes, options) => this.#bulk(options, () => writes),
    };
  }

  #run<T>(options: CommandOperationOptions, make: (context: Inherited) => Operation<T>): Promise<T> {
    const engine = this.#client.engine();
    const deadline = startDeadline(this.#context, options, engine.clock);
    return execute(engine, make(withOverrides(this.#context, options)), deadline);
  }
}
