import { type Binary } from 'bson';
import { type BsonDocument } from '../bson/document.js';
import { type Document, typeOf } from '../bson/types.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { canonicalKey, valuesEqual } from '../query/compare.js';
import { CollectionIndex, duplicateKey, type IndexSpecification } from './index_keys.js';

export const maxBsonObjectSize = 16 * 1024 * 1024;
/** Stored documents may be a little larger than those that clients send, as in the server. */
const maxInternalSize = maxBsonObjectSize + 16 * 1024;

const idIndex = { name: '_id_', key: { _id: 1 } } as const;

/** Documents in insertion order, found by _id in one step, and the indexes over them. */
export class Collection {
  readonly namespace: string;
  readonly uuid: Binary;
  readonly options: Document;
  readonly #documents = new Map<string, BsonDocument>();
  readonly #indexes = new Map<string, CollectionIndex>();

  constructor(namespace: string, uuid: Binary, options: Document) {
    this.namespace = namespace;
    this.uuid = uuid;
    this.options = options;
  }

  get size(): number {
    return this.#documents.size;
  }

  documents(): Iterable<BsonDocument> {
    return this.#documents.values();
  }

  findById(id: unknown): BsonDocument | undefined {
    return this.#documents.get(canonicalKey(id));
  }

  insert(document: BsonDocument): void {
    const id = document.value['_id'];
    checkId(id);
    checkSize(document);
    const key = canonicalKey(id);
    if (this.#documents.has(key)) throw duplicateKey(this.namespace, idIndex, [id]);
    for (const index of this.#indexes.values()) index.checkUnique(document, this.namespace);
    for (const index of this.#indexes.values()) index.add(document);
    this.#documents.set(key, document);
  }

  /** Puts a new version in the place of the old one; the _id must be the same. */
  replace(before: BsonDocument, after: BsonDocument): void {
    checkSize(after);
    for (const index of this.#indexes.values()) index.checkUnique(after, this.namespace, before);
    for (const index of this.#indexes.values()) {
      index.remove(before);
      index.add(after);
    }
    this.#documents.set(canonicalKey(after.value['_id']), after);
  }

  remove(document: BsonDocument): void {
    for (const index of this.#indexes.values()) index.remove(document);
    this.#documents.delete(canonicalKey(document.value['_id']));
  }

  /** Documents with one of the values in the field, found by an index; undefined when there is none for the field. */
  findByIndex(field: string, values: readonly unknown[]): BsonDocument[] | undefined {
    for (const index of this.#indexes.values()) {
      const found = index.find(field, values);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** All indexes, beginning with that of _id. */
  indexes(): IndexSpecification[] {
    const ofId = { ...idIndex, unique: false, sparse: false, partialFilter: undefined, options: {} };
    return [ofId, ...[...this.#indexes.values()].map(({ specification }) => specification)];
  }

  /** Builds an index over what is there; returns false when the same index exists already. */
  createIndex(specification: IndexSpecification): boolean {
    if (valuesEqual(specification.key, idIndex.key)) return false;
    for (const existing of this.indexes()) {
      const sameKey = sameKeyPattern(existing.key, specification.key);
      if (existing.name === specification.name) {
        if (sameKey && sameOptions(existing, specification)) return false;
        throw new CommandError(
          ErrorCode.IndexKeySpecsConflict,
          `An existing index has the same name as the requested index. When index names are not specified, they are auto generated and can cause conflicts. Please refer to our documentation. Index name: ${specification.name}`,
        );
      }
      if (sameKey && sameOptions(existing, specification)) {
        throw new CommandError(
          ErrorCode.IndexOptionsConflict,
          `Index already exists with a different name: ${existing.name}`,
        );
      }
    }
    const index = new CollectionIndex(specification);
    for (const document of this.#documents.values()) {
      index.checkUnique(document, this.namespace);
      index.add(document);
    }
    this.#indexes.set(specification.name, index);
    return true;
  }

  dropIndex(name: string): void {
    if (name === idIndex.name) throw new CommandError(ErrorCode.InvalidOptions, 'cannot drop _id index');
    if (!this.#indexes.delete(name)) {
      throw new CommandError(ErrorCode.IndexNotFound, `index not found with name [${name}]`);
    }
  }

  dropAllIndexes(): void {
    this.#indexes.clear();
  }
}

/** Key patterns are the same when their fields come in the same order, too. */
export function sameKeyPattern(left: Document, right: Document): boolean {
  return valuesEqual(left, right);
}

function sameOptions(left: IndexSpecification, right: IndexSpecification): boolean {
  return (
    left.unique === right.unique &&
    left.sparse === right.sparse &&
    valuesEqual(left.partialFilter ?? null, right.partialFilter ?? null)
  );
}

function checkId(id: unknown): void {
  switch (typeOf(id)) {
    case 'array':
    case 'regex':
    case 'missing':
      throw new CommandError(ErrorCode.InvalidIdField, `The '_id' value cannot be of type ${typeOf(id)}`);
    default:
  }
}

function checkSize(document: BsonDocument): void {
  const size = document.bytes.length;
  if (size <= maxInternalSize) return;
  throw new CommandError(
    ErrorCode.BSONObjectTooLarge,
    `object to insert too large. size in bytes: ${size}, max size: ${maxBsonObjectSize}`,
  );
}
