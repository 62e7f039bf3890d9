import { DocumentReader } from '../bson/decode.js';
import type { Document } from '../bson/index.js';
import type { Budget } from '../csot/budget.js';
import { Deadline } from '../csot/deadline.js';
import { MongoUnexpectedServerResponseError } from '../errors/driver.js';
import type { OperationContext } from '../operations/context.js';
import type { CursorReply } from '../operations/cursor_reply.js';
import type { Engine } from '../operations/engine.js';
import { executeWith } from '../operations/execute.js';
import { getMore, killCursors, type OpenCursor } from '../operations/get_more.js';
import type { Operation } from '../operations/operation.js';
import { newScope } from '../operations/scope.js';
import type { ServerSessionPool } from '../sessions/server_session_pool.js';

/**
 * What `timeoutMS` of a cursor bounds: all of its life, or each call that may wait.
 *
 * @public
 */
export const CursorTimeoutMode = Object.freeze({ ITERATION: 'iteration', LIFETIME: 'cursorLifetime' } as const);
/** @public */
export type CursorTimeoutMode = (typeof CursorTimeoutMode)[keyof typeof CursorTimeoutMode];

/** What a cursor reads, and how. */
export interface CursorSettings {
  readonly context: OperationContext;
  readonly open: () => Operation<CursorReply>;
  readonly budget: Budget;
  readonly timeoutMode: CursorTimeoutMode;
  readonly signal: AbortSignal | undefined;
  /** Of each getMore; 0 leaves it to the server. */
  readonly batchSize: number;
  /** Documents in all; 0 is no limit. */
  readonly limit: number;
  readonly comment: unknown;
}

/** For a killCursors when neither `timeoutMS` nor anything else bounds it: the server forgets idle cursors by itself. */
const CLOSE_TIMEOUT_MS = 10_000;

/**
 * Reads the results of a command batch by batch. Documents are decoded one at a time, when they are read.
 *
 * Source: Find, getMore and killCursors Commands; Client Side Operations Timeout, "Cursors".
 */
export class CursorCore {
  readonly #engine: () => Engine;
  readonly #settings: CursorSettings;
  #reader: DocumentReader | null = null;
  #reply: CursorReply | null = null;
  /** The cursor on the server; null before it is opened and after its last batch. */
  #cursor: OpenCursor | null = null;
  #state: 'new' | 'open' | 'closed' = 'new';
  #returned = 0;
  /** Of a cursor whose whole life is bounded. */
  #lifetime: Deadline | null = null;
  /** Its commands are of one session, which it has from its first command until the server has no more. */
  readonly #scope = newScope();
  /** Where that session comes from. */
  #pool: ServerSessionPool | null = null;
  /** The fetch that runs, if one does. */
  #fetching: Promise<boolean> | null = null;
  /** killCursors that run. */
  #killing = 0;
  /** It was closed before all had been read. */
  killed = false;

  constructor(engine: () => Engine, settings: CursorSettings) {
    this.#engine = engine;
    this.#settings = settings;
  }

  get started(): boolean {
    return this.#state !== 'new';
  }

  get closed(): boolean {
    return this.#state === 'closed';
  }

  /** The cursor's number on the server: undefined before the first batch, 0n after the last. */
  get id(): bigint | undefined {
    return this.#reply === null ? undefined : (this.#cursor?.id ?? 0n);
  }

  /** Documents that can be had without asking the server. */
  get buffered(): number {
    return this.#reader?.count() ?? 0;
  }

  /** The next document of the batch that is here, or undefined. */
  nextBuffered(): Document | undefined {
    if (this.#reader === null) return undefined;
    try {
      const document = this.#reader.next();
      if (document === undefined) this.#reader = null;
      else this.#returned++;
      return document;
    } catch (error) {
      this.#reader = null;
      if (error instanceof MongoUnexpectedServerResponseError) this.#reply?.reply.corrupt(error);
      void this.close();
      throw error;
    }
  }

  /** The next document, or null at the end. Waits for a batch if none is here. */
  async next(): Promise<Document | null> {
    const deadline = this.#deadline();
    for (;;) {
      const document = this.nextBuffered();
      if (document !== undefined) return document;
      if (!(await this.fetch(deadline))) return null;
    }
  }

  /** Whether there is another document. */
  async hasNext(): Promise<boolean> {
    const deadline = this.#deadline();
    for (;;) {
      if (this.#reader !== null && !this.#reader.done) return true;
      if (!(await this.fetch(deadline))) return false;
    }
  }

  /** All that are left. */
  async toArray(): Promise<Document[]> {
    const documents: Document[] = [];
    const deadline = this.#deadline();
    try {
      do {
        for (let document = this.nextBuffered(); document !== undefined; document = this.nextBuffered()) {
          documents.push(document);
        }
      } while (await this.fetch(deadline));
    } finally {
      await this.close();
    }
    return documents;
  }

  /** Gets the next batch, which may be empty. False when there is none any more. */
  fetch(deadline: Deadline = this.#deadline()): Promise<boolean> {
    this.#fetching ??= this.#fetchBatch(deadline).finally(() => {
      this.#fetching = null;
      this.#releaseSession();
    });
    return this.#fetching;
  }

  async #fetchBatch(deadline: Deadline): Promise<boolean> {
    if (this.#state === 'closed') return false;
    if (this.#state === 'open' && this.#cursor === null) {
      this.#state = 'closed';
      return false;
    }
    try {
      const operation = this.#cursor === null ? this.#openOperation() : this.#getMore(this.#cursor);
      // What has passed since the last batch was the reader's.
      if (this.#state === 'open' && deadline.canEnd) deadline.record('cursor');
      this.#state = 'open';
      const engine = this.#engine();
      this.#pool = engine.sessions;
      this.#take(await executeWith(this.#scope, engine, operation, deadline));
      if (deadline.canEnd) deadline.record('read');
    } catch (error) {
      // The server may still have it; the caller need not wait until it has not.
      void this.close();
      throw error;
    }
    return true;
  }

  #openOperation(): Operation<CursorReply> {
    const operation = this.#settings.open();
    // A server must not give up after the time of one call what may take many (CSOT, "Non-tailable Cursors").
    return this.#settings.timeoutMode === 'iteration' ? { ...operation, maxTime: 'omit' } : operation;
  }

  #getMore(cursor: OpenCursor): Operation<CursorReply> {
    const { context, batchSize, limit, comment } = this.#settings;
    const left = limit > 0 ? Math.max(1, limit - this.#returned) : 0;
    const size = left > 0 && (batchSize === 0 || left < batchSize) ? left : batchSize;
    return getMore(cursor, context, { batchSize: size, comment });
  }

  #take(reply: CursorReply): void {
    this.#reply = reply;
    const { id, address } = reply;
    const namespace = reply.namespace === '' ? (this.#cursor?.namespace ?? '') : reply.namespace;
    this.#cursor = id === 0n ? null : { id, namespace, address };
    // It was closed while the batch was on its way.
    if (this.#state === 'closed') void this.#kill();
    else this.#reader = new DocumentReader(reply.batch, this.#settings.context.decode);
  }

  /** Bounds a call that may wait: anew each time, or what is left of the cursor's life. */
  #deadline(): Deadline {
    const { budget, signal, timeoutMode } = this.#settings;
    if (timeoutMode === 'iteration') return Deadline.start(budget, this.#engine().clock, signal);
    this.#lifetime ??= Deadline.start(budget, this.#engine().clock, signal);
    return this.#lifetime;
  }

  /**
   * Lets the server forget the cursor, and what is buffered here. Never rejects: a cursor that cannot be closed dies on the server.
   *
   * @param timeoutMS - default: the cursor's whole `timeoutMS` once more, however much of it is used up
   */
  async close(timeoutMS?: number): Promise<void> {
    if (this.#state === 'closed' && this.#cursor === null) return;
    if (this.#state !== 'new' && (this.#cursor !== null || this.#reader?.done === false)) this.killed = true;
    this.#state = 'closed';
    this.#reader = null;
    await this.#kill(timeoutMS);
  }

  async #kill(timeoutMS = this.#settings.budget.timeoutMS): Promise<void> {
    const cursor = this.#cursor;
    this.#cursor = null;
    if (cursor === null) return;
    this.#killing++;
    try {
      const engine = this.#engine();
      const deadline = Deadline.start({ ...this.#settings.budget, timeoutMS }, engine.clock);
      const bounded = timeoutMS === undefined ? deadline.within('cursor', CLOSE_TIMEOUT_MS) : deadline;
      await executeWith(this.#scope, engine, killCursors(cursor, this.#settings.context), bounded);
    } catch {
      // Nobody can do anything about it, and the server will.
    } finally {
      this.#killing--;
      this.#releaseSession();
    }
  }

  /** Gives the session back when no command of this cursor can follow any more. */
  #releaseSession(): void {
    const { session } = this.#scope;
    if (session === null || this.#cursor !== null || this.#fetching !== null || this.#killing > 0) return;
    this.#scope.session = null;
    this.#pool?.release(session);
  }
}
