import { type Document } from '../bson/types.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { type IdGenerator } from '../runtime/ids.js';
import { Collection } from './collection.js';
import { type Namespace, namespaceText } from './namespace.js';

/** All data of one deployment; a database exists as long as it has a collection. */
export class Storage {
  readonly #ids: IdGenerator;
  readonly #databases = new Map<string, Map<string, Collection>>();

  constructor(ids: IdGenerator) {
    this.#ids = ids;
  }

  databaseNames(): string[] {
    return [...this.#databases.keys()].sort();
  }

  collections(database: string): [name: string, collection: Collection][] {
    return [...(this.#databases.get(database) ?? [])];
  }

  find({ database, collection }: Namespace): Collection | undefined {
    return this.#databases.get(database)?.get(collection);
  }

  /** The collection, for commands that fail when there is none. */
  require(namespace: Namespace): Collection {
    const collection = this.find(namespace);
    if (collection === undefined) {
      throw new CommandError(ErrorCode.NamespaceNotFound, `ns does not exist: ${namespaceText(namespace)}`);
    }
    return collection;
  }

  /** The collection, for writes: they create what is not there. */
  findOrCreate(namespace: Namespace): Collection {
    return this.find(namespace) ?? this.create(namespace, {});
  }

  create(namespace: Namespace, options: Document): Collection {
    const otherCase = this.databaseNames().find(
      name => name !== namespace.database && name.toLowerCase() === namespace.database.toLowerCase(),
    );
    if (otherCase !== undefined) {
      throw new CommandError(
        13297,
        `db already exists with different case already have: [${otherCase}] trying to create [${namespace.database}]`,
      );
    }
    const created = new Collection(namespaceText(namespace), this.#ids.uuid(), options);
    this.put(namespace, created);
    return created;
  }

  /** Puts a whole collection in place of whatever has the name: $out builds it aside first. */
  put({ database, collection }: Namespace, content: Collection): void {
    const collections = this.#databases.get(database) ?? new Map<string, Collection>();
    collections.set(collection, content);
    this.#databases.set(database, collections);
  }

  drop({ database, collection }: Namespace): void {
    const collections = this.#databases.get(database);
    collections?.delete(collection);
    if (collections?.size === 0) this.#databases.delete(database);
  }

  dropDatabase(database: string): boolean {
    return this.#databases.delete(database);
  }
}
