import { type BSONSerializeOptions, calculateObjectSize, type Document } from '../bson/index.js';
import { isDocument } from '../bson/is_document.js';
import type { CollationOptions, Hint } from '../commands/options.js';
import type { WriteConcern } from '../concern/write_concern.js';
import { MongoBatchReExecutionError, MongoInvalidArgumentError } from '../errors/driver.js';
import { ownOptions } from '../runtime/own_options.js';
import type { BulkWriteOptions } from './batch.js';
import { MongoBulkWriteError } from './errors.js';
import type { BulkWriteResult } from './result.js';
import { positionOf, type Run, runsOf, type Write, type WriteKind } from './runs.js';
import { deleteWrite, insertWrite, rawWrite, type StatementFields, updateWrite, writeOf } from './write_models.js';

/** Kinds of batches by their numbers in the old bulk interface. @public */
export const BatchType = Object.freeze({ INSERT: 1, UPDATE: 2, DELETE: 3 } as const);
/** @public */
export type BatchType = (typeof BatchType)[keyof typeof BatchType];

const TYPES: Readonly<Record<WriteKind, BatchType>> = { insert: 1, update: 2, delete: 3 };

/** Writes of one kind as they stand in a bulk operation. @public */
export interface Batch<T = Document> {
  readonly originalZeroIndex: number;
  readonly currentIndex: number;
  /** Positions of the writes in the bulk operation. */
  readonly originalIndexes: readonly number[];
  readonly batchType: BatchType;
  readonly operations: readonly T[];
  readonly size: number;
  readonly sizeBytes: number;
}

/** What a bulk operation needs of its collection. */
export interface BulkPort {
  readonly bsonOptions: BSONSerializeOptions;
  readonly writeConcern: WriteConcern | undefined;
  /** Puts the `_id` on a document to insert, unless the server makes it. */
  prepare(document: unknown, options: BulkWriteOptions): Document;
  execute(writes: readonly Write[], options: BulkWriteOptions): Promise<BulkWriteResult>;
}

/**
 * Gathers writes, and sends them together by {@link BulkOperationBase.execute}. `Collection.bulkWrite` does the same in one call.
 *
 * @public
 */
export abstract class BulkOperationBase {
  readonly isOrdered: boolean;
  /** Without effect, for users of the official driver. Events have an `operationId` of their own. */
  operationId?: number;
  readonly #port: BulkPort;
  readonly #options: BulkWriteOptions;
  readonly #writes: Write[] = [];
  #executed = false;

  /** @internal */
  protected constructor(port: BulkPort, options: BulkWriteOptions, isOrdered: boolean) {
    this.#port = port;
    this.#options = ownOptions({ ...options, ordered: isOrdered });
    this.isOrdered = isOrdered;
  }

  /** Adds an insert, and puts a missing `_id` on the document. */
  insert(document: Document): this {
    return this.add(insertWrite(document, this.#prepare));
  }

  /**
   * Begins an update, a replacement or a delete of the documents that match.
   *
   * @throws MongoInvalidArgumentError if the selector is no object
   */
  find(selector: Document): FindOperators {
    if (!isDocument(selector)) {
      throw new MongoInvalidArgumentError('Bulk find operation must specify a selector');
    }
    return new FindOperators(this, selector);
  }

  /** Adds one of the models of `Collection.bulkWrite`. */
  raw(operation: Document): this {
    return this.add(writeOf(operation, this.#prepare));
  }

  /** The number of writes. */
  get length(): number {
    return this.#writes.length;
  }

  get bsonOptions(): BSONSerializeOptions {
    return this.#port.bsonOptions;
  }

  get writeConcern(): WriteConcern | undefined {
    return this.#port.writeConcern;
  }

  /** The writes by kind, in the order in which they will be sent. Batches too large for one message are split when they are sent. */
  get batches(): Batch[] {
    return runsOf(this.#writes, this.isOrdered).map(run => batchOf(run));
  }

  /**
   * Sends all writes. A bulk operation can be executed once.
   *
   * @throws MongoBulkWriteError if writes were refused; MongoBatchReExecutionError the second time
   */
  async execute(options: BulkWriteOptions = {}): Promise<BulkWriteResult> {
    if (this.#executed) throw new MongoBatchReExecutionError();
    this.#executed = true;
    return this.#port.execute(this.#writes, { ...this.#options, ...options, ordered: this.isOrdered });
  }

  /** Adds a document to insert, or a statement of `update` or `delete` as it is sent. */
  addToOperationsList(batchType: BatchType, document: Document): this {
    const kind = (Object.keys(TYPES) as WriteKind[]).find(name => TYPES[name] === batchType);
    if (kind === undefined) throw new MongoInvalidArgumentError(`There is no batch type ${String(batchType)}`);
    return this.add(kind === 'insert' ? insertWrite(document, this.#prepare) : rawWrite(kind, document));
  }

  /** @internal */
  add(write: Write): this {
    this.#writes.push(write);
    return this;
  }

  readonly #prepare = (document: unknown): Document => this.#port.prepare(document, this.#options);
}

/**
 * A bulk operation whose writes run one after the other, until one fails.
 *
 * @public
 */
export class OrderedBulkOperation extends BulkOperationBase {
  /** @internal */
  constructor(port: BulkPort, options: BulkWriteOptions = {}) {
    super(port, options, true);
  }
}

/**
 * A bulk operation whose writes run in any order, even if others fail.
 *
 * @public
 */
export class UnorderedBulkOperation extends BulkOperationBase {
  /** @internal */
  constructor(port: BulkPort, options: BulkWriteOptions = {}) {
    super(port, options, false);
  }

  /** @throws MongoBulkWriteError if the result has errors of writes */
  handleWriteError(writeResult: BulkWriteResult): void {
    const first = writeResult.getWriteErrorAt(0);
    if (first !== undefined) throw new MongoBulkWriteError({ message: first.errmsg, code: first.code }, writeResult);
  }
}

/**
 * Adds writes for the documents that match a filter.
 *
 * @public
 */
export class FindOperators {
  readonly bulkOperation: BulkOperationBase;
  #fields: StatementFields;

  /** @internal */
  constructor(bulkOperation: BulkOperationBase, filter: Document) {
    this.bulkOperation = bulkOperation;
    this.#fields = { filter };
  }

  /** Changes all documents that match, by update operators or a pipeline. */
  update(updateDocument: Document | Document[]): BulkOperationBase {
    return this.bulkOperation.add(updateWrite('updateMany', { ...this.#fields, update: updateDocument }));
  }

  /** Changes the first document that matches. */
  updateOne(updateDocument: Document | Document[]): BulkOperationBase {
    return this.bulkOperation.add(updateWrite('updateOne', { ...this.#fields, update: updateDocument }));
  }

  /** Replaces the first document that matches. */
  replaceOne(replacement: Document): BulkOperationBase {
    return this.bulkOperation.add(updateWrite('replaceOne', { ...this.#fields, replacement }));
  }

  /** Deletes the first document that matches. */
  deleteOne(): BulkOperationBase {
    return this.bulkOperation.add(deleteWrite('deleteOne', this.#fields));
  }

  /** Deletes all documents that match. */
  delete(): BulkOperationBase {
    return this.bulkOperation.add(deleteWrite('deleteMany', this.#fields));
  }

  /** Makes the next writes insert a document if none matches. */
  upsert(): this {
    return this.#with({ upsert: true });
  }

  collation(collation: CollationOptions): this {
    return this.#with({ collation });
  }

  arrayFilters(arrayFilters: Document[]): this {
    return this.#with({ arrayFilters });
  }

  hint(hint: Hint): this {
    return this.#with({ hint });
  }

  #with(fields: StatementFields): this {
    this.#fields = { ...this.#fields, ...fields };
    return this;
  }
}

function batchOf(run: Run): Batch {
  const { kind, statements } = run;
  return {
    originalZeroIndex: positionOf(run, 0),
    currentIndex: 0,
    originalIndexes: statements.map((_, index) => positionOf(run, index)),
    batchType: TYPES[kind],
    operations: statements,
    size: statements.length,
    sizeBytes: statements.reduce((sum, statement) => sum + calculateObjectSize(statement), 0),
  };
}
