import type { BSONSerializeOptions, Document } from '../../bson/index.js';
import { type Hint, namesAsKeys } from '../../commands/options.js';
import type { ReadConcern } from '../../concern/read_concern.js';
import type { ReadPreference } from '../../concern/read_preference.js';
import type { WriteConcern } from '../../concern/write_concern.js';
import type { ClientPort } from '../client_port.js';
import { deriveContext, type Inherited, type LevelOptions } from '../inherit.js';
import { checkCollectionName } from '../namespace.js';

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

/** What a collection is called, and what it hands down. */
export class CollectionBase {
  readonly #client: ClientPort;
  readonly #parent: CollectionParent;
  readonly #context: Inherited;
  /** What was set for this collection and not inherited. @internal */
  protected readonly ownOptions: CollectionOptions | undefined;
  #hint: Document | string | undefined;

  /** @internal */
  constructor(client: ClientPort, parent: CollectionParent, name: string, options?: CollectionOptions) {
    checkCollectionName(name);
    this.ownOptions = options;
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

  /** @internal */
  protected get parent(): CollectionParent {
    return this.#parent;
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

  /** A hint kept with the collection for the program's own use; operations take theirs from their options. */
  get hint(): Hint | undefined {
    return this.#hint;
  }

  set hint(hint: Hint | undefined) {
    this.#hint = Array.isArray(hint) ? namesAsKeys(hint as string[]) : hint;
  }
}
