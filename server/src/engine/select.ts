import { type BsonDocument } from '../bson/document.js';
import { isNumber, toNumber } from '../bson/numbers.js';
import { type Document, fieldOf, typeOf } from '../bson/types.js';
import { type Fold } from '../query/collation.js';
import { compareValues } from '../query/compare.js';
import { compileMatch, isOperatorDocument } from '../query/match.js';
import { compileSort, type Sorter } from '../query/sort.js';
import { examineDocument } from '../runtime/interruption.js';
import { Collection } from './collection.js';

export interface Selection {
  readonly filter: Document;
  readonly sort?: Document | undefined;
  readonly skip?: number | undefined;
  /** What $expr may use, by name. */
  readonly variables?: Document | undefined;
  /** How strings are compared; undefined: by their bytes. */
  readonly fold?: Fold | undefined;
  /** No limit when it is left out. */
  readonly limit?: number | undefined;
}

/** Where documents come from: a collection, or a list that was made already (of a view, or by a stage). */
export type Source = Collection | readonly BsonDocument[] | undefined;

/** The documents a query asks for, in its order. The result is a snapshot: documents are immutable. */
export function selectDocuments(source: Source, selection: Selection): BsonDocument[] {
  const { filter, sort, skip = 0, limit = Number.POSITIVE_INFINITY, fold = unchanged } = selection;
  // The filter is compiled even without a collection: a wrong one is an error all the same.
  const matches = compileMatch(fold(filter), selection.variables);
  const sorter = sort === undefined || Object.keys(sort).length === 0 ? undefined : compileSorter(sort);
  if (source === undefined) return [];
  const enough = sorter === undefined ? skip + limit : Number.POSITIVE_INFINITY;
  const found: BsonDocument[] = [];
  if (enough > 0) {
    for (const document of planOf(source, selection).documents) {
      examineDocument();
      if (!matches(fold(document.value))) continue;
      found.push(document);
      if (found.length >= enough) break;
    }
  }
  const ordered = sorter === undefined ? found : sorter(found, document => fold(document.value));
  return skip === 0 && limit >= ordered.length ? ordered : ordered.slice(skip, skip + limit);
}

function unchanged<Value>(value: Value): Value {
  return value;
}

/** {$natural: -1} is the order of insertion, from the end. */
function compileSorter(sort: Document): Sorter {
  const natural = sort['$natural'];
  if (natural === undefined) return compileSort(sort);
  return items => (isNumber(natural) && toNumber(natural) < 0 ? [...items].reverse() : [...items]);
}

/** How a selection finds its documents: by _id, by an index, or among all. */
export interface Plan {
  readonly stage: 'IDHACK' | 'IXSCAN' | 'COLLSCAN';
  readonly indexName?: string;
  /** The fewest documents among which all matches are. */
  readonly documents: Iterable<BsonDocument>;
}

export function planOf(source: Collection | readonly BsonDocument[], { filter, fold }: Selection): Plan {
  if (!(source instanceof Collection)) return { stage: 'COLLSCAN', documents: source };
  // Indexes are of bytes.
  const indexed = fold === undefined ? indexedPlan(source, filter) : undefined;
  return indexed ?? { stage: 'COLLSCAN', documents: source.documents() };
}

function indexedPlan(collection: Collection, filter: Document): Plan | undefined {
  const ids = equalValues(fieldOf(filter, '_id'));
  if (ids !== undefined) {
    const found = ids.map(id => collection.findById(id)).filter(document => document !== undefined);
    return { stage: 'IDHACK', documents: found.length > 1 ? inIdOrder(new Set(found)) : found };
  }
  for (const [field, condition] of Object.entries(filter)) {
    if (field.startsWith('$')) continue;
    const values = equalValues(condition);
    const found = values === undefined ? undefined : collection.findByIndex(field, values);
    if (found !== undefined) return { stage: 'IXSCAN', ...found };
  }
  return undefined;
}

function inIdOrder(documents: ReadonlySet<BsonDocument>): BsonDocument[] {
  return [...documents].sort((left, right) => compareValues(left.value['_id'], right.value['_id']));
}

/** The values a field must have, when the condition is one of equality (or $in) that a hash can answer. */
function equalValues(condition: unknown): unknown[] | undefined {
  if (condition === undefined) return undefined;
  if (!isOperatorDocument(condition)) return hashable([condition]);
  if ('$eq' in condition) return hashable([condition['$eq']]);
  const list = condition['$in'];
  return Array.isArray(list) ? hashable(list) : undefined;
}

/** A regex matches other values than itself, and an array is indexed by its elements. */
function hashable(values: unknown[]): unknown[] | undefined {
  return values.every(value => typeOf(value) !== 'regex' && !Array.isArray(value)) ? values : undefined;
}
