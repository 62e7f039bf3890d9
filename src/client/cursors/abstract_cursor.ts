import { Readable } from 'node:stream';
import { type Document, Long } from '../../bson/index.js';
import type { ReadConcern } from '../../concern/read_concern.js';
import type { ReadPreference } from '../../concern/read_preference.js';
import { CursorCore, CursorTimeoutMode } from '../../cursor/cursor_core.js';
import {
  MongoAPIError,
  MongoCursorExhaustedError,
  MongoCursorInUseError,
  MongoInvalidArgumentError,
} from '../../errors/driver.js';
import type { OperationContext } from '../../operations/context.js';
import type { CursorReply } from '../../operations/cursor_reply.js';
import type { Operation } from '../../operations/operation.js';
import type { OperationOptions } from '../../operations/options.js';
import type { ClientPort } from '../client_port.js';
import { budgetFor, type Inherited, signalOf } from '../inherit.js';
import { TypedEventEmitter } from '../typed_event_emitter.js';

/** @public */
export interface AbstractCursorOptions extends OperationOptions {
  batchSize?: number;
  maxTimeMS?: number;
  comment?: unknown;
  /** What `timeoutMS` bounds: the whole life of the cursor (default), or each call that may wait. Needs a `timeoutMS`. */
  timeoutMode?: CursorTimeoutMode;
}

/** @public */
export type AbstractCursorEvents = { close(): void };

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
  protected readonly context: Inherited;
  /** @internal */
  protected readonly cursorOptions: AbstractCursorOptions & { limit?: number };
  #core: CursorCore | null = null;
  #transform: ((document: Document) => unknown) | null = null;

  /** @internal */
  protected constructor(owner: ClientPort, context: Inherited, options: AbstractCursorOptions) {
    super();
    this.owner = owner;
    this.context = context;
    this.cursorOptions = { ...options };
    checkTimeouts(context, options);
    signalOf(options);
  }

  /** The command that opens the cursor. @internal */
  protected abstract openOperation(context: OperationContext): Operation<CursorReply>;

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

  get closed(): boolean {
    return this.#core?.closed ?? false;
  }

  /** Whether it was closed before its end. */
  get killed(): boolean {
    return this.#core?.killed ?? false;
  }

  get loadBalanced(): boolean {
    return false;
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
    return this.#started().hasNext();
  }

  /** The next document, or null at the end. */
  async next(): Promise<TSchema | null> {
    const core = this.#readable();
    const document = core.nextBuffered() ?? (await core.next());
    return document === null ? null : this.#shape(document);
  }

  /** The next document if one is here or comes with the next batch; otherwise null, which need not be the end. */
  async tryNext(): Promise<TSchema | null> {
    const core = this.#readable();
    let document = core.nextBuffered();
    if (document === undefined && (await core.fetch())) document = core.nextBuffered();
    return document === undefined ? null : this.#shape(document);
  }

  /** All documents that are left. */
  async toArray(): Promise<TSchema[]> {
    const documents = await this.#started().toArray();
    return this.#transform === null ? (documents as TSchema[]) : documents.map(document => this.#shape(document));
  }

  /** Calls the function for each document until it returns false. */
  async forEach(iterator: (document: TSchema) => unknown): Promise<void> {
    if (typeof iterator !== 'function') {
      throw new MongoInvalidArgumentError('Argument "iterator" must be a function');
    }
    for await (const document of this) if (iterator(document) === false) break;
  }

  [Symbol.asyncIterator](): AsyncGenerator<TSchema, void, void> {
    const core = this.#started();
    const iterator: AsyncIterator<TSchema, void, void> = {
      next: () => {
        try {
          // Documents that are here need no turn of an async function each.
          const document = core.nextBuffered();
          if (document !== undefined) return Promise.resolve({ value: this.#shape(document), done: false });
        } catch (error) {
          return rejection(error);
        }
        return this.#nextResult(core);
      },
      return: async () => {
        await this.close();
        return { value: undefined, done: true };
      },
    };
    return Object.assign(iterator, {
      [Symbol.asyncIterator]: () => iterator,
      throw: async (error: unknown) => {
        await this.close();
        throw error;
      },
    }) as unknown as AsyncGenerator<TSchema, void, void>;
  }

  async #nextResult(core: CursorCore): Promise<IteratorResult<TSchema, void>> {
    const document = await core.next();
    if (document !== null) return { value: this.#shape(document), done: false };
    await this.close();
    return { value: undefined, done: true };
  }

  /** The documents as a stream of objects. */
  stream(): Readable & AsyncIterable<TSchema> {
    return Readable.from(this, { objectMode: true, autoDestroy: true });
  }

  /** Lets the server forget the cursor. Never rejects. */
  async close(options?: { timeoutMS?: number }): Promise<void> {
    const wasOpen = this.#core !== null && !this.#core.closed;
    await this.#started().close(options?.timeoutMS);
    if (wasOpen) this.emit('close');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Begins again from the start. What was read is not remembered. */
  rewind(): void {
    void this.#core?.close();
    this.#core = null;
  }

  /** Changes each document before it is returned. */
  map<T>(transform: (document: TSchema) => T): AbstractCursor<T> {
    this.assertNotStarted();
    const before = this.#transform;
    this.#transform =
      before === null
        ? (transform as (document: Document) => unknown)
        : document => transform(before(document) as TSchema);
    return this as unknown as AbstractCursor<T>;
  }

  /** Documents in each batch. */
  batchSize(value: number): this {
    this.assertNotStarted();
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
    if (core.killed) throw new MongoCursorExhaustedError();
    return core;
  }

  #makeCore(): CursorCore {
    const { context, cursorOptions } = this;
    return new CursorCore(() => this.owner.engine(), {
      context,
      open: () => this.openOperation(context),
      budget: budgetFor(context, cursorOptions),
      timeoutMode: cursorOptions.timeoutMode ?? CursorTimeoutMode.LIFETIME,
      signal: signalOf(cursorOptions),
      batchSize: Math.abs(cursorOptions.batchSize ?? 0),
      limit: Math.abs(cursorOptions.limit ?? 0),
      comment: cursorOptions.comment,
    });
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
      void this.#core?.close();
      throw error;
    }
  }
}

function rejection(error: unknown): Promise<never> {
  return Promise.reject(error instanceof Error ? error : new Error(String(error)));
}

function checkTimeouts(context: Inherited, options: AbstractCursorOptions): void {
  const { timeoutMode } = options;
  const { timeoutMS } = budgetFor(context, options);
  if (timeoutMode === undefined) return;
  if (!Object.values(CursorTimeoutMode).includes(timeoutMode)) {
    throw new MongoInvalidArgumentError(
      `Option "timeoutMode" must be one of ${Object.values(CursorTimeoutMode).join(', ')}, given was ${JSON.stringify(timeoutMode)}`,
    );
  }
  if (timeoutMS === undefined) {
    throw new MongoInvalidArgumentError('Option "timeoutMode" needs a timeoutMS');
  }
}
