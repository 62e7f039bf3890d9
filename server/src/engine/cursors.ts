import { Long } from 'bson';
import { type BsonDocument } from '../bson/document.js';
import { type Document } from '../bson/types.js';
import { type Clock } from '../runtime/clock.js';
import { type IdGenerator } from '../runtime/ids.js';
import { Signal } from '../runtime/signal.js';
import { maxBsonObjectSize } from './collection.js';

/** A cursor of no session that is not used for so long is closed; one of a session is closed with that. */
export const cursorTimeoutMS = 10 * 60_000;

/** Where a cursor gets its documents. */
export interface DocumentSource {
  /** The next document, which stays the next one; undefined: there is none, or none yet. */
  peek(): BsonDocument | undefined;
  /** Goes on to the document after it. */
  advance(): void;
  /** Nothing will ever come any more. */
  readonly isDone: boolean;
  /** Of a source that more documents may come to: emitted when some may have. */
  readonly changes?: Signal;
  /** Where a change stream can be taken up again after all that was read. */
  readonly resumeToken?: Document;
}

/** What is left of a result, and whose it is. */
export interface Cursor {
  readonly id: Long;
  readonly namespace: string;
  /** The session that opened it; only the same one may continue it. */
  readonly session: string | undefined;
  readonly source: DocumentSource;
  /** How getMore waits for documents that are not there yet; undefined: it does not. */
  readonly awaitsData: boolean;
  readonly isChangeStream: boolean;
  /** It is not closed because it is idle. */
  readonly neverExpires: boolean;
  /** Emitted when it is closed before its end. */
  readonly killed: Signal;
  lastUse: number;
  /** What is left of the maxTimeMS of the command that opened it, for all its getMores together; undefined: no limit. */
  leftMS: number | undefined;
  /** How many commands are using it now. */
  users: number;
}

export type CursorOptions = Pick<Cursor, 'namespace' | 'session'> & {
  readonly batchSize: number;
  readonly singleBatch: boolean;
  readonly awaitsData?: boolean;
  readonly isChangeStream?: boolean;
  readonly neverExpires?: boolean;
  readonly leftMS?: number | undefined;
};

/** A batch, and the id of the cursor that has the rest: 0 when there is none. */
export interface Batch {
  readonly id: Long;
  readonly batch: BsonDocument[];
}

/** A result that is there as a whole. */
export class ListSource implements DocumentSource {
  readonly #documents: readonly BsonDocument[];
  #position = 0;

  constructor(documents: readonly BsonDocument[]) {
    this.#documents = documents;
  }

  get isDone(): boolean {
    return this.#position >= this.#documents.length;
  }

  peek(): BsonDocument | undefined {
    return this.#documents[this.#position];
  }

  advance(): void {
    this.#position++;
  }
}

/** The open cursors of one node. */
export class CursorRegistry {
  readonly #ids: IdGenerator;
  readonly #clock: Clock;
  readonly #cursors = new Map<string, Cursor>();

  constructor(ids: IdGenerator, clock: Clock) {
    this.#ids = ids;
    this.#clock = clock;
  }

  get size(): number {
    this.#closeExpired();
    return this.#cursors.size;
  }

  /** Takes the first batch off a result and keeps the rest under an id, which is 0 when nothing is left. */
  open(source: DocumentSource, options: CursorOptions): Batch {
    const { namespace, session, batchSize, singleBatch, awaitsData = false, isChangeStream = false } = options;
    const { neverExpires = false, leftMS } = options;
    this.#closeExpired();
    const batch = takeBatch(source, batchSize);
    // A batchSize of 0 opens a cursor even on an empty result; the first getMore closes it.
    const isDone = singleBatch || (source.isDone && batchSize !== 0);
    if (isDone) return { id: Long.ZERO, batch };
    const id = this.#ids.cursorId();
    this.#cursors.set(id.toString(), {
      ...{ id, namespace, session, source, awaitsData, isChangeStream, neverExpires, leftMS },
      killed: new Signal(),
      lastUse: this.#clock.now(),
      users: 0,
    });
    return { id, batch };
  }

  find(id: Long): Cursor | undefined {
    this.#closeExpired();
    return this.#cursors.get(id.toString());
  }

  /** While a command uses a cursor it does not expire; the function returned ends that. */
  use(cursor: Cursor): () => void {
    cursor.users++;
    return () => {
      cursor.users--;
      cursor.lastUse = this.#clock.now();
    };
  }

  /** The next batch; a cursor with nothing left is closed and has the id 0 from then on. */
  next(cursor: Cursor, batchSize: number): Batch {
    const batch = takeBatch(cursor.source, batchSize === 0 ? Number.POSITIVE_INFINITY : batchSize);
    const isDone = cursor.source.isDone;
    if (isDone) this.#cursors.delete(cursor.id.toString());
    return { id: isDone ? Long.ZERO : cursor.id, batch };
  }

  kill(id: Long): boolean {
    return this.#killAll(cursor => cursor.id.equals(id)) > 0;
  }

  killNamespace(matches: (namespace: string) => boolean): void {
    // A change stream tells of the end of its collection before it ends itself.
    this.#killAll(cursor => !cursor.isChangeStream && matches(cursor.namespace));
  }

  killSession(session: string): void {
    this.#killAll(cursor => cursor.session === session);
  }

  clear(): void {
    this.#killAll(() => true);
  }

  /** Commands cannot tell whether it was closed in time or when it was looked for. */
  #closeExpired(): void {
    const oldest = this.#clock.now() - cursorTimeoutMS;
    this.#killAll(
      ({ session, neverExpires, users, lastUse }) =>
        session === undefined && !neverExpires && users === 0 && lastUse <= oldest,
    );
  }

  #killAll(isMeant: (cursor: Cursor) => boolean): number {
    let count = 0;
    for (const [id, cursor] of this.#cursors) {
      if (!isMeant(cursor)) continue;
      this.#cursors.delete(id);
      cursor.killed.emit();
      count++;
    }
    return count;
  }
}

/** Up to batchSize documents, and no more than fit into one reply. */
function takeBatch(source: DocumentSource, batchSize: number): BsonDocument[] {
  const batch: BsonDocument[] = [];
  let size = 0;
  while (batch.length < batchSize) {
    const document = source.peek();
    if (document === undefined) break;
    size += document.bytes.length;
    if (size > maxBsonObjectSize && batch.length > 0) break;
    batch.push(document);
    source.advance();
  }
  return batch;
}
