import { Long } from 'bson';
import { type BsonDocument } from '../bson/document.js';
import { type IdGenerator } from '../runtime/ids.js';
import { maxBsonObjectSize } from './collection.js';

/** What is left of a result, and whose it is. */
export interface Cursor {
  readonly id: Long;
  readonly namespace: string;
  /** The session that opened it; only the same one may continue it. */
  readonly session: string | undefined;
  readonly documents: readonly BsonDocument[];
  position: number;
}

/** The open cursors of one node. */
export class CursorRegistry {
  readonly #ids: IdGenerator;
  readonly #cursors = new Map<string, Cursor>();

  constructor(ids: IdGenerator) {
    this.#ids = ids;
  }

  get size(): number {
    return this.#cursors.size;
  }

  /** Takes the first batch off a result and keeps the rest under an id, which is 0 when nothing is left. */
  open(
    documents: readonly BsonDocument[],
    options: { namespace: string; session: string | undefined; batchSize: number; singleBatch: boolean },
  ): { id: Long; batch: BsonDocument[] } {
    const { namespace, session, batchSize, singleBatch } = options;
    const cursor: Cursor = { id: this.#ids.cursorId(), namespace, session, documents, position: 0 };
    const batch = takeBatch(cursor, batchSize);
    // A batchSize of 0 opens a cursor even on an empty result; the first getMore closes it.
    const isDone = singleBatch || (cursor.position >= documents.length && batchSize !== 0);
    if (!isDone) this.#cursors.set(cursor.id.toString(), cursor);
    return { id: isDone ? Long.ZERO : cursor.id, batch };
  }

  find(id: Long): Cursor | undefined {
    return this.#cursors.get(id.toString());
  }

  /** The next batch; a cursor with nothing left is closed and has the id 0 from then on. */
  next(cursor: Cursor, batchSize: number): { id: Long; batch: BsonDocument[] } {
    const batch = takeBatch(cursor, batchSize === 0 ? Number.POSITIVE_INFINITY : batchSize);
    const isDone = cursor.position >= cursor.documents.length;
    if (isDone) this.kill(cursor.id);
    return { id: isDone ? Long.ZERO : cursor.id, batch };
  }

  kill(id: Long): boolean {
    return this.#cursors.delete(id.toString());
  }

  killNamespace(matches: (namespace: string) => boolean): void {
    for (const [id, { namespace }] of this.#cursors) if (matches(namespace)) this.#cursors.delete(id);
  }

  killSession(session: string): void {
    for (const [id, cursor] of this.#cursors) if (cursor.session === session) this.#cursors.delete(id);
  }

  clear(): void {
    this.#cursors.clear();
  }
}

/** Up to batchSize documents, and no more than fit into one reply. */
function takeBatch(cursor: Cursor, batchSize: number): BsonDocument[] {
  const batch: BsonDocument[] = [];
  let size = 0;
  while (batch.length < batchSize) {
    const document = cursor.documents[cursor.position];
    if (document === undefined) break;
    size += document.bytes.length;
    if (size > maxBsonObjectSize && batch.length > 0) break;
    batch.push(document);
    cursor.position++;
  }
  return batch;
}
