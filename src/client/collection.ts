import { type BSONSerializeOptions, type Document } from '../bson/index.js';
import { type BulkWriteOptions } from '../bulk/batch.js';
import { type BulkPort, OrderedBulkOperation, UnorderedBulkOperation } from '../bulk/bulk_operation.js';
import { bulkWrite, type InsertManyResult, insertMany } from '../bulk/bulk_write.js';
import { type BulkWriteResult } from '../bulk/result.js';
import { runsOf, type Write } from '../bulk/runs.js';
import { checkWrites, writeOf } from '../bulk/write_models.js';
import { type CountDocumentsOptions, checkPipeline, countDocuments } from '../commands/aggregate.js';
import { withOverrides } from '../commands/context.js';
import {
  type CountOptions,
  count,
  type EstimatedDocumentCountOptions,
  estimatedDocumentCount,
} from '../commands/count.js';
import {
  type CreateIndexesOptions,
  type CreateIndexOptions,
  createIndex,
  createIndexes,
  type IndexDescription,
  type IndexOptions,
  type IndexSpecification,
} from '../commands/create_indexes.js';
import { type DeleteOptions, type DeleteResult, deleteDocuments } from '../commands/delete.js';
import { type DistinctOptions, distinct } from '../commands/distinct.js';
import { type DropCollectionOptions, isMissingNamespace } from '../commands/drop.js';
import { type DropIndexesOptions, dropIndexes } from '../commands/drop_indexes.js';
import { type ExplainCommandOptions, type ExplainVerbosityLike } from '../commands/explain.js';
import { checkFilter, findOne } from '../commands/find.js';
import {
  type FindOneAndDeleteOptions,
  type FindOneAndReplaceOptions,
  type FindOneAndUpdateOptions,
  findOneAndDelete,
  findOneAndReplace,
  findOneAndUpdate,
  type ModifyResult,
} from '../commands/find_and_modify.js';
import { checkedDocument, type InsertOneOptions, type InsertOneResult, insertOne, withId } from '../commands/insert.js';
import { type IndexDescriptionCompact, type IndexDescriptionInfo } from '../commands/list_indexes.js';
import { type Abortable, type Hint, namesAsKeys, type OperationOptions } from '../commands/options.js';
import { type RenameOptions } from '../commands/rename_collection.js';
import {
  createSearchIndexes,
  dropSearchIndex,
  isMissingCollection,
  type SearchIndexDescription,
  updateSearchIndex,
} from '../commands/search_indexes.js';
import { type ReplaceOptions, type UpdateOptions, type UpdateResult, update } from '../commands/update.js';
import { type ReadConcern } from '../concern/read_concern.js';
import { type ReadPreference } from '../concern/read_preference.js';
import { type WriteConcern } from '../concern/write_concern.js';
import { MongoAPIError, MongoInvalidArgumentError } from '../errors/driver.js';
import { ownOptions } from '../runtime/own_options.js';
import { type ChangeStreamDocument } from '../types/change_stream.js';
import { type Filter } from '../types/filter.js';
import { type Flatten, type OptionalUnlessRequiredId, type WithId, type WithoutId } from '../types/schema.js';
import { type Sort } from '../types/sort.js';
import { type UpdateFilter } from '../types/update.js';
import { type AnyBulkWriteOperation } from './bulk_write_models.js';
import { type ClientPort } from './client_port.js';
import { drop, readIndexes, readIndexInformation, rename } from './collection_calls.js';
import { readAll } from './cursors/abstract_cursor.js';
import { type AggregateOptions, AggregationCursor } from './cursors/aggregation_cursor.js';
import { ChangeStream, type ChangeStreamOptions } from './cursors/change_stream.js';
import { FindCursor, type FindOptions } from './cursors/find_cursor.js';
import { type CollectionInfo, ListCollectionsCursor } from './cursors/list_collections_cursor.js';
import { ListIndexesCursor, type ListIndexesOptions } from './cursors/list_indexes_cursor.js';
import { ListSearchIndexesCursor, type ListSearchIndexesOptions } from './cursors/list_search_indexes_cursor.js';
import { refuseExplain, run, runExplainable, runSteps } from './door.js';
import { deriveContext, type Inherited, type LevelOptions } from './inherit.js';
import { checkCollectionName } from './namespace.js';

/** What operations on a collection inherit; each may set its own. @public */
export interface CollectionOptions extends LevelOptions {
  /** Milliseconds for each operation on this collection. 0 is no limit. Default: that of the database. */
  timeoutMS?: number;
}

/** What a collection needs of its database. */
export interface CollectionParent {
  readonly context: Inherited;
  /** How missing `_id`s are made. */
  readonly idSettings: { readonly createPk: () => unknown; readonly forceServerObjectId: boolean };
}

/** @public */
export type FindOneOptions = Omit<FindOptions, 'batchSize' | 'noCursorTimeout' | 'timeoutMode'>;

const NO_QUERY = 'Query filter must be a plain object or ObjectId';

/** @public */
export type IndexInformationOptions = ListIndexesOptions & {
  /** Whether to return all that the server reports about each index, instead of their keys by their names. */
  full?: boolean;
};

// Here and not there, since a cursor's file cannot import this one: that would be a cycle.
declare module './cursors/list_indexes_cursor.js' {
  interface ListIndexesCursor {
    parent: Collection;
  }
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
  /** What was set for this collection and not inherited. */
  readonly #options: CollectionOptions | undefined;
  #hint: Document | string | undefined;

  /** @internal */
  constructor(client: ClientPort, parent: CollectionParent, name: string, options?: CollectionOptions) {
    checkCollectionName(name);
    this.#options = options;
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
    return this.#context.budget.timeoutMS;
  }

  /** A hint kept with the collection for the program's own use; operations take theirs from their options. */
  get hint(): Hint | undefined {
    return this.#hint;
  }

  set hint(hint: Hint | undefined) {
    this.#hint = Array.isArray(hint) ? namesAsKeys(hint as string[]) : hint;
  }

  // ── Reads

  /** The first document that matches, or null. */
  findOne(): Promise<WithId<TSchema> | null>;
  findOne(filter: Filter<TSchema>): Promise<WithId<TSchema> | null>;
  findOne(filter: Filter<TSchema>, options: FindOneOptions & Abortable): Promise<WithId<TSchema> | null>;
  findOne<T = TSchema>(): Promise<T | null>;
  findOne<T = TSchema>(filter: Filter<TSchema>): Promise<T | null>;
  findOne<T = TSchema>(filter: Filter<TSchema>, options?: FindOneOptions & Abortable): Promise<T | null>;
  findOne(filter?: Filter<TSchema> | null, options?: FindOneOptions): Promise<unknown> {
    return runExplainable(this, 'findOne', options, (context, own) => {
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
   * The changes of this collection, as they happen. Nothing is sent before the stream is read.
   *
   * @param pipeline - stages that change or drop what is told; they must leave `_id` as it is. May be left out
   * @throws MongoInvalidArgumentError if an option is wrong
   */
  watch<TLocal extends Document = TSchema, TChange extends Document = ChangeStreamDocument<TLocal>>(
    pipeline?: Document[],
    options?: ChangeStreamOptions,
  ): ChangeStream<TLocal, TChange> {
    return new ChangeStream(this, 'collection', this, pipeline, options);
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
    return runExplainable(this, 'countDocuments', options, (context, own) => {
      checkFilter(filter);
      return countDocuments(context, filter, own);
    });
  }

  /** How many documents the metadata of the collection say that there are: quick, and not exact after an unclean shutdown. */
  estimatedDocumentCount(options?: EstimatedDocumentCountOptions): Promise<number> {
    return run(this, 'estimatedDocumentCount', options, estimatedDocumentCount);
  }

  /**
   * How many documents match, by the command `count`.
   *
   * @deprecated Use {@link Collection.countDocuments} or {@link Collection.estimatedDocumentCount}.
   */
  count(filter: Filter<TSchema> = {}, options?: CountOptions): Promise<number> {
    return run(this, 'count', options, (context, own) => {
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
    return runExplainable(this, 'distinct', options, (context, own) => {
      checkFilter(filter);
      return distinct(context, key, filter, own);
    });
  }

  // ── Writes

  /**
   * Inserts one document. A missing `_id` is made and put on the document.
   *
   * @throws MongoServerError with code 11000 if a unique index holds the same key already
   */
  insertOne(
    document: OptionalUnlessRequiredId<TSchema>,
    options?: InsertOneOptions,
  ): Promise<InsertOneResult<TSchema>> {
    return run(this, 'insertOne', options, (context, own) =>
      insertOne<TSchema>(context, this.#prepared(document, own), own),
    );
  }

  /**
   * Inserts documents, in as few messages as possible.
   *
   * @throws MongoBulkWriteError if some were refused; its `result` has the others
   */
  insertMany(
    documents: ReadonlyArray<OptionalUnlessRequiredId<TSchema>>,
    options?: BulkWriteOptions,
  ): Promise<InsertManyResult<TSchema>> {
    return runSteps(this, 'insertMany', options, (context, own) => {
      if (!Array.isArray(documents)) {
        throw new MongoInvalidArgumentError('Argument "docs" must be an array of documents');
      }
      // Holes are no documents, and `map` would leave them.
      const prepared = Array.from(documents, document => this.#prepared(document, own));
      return (engine, deadline) => insertMany<TSchema>(engine, context, prepared, own, deadline);
    });
  }

  /**
   * Does writes of several kinds, in as few messages as possible.
   *
   * @throws MongoBulkWriteError if some were refused; its `result` has the others
   */
  bulkWrite(
    operations: ReadonlyArray<AnyBulkWriteOperation<TSchema>>,
    options?: BulkWriteOptions,
  ): Promise<BulkWriteResult> {
    return this.#bulk('bulkWrite', options, own => {
      if (!Array.isArray(operations)) {
        throw new MongoInvalidArgumentError('Argument "operations" must be an array of documents');
      }
      return Array.from(operations, one => writeOf(one, document => this.#prepared(document, own)));
    });
  }

  /** Gathers writes, to be done one after the other until one fails. */
  initializeOrderedBulkOp(options?: BulkWriteOptions): OrderedBulkOperation {
    return new OrderedBulkOperation(this.#bulkPort('initializeOrderedBulkOp'), options ?? {});
  }

  /** Gathers writes, to be done whether or not others fail. */
  initializeUnorderedBulkOp(options?: BulkWriteOptions): UnorderedBulkOperation {
    return new UnorderedBulkOperation(this.#bulkPort('initializeUnorderedBulkOp'), options ?? {});
  }

  /** Changes the first document that matches, by update operators or a pipeline. */
  updateOne(
    filter: Filter<TSchema>,
    change: UpdateFilter<TSchema> | Document[],
    options?: UpdateOptions & { sort?: Sort },
  ): Promise<UpdateResult<TSchema>> {
    return runExplainable(this, 'updateOne', options, (context, own) =>
      update<TSchema>('updateOne', context, filter, change, own),
    );
  }

  /** Changes all documents that match. */
  updateMany(
    filter: Filter<TSchema>,
    change: UpdateFilter<TSchema> | Document[],
    options?: UpdateOptions,
  ): Promise<UpdateResult<TSchema>> {
    return runExplainable(this, 'updateMany', options, (context, own) =>
      update<TSchema>('updateMany', context, filter, change, own),
    );
  }

  /** Replaces the first document that matches; its `_id` stays. */
  replaceOne(
    filter: Filter<TSchema>,
    replacement: WithoutId<TSchema>,
    options?: ReplaceOptions,
  ): Promise<UpdateResult<TSchema>> {
    return run(this, 'replaceOne', options, (context, own) =>
      update<TSchema>('replaceOne', context, filter, replacement, own),
    );
  }

  /** Deletes the first document that matches. */
  deleteOne(filter: Filter<TSchema> = {}, options?: DeleteOptions): Promise<DeleteResult> {
    return runExplainable(this, 'deleteOne', options, (context, own) =>
      deleteDocuments('deleteOne', context, filter, own),
    );
  }

  /** Deletes all documents that match. */
  deleteMany(filter: Filter<TSchema> = {}, options?: DeleteOptions): Promise<DeleteResult> {
    return runExplainable(this, 'deleteMany', options, (context, own) =>
      deleteDocuments('deleteMany', context, filter, own),
    );
  }

  /** Deletes the first document that matches, and returns it; null when there is none. */
  findOneAndDelete(
    filter: Filter<TSchema>,
    options: FindOneAndDeleteOptions & { includeResultMetadata: true },
  ): Promise<ModifyResult<TSchema>>;
  findOneAndDelete(filter: Filter<TSchema>, options?: FindOneAndDeleteOptions): Promise<WithId<TSchema> | null>;
  findOneAndDelete(filter: Filter<TSchema>, options?: FindOneAndDeleteOptions): Promise<Document | null> {
    return runExplainable(this, 'findOneAndDelete', options, (context, own) => findOneAndDelete(context, filter, own));
  }

  /** Replaces the first document that matches, and returns it as it was, or as it is then; null when there is none. */
  findOneAndReplace(
    filter: Filter<TSchema>,
    replacement: WithoutId<TSchema>,
    options: FindOneAndReplaceOptions & { includeResultMetadata: true },
  ): Promise<ModifyResult<TSchema>>;
  findOneAndReplace(
    filter: Filter<TSchema>,
    replacement: WithoutId<TSchema>,
    options?: FindOneAndReplaceOptions,
  ): Promise<WithId<TSchema> | null>;
  findOneAndReplace(
    filter: Filter<TSchema>,
    replacement: WithoutId<TSchema>,
    options?: FindOneAndReplaceOptions,
  ): Promise<Document | null> {
    return runExplainable(this, 'findOneAndReplace', options, (context, own) =>
      findOneAndReplace(context, filter, replacement, own),
    );
  }

  /** Changes the first document that matches, and returns it as it was, or as it is then; null when there is none. */
  findOneAndUpdate(
    filter: Filter<TSchema>,
    change: UpdateFilter<TSchema> | Document[],
    options: FindOneAndUpdateOptions & { includeResultMetadata: true },
  ): Promise<ModifyResult<TSchema>>;
  findOneAndUpdate(
    filter: Filter<TSchema>,
    change: UpdateFilter<TSchema> | Document[],
    options?: FindOneAndUpdateOptions,
  ): Promise<WithId<TSchema> | null>;
  findOneAndUpdate(
    filter: Filter<TSchema>,
    change: UpdateFilter<TSchema> | Document[],
    options?: FindOneAndUpdateOptions,
  ): Promise<Document | null> {
    return runExplainable(this, 'findOneAndUpdate', options, (context, own) =>
      findOneAndUpdate(context, filter, change, own),
    );
  }

  #bulk(
    method: string,
    options: BulkWriteOptions | undefined,
    make: (own: BulkWriteOptions) => readonly Write[],
  ): Promise<BulkWriteResult> {
    return runSteps(this, method, options, (context, own) => {
      const writes = make(own);
      checkWrites(writes, context.bsonOptions);
      const runs = runsOf(writes, own.ordered ?? true);
      return async (engine, deadline) => (await bulkWrite(engine, context, runs, own, deadline)).result();
    });
  }

  /** @param method - the public method that makes the bulk operation */
  #bulkPort(method: string): BulkPort {
    const { bsonOptions, writeConcern } = this.context;
    return {
      bsonOptions,
      writeConcern,
      prepare: (document, options) => this.#prepared(document, options),
      execute: (writes, options) => this.#bulk(`${method}.execute`, options, () => writes),
    };
  }

  #prepared(document: unknown, { forceServerObjectId }: InsertOneOptions): Document {
    const { createPk, forceServerObjectId: inherited } = this.#parent.idSettings;
    return (forceServerObjectId ?? inherited) ? checkedDocument(document) : withId(document, createPk);
  }

  // ── Indexes

  /**
   * Creates an index.
   *
   * @returns its name
   *
   * @example
   * ```ts
   * await orders.createIndex({ customer: 1, placedAt: -1 }, { unique: true });
   * ```
   */
  createIndex(specification: IndexSpecification, options?: CreateIndexesOptions): Promise<string>;
  /** The same with options of the index and of the command apart; those of the index that the driver does not know are passed on. */
  createIndex(
    keys: IndexSpecification,
    indexOptions: IndexOptions | undefined,
    commandOptions: CreateIndexOptions | undefined,
  ): Promise<string>;
  async createIndex(
    specification: IndexSpecification,
    options?: CreateIndexesOptions | IndexOptions,
    commandOptions?: CreateIndexOptions,
  ): Promise<string> {
    const command = commandOptions ?? (options as CreateIndexesOptions | undefined);
    const names = await run(this, 'createIndex', command, context =>
      createIndex(context, specification, ownOptions(options), commandOptions),
    );
    return names[0] ?? '';
  }

  /**
   * Creates indexes, each with options of its own.
   *
   * @param allowUnknownIndexOptions - passes options on that the driver does not know. Default false
   * @returns their names
   */
  createIndexes(
    indexSpecs: IndexDescription[],
    commandOptions?: CreateIndexesOptions,
    allowUnknownIndexOptions = false,
  ): Promise<string[]> {
    return run(this, 'createIndexes', commandOptions, (context, own) =>
      createIndexes(context, indexSpecs, own, allowUnknownIndexOptions),
    );
  }

  /** Drops an index, by its name. */
  dropIndex(indexName: string, options?: DropIndexesOptions): Promise<Document> {
    return run(this, 'dropIndex', options, (context, own) => dropIndexes(context, indexName, own));
  }

  /** Drops all indexes but that of `_id`. False when there is no such collection. */
  async dropIndexes(options?: DropIndexesOptions): Promise<boolean> {
    try {
      await run(this, 'dropIndexes', options, (context, own) => dropIndexes(context, '*', own));
      return true;
    } catch (error) {
      if (isMissingNamespace(error)) return false;
      throw error;
    }
  }

  /** The indexes of this collection. Nothing is sent before the cursor is read. */
  listIndexes(options?: ListIndexesOptions): ListIndexesCursor {
    refuseExplain(options ?? {});
    return new ListIndexesCursor(this, options ?? {});
  }

  /** Whether there is an index of this name, or of all of these names. */
  async indexExists(indexes: string | string[], options?: ListIndexesOptions): Promise<boolean> {
    const present = new Set((await readIndexes(this, 'indexExists', options)).map(({ name }): unknown => name));
    return (Array.isArray(indexes) ? indexes : [indexes]).every(name => present.has(name));
  }

  /** The keys of the indexes by their names, or with `full: true` all that the server reports about them. */
  indexInformation(options: IndexInformationOptions & { full: true }): Promise<IndexDescriptionInfo[]>;
  indexInformation(options: IndexInformationOptions & { full?: false }): Promise<IndexDescriptionCompact>;
  indexInformation(options: IndexInformationOptions): Promise<IndexDescriptionCompact | IndexDescriptionInfo[]>;
  indexInformation(): Promise<IndexDescriptionCompact>;
  indexInformation(options?: IndexInformationOptions): Promise<IndexDescriptionCompact | IndexDescriptionInfo[]> {
    return readIndexInformation(this, 'indexInformation', options, options?.full ?? false);
  }

  /** All that the server reports about the indexes, or with `full: false` their keys by their names. */
  indexes(options: IndexInformationOptions & { full?: true }): Promise<IndexDescriptionInfo[]>;
  indexes(options: IndexInformationOptions & { full: false }): Promise<IndexDescriptionCompact>;
  indexes(options: IndexInformationOptions): Promise<IndexDescriptionCompact | IndexDescriptionInfo[]>;
  indexes(options?: ListIndexesOptions): Promise<IndexDescriptionInfo[]>;
  indexes(options?: IndexInformationOptions): Promise<IndexDescriptionCompact | IndexDescriptionInfo[]> {
    return readIndexInformation(this, 'indexes', options, options?.full ?? true);
  }

  /** The search indexes: all, or the one of a name. Nothing is sent before the cursor is read. */
  listSearchIndexes(options?: ListSearchIndexesOptions): ListSearchIndexesCursor;
  listSearchIndexes(name: string, options?: ListSearchIndexesOptions): ListSearchIndexesCursor;
  listSearchIndexes(
    nameOrOptions?: string | ListSearchIndexesOptions,
    options?: ListSearchIndexesOptions,
  ): ListSearchIndexesCursor {
    return typeof nameOrOptions === 'string'
      ? new ListSearchIndexesCursor(this, nameOrOptions, options ?? {})
      : new ListSearchIndexesCursor(this, null, nameOrOptions ?? {});
  }

  /**
   * Creates a search index, on a deployment that has Atlas Search.
   *
   * @returns its name
   */
  async createSearchIndex(description: SearchIndexDescription): Promise<string> {
    const names = await run(this, 'createSearchIndex', undefined, context =>
      createSearchIndexes(context, [description]),
    );
    return names[0] ?? '';
  }

  /** Creates search indexes, and returns their names. */
  createSearchIndexes(descriptions: SearchIndexDescription[]): Promise<string[]> {
    return run(this, 'createSearchIndexes', undefined, context => createSearchIndexes(context, descriptions));
  }

  /** Changes the definition of a search index. */
  updateSearchIndex(name: string, definition: Document): Promise<void> {
    return run(this, 'updateSearchIndex', undefined, context => updateSearchIndex(context, name, definition));
  }

  /** Drops a search index. */
  async dropSearchIndex(name: string): Promise<void> {
    try {
      await run(this, 'dropSearchIndex', undefined, context => dropSearchIndex(context, name));
    } catch (error) {
      if (!isMissingCollection(error)) throw error;
    }
  }

  // ── The collection as a whole

  /** Renames the collection; this object still has the old name. */
  async rename(newName: string, options?: RenameOptions): Promise<Collection> {
    await rename(this, 'rename', newName, options);
    return new Collection(this.#client, this.#parent, newName, this.#options);
  }

  /** Drops the collection. True also when there was none. */
  drop(options?: DropCollectionOptions): Promise<boolean> {
    return drop(this, 'drop', options);
  }

  /**
   * The options with which the collection was created.
   *
   * @throws MongoAPIError if there is no such collection
   */
  options(options?: OperationOptions): Promise<Document> {
    return this.#creationOptions('options', options);
  }

  async #creationOptions(method: string, options: OperationOptions | undefined): Promise<Document> {
    refuseExplain(options ?? {});
    const database = { client: this.#client, context: this.#parent.context };
    const cursor = new ListCollectionsCursor<CollectionInfo>(
      database,
      { name: this.collectionName },
      {
        ...options,
        // Names alone would have no options.
        nameOnly: false,
      },
      method,
    );
    const [collection] = await readAll(cursor);
    if (collection !== undefined) return collection.options ?? {};
    throw new MongoAPIError(`collection ${this.namespace} not found`);
  }

  /** Whether the collection keeps no more than a certain size. */
  async isCapped(options?: OperationOptions): Promise<boolean> {
    return Boolean((await this.#creationOptions('isCapped', options))['capped']);
  }
}
