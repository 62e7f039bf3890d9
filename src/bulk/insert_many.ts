import type { Document } from '../bson/index.js';
import type { Call } from '../call/call.js';
import type { OperationContext } from '../commands/context.js';
import { idOf } from '../commands/insert.js';
import type { Engine } from '../executor/engine.js';
import type { InferIdType } from '../types/schema.js';
import type { BulkWriteOptions } from './batch.js';
import { bulkWrite } from './bulk_write.js';

/** @public */
export interface InsertManyResult<TSchema = Document> {
  acknowledged: boolean;
  insertedCount: number;
  /** `_id`s by the positions of the documents. */
  insertedIds: { [key: number]: InferIdType<TSchema> };
}

/**
 * Inserts documents in as few messages as the server's limits allow: a bulk write of inserts.
 *
 * @throws MongoBulkWriteError if the server refused documents, with the result of the others
 */
export async function insertMany<TSchema>(
  engine: Engine,
  context: OperationContext,
  documents: readonly Document[],
  options: BulkWriteOptions,
  call: Call,
): Promise<InsertManyResult<TSchema>> {
  const run = { kind: 'insert', statements: documents, changes: null, positions: null } as const;
  const { acknowledged, insertedCount } = await bulkWrite(engine, context, [run], options, call);
  const insertedIds: Record<number, unknown> = {};
  documents.forEach((document, index) => {
    const id = idOf(document);
    if (id !== undefined) insertedIds[index] = id;
  });
  return { acknowledged, insertedCount, insertedIds: insertedIds as InsertManyResult<TSchema>['insertedIds'] };
}
