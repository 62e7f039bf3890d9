import type { Document } from '../bson/index.js';
import { dropUser, type RemoveUserOptions } from '../commands/drop_user.js';
import { type ListDatabasesOptions, type ListDatabasesResult, listDatabases } from '../commands/list_databases.js';
import type { CommandOperationOptions } from '../commands/options.js';
import { type RunCommandOptions, runCommand } from '../commands/run_command.js';
import { type ValidateCollectionOptions, validateCollection } from '../commands/validate_collection.js';
import type { ClientPort } from './client_port.js';
import { type Place, run } from './door.js';
import { adminContext, type Inherited } from './inherit.js';

/**
 * Commands for those who run a deployment. Made by {@link Db.admin}.
 *
 * @public
 */
export class Admin {
  readonly #database: Place;
  readonly #admin: Place;

  /**
   * @param database - that of which it was asked for
   * @internal
   */
  constructor(client: ClientPort, database: Inherited) {
    this.#database = { client, context: database };
    this.#admin = { client, context: adminContext(database) };
  }

  /** Runs a command on the database `admin`, as {@link Db.command} does. */
  command(command: Document, options?: RunCommandOptions): Promise<Document> {
    return this.#run('command', command, options);
  }

  #run(method: string, command: Document, options: RunCommandOptions | undefined): Promise<Document> {
    return run(this.#admin, method, options, (context, own) => runCommand(context, command, own));
  }

  /** Version and build of the server. */
  buildInfo(options?: CommandOperationOptions): Promise<Document> {
    return this.#run('buildInfo', { buildinfo: 1 }, options);
  }

  /** Version and build of the server. */
  serverInfo(options?: CommandOperationOptions): Promise<Document> {
    return this.#run('serverInfo', { buildinfo: 1 }, options);
  }

  /** State and statistics of the server. */
  serverStatus(options?: CommandOperationOptions): Promise<Document> {
    return this.#run('serverStatus', { serverStatus: 1 }, options);
  }

  /** Asks the server for a sign of life. */
  ping(options?: CommandOperationOptions): Promise<Document> {
    return this.#run('ping', { ping: 1 }, options);
  }

  /** Removes a user of the database `admin`. */
  removeUser(username: string, options?: RemoveUserOptions): Promise<boolean> {
    return run(this.#admin, 'removeUser', options, (context, own) => dropUser(context, username, own));
  }

  /**
   * Looks whether the data of a collection are sound.
   *
   * @throws MongoUnexpectedServerResponseError if they are not
   */
  validateCollection(collectionName: string, options?: ValidateCollectionOptions): Promise<Document> {
    return run(this.#database, 'validateCollection', options, (context, own) =>
      validateCollection(context, collectionName, own),
    );
  }

  /** The databases of the deployment. */
  listDatabases(options?: ListDatabasesOptions): Promise<ListDatabasesResult> {
    return run(this.#admin, 'listDatabases', options, listDatabases);
  }

  /** The state of the replica set, as the server sees it. */
  replSetGetStatus(options?: CommandOperationOptions): Promise<Document> {
    return this.#run('replSetGetStatus', { replSetGetStatus: 1 }, options);
  }
}
