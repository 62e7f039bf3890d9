import { type DropCollectionOptions, dropCollection, isMissingNamespace } from '../commands/drop.js';
import { type IndexDescriptionCompact, type IndexDescriptionInfo } from '../commands/list_indexes.js';
import { type RenameOptions, renameCollection } from '../commands/rename_collection.js';
import { readAll } from './cursors/abstract_cursor.js';
import { ListIndexesCursor, type ListIndexesOptions } from './cursors/list_indexes_cursor.js';
import { type Place, refuseExplain, run } from './door.js';
import { checkCollectionName } from './namespace.js';

// The calls that methods of a collection and of its database make. Each is named by the method that the program called.

type IndexEntry = [name: string, keys: IndexDescriptionCompact[string]];

/** Renames a collection. */
export async function rename(
  collection: Place,
  method: string,
  newName: string,
  options: RenameOptions | undefined,
): Promise<void> {
  await run(collection, method, options, (context, own) => {
    checkCollectionName(newName);
    return renameCollection(context, newName, own);
  });
}

/** Drops a collection. True also if there was none. */
export async function drop(
  collection: Place,
  method: string,
  options: DropCollectionOptions | undefined,
): Promise<boolean> {
  try {
    return await run(collection, method, options, dropCollection);
  } catch (error) {
    if (isMissingNamespace(error)) return true;
    throw error;
  }
}

/** All that the server reports about the indexes of a collection. */
export async function readIndexes(
  collection: Place,
  method: string,
  options: ListIndexesOptions | undefined,
): Promise<IndexDescriptionInfo[]> {
  refuseExplain(options ?? {});
  return (await readAll(new ListIndexesCursor(collection, options ?? {}, method))) as IndexDescriptionInfo[];
}

/** The keys of the indexes of a collection by their names, or all that the server reports about them. */
export async function readIndexInformation(
  collection: Place,
  method: string,
  options: ListIndexesOptions | undefined,
  isFull: boolean,
): Promise<IndexDescriptionCompact | IndexDescriptionInfo[]> {
  const indexes = await readIndexes(collection, method, options);
  if (isFull) return indexes;
  return Object.fromEntries(indexes.map(({ name, key }): IndexEntry => [String(name), Object.entries(key)]));
}
