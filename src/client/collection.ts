import type { Document } from '../bson/index.js';
import { type DropCollectionOptions, dropCollection, isMissingNamespace } from '../commands/drop.js';
import type { OperationOptions } from '../commands/options.js';
import { type RenameOptions, renameCollection } from '../commands/rename_collection.js';
import { MongoAPIError } from '../errors/driver.js';
import { CollectionBase } from './collection/base.js';
import { CollectionIndexes } from './collection/indexes.js';
import { CollectionReads } from './collection/reads.js';
import { CollectionWrites } from './collection/writes.js';
import { type CollectionInfo, ListCollectionsCursor } from './cursors/list_collections_cursor.js';
import { checkCollectionName } from './namespace.js';
import { refuseExplain, run } from './run.js';

// Here and not there, since a cursor's file cannot import this one: that would be a cycle.
declare module './cursors/list_indexes_cursor.js' {
  interface ListIndexesCursor {
    parent: Collection;
  }
}

/**
 * A collection of documents. Cheap to make; nothing is sent until an operation is called.
 *
 * Its methods are in `collection/`: {@link CollectionBase}, {@link CollectionWrites}, {@link CollectionReads}, {@link CollectionIndexes}; here are those
 * on the collection as a whole.
 *
 * @public
 */
export class Collection<TSchema extends Document = Document> extends CollectionIndexes<TSchema> {
  /** Renames the collection; this object still has the old name. */
  async rename(newName: string, options?: RenameOptions): Promise<Collection> {
    await run(this.client, this.context, options, (context, own) => {
      checkCollectionName(newName);
      return renameCollection(context, newName, own);
    });
    return new Collection(this.client, this.parent, newName, this.ownOptions);
  }

  /** Drops the collection. True also when there was none. */
  async drop(options?: DropCollectionOptions): Promise<boolean> {
    try {
      return await run(this.client, this.context, options, dropCollection);
    } catch (error) {
      if (isMissingNamespace(error)) return true;
      throw error;
    }
  }

  /**
   * The options with which the collection was created.
   *
   * @throws MongoAPIError if there is no such collection
   */
  async options(options?: OperationOptions): Promise<Document> {
    refuseExplain(options ?? {});
    const database = { client: this.client, context: this.parent.context };
    const cursor = new ListCollectionsCursor<CollectionInfo>(
      database,
      { name: this.collectionName },
      {
        ...options,
        // Names alone would have no options.
        nameOnly: false,
      },
    );
    for await (const collection of cursor) return collection.options ?? {};
    throw new MongoAPIError(`collection ${this.namespace} not found`);
  }

  /** Whether the collection keeps no more than a certain size. */
  async isCapped(options?: OperationOptions): Promise<boolean> {
    return Boolean((await this.options(options))['capped']);
  }
}

// Tools that wrap or list the methods of a collection (Mongoose does) look at the own properties of its prototype.
for (const { prototype } of [CollectionBase, CollectionWrites, CollectionReads, CollectionIndexes]) {
  const { constructor: _, ...members } = Object.getOwnPropertyDescriptors(prototype);
  Object.defineProperties(Collection.prototype, members);
}
