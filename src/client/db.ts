import type { BSONSerializeOptions, Document } from '../bson/index.js';
import { checkPipeline } from '../commands/aggregate.js';
import { withOverrides } from '../commands/context.js';
import { type CreateCommandOptions, createCollection } from '../commands/create_collection.js';
import type { CreateIndexesOptions, IndexSpecification } from '../commands/create_indexes.js';
import { type DbStatsOptions, dbStats } from '../commands/db_stats.js';
import { type DropCollectionOptions, type DropDatabaseOptions, dropDatabase } from '../commands/drop.js';
import { dropUser, type RemoveUserOptions } from '../commands/drop_user.js';
import type { ListCollectionsOptions } from '../commands/list_collections.js';
import type { IndexDescriptionCompact, IndexDescriptionInfo } from '../commands/list_indexes.js';
import type { Abortable } from '../commands/options.js';
import {
  type ProfilingLevel,
  type ProfilingLevelOptions,
  profilingLevel,
  type SetProfilingLevelOptions,
  setProfilingLevel,
} from '../commands/profiling_level.js';
import type { RenameOptions } from '../commands/rename_collection.js';
import { type RunCommandOptions, runCommand } from '../commands/run_command.js';
import type { ReadConcern } from '../concern/read_concern.js';
import type { ReadPreference } from '../concern/read_preference.js';
import type { WriteConcern } from '../concern/write_concern.js';
import { MongoInvalidArgumentError } from '../errors/driver.js';
import { isGiven, ownOptions } from '../runtime/own_options.js';
import type { ChangeStreamDocument } from '../types/change_stream.js';
import type { PkFactory } from '../uri/option_types.js';
import { Admin } from './admin.js';
import type { ClientPort } from './client_port.js';
import type { CollectionOptions, IndexInformationOptions } from './collection.js';
import { Collection } from './collection.js';
import { drop, readIndexInformation, rename } from './collection_calls.js';
import { readAll } from './cursors/abstract_cursor.js';
import { type AggregateOptions, AggregationCursor } from './cursors/aggregation_cursor.js';
import { ChangeStream, type ChangeStreamOptions } from './cursors/change_stream.js';
import { type CollectionInfo, ListCollectionsCursor } from './cursors/list_collections_cursor.js';
import { RunCommandCursor, type RunCursorCommandOptions } from './cursors/run_command_cursor.js';
import { refuseExplain, run } from './door.js';
import { deriveContext, type Inherited, type LevelOptions } from './inherit.js';
import { checkCollectionName, checkDatabaseName } from './namespace.js';

/** What operations on a database and its collections inherit. @public */
export interface DbOptions extends LevelOptions {
  /** Milliseconds for each operation on this database. 0 is no limit. Default: that of the client. */
  timeoutMS?: number;
  forceServerObjectId?: boolean;
  pkFactory?: PkFactory;
  /** Without effect: credentials are the client's. */
  authSource?: string;
  /** Without effect: retries are the client's. */
  retryWrites?: boolean;
}

/** @public */
export interface CreateCollectionOptions extends CreateCommandOptions {
  /** Makes the `_id`s of documents inserted through the collection that is returned. */
  pkFactory?: PkFactory;
}

// Here and not there, since a collection's file cannot import this one: that would be a cycle.
declare module './collection.js' {
  // eslint-disable-next-line @typescript-eslint/no-unused-vars -- merging asks for the same type parameters
  interface Collection<TSchema extends Document = Document> {
    readonly db: Db;
  }
}

declare module './cursors/list_collections_cursor.js' {
  // eslint-disable-next-line @typescript-eslint/no-unused-vars -- merging asks for the same type parameters
  interface ListCollectionsCursor<T extends CollectionListing = CollectionListing> {
    parent: Db;
  }
}

/**
 * A database. Cheap to make; nothing is sent until an operation is called.
 *
 * @public
 */
export class Db {
  static readonly SYSTEM_NAMESPACE_COLLECTION = 'system.namespaces';
  static readonly SYSTEM_INDEX_COLLECTION = 'system.indexes';
  static readonly SYSTEM_PROFILE_COLLECTION = 'system.profile';
  static readonly SYSTEM_USER_COLLECTION = 'system.users';
  static readonly SYSTEM_COMMAND_COLLECTION = '$cmd';
  static readonly SYSTEM_JS_COLLECTION = 'system.js';

  readonly #client: ClientPort;
  readonly #options: DbOptions | undefined;
  /** What collections and operations inherit. @internal */
  readonly context: Inherited;
  /** How missing `_id`s are made. @internal */
  readonly idSettings: { readonly createPk: () => unknown; readonly forceServerObjectId: boolean };

  /** Prefer {@link MongoClient.db}. */
  constructor(client: Db['client'], databaseName: string, options?: DbOptions);
  /** @internal */
  constructor(client: ClientPort, databaseName: string, options?: DbOptions);
  constructor(client: ClientPort, databaseName: string, options?: DbOptions) {
    checkDatabaseName(databaseName);
    this.#client = client;
    this.#options = options;
    Object.defineProperty(this, 'client', { value: client });
    this.context = deriveContext(client.context, { database: databaseName, collection: '' }, 'database', options);
    const { pkFactory, forceServerObjectId } = ownOptions(options);
    const factory = pkFactory ?? client.options.pkFactory;
    this.idSettings = {
      createPk: () => factory.createPk() as unknown,
      forceServerObjectId: forceServerObjectId ?? client.options.forceServerObjectId,
    };
  }

  /** What was set for this database, over what it inherits. */
  get options(): DbOptions | undefined {
    const { readConcern, readPreference, writeConcern, bsonOptions } = this.context;
    return Object.freeze({
      ...bsonOptions,
      forceServerObjectId: this.idSettings.forceServerObjectId,
      pkFactory: this.#client.options.pkFactory,
      readPreference,
      retryWrites: this.#client.options.retryWrites,
      ...(readConcern !== undefined && { readConcern }),
      ...(writeConcern !== undefined && { writeConcern }),
      ...this.#options,
    });
  }

  get databaseName(): string {
    return this.context.database;
  }

  get namespace(): string {
    return this.context.database;
  }

  get readConcern(): ReadConcern | undefined {
    return this.context.readConcern;
  }

  get readPreference(): ReadPreference {
    return this.context.readPreference;
  }

  get writeConcern(): WriteConcern | undefined {
    return this.context.writeConcern;
  }

  get bsonOptions(): BSONSerializeOptions {
    return this.context.bsonOptions;
  }

  /** Whether reads may go to secondaries. */
  get secondaryOk(): boolean {
    return this.context.readPreference.secondaryOk();
  }

  /** Milliseconds for each operation, as inherited or set here. */
  get timeoutMS(): number | undefined {
    return this.context.budget.timeoutMS;
  }

  /** A collection of this database. It need not exist. */
  collection<TSchema extends Document = Document>(name: string, options?: CollectionOptions): Collection<TSchema> {
    if (typeof options === 'function') {
      throw new MongoInvalidArgumentError(
        'The callback form of db.collection has been removed: the second argument must be an object of options',
      );
    }
    return new Collection<TSchema>(this.#client, this, name, options);
  }

  /**
   * Creates a collection or a view. Only needed for one with options: a collection comes about with its first document.
   *
   * @throws MongoServerError with code 48 if there is one of that name and other options
   */
  async createCollection<TSchema extends Document = Document>(
    name: string,
    options?: CreateCollectionOptions,
  ): Promise<Collection<TSchema>> {
    await run(this, 'createCollection', options, (context, own) => {
      checkCollectionName(name);
      return createCollection(context, name, own);
    });
    const { pkFactory } = options ?? {};
    const parent = isGiven(pkFactory) ? new Db(this.#client, this.databaseName, { ...this.#options, pkFactory }) : this;
    return parent.collection<TSchema>(name, options);
  }

  /**
   * Runs a command as it is. Reads and writes have methods of their own, which are retried and inherit concerns; this does neither.
   *
   * @throws MongoServerError if the server answers with an error
   */
  command(command: Document, options?: RunCommandOptions & Abortable): Promise<Document> {
    return run(this, 'command', options, (context, own) => runCommand(context, command, own));
  }

  /** The results of an aggregation that reads no collection of its own, such as `$currentOp` or `$documents`. */
  aggregate<T extends Document = Document>(
    pipeline: Document[] = [],
    options?: AggregateOptions & Abortable,
  ): AggregationCursor<T> {
    checkPipeline(pipeline);
    return new AggregationCursor<T>(this.#client, withOverrides(this.context, options), pipeline, options ?? {});
  }

  /**
   * The results of a command of your own that opens a cursor.
   *
   * @throws MongoUnexpectedServerResponseError, when it is read, if the reply holds no cursor
   */
  runCursorCommand(command: Document, options?: RunCursorCommandOptions): RunCommandCursor {
    return new RunCommandCursor(this, command, options ?? {});
  }

  /** Commands for those who run the deployment. */
  admin(): Admin {
    return new Admin(this.#client, this.context);
  }

  /**
   * The changes of all collections of this database, as they happen. Nothing is sent before the stream is read.
   *
   * @param pipeline - stages that change or drop what is told; they must leave `_id` as it is. May be left out
   * @throws MongoInvalidArgumentError if an option is wrong
   */
  watch<TSchema extends Document = Document, TChange extends Document = ChangeStreamDocument<TSchema>>(
    pipeline?: Document[],
    options?: ChangeStreamOptions,
  ): ChangeStream<TSchema, TChange> {
    return new ChangeStream(this, 'database', this, pipeline, options);
  }

  /** The collections of this database. Nothing is sent before the cursor is read. */
  listCollections(
    filter: Document,
    options: Exclude<ListCollectionsOptions, 'nameOnly'> & { nameOnly: true } & Abortable,
  ): ListCollectionsCursor<Pick<CollectionInfo, 'name' | 'type'>>;
  listCollections(
    filter: Document,
    options: Exclude<ListCollectionsOptions, 'nameOnly'> & { nameOnly: false } & Abortable,
  ): ListCollectionsCursor<CollectionInfo>;
  listCollections<
    T extends Pick<CollectionInfo, 'name' | 'type'> | CollectionInfo =
      | Pick<CollectionInfo, 'name' | 'type'>
      | CollectionInfo,
  >(filter?: Document, options?: ListCollectionsOptions & Abortable): ListCollectionsCursor<T>;
  listCollections(filter: Document = {}, options?: ListCollectionsOptions): ListCollectionsCursor<CollectionInfo> {
    refuseExplain(options ?? {});
    return new ListCollectionsCursor(this, filter, options ?? {});
  }

  /** The collections of this database, as objects to work with. */
  async collections(options?: ListCollectionsOptions): Promise<Collection[]> {
    refuseExplain(options ?? {});
    const names = new ListCollectionsCursor<CollectionInfo>(this, {}, { ...options, nameOnly: true }, 'collections');
    const infos = await readAll(names);
    // Names with $ are the server's own.
    return infos.filter(({ name }) => !name.includes('$')).map(({ name }) => this.collection(name));
  }

  /** Renames a collection. */
  async renameCollection<TSchema extends Document = Document>(
    fromCollection: string,
    toCollection: string,
    options?: RenameOptions,
  ): Promise<Collection<TSchema>> {
    await rename(this.collection(fromCollection), 'renameCollection', toCollection, options);
    return this.collection<TSchema>(toCollection);
  }

  /** Drops a collection. True also when there was none. */
  dropCollection(name: string, options?: DropCollectionOptions): Promise<boolean> {
    return attempted(() => drop(this.collection(name), 'dropCollection', options));
  }

  /** Drops the database with all of its collections. */
  dropDatabase(options?: DropDatabaseOptions): Promise<boolean> {
    return run(this, 'dropDatabase', options, dropDatabase);
  }

  /** Creates an index of a collection, and returns its name. */
  createIndex(name: string, indexSpec: IndexSpecification, options?: CreateIndexesOptions): Promise<string> {
    return attempted(() => this.collection(name).createIndex(indexSpec, options));
  }

  /** The keys of a collection's indexes by their names, or with `full: true` all that the server tells of them. */
  indexInformation(name: string, options: IndexInformationOptions & { full: true }): Promise<IndexDescriptionInfo[]>;
  indexInformation(name: string, options: IndexInformationOptions & { full?: false }): Promise<IndexDescriptionCompact>;
  indexInformation(
    name: string,
    options: IndexInformationOptions,
  ): Promise<IndexDescriptionCompact | IndexDescriptionInfo[]>;
  indexInformation(name: string): Promise<IndexDescriptionCompact>;
  indexInformation(
    name: string,
    options?: IndexInformationOptions,
  ): Promise<IndexDescriptionCompact | IndexDescriptionInfo[]> {
    return attempted(() =>
      readIndexInformation(this.collection(name), 'indexInformation', options, options?.full ?? false),
    );
  }

  /** Removes a user of this database. */
  removeUser(username: string, options?: RemoveUserOptions): Promise<boolean> {
    return run(this, 'removeUser', options, (context, own) => dropUser(context, username, own));
  }

  /** Sets which operations the profiler records, on the server that this database is read from. */
  setProfilingLevel(level: ProfilingLevel, options?: SetProfilingLevelOptions): Promise<ProfilingLevel> {
    return run(this, 'setProfilingLevel', options, (context, own) => setProfilingLevel(context, level, own));
  }

  /** Which operations the profiler records. */
  profilingLevel(options?: ProfilingLevelOptions): Promise<string> {
    return run(this, 'profilingLevel', options, profilingLevel);
  }

  /** Statistics of this database. */
  stats(options?: DbStatsOptions): Promise<Document> {
    return run(this, 'stats', options, dbStats);
  }
}

/** A method that throws at once when a name is none gives its promise that error. */
async function attempted<T>(method: () => Promise<T>): Promise<T> {
  return await method();
}
