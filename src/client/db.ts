import type { BSONSerializeOptions, Document } from '../bson/index.js';
import type { ReadConcern } from '../concern/read_concern.js';
import type { ReadPreference } from '../concern/read_preference.js';
import type { WriteConcern } from '../concern/write_concern.js';
import { withOverrides } from '../operations/context.js';
import { type DropDatabaseOptions, dropDatabase } from '../operations/drop.js';
import { execute } from '../operations/execute.js';
import type { ListCollectionsOptions } from '../operations/list_collections.js';
import { type RunCommandOptions, runCommand } from '../operations/run_command.js';
import type { PkFactory } from '../uri/client_options.js';
import type { ClientPort } from './client_port.js';
import { Collection, type CollectionOptions } from './collection.js';
import { type CollectionInfo, ListCollectionsCursor } from './cursors/list_collections_cursor.js';
import { RunCommandCursor, type RunCursorCommandOptions } from './cursors/run_command_cursor.js';
import { deriveContext, type Inherited, type LevelOptions, startDeadline } from './inherit.js';
import { checkDatabaseName } from './namespace.js';

/** What operations on a database and its collections inherit. @public */
export interface DbOptions extends LevelOptions {
  /** Milliseconds for each operation on this database. 0 is no limit. Default: that of the client. */
  timeoutMS?: number;
  forceServerObjectId?: boolean;
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
  readonly #client: ClientPort;
  /** What collections and operations inherit. @internal */
  readonly context: Inherited;
  /** How missing `_id`s are made. @internal */
  readonly idSettings: { readonly createPk: () => unknown; readonly forceServerObjectId: boolean };

  /** Prefer {@link MongoClient.db}. */
  constructor(client: ClientPort, databaseName: string, options?: DbOptions) {
    checkDatabaseName(databaseName);
    this.#client = client;
    Object.defineProperty(this, 'client', { value: client });
    this.context = deriveContext(client.context, { database: databaseName, collection: '' }, 'database', options);
    const factory = options?.pkFactory ?? client.options.pkFactory;
    this.idSettings = {
      createPk: () => factory.createPk() as unknown,
      forceServerObjectId: options?.forceServerObjectId ?? client.options.forceServerObjectId,
    };
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
    return this.context.timeoutMS;
  }

  collection<TSchema extends Document = Document>(name: string, options?: CollectionOptions): Collection<TSchema> {
    return new Collection<TSchema>(this.#client, this, name, options);
  }

  /**
   * Runs a command as it is. Reads and writes have methods of their own, which are retried and inherit concerns; this does neither.
   *
   * @throws MongoServerError if the server answers with an error
   */
  async command(command: Document, options: RunCommandOptions = {}): Promise<Document> {
    const engine = this.#client.engine();
    const deadline = startDeadline(this.context, options, engine.clock);
    return execute(engine, runCommand(withOverrides(this.context, options), command, options), deadline);
  }

  /**
   * The results of a command of your own that opens a cursor.
   *
   * @throws MongoUnexpectedServerResponseError, when it is read, if the reply holds no cursor
   */
  runCursorCommand(command: Document, options?: RunCursorCommandOptions): RunCommandCursor {
    return new RunCommandCursor(this, command, options);
  }

  /** The collections of this database. Nothing is sent before the cursor is read. */
  listCollections(
    filter?: Document,
    options?: ListCollectionsOptions & { nameOnly: true },
  ): ListCollectionsCursor<Pick<CollectionInfo, 'name' | 'type'>>;
  listCollections(filter?: Document, options?: ListCollectionsOptions): ListCollectionsCursor<CollectionInfo>;
  listCollections(filter: Document = {}, options: ListCollectionsOptions = {}): ListCollectionsCursor<CollectionInfo> {
    return new ListCollectionsCursor(this, filter, options);
  }

  /** Drops the database with all of its collections. */
  async dropDatabase(options: DropDatabaseOptions = {}): Promise<boolean> {
    const engine = this.#client.engine();
    const deadline = startDeadline(this.context, options, engine.clock);
    return execute(engine, dropDatabase(withOverrides(this.context, options), options), deadline);
  }
}
