import type { Document } from '../../bson/index.js';
import {
  type CreateIndexesOptions,
  type CreateIndexOptions,
  createIndex,
  createIndexes,
  type IndexDescription,
  type IndexOptions,
  type IndexSpecification,
} from '../../commands/create_indexes.js';
import { isMissingNamespace } from '../../commands/drop.js';
import { type DropIndexesOptions, dropIndexes } from '../../commands/drop_indexes.js';
import type { IndexDescriptionCompact, IndexDescriptionInfo } from '../../commands/list_indexes.js';
import {
  createSearchIndexes,
  dropSearchIndex,
  isMissingCollection,
  type SearchIndexDescription,
  updateSearchIndex,
} from '../../commands/search_indexes.js';
import { ownOptions } from '../../concern/given.js';
import { ListIndexesCursor, type ListIndexesOptions } from '../cursors/list_indexes_cursor.js';
import { ListSearchIndexesCursor, type ListSearchIndexesOptions } from '../cursors/list_search_indexes_cursor.js';
import { refuseExplain, run } from '../run.js';
import { CollectionReads } from './reads.js';

/** @public */
export type IndexInformationOptions = ListIndexesOptions & {
  /** Whether to return all that the server tells of each index, instead of their keys by their names. */
  full?: boolean;
};

type IndexEntry = [name: string, keys: IndexDescriptionCompact[string]];

/** Operations on indexes. */
export class CollectionIndexes<TSchema extends Document = Document> extends CollectionReads<TSchema> {
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
    const names = await run(this.client, this.context, command, context =>
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
    return run(this.client, this.context, commandOptions, (context, own) =>
      createIndexes(context, indexSpecs, own, allowUnknownIndexOptions),
    );
  }

  /** Drops an index, by its name. */
  dropIndex(indexName: string, options?: DropIndexesOptions): Promise<Document> {
    return run(this.client, this.context, options, (context, own) => dropIndexes(context, indexName, own));
  }

  /** Drops all indexes but that of `_id`. False when there is no such collection. */
  async dropIndexes(options?: DropIndexesOptions): Promise<boolean> {
    try {
      await run(this.client, this.context, options, (context, own) => dropIndexes(context, '*', own));
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
    const present = new Set((await this.listIndexes(options).toArray()).map(({ name }) => name as unknown));
    return (Array.isArray(indexes) ? indexes : [indexes]).every(name => present.has(name));
  }

  /** The keys of the indexes by their names, or with `full: true` all that the server tells of them. */
  indexInformation(options: IndexInformationOptions & { full: true }): Promise<IndexDescriptionInfo[]>;
  indexInformation(options: IndexInformationOptions & { full?: false }): Promise<IndexDescriptionCompact>;
  indexInformation(options: IndexInformationOptions): Promise<IndexDescriptionCompact | IndexDescriptionInfo[]>;
  indexInformation(): Promise<IndexDescriptionCompact>;
  indexInformation(options?: IndexInformationOptions): Promise<IndexDescriptionCompact | IndexDescriptionInfo[]> {
    return this.indexes({ ...options, full: options?.full ?? false });
  }

  /** All that the server tells of the indexes, or with `full: false` their keys by their names. */
  indexes(options: IndexInformationOptions & { full?: true }): Promise<IndexDescriptionInfo[]>;
  indexes(options: IndexInformationOptions & { full: false }): Promise<IndexDescriptionCompact>;
  indexes(options: IndexInformationOptions): Promise<IndexDescriptionCompact | IndexDescriptionInfo[]>;
  indexes(options?: ListIndexesOptions): Promise<IndexDescriptionInfo[]>;
  async indexes(options?: IndexInformationOptions): Promise<IndexDescriptionCompact | IndexDescriptionInfo[]> {
    const indexes = (await this.listIndexes(options).toArray()) as IndexDescriptionInfo[];
    if (options?.full ?? true) return indexes;
    return Object.fromEntries(indexes.map(({ name, key }): IndexEntry => [String(name), Object.entries(key)]));
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
    return (await this.createSearchIndexes([description]))[0] ?? '';
  }

  /** Creates search indexes, and returns their names. */
  createSearchIndexes(descriptions: SearchIndexDescription[]): Promise<string[]> {
    return run(this.client, this.context, undefined, context => createSearchIndexes(context, descriptions));
  }

  /** Changes the definition of a search index. */
  updateSearchIndex(name: string, definition: Document): Promise<void> {
    return run(this.client, this.context, undefined, context => updateSearchIndex(context, name, definition));
  }

  /** Drops a search index. */
  async dropSearchIndex(name: string): Promise<void> {
    try {
      await run(this.client, this.context, undefined, context => dropSearchIndex(context, name));
    } catch (error) {
      if (!isMissingCollection(error)) throw error;
    }
  }
}
