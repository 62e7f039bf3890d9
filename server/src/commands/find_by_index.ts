import { Long } from 'bson';
import { BsonDocument } from '../bson/document.js';
import { isNumber, toNumber } from '../bson/numbers.js';
import { type Document, isDocument } from '../bson/types.js';
import { type Collection, sameKeyPattern } from '../engine/collection.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { compareValues } from '../query/compare.js';
import { collectKeyValues, parsePath } from '../query/path.js';
import { compileSort } from '../query/sort.js';

/** The options of find that look at the index behind a query: `min` and `max`, `returnKey`, and `showRecordId`. */
export interface IndexOptions {
  readonly min: Document | undefined;
  readonly max: Document | undefined;
  readonly returnKey: boolean;
  readonly showRecordId: boolean;
}

/** A view has no index of its own. */
export function checkOnView({ min, max, returnKey, showRecordId }: IndexOptions): void {
  const given = { min: min !== undefined, max: max !== undefined, returnKey, showRecordId };
  const name = Object.entries(given).find(([, isGiven]) => isGiven)?.[0];
  if (name === undefined) return;
  throw new CommandError(ErrorCode.InvalidPipelineOperator, `Option ${name} not supported in aggregation.`);
}

/** The documents between `min`, which belongs to them, and `max`, which does not, in the order of the index that is hinted. */
export function withinBounds(
  collection: Collection,
  { min, max }: Pick<IndexOptions, 'min' | 'max'>,
  hint: unknown,
): readonly BsonDocument[] {
  const pattern = hintedPattern(collection, hint);
  if (pattern === undefined) {
    throw new CommandError(51173, 'When using min()/max() a hint of which index to use must be provided');
  }
  for (const bound of [min, max]) {
    if (bound === undefined || Object.keys(bound).join() === Object.keys(pattern).join()) continue;
    throw new CommandError(51174, 'The index chosen is not compatible with min/max');
  }
  const inOrder = compileSort(directionsOf(pattern))([...collection.documents()], ({ value }) => value);
  return inOrder.filter(document => {
    const key = indexKey(document, pattern);
    return (
      (min === undefined || compareKeys(key, min, pattern) >= 0) &&
      (max === undefined || compareKeys(key, max, pattern) < 0)
    );
  });
}

/** What find answers of a document that it found: its key in the index that was used, or itself with its record id. */
export function shapeOf(
  collection: Collection | undefined,
  { returnKey, showRecordId }: IndexOptions,
  query: { readonly filter: Document; readonly sort: Document | undefined; readonly hint: unknown },
): ((found: BsonDocument, projected: BsonDocument) => BsonDocument) | undefined {
  if (collection === undefined || (!returnKey && !showRecordId)) return undefined;
  if (returnKey) {
    const pattern = usedPattern(collection, query);
    return found => BsonDocument.fromValue(pattern === undefined ? {} : indexKey(found, pattern));
  }
  return (found, projected) => {
    const $recordId = Long.fromNumber(collection.recordIdOf(found) ?? 0);
    return BsonDocument.fromValue({ ...projected.value, $recordId });
  };
}

function hintedPattern(collection: Collection, hint: unknown): Document | undefined {
  if (isDocument(hint)) return collection.indexes().find(({ key }) => sameKeyPattern(key, hint))?.key;
  return collection.indexes().find(({ name }) => name === hint)?.key;
}

/** The index of a query: that of the hint, else the first that begins with a field of the filter or of the sort. */
function usedPattern(
  collection: Collection,
  { filter, sort = {}, hint }: { filter: Document; sort: Document | undefined; hint: unknown },
): Document | undefined {
  if (hint !== undefined) return hintedPattern(collection, hint);
  const indexes = collection.indexes();
  const begins = (fields: Document) => indexes.find(({ key }) => Object.hasOwn(fields, Object.keys(key)[0] ?? ''));
  return (begins(filter) ?? begins(sort))?.key;
}

function indexKey({ value }: BsonDocument, pattern: Document): Document {
  return Object.fromEntries(
    Object.keys(pattern).map(path => [path, collectKeyValues(value, parsePath(path))[0] ?? null]),
  );
}

function compareKeys(key: Document, bound: Document, pattern: Document): number {
  for (const [path, direction] of Object.entries(directionsOf(pattern))) {
    const order = compareValues(key[path], bound[path]) * direction;
    if (order !== 0) return order;
  }
  return 0;
}

function directionsOf(pattern: Document): Record<string, 1 | -1> {
  return Object.fromEntries(
    Object.entries(pattern).map(([path, order]) => [path, isNumber(order) && toNumber(order) < 0 ? -1 : 1]),
  );
}
