import type { Document } from '../bson/index.js';
import { MongoInvalidArgumentError } from '../errors/driver.js';
import { shown } from '../errors/shown.js';
import type { Sort, SortDirection, SortDirectionForCmd, SortForCmd } from '../types/sort.js';

const DIRECTIONS: ReadonlyMap<unknown, 1 | -1> = new Map<unknown, 1 | -1>([
  [1, 1],
  ['1', 1],
  ['asc', 1],
  ['ascending', 1],
  [-1, -1],
  ['-1', -1],
  ['desc', -1],
  ['descending', -1],
]);

/**
 * The `sort` of a command from any form that a user may give it; undefined for none.
 *
 * @param direction - for a sort that is only the name of a field
 * @throws MongoInvalidArgumentError for an invalid direction
 */
export function formatSort(sort: Sort | null | undefined, direction?: SortDirection): SortForCmd | undefined {
  if (sort === undefined || sort === null) return undefined;
  const pairs = pairsOf(sort, direction);
  if (pairs.length === 0) return undefined;
  return new Map(pairs.map(([field, given]) => [field, directionOf(field, given)]));
}

function pairsOf(sort: Sort, direction: SortDirection | undefined): (readonly [string, unknown])[] {
  if (typeof sort === 'string') return [[sort, direction ?? 1]];
  if (typeof sort !== 'object') {
    throw new MongoInvalidArgumentError(`Invalid sort format: ${shown(sort)} Sort must be a valid object`);
  }
  if (sort instanceof Map) return [...(sort as ReadonlyMap<string, SortDirection>)];
  if (!Array.isArray(sort)) return Object.entries(sort as Document);
  const list = sort as readonly unknown[];
  if (list.every(item => Array.isArray(item))) return list as [string, unknown][];
  const [field, second] = list;
  // ['name', 'desc'] is one field and its direction; ['a', 'b'] are two fields.
  if (list.length === 2 && typeof field === 'string' && DIRECTIONS.has(second)) return [[field, second]];
  return list.map(name => [String(name), 1]);
}

function directionOf(field: string, given: unknown): SortDirectionForCmd {
  if (typeof given === 'object' && given !== null && '$meta' in given) return given as { $meta: string };
  const direction = DIRECTIONS.get(plainDirection(given));
  if (direction === undefined) {
    throw new MongoInvalidArgumentError(
      `Invalid sort direction for '${field}': ${shown(given)}; allowed are 1, -1, 'asc', 'desc', 'ascending', 'descending' and {$meta: …}`,
    );
  }
  return direction;
}

/** A direction in lower case, and a number of a BSON type as a number. */
function plainDirection(given: unknown): unknown {
  if (typeof given === 'string') return given.toLowerCase();
  const isBson = typeof given === 'object' && given !== null && '_bsontype' in given;
  return isBson ? Number(given) : given;
}
