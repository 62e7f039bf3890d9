import { type Document } from '../bson/types.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { type IdGenerator } from '../runtime/ids.js';
import { Collection, type WriteObserver } from './collection.js';
import { type CatalogChange, type Journal } from './journal.js';
import { type Namespace, namespaceText } from './namespace.js';

/** What a change of the catalog took away, for reading snapshots of before. What was taken away does not change any more. */
const takenAway = new WeakMap<
  CatalogChange,
  { readonly content: Collection; readonly replaced?: Collection | undefined }
>();

/** All data of one deployment; a database exists as long as it has a collection. */
export class Storage {
  readonly #ids: IdGenerator;
  readonly #observer: WriteObserver | undefined;
  /** Told of what was changed; set by the keeper of the history. */
  journal: Journal | undefined;
  readonly #databases = new Map<string, Map<string, Collection>>();

  constructor(ids: IdGenerator, observer?: WriteObserver) {
    this.#ids = ids;
    this.#observer = observer;
  }

  /** All data as they are now, to be read and changed apart. A collection is copied when one side changes it. */
  snapshot(observer?: WriteObserver): Storage {
    const copy = new Storage(this.#ids, observer);
    for (const [database, collections] of this.#databases) {
      for (const collection of collections.values()) collection.isShared = true;
      copy.#databases.set(database, new Map(collections));
    }
    return copy;
  }

  databaseNames(): string[] {
    return [...this.#databases.keys()].sort();
  }

  collections(database: string): [name: string, collection: Collection][] {
    return [...(this.#databases.get(database) ?? [])];
  }

  /** For reading only: it may be shared with snapshots. */
  find({ database, collection }: Namespace): Collection | undefined {
    return this.#databases.get(database)?.get(collection);
  }

  /** The collection, for changing it. */
  findToChange(namespace: Namespace): Collection | undefined {
    const collection = this.find(namespace);
    if (collection?.isShared !== true) return collection;
    const fork = collection.fork();
    this.put(namespace, fork);
    return fork;
  }

  /** The collection, for commands that fail when there is none. */
  require(namespace: Namespace): Collection {
    const collection = this.findToChange(namespace);
    if (collection === undefined) {
      throw new CommandError(ErrorCode.NamespaceNotFound, `ns does not exist: ${namespaceText(namespace)}`);
    }
    return collection;
  }

  /** The collection, for writes: they create what is not there. */
  findOrCreate(namespace: Namespace): Collection {
    return this.findToChange(namespace) ?? this.create(namespace, {});
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
    this.journal?.({
      kind: 'create',
      namespace,
      uuid: created.uuid,
      isView: options['viewOn'] !== undefined,
      description: { ...options },
    });
    return created;
  }

  /** Puts a whole collection in place of whatever has the name: $out builds it aside first. */
  put({ database, collection }: Namespace, content: Collection): void {
    const collections = this.#databases.get(database) ?? new Map<string, Collection>();
    content.observer = this.#observer;
    content.journal = change => this.journal?.(change);
    collections.set(collection, content);
    this.#databases.set(database, collections);
  }

  /** Moves a collection with its documents and indexes to another name, in the place of whatever has it. */
  rename(from: Namespace, to: Namespace): void {
    const collection = this.findToChange(from);
    if (collection === undefined) return;
    const replaced = this.find(to);
    this.#remove(from);
    this.put(to, collection.fork(namespaceText(to)));
    this.#tellLoss({ kind: 'rename', namespace: from, uuid: collection.uuid, to }, collection, replaced);
  }

  drop(namespace: Namespace): void {
    const dropped = this.find(namespace);
    if (dropped === undefined) return;
    this.#remove(namespace);
    const isView = dropped.options['viewOn'] !== undefined;
    this.#tellLoss({ kind: 'drop', namespace, uuid: dropped.uuid, isView }, dropped);
  }

  #tellLoss(change: CatalogChange, content: Collection, replaced?: Collection): void {
    if (this.journal === undefined) return;
    takenAway.set(change, { content, replaced });
    this.journal(change);
  }

  /** Takes back a drop or a rename, in a snapshot; false when it is not known what was there. */
  restore(change: CatalogChange): boolean {
    const taken = takenAway.get(change);
    if (taken === undefined) return false;
    if (change.to !== undefined) this.#remove(change.to);
    if (change.to !== undefined && taken.replaced !== undefined) this.put(change.to, taken.replaced.fork());
    this.put(change.namespace, taken.content.fork());
    return true;
  }

  #remove({ database, collection }: Namespace): void {
    const collections = this.#databases.get(database);
    collections?.delete(collection);
    if (collections?.size === 0) this.#databases.delete(database);
  }

  clear(): void {
    this.#databases.clear();
  }

  dropDatabase(database: string): boolean {
    const collections = this.collections(database);
    for (const [collection] of collections) this.drop({ database, collection });
    if (collections.length === 0) return false;
    this.journal?.({ kind: 'dropDatabase', namespace: { database, collection: '' }, uuid: undefined });
    return true;
  }
}
