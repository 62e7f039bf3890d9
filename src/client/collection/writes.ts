import type { Document } from '../../bson/index.js';
import type { BulkWriteOptions } from '../../bulk/batch.js';
import { type BulkPort, OrderedBulkOperation, UnorderedBulkOperation } from '../../bulk/bulk_operation.js';
import { bulkWrite, type InsertManyResult, insertMany } from '../../bulk/bulk_write.js';
import type { BulkWriteResult } from '../../bulk/result.js';
import { runsOf, type Write } from '../../bulk/runs.js';
import { checkWrites, writeOf } from '../../bulk/write_models.js';
import { type DeleteOptions, type DeleteResult, deleteDocuments } from '../../commands/delete.js';
import {
  type FindOneAndDeleteOptions,
  type FindOneAndReplaceOptions,
  type FindOneAndUpdateOptions,
  findOneAndDelete,
  findOneAndReplace,
  findOneAndUpdate,
  type ModifyResult,
} from '../../commands/find_and_modify.js';
import {
  checkedDocument,
  type InsertOneOptions,
  type InsertOneResult,
  insertOne,
  withId,
} from '../../commands/insert.js';
import { type ReplaceOptions, type UpdateOptions, type UpdateResult, update } from '../../commands/update.js';
import { MongoInvalidArgumentError } from '../../errors/driver.js';
import type { Filter } from '../../types/filter.js';
import type { OptionalUnlessRequiredId, WithId, WithoutId } from '../../types/schema.js';
import type { Sort } from '../../types/sort.js';
import type { UpdateFilter } from '../../types/update.js';
import type { AnyBulkWriteOperation } from '../bulk_write_models.js';
import { run, runExplainable, runSteps } from '../run.js';
import { CollectionBase } from './base.js';

/** Operations that change documents. */
export class CollectionWrites<TSchema extends Document = Document> extends CollectionBase {
  /**
   * Inserts one document. A missing `_id` is made and put on the document.
   *
   * @throws MongoServerError with code 11000 if a unique index holds the same key already
   */
  insertOne(
    document: OptionalUnlessRequiredId<TSchema>,
    options?: InsertOneOptions,
  ): Promise<InsertOneResult<TSchema>> {
    return run(this.client, this.context, options, (context, own) =>
      insertOne<TSchema>(context, this.#prepared(document, own), own),
    );
  }

  /**
   * Inserts documents, in as few messages as possible.
   *
   * @throws MongoBulkWriteError if some were refused; its `result` tells of the others
   */
  insertMany(
    documents: ReadonlyArray<OptionalUnlessRequiredId<TSchema>>,
    options?: BulkWriteOptions,
  ): Promise<InsertManyResult<TSchema>> {
    return runSteps(this.client, this.context, options, (context, own) => {
      if (!Array.isArray(documents)) {
        throw new MongoInvalidArgumentError('Argument "docs" must be an array of documents');
      }
      // Holes are no documents, and `map` would leave them.
      const prepared = Array.from(documents, document => this.#prepared(document, own));
      return (engine, deadline) => insertMany<TSchema>(engine, context, prepared, own, deadline);
    });
  }

  /**
   * Does writes of several kinds, in as few messages as possible.
   *
   * @throws MongoBulkWriteError if some were refused; its `result` tells of the others
   */
  bulkWrite(
    operations: ReadonlyArray<AnyBulkWriteOperation<TSchema>>,
    options?: BulkWriteOptions,
  ): Promise<BulkWriteResult> {
    return this.#bulk(options, own => {
      if (!Array.isArray(operations)) {
        throw new MongoInvalidArgumentError('Argument "operations" must be an array of documents');
      }
      return Array.from(operations, one => writeOf(one, document => this.#prepared(document, own)));
    });
  }

  /** Gathers writes, to be done one after the other until one fails. */
  initializeOrderedBulkOp(options?: BulkWriteOptions): OrderedBulkOperation {
    return new OrderedBulkOperation(this.#bulkPort(), options ?? {});
  }

  /** Gathers writes, to be done whether or not others fail. */
  initializeUnorderedBulkOp(options?: BulkWriteOptions): UnorderedBulkOperation {
    return new UnorderedBulkOperation(this.#bulkPort(), options ?? {});
  }

  /** Changes the first document that matches, by update operators or a pipeline. */
  updateOne(
    filter: Filter<TSchema>,
    change: UpdateFilter<TSchema> | Document[],
    options?: UpdateOptions & { sort?: Sort },
  ): Promise<UpdateResult<TSchema>> {
    return runExplainable(this.client, this.context, options, (context, own) =>
      update<TSchema>('updateOne', context, filter, change, own),
    );
  }

  /** Changes all documents that match. */
  updateMany(
    filter: Filter<TSchema>,
    change: UpdateFilter<TSchema> | Document[],
    options?: UpdateOptions,
  ): Promise<UpdateResult<TSchema>> {
    return runExplainable(this.client, this.context, options, (context, own) =>
      update<TSchema>('updateMany', context, filter, change, own),
    );
  }

  /** Replaces the first document that matches; its `_id` stays. */
  replaceOne(
    filter: Filter<TSchema>,
    replacement: WithoutId<TSchema>,
    options?: ReplaceOptions,
  ): Promise<UpdateResult<TSchema>> {
    return run(this.client, this.context, options, (context, own) =>
      update<TSchema>('replaceOne', context, filter, replacement, own),
    );
  }

  /** Deletes the first document that matches. */
  deleteOne(filter: Filter<TSchema> = {}, options?: DeleteOptions): Promise<DeleteResult> {
    return runExplainable(this.client, this.context, options, (context, own) =>
      deleteDocuments('deleteOne', context, filter, own),
    );
  }

  /** Deletes all documents that match. */
  deleteMany(filter: Filter<TSchema> = {}, options?: DeleteOptions): Promise<DeleteResult> {
    return runExplainable(this.client, this.context, options, (context, own) =>
      deleteDocuments('deleteMany', context, filter, own),
    );
  }

  /** Deletes the first document that matches, and returns it; null when there is none. */
  findOneAndDelete(
    filter: Filter<TSchema>,
    options: FindOneAndDeleteOptions & { includeResultMetadata: true },
  ): Promise<ModifyResult<TSchema>>;
  findOneAndDelete(filter: Filter<TSchema>, options?: FindOneAndDeleteOptions): Promise<WithId<TSchema> | null>;
  findOneAndDelete(filter: Filter<TSchema>, options?: FindOneAndDeleteOptions): Promise<Document | null> {
    return runExplainable(this.client, this.context, options, (context, own) => findOneAndDelete(context, filter, own));
  }

  /** Replaces the first document that matches, and returns it as it was, or as it is then; null when there is none. */
  findOneAndReplace(
    filter: Filter<TSchema>,
    replacement: WithoutId<TSchema>,
    options: FindOneAndReplaceOptions & { includeResultMetadata: true },
  ): Promise<ModifyResult<TSchema>>;
  findOneAndReplace(
    filter: Filter<TSchema>,
    replacement: WithoutId<TSchema>,
    options?: FindOneAndReplaceOptions,
  ): Promise<WithId<TSchema> | null>;
  findOneAndReplace(
    filter: Filter<TSchema>,
    replacement: WithoutId<TSchema>,
    options?: FindOneAndReplaceOptions,
  ): Promise<Document | null> {
    return runExplainable(this.client, this.context, options, (context, own) =>
      findOneAndReplace(context, filter, replacement, own),
    );
  }

  /** Changes the first document that matches, and returns it as it was, or as it is then; null when there is none. */
  findOneAndUpdate(
    filter: Filter<TSchema>,
    change: UpdateFilter<TSchema> | Document[],
    options: FindOneAndUpdateOptions & { includeResultMetadata: true },
  ): Promise<ModifyResult<TSchema>>;
  findOneAndUpdate(
    filter: Filter<TSchema>,
    change: UpdateFilter<TSchema> | Document[],
    options?: FindOneAndUpdateOptions,
  ): Promise<WithId<TSchema> | null>;
  findOneAndUpdate(
    filter: Filter<TSchema>,
    change: UpdateFilter<TSchema> | Document[],
    options?: FindOneAndUpdateOptions,
  ): Promise<Document | null> {
    return runExplainable(this.client, this.context, options, (context, own) =>
      findOneAndUpdate(context, filter, change, own),
    );
  }

  #bulk(
    options: BulkWriteOptions | undefined,
    make: (own: BulkWriteOptions) => readonly Write[],
  ): Promise<BulkWriteResult> {
    return runSteps(this.client, this.context, options, (context, own) => {
      const writes = make(own);
      checkWrites(writes, context.bsonOptions);
      const runs = runsOf(writes, own.ordered ?? true);
      return async (engine, deadline) => (await bulkWrite(engine, context, runs, own, deadline)).result();
    });
  }

  #bulkPort(): BulkPort {
    const { bsonOptions, writeConcern } = this.context;
    return {
      bsonOptions,
      writeConcern,
      prepare: (document, options) => this.#prepared(document, options),
      execute: (writes, options) => this.#bulk(options, () => writes),
    };
  }

  #prepared(document: unknown, { forceServerObjectId }: InsertOneOptions): Document {
    const { createPk, forceServerObjectId: inherited } = this.parent.idSettings;
    return (forceServerObjectId ?? inherited) ? checkedDocument(document) : withId(document, createPk);
  }
}
