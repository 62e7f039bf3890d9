import { DocumentReader } from '../bson/document_reader.js';
import type { Document } from '../bson/index.js';
import { Call } from '../call/call.js';
import { Deadline, type EndDescription } from '../call/deadline.js';
import { waitFor } from '../call/wait.js';
import type { CursorReply } from '../commands/cursor_reply.js';
import { getMore, killCursors } from '../commands/get_more.js';
import { MongoClientClosedError, MongoUnexpectedServerResponseError } from '../errors/driver.js';
import { MongoServerError } from '../errors/server.js';
import { MongoOperationTimeoutError } from '../errors/timeout.js';
import { Binding } from '../executor/binding.js';
import type { Engine, EngineSource } from '../executor/engine.js';
import { execute } from '../executor/execute.js';
import type { OpenCursor, Operation } from '../executor/operation.js';
import { type CursorSettings, CursorTimeoutMode, maxTimeOfOpen, nextBatchSize } from './cursor_settings.js';

/** For a killCursors when neither `timeoutMS` nor anything else bounds it: the server forgets idle cursors by itself. */
const CLOSE_TIMEOUT_MS = 10_000;

/** A wait that only an abort ends: its error is the caller's reason. */
const ABORTED: EndDescription = Object.freeze({ during: 'while waiting for a batch', phase: 'read' });

/** A batch that was asked for before it was needed: what came of it. */
type Prefetched = { readonly reply: CursorReply } | { readonly error: unknown };

/**
 * Reads the results of a command batch by batch. Documents are decoded one at a time, when they are read; a batch is let go with its last.
 *
 * Source: Find, getMore and killCursors Commands; Client Side Operations Timeout, "Cursors".
 */
export class CursorCore {
  readonly #source: EngineSource;
  readonly #settings: CursorSettings;
  /** Called once, when nothing can be read any more. */
  readonly #onEnd: () => void;
  #reader: DocumentReader | null = null;
  #reply: CursorReply | null = null;
  /** The cursor on the server; null before it is opened and after its last batch. */
  #cursor: OpenCursor | null = null;
  #state: 'new' | 'open' | 'closed' = 'new';
  #opened = false;
  /** Documents of the batches so far; counted only for the sake of a limit. */
  #received = 0;
  /** Of a cursor whose whole life is bounded. */
  #lifetime: Deadline | null = null;
  /** Its commands are of one session, which it has from its first command until the server has no more. */
  readonly #binding = new Binding(true);
  /** The same for all commands of the cursor; 0 before the first. */
  #operationId = 0;
  /** What it was opened with: all its commands go there, even if the client is closed and connected again. */
  #engine: Engine | null = null;
  /** The client was closed while the server still had the cursor. */
  #lost = false;
  /** The fetch that runs, if one does. */
  #fetching: Promise<boolean> | null = null;
  #prefetched: Promise<Prefetched> | null = null;
  /** Ends a prefetch that nobody waits for any more. */
  readonly #abandon: AbortController | null;
  readonly #signal: AbortSignal | undefined;
  /** The end has been told. */
  #told = false;
  /** The killCursors that runs, if one does. */
  #killing: Promise<void> | null = null;
  #killed = false;

  constructor(source: EngineSource, settings: CursorSettings, onEnd: () => void = () => undefined) {
    this.#source = source;
    this.#settings = settings;
    this.#onEnd = onEnd;
    this.#abandon = settings.prefetch ? new AbortController() : null;
    this.#signal = settings.signal;
  }

  get started(): boolean {
    return this.#state !== 'new';
  }

  /** Whether nothing is left to be read: it was closed, or its last document has been read. */
  get closed(): boolean {
    return this.#state === 'closed' || this.#isLost || (this.#opened && this.#cursor === null && this.#reader === null);
  }

  /** Whether it was closed, by itself or with its client, before all had been read. */
  get killed(): boolean {
    return this.#killed || this.#isLost;
  }

  /** The cursor's number on the server: undefined before the first batch, 0n after the last. */
  get id(): bigint | undefined {
    return this.#opened ? (this.#cursor?.id ?? 0n) : undefined;
  }

  /** `database.collection` as the server names what is read, once it has. */
  get namespace(): string | undefined {
    return this.#cursor?.namespace;
  }

  /** Documents that can be had without asking the server. */
  get buffered(): number {
    return this.#reader?.count() ?? 0;
  }

  /**
   * Called before each document, so that buffered documents are not delivered once the caller has aborted.
   *
   * @throws the reason of the signal, if it has aborted; MongoClientClosedError if the client was closed before the end
   */
  throwIfInterrupted(): void {
    if (this.#signal?.aborted === true) {
      void this.close();
      throw this.#signal.reason as Error;
    }
    if (!this.#isLost) return;
    this.#lost = true;
    void this.close();
    throw new MongoClientClosedError(undefined, { namespace: this.#settings.context.namespace, phase: 'cursor' });
  }

  /** Whether the client was closed before the end. */
  get #isLost(): boolean {
    return this.#engine?.lifetime.closing === true && (this.#cursor !== null || this.#lost);
  }

  /** The next document of the batch that is here, or undefined. */
  nextBuffered(): Document | undefined {
    this.throwIfInterrupted();
    const reader = this.#reader;
    if (reader === null) return undefined;
    try {
      const document = reader.next();
      if (reader.done) this.#letGo();
      return document;
    } catch (error) {
      this.#corrupt(error);
      throw error;
    }
  }

  /** All documents of the batch that is here. */
  restOfBatch(): Document[] {
    this.throwIfInterrupted();
    if (this.#reader === null) return [];
    try {
      const documents = this.#reader.rest();
      this.#letGo();
      return documents;
    } catch (error) {
      this.#corrupt(error);
      throw error;
    }
  }

  #letGo(): void {
    this.#reader = null;
    this.#reply = null;
  }

  #corrupt(error: unknown): void {
    if (error instanceof MongoUnexpectedServerResponseError) this.#reply?.reply.corrupt(error);
    this.#letGo();
    void this.close();
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
      this.throwIfInterrupted();
      if (this.#reader !== null) return true;
      if (!(await this.fetch(deadline))) return false;
    }
  }

  /**
   * All that are left.
   *
   * @param shape - what the caller gets of a batch; called as each batch comes
   */
  async toArray<T>(shape: ((batch: readonly Document[]) => Promise<T[]>) | null): Promise<T[]> {
    const read = (): T[] | Promise<T[]> => {
      const batch = this.restOfBatch();
      return shape === null ? (batch as T[]) : shape(batch);
    };
    // Only a promise is awaited: awaiting an array would cost two promises for each batch.
    const first = read();
    let documents = first instanceof Promise ? await first : first;
    try {
      while (await this.fetch()) {
        const next = read();
        const batch = next instanceof Promise ? await next : next;
        if (documents.length === 0) documents = batch;
        else for (const document of batch) documents.push(document);
      }
    } catch (error) {
      // Closing has a time of its own, for which nobody who has run out of his is to wait, nor for a server that does not answer.
      const closing = this.close();
      if (error instanceof MongoServerError && this.#settings.budget.timeoutMS === undefined) await closing;
      throw error;
    }
    await this.close();
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
    this.throwIfInterrupted();
    if (this.#state === 'closed') return false;
    const next = this.#prefetched === null ? this.#nextOperation() : null;
    if (next === null && this.#prefetched === null) {
      await this.#end();
      return false;
    }
    try {
      // What has passed since the last batch was the reader's.
      if (this.#state === 'open' && deadline.canEnd) deadline.record('cursor');
      this.#state = 'open';
      this.#take(next === null ? await this.#takePrefetched() : await this.#run(next, deadline));
      if (deadline.canEnd) deadline.record('read');
    } catch (error) {
      // Whoever closed the cursor has ended the wait.
      if (this.#abandon?.signal.aborted === true) return false;
      this.#failed(error);
      throw error;
    }
    return true;
  }

  async #takePrefetched(): Promise<CursorReply> {
    const signal = this.#signal;
    const prefetching = this.#prefetched;
    // The prefetch has the cursor's time; only the caller's signal can end the wait for it sooner.
    const prefetched = await (prefetching === null || signal === undefined
      ? prefetching
      : waitFor(prefetching, Deadline.background(this.#source.clock).withSignal(signal), () => ABORTED));
    this.#prefetched = null;
    if (prefetched === null) throw new MongoUnexpectedServerResponseError('A batch was asked for and then forgotten');
    if ('error' in prefetched) throw prefetched.error;
    return prefetched.reply;
  }

  async #run(operation: Operation<CursorReply>, deadline: Deadline): Promise<CursorReply> {
    const call = this.#call(operation, deadline);
    if (this.#engine === null) {
      const found = this.#source.engine(call);
      this.#engine = found instanceof Promise ? await found : found;
    }
    return await execute(this.#engine, operation, this.#binding, call);
  }

  /** The command for the next batch, or null when there is none. */
  #nextOperation(): Operation<CursorReply> | null {
    const { context, comment, kind, maxAwaitTimeMS } = this.#settings;
    if (this.#state === 'new') {
      const operation = this.#settings.open();
      const maxTime = maxTimeOfOpen(this.#settings);
      return maxTime === operation.maxTime ? operation : { ...operation, maxTime };
    }
    const batchSize = nextBatchSize(this.#settings, this.#received);
    // From 5.0 on a server keeps a cursor open that has reached its limit.
    if (this.#cursor === null || (batchSize === 0 && this.#settings.limit > 0)) return null;
    return getMore(this.#cursor, context, { batchSize, comment, kind, maxAwaitTimeMS });
  }

  #take(reply: CursorReply): void {
    this.#opened = true;
    this.#follow(reply);
    if (this.#state === 'closed') {
      // It was closed while the batch was on its way.
      void this.#kill();
      return;
    }
    const reader = new DocumentReader(reply.batch, this.#settings.context.decode);
    if (this.#settings.limit > 0) this.#received += reader.count();
    if (!reader.done) {
      this.#reader = reader;
      this.#reply = reply;
    }
    if (this.#cursor === null) this.#finished();
    else if (this.#abandon !== null) this.#prefetch();
  }

  /** Takes the cursor's state on the server from a reply. */
  #follow({ id, address, namespace: given }: CursorReply): void {
    const known = this.#cursor;
    const namespace = given === '' ? (known?.namespace ?? '') : given;
    if (known !== null && known.id === id && known.namespace === namespace) return;
    if (known !== null) this.#engine?.cursors.delete(known);
    this.#cursor = id === 0n ? null : { id, namespace, address };
    if (this.#cursor === null) this.#binding.unpin();
    else this.#engine?.cursors.add(this.#cursor, this.#binding, this.#settings.context.session);
  }

  /** Tells that the server has no more, as the official driver does: documents of the last batch may still be buffered. */
  #finished(): void {
    if (this.#told) return;
    this.#told = true;
    this.#onEnd();
  }

  /** Asks for the batch after the one that has just come; one at most is on its way or waiting to be read. */
  #prefetch(): void {
    const operation = this.#nextOperation();
    if (operation === null || this.#cursor === null) return;
    this.#prefetched = this.#run(operation, this.#deadline(this.#abandon?.signal)).then(
      reply => ({ reply }),
      (error: unknown) => ({ error }),
    );
  }

  /** The server may still have the cursor; the caller need not wait until it has not. */
  #failed(error: unknown): void {
    if (error instanceof MongoClientClosedError) this.#lost = true;
    // Whoever reads closes it, and until then its connection is its own (Load Balancers, "Cursors").
    if (this.#binding.pinned !== null) return;
    // What a tailable cursor waits for may yet come: its next call has a time of its own.
    if (this.#settings.kind !== 'nonTailable' && this.#opened && error instanceof MongoOperationTimeoutError) return;
    void this.close();
  }

  #call({ name, namespace }: Operation<unknown>, deadline: Deadline): Call {
    const { operationIds, stageLimits } = this.#source;
    if (this.#operationId === 0) this.#operationId = operationIds.next();
    return new Call(this.#operationId, name, namespace, deadline, stageLimits);
  }

  /** Bounds a call that may wait: anew each time, or what is left of the cursor's life. */
  #deadline(signal: AbortSignal | undefined = this.#signal): Deadline {
    const { budget, timeoutMode, context } = this.#settings;
    const shared = context.session?.deadline ?? null;
    if (shared !== null) return signal === undefined ? shared : shared.withSignal(signal);
    if (timeoutMode === CursorTimeoutMode.ITERATION) return Deadline.start(budget, this.#source.clock, signal);
    this.#lifetime ??= Deadline.start(budget, this.#source.clock, this.#signal);
    return signal === this.#signal || signal === undefined ? this.#lifetime : this.#lifetime.withSignal(signal);
  }

  /**
   * Lets the server forget the cursor, and what is buffered here. Never rejects: a cursor that cannot be closed dies on the server.
   *
   * @param timeoutMS - default: the cursor's whole `timeoutMS` once more, however much of it is used up
   */
  async close(timeoutMS?: number): Promise<void> {
    const left = this.#cursor !== null || this.#reader !== null;
    if (left && this.#state === 'open') this.#killed = true;
    await this.#end(timeoutMS);
  }

  async #end(timeoutMS?: number): Promise<void> {
    if (this.#state !== 'closed') {
      this.#state = 'closed';
      this.#letGo();
      this.#abandon?.abort();
      // A reply that is here already may tell that the server has no more.
      if (this.#prefetched !== null) await this.#dropPrefetched();
      this.#finished();
    }
    if (this.#cursor !== null) void this.#kill(timeoutMS);
    await this.#killing;
  }

  async #dropPrefetched(): Promise<void> {
    const prefetched = await this.#prefetched;
    this.#prefetched = null;
    if (prefetched !== null && 'reply' in prefetched) this.#follow(prefetched.reply);
  }

  #kill(timeoutMS?: number): Promise<void> {
    const cursor = this.#cursor;
    this.#cursor = null;
    if (cursor === null) return Promise.resolve();
    this.#killing = this.#sendKill(cursor, timeoutMS ?? this.#settings.budget.timeoutMS).finally(() => {
      this.#killing = null;
      this.#engine?.cursors.delete(cursor);
      this.#releaseSession();
    });
    return this.#killing;
  }

  async #sendKill(cursor: OpenCursor, timeoutMS: number | undefined): Promise<void> {
    const engine = this.#engine;
    // A client that closes kills the cursors that servers hold itself.
    if (engine === null || engine.lifetime.closing) return;
    // With its connection the server has lost the cursor too.
    const lost = this.#binding.pinned !== null && this.#binding.pinned.connection.error !== null;
    try {
      const deadline = Deadline.start({ ...this.#settings.budget, timeoutMS }, this.#source.clock);
      const bounded = timeoutMS === undefined ? deadline.within('cursor', CLOSE_TIMEOUT_MS) : deadline;
      const operation = killCursors(cursor, this.#settings.context);
      if (!lost) await execute(engine, operation, this.#binding, this.#call(operation, bounded));
    } catch {
      // Nobody can do anything about it, and the server will.
    } finally {
      this.#binding.unpin();
    }
  }

  /** Gives the session back when no command of this cursor can follow any more. */
  #releaseSession(): void {
    const { session } = this.#binding;
    if (session === null || this.#cursor !== null) return;
    if (this.#fetching !== null || this.#prefetched !== null || this.#killing !== null) return;
    if (this.#engine !== null) this.#binding.releaseSession(this.#engine.sessions);
  }
}
