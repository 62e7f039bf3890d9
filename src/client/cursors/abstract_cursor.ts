import type { Readable } from 'node:stream';
import { type Document, Long } from '../../bson/index.js';
import { lazyDecoder } from '../../bson/lazy_document.js';
import type { Budget } from '../../call/budget.js';
import type { Call } from '../../call/call.js';
import { type OperationContext, withOverrides } from '../../commands/context.js';
import type { CursorReply } from '../../commands/cursor_reply.js';
import type { ReadConcern, ReadConcernLike } from '../../concern/read_concern.js';
import type { ReadPreference, ReadPreferenceLike } from '../../concern/read_preference.js';
import { CursorCore } from '../../cursor/cursor_core.js';
import {
  MongoAPIError,
  MongoCursorExhaustedError,
  MongoCursorInUseError,
  MongoInvalidArgumentError,
  MongoTailableCursorError,
} from '../../errors/driver.js';
import { TypedEventEmitter } from '../../events/typed_event_emitter.js';
import type { Operation } from '../../executor/operation.js';
import { ownOptions } from '../../runtime/own_options.js';
import type { ClientPort } from '../client_port.js';
import { enter, type Place, scopeOf, signalOf, transactionDeadline } from '../door.js';
import type { Inherited } from '../inherit.js';
import { type CursorCloseOptions, closeCursor } from './close_cursor.js';
import {
  type AbstractCursorOptions,
  CURSOR_FLAGS,
  type CursorFlag,
  type CursorOptions,
  checkTimeouts,
  cursorBudget,
  cursorKind,
  timeoutModeOf,
} from './cursor_options.js';
import { cursorStream } from './cursor_stream.js';
import { DocumentIterator } from './document_iterator.js';

/** @public */
export type AbstractCursorEvents = { close(): void };

/** Reads all documents of a cursor that another public method has made for itself. The operation has the name of that method. */
export let readAll: <T>(cursor: AbstractCursor<T>) => Promise<T[]>;

/**
 * Results that are read batch by batch: with `for await`, `next`, `toArray` or `stream`. Nothing is sent before the first of them, and the
 * cursor may be configured until then.
 *
 * @public
 */
export abstract class AbstractCursor<TSchema = Document> extends TypedEventEmitter<AbstractCursorEvents> {
  static readonly CLOSE = 'close' as const;

  /** @internal */
  protected readonly owner: ClientPort;
  /** @internal */
  protected context: Inherited;
  /** @internal */
  protected readonly cursorOptions: CursorOptions;
  /** The public method that made the cursor. @internal */
  protected readonly methodName: string;
  #core: CursorCore | null = null;
  #transform: ((document: Document) => unknown) | null = null;

  /** @internal */
  protected constructor(owner: ClientPort, context: Inherited, options: AbstractCursorOptions, methodName: string) {
    super();
    this.owner = owner;
    this.context = context;
    this.methodName = methodName;
    this.cursorOptions = { __proto__: null, ...ownOptions(options) } as CursorOptions;
    checkTimeouts(this.#budget(), this.cursorOptions, this.alwaysAwaits);
    signalOf(this.cursorOptions);
  }

  /** The command that opens the cursor. @internal */
  protected abstract openOperation(context: OperationContext): Operation<CursorReply>;

  /** Where the cursor reads. @internal */
  protected get place(): Place {
    return { client: this.owner, context: this.context };
  }

  /** Whether `maxAwaitTimeMS` has a meaning for cursors that are not tailable: an aggregation may be of a change stream. @internal */
  protected get alwaysAwaits(): boolean {
    return false;
  }

  /** What each getMore says beside the cursor. @internal */
  protected get getMoreFields(): Pick<AbstractCursorOptions, 'batchSize' | 'comment' | 'maxAwaitTimeMS'> {
    return this.cursorOptions;
  }

  /** A new cursor with the same settings, not started. */
  abstract clone(): AbstractCursor<TSchema>;

  /** The cursor's number on the server, once it is open; 0 when the server has no more. */
  get id(): Long | undefined {
    const id = this.#core?.id;
    return id === undefined ? undefined : Long.fromBigInt(id);
  }

  get namespace(): { readonly db: string; readonly collection: string; toString(): string } {
    const { database, collection, namespace } = this.context;
    return { db: database, collection, toString: () => namespace };
  }

  get readPreference(): ReadPreference {
    return this.context.readPreference;
  }

  get readConcern(): ReadConcern | undefined {
    return this.context.readConcern;
  }

  /** Whether nothing is left to be read: the server has no more, and what was buffered has been read. */
  get closed(): boolean {
    return this.#core?.closed ?? false;
  }

  /** Whether it was closed before its end. */
  get killed(): boolean {
    return this.#core?.killed ?? false;
  }

  /** Whether it is read through a load balancer, and so keeps a connection until its end. */
  get loadBalanced(): boolean {
    return this.owner.options.loadBalanced;
  }

  protected get signal(): AbortSignal | undefined {
    return signalOf(this.cursorOptions);
  }

  /** @internal */
  get owningClient(): ClientPort {
    return this.owner;
  }

  /** The session of the option. @internal */
  get givenSession(): object | undefined {
    return this.cursorOptions.session ?? undefined;
  }

  /** What changes each document before it is returned: what `map` has set, or a library. @internal */
  get shaping(): ((document: Document) => unknown) | null {
    return this.#transform;
  }

  /** @internal */
  set shaping(transform: ((document: Document) => unknown) | null) {
    this.#transform = transform;
  }

  /** Documents that are here and have not been read. */
  bufferedCount(): number {
    return this.#core?.buffered ?? 0;
  }

  /** Takes documents that are here, without asking the server. Default: all of them. */
  readBufferedDocuments(number: number = this.bufferedCount()): NonNullable<TSchema>[] {
    const documents: NonNullable<TSchema>[] = [];
    while (documents.length < number) {
      const document = this.#core?.nextBuffered();
      if (document === undefined) break;
      documents.push(this.#shape(document) as NonNullable<TSchema>);
    }
    return documents;
  }

  async hasNext(): Promise<boolean> {
    const core = this.#started();
    return await this.#wait(core, 'hasNext', call => core.hasNext(call));
  }

  /**
   * The next document, or null at the end.
   *
   * @throws MongoCursorExhaustedError if the cursor was closed before its end
   */
  async next(): Promise<TSchema | null> {
    const core = this.#readable();
    const document = core.nextBuffered() ?? (await this.#wait(core, 'next', call => core.next(call)));
    return document === null ? null : this.#shape(document);
  }

  /** The next document if one is here or comes with the next batch; otherwise null, which need not be the end. */
  async tryNext(): Promise<TSchema | null> {
    const core = this.#readable();
    let document = core.nextBuffered();
    if (document === undefined && (await this.#wait(core, 'tryNext', call => core.fetch(call)))) {
      document = core.nextBuffered();
    }
    return document === undefined ? null : this.#shape(document);
  }

  /** All documents that are left. */
  async toArray(): Promise<TSchema[]> {
    return await this.#readAll();
  }

  static {
    readAll = cursor => cursor.#readAll(cursor.methodName);
  }

  /** @param name - of the operation, if it is not that of `toArray` */
  #readAll(name?: string): Promise<TSchema[]> {
    const core = this.#started();
    const shape = this.#transform === null ? null : (batch: readonly Document[]) => this.#shapeAll(core, batch);
    return this.#wait(core, 'toArray', call => core.toArray(shape, call), name);
  }

  /** A method that waits for the server. */
  #wait<T>(core: CursorCore, method: string, work: (call: Call) => Promise<T>, name?: string): Promise<T> {
    return enter(this.place, method, null, work, () => core.call(method, name));
  }

  /** The transform is the caller's: it may abort, and it may return a promise. */
  async #shapeAll(core: CursorCore, documents: readonly Document[]): Promise<TSchema[]> {
    const all: TSchema[] = [];
    for (const document of documents) {
      core.throwIfInterrupted();
      const shaped = this.#shape(document);
      all.push(shaped instanceof Promise ? ((await shaped) as TSchema) : shaped);
    }
    return all;
  }

  /** Calls the function for each document until it returns false. */
  async forEach(iterator: (document: TSchema) => unknown): Promise<void> {
    if (typeof iterator !== 'function') {
      throw new MongoInvalidArgumentError('Argument "iterator" must be a function');
    }
    for await (const document of { [Symbol.asyncIterator]: () => this.#iterate('forEach') }) {
      if (iterator(document) === false) break;
    }
  }

  [Symbol.asyncIterator](): AsyncGenerator<TSchema, void, void> {
    return this.#iterate('next');
  }

  /** @param method - the public method that reads, by which its operations are named */
  #iterate(method: 'next' | 'forEach' | 'stream'): AsyncGenerator<TSchema, void, void> {
    // Libraries put a `next` of their own on cursors (typeorm), or on their prototypes (newrelic), and see it called.
    if (this.next !== ownNext) return this.#throughNext();
    const core = this.#started();
    const shapeNow = () => (this.#transform === null ? null : (document: Document) => this.#shape(document));
    const wait = () => this.#wait(core, method, call => core.next(call));
    return new DocumentIterator<TSchema>(core, shapeNow, wait, () => this.#close(core));
  }

  /** What `for await` reads where `next` is another's. */
  async *#throughNext(): AsyncGenerator<TSchema, void, void> {
    const core = this.#started();
    // Closing has a time of its own, which a caller who gets an error is not made to wait for.
    let failing = true;
    try {
      for (;;) {
        core.throwIfInterrupted();
        const document = core.killed ? null : await this.next();
        if (document === null) break;
        failing = false;
        yield document;
        failing = true;
      }
      failing = false;
    } finally {
      const closing = this.close();
      if (!failing) await closing;
    }
  }

  /**
   * The documents in arrays, as they come from the server: each batch is decoded at once, which is the fastest way to read many. Closes the
   * cursor when it is left.
   */
  async *batches(): AsyncGenerator<TSchema[], void, void> {
    const core = this.#started();
    // Closing has a time of its own, which a caller who gets an error is not made to wait for.
    let failing = true;
    try {
      for (;;) {
        const batch = core.restOfBatch();
        if (batch.length > 0) {
          const shaped = this.#transform === null ? (batch as TSchema[]) : await this.#shapeAll(core, batch);
          failing = false;
          yield shaped;
          failing = true;
        }
        const isMore = await this.#wait(core, 'batches', call => core.fetch(call));
        if (!isMore) break;
      }
      failing = false;
    } finally {
      const closing = this.close();
      if (!failing) await closing;
    }
  }

  /**
   * The documents as a stream of objects. Destroying it closes the cursor, and aborting the cursor's signal destroys it. As in the official
   * driver, `close` follows `error` and `destroy()`, but not `end`.
   */
  stream(): Readable & AsyncIterable<TSchema> {
    return cursorStream(
      { [Symbol.asyncIterator]: () => this.#iterate('stream'), close: () => this.close() },
      this.signal,
    );
  }

  /**
   * Lets the server forget the cursor. A server that does not answer is no error.
   *
   * @param options - `timeoutMS` for this call; default: the cursor's own, anew, or that of a shared deadline if it is shorter. A `signal` ends
   * the wait for the server, and the cursor is closed all the same
   * @throws MongoInvalidArgumentError if an option is invalid; the reason of the signal; nothing else
   */
  async close(options?: CursorCloseOptions): Promise<void> {
    await this.#close(this.#started(), options);
  }

  #close(core: CursorCore, options?: CursorCloseOptions): Promise<void> {
    return closeCursor(core, this.place, this.methodName, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Begins again from the start. What was read is not remembered. */
  rewind(): void {
    const core = this.#core;
    this.#core = null;
    if (core !== null) void this.#close(core);
  }

  /** Changes each document before it is returned. */
  map<T = unknown>(transform: (document: TSchema) => T): AbstractCursor<T> {
    this.assertNotStarted();
    const before = this.#transform;
    this.#transform =
      before === null
        ? (transform as (document: Document) => unknown)
        : document => transform(before(document) as TSchema);
    return this as unknown as AbstractCursor<T>;
  }

  /**
   * Sets one of {@link CURSOR_FLAGS}.
   *
   * @throws MongoInvalidArgumentError if there is no such flag, or the value is not true or false
   */
  addCursorFlag(flag: CursorFlag, value: boolean): this {
    this.assertNotStarted();
    if (!CURSOR_FLAGS.includes(flag)) {
      throw new MongoInvalidArgumentError(`Flag ${flag} is not one of ${CURSOR_FLAGS.join()}`);
    }
    if (typeof value !== 'boolean') throw new MongoInvalidArgumentError(`Flag ${flag} must be a boolean value`);
    // The wire protocol of today has no exhaust cursors for clients like this one.
    if (flag === 'exhaust') return this;
    this.cursorOptions[flag === 'partial' ? 'allowPartialResults' : flag] = value;
    return this;
  }

  withReadPreference(readPreference: ReadPreferenceLike): this {
    this.assertNotStarted();
    this.context = withOverrides(this.context, { readPreference });
    this.cursorOptions.readPreference = readPreference;
    return this;
  }

  withReadConcern(readConcern: ReadConcernLike): this {
    this.assertNotStarted();
    this.context = withOverrides(this.context, { readConcern });
    return this;
  }

  /** Documents in each batch. */
  batchSize(value: number): this {
    this.assertNotStarted();
    if (this.cursorOptions.tailable === true) {
      throw new MongoTailableCursorError('Tailable cursor does not support batchSize');
    }
    if (typeof value !== 'number') throw new MongoInvalidArgumentError('Operation "batchSize" requires an integer');
    this.cursorOptions.batchSize = value;
    return this;
  }

  /** Milliseconds after which the server gives up. Without effect where `timeoutMS` is in use. */
  maxTimeMS(value: number): this {
    this.assertNotStarted();
    if (typeof value !== 'number') throw new MongoInvalidArgumentError('Argument for maxTimeMS must be a number');
    this.cursorOptions.maxTimeMS = value;
    return this;
  }

  /** @internal */
  protected assertNotStarted(): void {
    if (this.#core?.started === true) throw new MongoCursorInUseError();
  }

  #started(): CursorCore {
    this.#core ??= this.#makeCore();
    return this.#core;
  }

  /** @throws MongoCursorExhaustedError if it was closed before its end: null would say that there were no more documents */
  #readable(): CursorCore {
    const core = this.#started();
    if (core.killed) {
      core.throwIfInterrupted();
      throw new MongoCursorExhaustedError();
    }
    return core;
  }

  #makeCore(): CursorCore {
    const { cursorOptions, alwaysAwaits, getMoreFields } = this;
    const { context } = this;
    const { batchSize, comment, maxAwaitTimeMS } = getMoreFields;
    const budget = this.#budget();
    checkTimeouts(budget, cursorOptions, alwaysAwaits);
    transactionDeadline(cursorOptions);
    const lazy = cursorOptions.lazy === true && context.bsonOptions.raw !== true;
    const core: CursorCore = new CursorCore(
      this.owner,
      {
        name: this.methodName,
        context: lazy ? { ...context, decode: lazyDecoder(context.bsonOptions) } : context,
        open: () => this.openOperation(context),
        kind: cursorKind(cursorOptions, alwaysAwaits && maxAwaitTimeMS !== undefined),
        budget,
        scope: scopeOf(cursorOptions),
        timeoutMode: timeoutModeOf(cursorOptions),
        signal: signalOf(cursorOptions),
        batchSize: batchSize !== undefined && batchSize >= 0 ? batchSize : undefined,
        limit: Math.abs(cursorOptions.limit ?? 0),
        comment,
        maxAwaitTimeMS,
        prefetch: cursorOptions.prefetch === true,
      },
      () => {
        // One that was rewound has gone on with another.
        if (this.#core === core) this.emit('close');
      },
    );
    return core;
  }

  /** A transform that fails ends the cursor: `for await` would not close it. */
  #shape(document: Document): TSchema {
    if (this.#transform === null) return document as TSchema;
    try {
      const shaped = this.#transform(document);
      if (shaped !== null) return shaped as TSchema;
      throw new MongoAPIError(
        'Cursor returned a `null` document, but the cursor is not exhausted.  Mapping documents to `null` is not supported in the cursor transform.',
      );
    } catch (error) {
      if (this.#core !== null) void this.#close(this.#core);
      throw error;
    }
  }

  /** @throws MongoInvalidArgumentError if an option is of a wrong type */
  #budget(): Budget {
    return cursorBudget(this.methodName, this.cursorOptions, this.context.budget);
  }
}

// eslint-disable-next-line @typescript-eslint/unbound-method -- compared, and not called
const ownNext = AbstractCursor.prototype.next;
