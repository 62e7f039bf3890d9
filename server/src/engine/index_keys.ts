import { BSONSymbol } from 'bson';
import { type BsonDocument } from '../bson/document.js';
import { formatValue } from '../bson/format.js';
import { type Document } from '../bson/types.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { canonicalKey } from '../query/compare.js';
import { compileMatch, type Matcher } from '../query/match.js';
import { collectKeyValues, type Path, parsePath, visitPath } from '../query/path.js';

/** An index as createIndexes describes it; `options` holds everything besides key and name, as it was given. */
export interface IndexSpecification {
  readonly name: string;
  readonly key: Document;
  readonly unique: boolean;
  readonly sparse: boolean;
  readonly partialFilter: Document | undefined;
  readonly options: Document;
}

interface Entry {
  readonly key: string;
  readonly values: readonly unknown[];
}

/** A hash index: which documents have a key. It serves equality and uniqueness; ranges are scanned. */
export class CollectionIndex {
  readonly specification: IndexSpecification;
  readonly #paths: readonly Path[];
  readonly #covers: Matcher | undefined;
  readonly #documents = new Map<string, Set<BsonDocument>>();

  constructor(specification: IndexSpecification) {
    this.specification = specification;
    this.#paths = Object.keys(specification.key).map(parsePath);
    const { partialFilter } = specification;
    this.#covers = partialFilter === undefined ? undefined : compileMatch(partialFilter);
  }

  /** A copy to be changed apart. */
  fork(): CollectionIndex {
    const copy = new CollectionIndex(this.specification);
    for (const [key, documents] of this.#documents) copy.#documents.set(key, new Set(documents));
    return copy;
  }

  /** Throws DuplicateKey when the document may not stand beside the others; `except` is the version it replaces. */
  checkUnique(document: BsonDocument, namespace: string, except?: BsonDocument): void {
    if (!this.specification.unique) return;
    for (const { key, values } of this.#entries(document)) {
      for (const other of this.#documents.get(key) ?? []) {
        if (other !== except) throw duplicateKey(namespace, this.specification, values);
      }
    }
  }

  /** The documents that share a key. */
  duplicates(): BsonDocument[][] {
    return [...this.#documents.values()].filter(({ size }) => size > 1).map(documents => [...documents]);
  }

  add(document: BsonDocument): void {
    for (const { key } of this.#entries(document)) {
      const documents = this.#documents.get(key);
      if (documents === undefined) this.#documents.set(key, new Set([document]));
      else documents.add(document);
    }
  }

  remove(document: BsonDocument): void {
    for (const { key } of this.#entries(document)) {
      const documents = this.#documents.get(key);
      documents?.delete(document);
      if (documents?.size === 0) this.#documents.delete(key);
    }
  }

  /** Documents whose only indexed field has one of the values, or undefined when this index cannot tell. */
  find(field: string, values: readonly unknown[]): BsonDocument[] | undefined {
    const [only, ...others] = Object.keys(this.specification.key);
    if (only !== field || others.length > 0 || this.specification.sparse || this.#covers !== undefined)
      return undefined;
    const found = new Set<BsonDocument>();
    for (const value of values) {
      for (const document of this.#documents.get(joinKeys([value])) ?? []) found.add(document);
    }
    return [...found];
  }

  /** One entry per combination of values; only one of the fields may be an array. */
  #entries(document: BsonDocument): Entry[] {
    if (this.#covers !== undefined && !this.#covers(document.value)) return [];
    if (this.specification.sparse && !this.#paths.some(path => isPresent(document.value, path))) return [];
    const lists = this.#paths.map(path => collectKeyValues(document.value, path));
    if (lists.filter(list => list.length > 1).length > 1) {
      throw new CommandError(ErrorCode.CannotIndexParallelArrays, 'cannot index parallel arrays');
    }
    const multiple = lists.findIndex(list => list.length > 1);
    const rows = (lists[multiple] ?? [undefined]).map(one =>
      lists.map((list, position) => (position === multiple ? one : list[0])),
    );
    const entries = new Map(rows.map(values => [joinKeys(values), { key: joinKeys(values), values }]));
    return [...entries.values()];
  }
}

function isPresent(document: Document, path: Path): boolean {
  return visitPath(document, path, value => value !== undefined);
}

/** The value under which an empty array is indexed, apart from null: BSON's undefined. */
const undefinedKey = canonicalKey(new BSONSymbol('\0undefined'));

function joinKeys(values: readonly unknown[]): string {
  const keys = values.map(value => (value === undefined ? undefinedKey : canonicalKey(value)));
  return keys.length === 1 ? (keys[0] ?? '') : JSON.stringify(keys);
}

export function duplicateKey(
  namespace: string,
  { name, key }: Pick<IndexSpecification, 'name' | 'key'>,
  values: readonly unknown[],
): CommandError {
  const keyValue = Object.fromEntries(Object.keys(key).map((field, index) => [field, values[index] ?? null]));
  return new CommandError(
    ErrorCode.DuplicateKey,
    `E11000 duplicate key error collection: ${namespace} index: ${name} dup key: ${formatValue(keyValue)}`,
    { keyPattern: key, keyValue },
  );
}
