import { type Binary } from 'bson';
import { type BsonDocument } from '../bson/document.js';
import { isNumber, toNumber } from '../bson/numbers.js';
import { type Document, isDocument, typeOf } from '../bson/types.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { canonicalKey, valuesEqual } from '../query/compare.js';
import { CollectionIndex, duplicateKey, type IndexSpecification } from './index_keys.js';
import { type DocumentChange, type Journal } from './journal.js';
import { parseNamespace } from './namespace.js';
import { Validator } from './validator.js';

export const maxBsonObjectSize = 16 * 1024 * 1024;
/** Stored documents may be a little larger than those that clients send, as in the server. */
const maxInternalSize = maxBsonObjectSize + 16 * 1024;

const idIndex = { name: '_id_', key: { _id: 1 } } as const;

/** A change of one document, told before it is made. */
export interface DocumentWrite {
  readonly namespace: string;
  readonly key: string;
  readonly before: BsonDocument | undefined;
  readonly after: BsonDocument | undefined;
}

/** May throw, and so prevent the write. */
export type WriteObserver = (write: DocumentWrite) => void;

/** Documents in insertion order, found by _id in one step, and the indexes over them. */
export class Collection {
  readonly namespace: string;
  readonly uuid: Binary;
  #options: Document;
  #validator: Validator | undefined;
  /** Set by the storage that the collection is in. */
  observer: WriteObserver | undefined;
  /** Set by the storage, too: told of each change after it was made. */
  journal: Journal | undefined;
  /** A snapshot has it, too: it must be forked before it is changed. */
  isShared = false;
  readonly #documents: Map<string, BsonDocument>;
  readonly #indexes: Map<string, CollectionIndex>;
  /** The number that each document got when it came, by its key. */
  readonly #recordIds: Map<string, number>;
  #lastRecordId: number;

  constructor(namespace: string, uuid: Binary, options: Document, from?: Collection) {
    this.namespace = namespace;
    this.uuid = uuid;
    this.#options = options;
    this.#validator = from === undefined ? Validator.of(options) : from.#validator;
    this.#documents = new Map(from === undefined ? [] : from.#documents);
    this.#recordIds = new Map(from === undefined ? [] : from.#recordIds);
    this.#lastRecordId = from === undefined ? 0 : from.#lastRecordId;
    this.#indexes = new Map(from === undefined ? [] : [...from.#indexes].map(([name, index]) => [name, index.fork()]));
  }

  /** The same collection to be changed apart; the documents are shared, as they never change. */
  fork(namespace = this.namespace): Collection {
    return new Collection(namespace, this.uuid, this.options, this);
  }

  get options(): Document {
    return this.#options;
  }

  setOptions(options: Document): void {
    this.#options = options;
    this.#validator = Validator.of(options);
  }

  /** @throws CommandError when the collection does not allow the document. */
  checkValid(after: BsonDocument, before?: BsonDocument): void {
    this.#validator?.check(after, before);
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

  /** What `$recordId` shows of a document: a number that it keeps as long as it is there. */
  recordIdOf({ value }: BsonDocument): number | undefined {
    return this.#recordIds.get(canonicalKey(value['_id']));
  }

  /** By the key that writes are told with. */
  documentAt(key: string): BsonDocument | undefined {
    return this.#documents.get(key);
  }

  insert(document: BsonDocument): void {
    const id = document.value['_id'];
    checkId(id);
    checkSize(document);
    // Measurements of a time series may share an _id.
    const key = canonicalKey(id) + (this.#options['timeseries'] === undefined ? '' : `#${this.#documents.size}`);
    if (this.#documents.has(key)) throw duplicateKey(this.namespace, idIndex, [id]);
    for (const index of this.#indexes.values()) index.checkUnique(document, this.namespace);
    this.observer?.({ namespace: this.namespace, key, before: undefined, after: document });
    for (const index of this.#indexes.values()) index.add(document);
    this.#documents.set(key, document);
    this.#recordIds.set(key, ++this.#lastRecordId);
    this.#tell('insert', undefined, document);
    this.evict();
  }

  #tell(kind: DocumentChange['kind'], before: BsonDocument | undefined, after: BsonDocument | undefined): void {
    if (this.journal === undefined) return;
    const images = this.#options['changeStreamPreAndPostImages'];
    const hasImages = isDocument(images) && images['enabled'] === true;
    this.journal({ kind, namespace: parseNamespace(this.namespace), uuid: this.uuid, before, after, hasImages });
  }

  /** A capped collection loses its oldest documents, of which no change stream tells. */
  evict(): void {
    const { capped, max, size } = this.#options;
    if (capped !== true) return;
    const most = isNumber(max) && toNumber(max) > 0 ? toNumber(max) : Number.POSITIVE_INFINITY;
    const room = isNumber(size) ? toNumber(size) : Number.POSITIVE_INFINITY;
    let bytes = 0;
    for (const document of this.#documents.values()) bytes += document.bytes.length;
    for (const [key, document] of this.#documents) {
      if (this.#documents.size <= most && bytes <= room) return;
      bytes -= document.bytes.length;
      for (const index of this.#indexes.values()) index.remove(document);
      this.#documents.delete(key);
      this.#recordIds.delete(key);
    }
  }

  /** Puts a new version in the place of the old one; the _id must be the same. */
  replace(before: BsonDocument, after: BsonDocument, kind: 'update' | 'replace' = 'update'): void {
    checkSize(after);
    const key = canonicalKey(after.value['_id']);
    for (const index of this.#indexes.values()) index.checkUnique(after, this.namespace, before);
    this.observer?.({ namespace: this.namespace, key, before, after });
    for (const index of this.#indexes.values()) {
      index.remove(before);
      index.add(after);
    }
    this.#documents.set(key, after);
    this.#tell(kind, before, after);
  }

  remove(document: BsonDocument): void {
    const key = canonicalKey(document.value['_id']);
    this.observer?.({ namespace: this.namespace, key, before: document, after: undefined });
    for (const index of this.#indexes.values()) index.remove(document);
    this.#documents.delete(key);
    this.#recordIds.delete(key);
    this.#tell('delete', document, undefined);
  }

  /** Documents with one of the values in the field, found by an index; undefined when there is none for the field. */
  findByIndex(
    field: string,
    values: readonly unknown[],
  ): { indexName: string; documents: readonly BsonDocument[] } | undefined {
    for (const [indexName, index] of this.#indexes) {
      const documents = index.find(field, values);
      if (documents !== undefined) return { indexName, documents };
    }
    return undefined;
  }

  /** All indexes, beginning with that of _id. */
  indexes(): IndexSpecification[] {
    const plain = { unique: false, sparse: false, partialFilter: undefined };
    const clustered = this.#options['clusteredIndex'];
    const ofId: IndexSpecification = isDocument(clustered)
      ? { ...plain, ...idIndex, name: String(clustered['name']), options: { unique: true, clustered: true } }
      : { ...plain, ...idIndex, options: {} };
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

  /** Changes options of an index that do not change what it holds. */
  changeIndex(name: string, settings: Document): void {
    const index = this.#indexes.get(name);
    if (index === undefined) return;
    const { specification } = index;
    const options = { ...specification.options, ...settings };
    const unique = settings['unique'] === true || settings['prepareUnique'] === true || specification.unique;
    const changed = new CollectionIndex({ ...specification, unique, options });
    for (const document of this.#documents.values()) changed.add(document);
    if (settings['unique'] === true) checkNoDuplicates(changed);
    this.#indexes.set(name, changed);
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

/** An index becomes unique only when it holds no duplicates. */
function checkNoDuplicates(index: CollectionIndex): void {
  const violations = index.duplicates().map(documents => ({ ids: documents.map(({ value }) => value['_id']) }));
  if (violations.length === 0) return;
  throw new CommandError(
    ErrorCode.CannotConvertIndexToUnique,
    'Cannot convert the index to unique. Please resolve conflicting documents before running collMod again.',
    { violations },
  );
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
