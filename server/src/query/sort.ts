import { isNumber, toNumber } from '../bson/numbers.js';
import { type Document } from '../bson/types.js';
import { CommandError } from '../errors/command_error.js';
import { compareValues } from './compare.js';
import { collectKeyValues, type Path, parsePath } from './path.js';

interface SortField {
  readonly path: Path;
  readonly direction: 1 | -1;
}

export type Sorter = <Item>(items: readonly Item[], valueOf: (item: Item) => unknown) => Item[];

/** A stable sort by BSON's order. Of an array, ascending order takes the smallest element and descending the largest. */
export function compileSort(specification: Document): Sorter {
  const fields = Object.entries(specification).map(([name, order]) => compileField(name, order));
  return (items, valueOf) => {
    const keyed = items.map(item => ({ item, keys: fields.map(field => sortKey(valueOf(item), field)) }));
    keyed.sort((left, right) => compareKeys(left.keys, right.keys, fields));
    return keyed.map(({ item }) => item);
  };
}

function compileField(name: string, order: unknown): SortField {
  if (!isNumber(order))
    throw new CommandError(15974, `Illegal key in $sort specification: ${name}: the order must be 1 or -1`);
  const direction = toNumber(order);
  if (direction !== 1 && direction !== -1) {
    throw new CommandError(15975, '$sort key ordering must be 1 (for ascending) or -1 (for descending)');
  }
  return { path: parsePath(name), direction };
}

function sortKey(document: unknown, { path, direction }: SortField): unknown {
  const values = collectKeyValues(document, path);
  return values.reduce((best, value) => (compareValues(value, best) * direction < 0 ? value : best));
}

function compareKeys(left: readonly unknown[], right: readonly unknown[], fields: readonly SortField[]): number {
  for (const [index, field] of fields.entries()) {
    const order = compareValues(left[index], right[index]);
    if (order !== 0) return order * field.direction;
  }
  return 0;
}
