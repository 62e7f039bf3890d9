import type { Readable } from 'node:stream';
import type { Document } from '../../bson/index.js';
import { lazyDecoder } from '../../bson/lazy_document.js';
import type { Call } from '../../call/call.js';
import { checkPipeline } from '../../commands/aggregate.js';
import { type ChangeStreamCommandOptions, changeStream, type Watched } from '../../commands/change_stream.js';
import { withOverrides } from '../../commands/context.js';
import type { Abortable } from '../../commands/options.js';
import { ChangeStreamCore } from '../../cursor/change_stream_core.js';
import {
  MongoAPIError,
  MongoChangeStreamError,
  MongoClientClosedError,
  MongoInvalidArgumentError,
  MongoRuntimeError,
} from '../../errors/driver.js';
import { shown } from '../../errors/shown.js';
import { MongoOperationTimeoutError } from '../../errors/timeout.js';
import { TypedEventEmitter } from '../../events/typed_event_emitter.js';
import { isGiven, ownOptions } from '../../runtime/own_options.js';
import type { ChangeStreamDocument, ResumeToken } from '../../types/change_stream.js';
import type { Reply } from '../../wire/reply.js';
import { enter, type Place, refuseExplain, scopeOf, signalOf, transactionDeadline } from '../door.js';
import { type AggregateOptions, withCursorField } from './aggregation_cursor.js';
import { type CursorCloseOptions, closeCursor } from './close_cursor.js';
import { checkTimeouts, cursorBudget } from './cursor_options.js';
import { cursorStream } from './cursor_stream.js';

/**
 * Options of `watch`.
 *
 * @public
 */
export interface ChangeStreamOptions
  extends Omit<AggregateOptions, 'writeConcern' | 'timeoutMode' | 'prefetch' | 'out'>,
    ChangeStreamCommandOptions,
    Abortable {
  /** Milliseconds that the server may wait for new changes before it sends an empty batch. Must be less than a `timeoutMS`. Default of the server: 1000. */
  maxAwaitTimeMS?: number;
  /** Changes in each batch. */
  batchSize?: number;
  /**
   * Milliseconds for which a call goes on trying to resume the stream when it was interrupted, as an integer from 1 on, or Infinity. Then its error
   * closes the stream. Set it to survive an outage that is longer than the default, which is `serverSelectionTimeoutMS`. A `timeoutMS` that ends sooner
   * ends the call, and leaves the stream resumable.
   */
  resumeFor?: number;
}

/** @public */
export type ChangeStreamEvents<
  TSchema extends Document = Document,
  TChange extends Document = ChangeStreamDocument<TSchema>,
> = {
  /** There is another token at which the stream can be resumed. */
  resumeTokenChanged(token: ResumeToken): void;
  /** The stream was opened or resumed: the server's reply to the aggregate. */
  // biome-ignore lint/suspicious/noExplicitAny: as in the official driver
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  init(response: any): void;
  /** Another batch has come: the server's reply to the getMore. */
  // biome-ignore lint/suspicious/noExplicitAny: as in the official driver
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  more(response?: any): void;
  /** The server has replied. */
  response(): void;
  /** What was watched is gone, and no change will come any more. */
  end(): void;
  /** A call failed while the stream was read by a listener of `change`. Without `close` after it, the stream goes on. */
  error(error: Error): void;
  change(change: TChange): void;
  /** The stream is closed. Once. */
  close(): void;
};

/**
 * What can be watched. Its members are declared where the classes are known: merging them into the class would lose its members that are named by
 * symbols.
 *
 * @public
 */
export interface ChangeStreamParents {
  /** @internal */
  readonly none?: never;
}

const DOMAINS: Readonly<Record<Watched, symbol>> = Object.freeze({
  collection: Symbol('Collection'),
  database: Symbol('Database'),
  cluster: Symbol('Cluster'),
});

const METHOD = 'watch';
const CLOSED = 'ChangeStream is closed';
/** For which a server waits for changes if it is not told. */
const SERVER_AWAIT_MS = 1000;

/**
 * The changes of a collection, a database or a deployment, as they happen: with `for await`, `next`, `tryNext`, `stream`, or a listener of
 * `change`. Nothing is sent before the first of them.
 *
 * The stream is resumed by itself after network errors, elections and whatever else a server allows it for, so that no change is lost and none comes
 * twice. Keep {@link ChangeStream.resumeToken} to go on after the end of the process. Under `timeoutMS` each call has this time; one that times
 * out leaves the stream as it is, and the next call resumes it first.
 *
 * Source: Change Streams; Client Side Operations Timeout, "Change Streams".
 *
 * @public
 */
export class ChangeStream<
  TSchema extends Document = Document,
  TChange extends Document = ChangeStreamDocument<TSchema>,
> extends TypedEventEmitter<ChangeStreamEvents<TSchema, TChange>> {
  static readonly RESPONSE = 'response' as const;
  static readonly MORE = 'more' as const;
  static readonly INIT = 'init' as const;
  static readonly CLOSE = 'close' as const;
  static readonly CHANGE = 'change' as const;
  static readonly END = 'end' as const;
  static readonly ERROR = 'error' as const;
  static readonly RESUME_TOKEN_CHANGED = 'resumeTokenChanged' as const;

  /** The stages after `$changeStream`. */
  pipeline: Document[];
  options: ChangeStreamOptions & { writeConcern?: never };
  /** What is watched. */
  parent: NonNullable<ChangeStreamParents[keyof ChangeStreamParents]>;
  /** `Symbol(Collection)`, `Symbol(Database)` or `Symbol(Cluster)`. */
  type: symbol;

  readonly #place: Place;
  readonly #watched: Watched;
  #core: ChangeStreamCore | null = null;
  /** How it is read: a stream that is read in both ways would give each of them only some of the changes. */
  #mode: 'iterator' | 'emitter' | null = null;
  #isClosed = false;
  /** Whether an error has closed it. */
  #hasFailed = false;
  #hasToldEnd = false;
  #isFlowing = false;

  /** @internal */
  constructor(place: Place, watched: Watched, parent: object, given: unknown, options: unknown) {
    super();
    const { pipeline, own } = argumentsOf(given, options);
    const { client, context } = place;
    this.#place = { client, context: withOverrides(context, own) };
    this.#watched = watched;
    this.pipeline = pipeline;
    this.options = { ...own, readPreference: this.#place.context.readPreference };
    this.type = DOMAINS[watched];
    this.parent = parent as this['parent'];
    refuseOptions(own);
    checkTimeouts(this.#budget(), own, true);
    signalOf(own);
    this.watchListeners(() => this.#onListenersChanged());
  }

  get namespace(): { readonly db: string; readonly collection: string; toString(): string } {
    const { database, collection, namespace } = this.#place.context;
    return { db: database, collection, toString: () => namespace };
  }

  /**
   * Where the stream can be resumed after all that has been returned: pass it to `watch` as `resumeAfter` (or `startAfter`, if the last change was
   * an `invalidate`). Null before the server has told one.
   */
  get resumeToken(): ResumeToken {
    return this.#core?.token ?? this.options.startAfter ?? this.options.resumeAfter ?? null;
  }

  /** Whether it was closed, by `close`, by an error or by an `invalidate`. */
  get closed(): boolean {
    return this.#isClosed || (this.#core?.closed ?? false);
  }

  /** Changes that are here and have not been read. */
  bufferedCount(): number {
    return this.#core?.buffered ?? 0;
  }

  // ── Reading

  /** Opens the stream, without reading from it. For tests of the specification. @internal */
  async start(): Promise<void> {
    const core = this.#started('iterator');
    if (!core.started) await this.#wait(core, 'start', call => core.fetch(call));
  }

  /**
   * Whether there is another change: waits for one. False if the stream is closed.
   *
   * @throws MongoAPIError if the stream is read by a listener of `change`; what `next` throws
   */
  async hasNext(): Promise<boolean> {
    this.#enterMode('iterator');
    if (this.#isClosed || this.#hasFailed) return false;
    const core = this.#started('iterator');
    return await this.#wait(core, 'hasNext', call => core.hasNext(call));
  }

  /**
   * The next change: waits for one.
   *
   * @throws MongoAPIError if the stream was closed; MongoRuntimeError if it ended with an `invalidate`; MongoOperationTimeoutError if no change
   * came within `timeoutMS`, after which the stream goes on; MongoChangeStreamError if the server sent a change without a token
   */
  async next(): Promise<TChange> {
    const core = this.#started('iterator');
    const change = this.#buffered(core) ?? (await this.#wait(core, 'next', call => core.next(call)));
    if (change !== null) return change as TChange;
    // As in the official driver: whether it was closed meanwhile, or ended by itself.
    const error = this.#isClosed ? new MongoAPIError(CLOSED) : new MongoRuntimeError(CLOSED);
    this.#isClosed = true;
    throw error;
  }

  /** The next change if one is here or comes with the next batch; otherwise null. The token moves on nevertheless. */
  async tryNext(): Promise<TChange | null> {
    const core = this.#started('iterator');
    const change = this.#buffered(core) ?? (await this.#wait(core, 'tryNext', call => core.tryNext(call)));
    // A close may have come meanwhile.
    if (change === null && this.#isClosed) throw new MongoAPIError(CLOSED);
    return change as TChange | null;
  }

  /** Ends when the stream is closed or has ended with an `invalidate`. Leaving the loop closes the stream; a timeout does not. */
  async *[Symbol.asyncIterator](): AsyncGenerator<TChange, void, void> {
    this.#enterMode('iterator');
    if (this.#hasFailed) return;
    let isFailing = false;
    try {
      // A client that was closed is told as an error.
      while (!this.#isClosed) {
        const core = this.#started('iterator');
        isFailing = true;
        const change = this.#buffered(core) ?? (await this.#wait(core, 'next', call => core.next(call)));
        isFailing = false;
        if (change === null) return;
        yield change as TChange;
      }
    } catch (error) {
      if (isFailing && error instanceof MongoOperationTimeoutError) throw error;
      void this.close();
      throw error;
    } finally {
      // Closing has a time of its own, which a caller who gets an error is not made to wait for.
      if (!isFailing) await this.close();
    }
  }

  /**
   * The changes as a stream of objects. It is resumed like the other ways of reading; destroying it closes the change stream. Under `timeoutMS` each
   * batch has this time, so that a quiet stream does not time out.
   *
   * @throws MongoChangeStreamError if the change stream is closed; MongoAPIError if it is read by a listener of `change`
   */
  stream(): Readable & AsyncIterable<TChange> {
    this.#enterMode('iterator');
    if (this.closed) throw new MongoChangeStreamError(CLOSED);
    const source = {
      [Symbol.asyncIterator]: () => this.#changes(),
      close: () => this.close(),
    };
    return cursorStream<TChange>(source, signalOf(this.options));
  }

  async *#changes(): AsyncGenerator<TChange, void, void> {
    const core = this.#started('iterator', true);
    for (;;) {
      const change = this.#buffered(core);
      if (change !== undefined) yield change as TChange;
      else if (!(await this.#wait(core, 'stream', call => core.fetch(call)))) break;
    }
    await this.close();
  }

  // ── Listeners of `change`

  #onListenersChanged(): void {
    if (this.listenerCount('change') === 0) return;
    if (this.#mode === 'iterator') {
      this.removeAllListeners('change');
      throw new MongoAPIError('ChangeStream cannot be used as an EventEmitter after being used as an iterator');
    }
    if (this.closed || this.#isFlowing) return;
    this.#isFlowing = true;
    void this.#flow(this.#started('emitter', true));
  }

  /** Reads as long as there are listeners. Changes that are buffered when the last one leaves are for the next one that comes. */
  async #flow(core: ChangeStreamCore): Promise<void> {
    while (!this.closed && this.listenerCount('change') > 0) {
      try {
        const change = this.#buffered(core);
        if (change !== undefined) this.emit('change', change as TChange);
        else await this.#wait(core, 'change', call => core.fetch(call));
      } catch (error) {
        // Closing is no failure.
        if (this.#isClosed || error instanceof MongoClientClosedError) break;
        this.emit('error', error as Error);
        if (!core.closed) await core.pauseAfterFailure();
      }
    }
    this.#isFlowing = false;
    if (this.closed) this.#tellEnd();
  }

  // ── Closing

  /**
   * Lets the server forget the stream. Methods that wait for a change are told that it is closed. A server that does not answer is no error.
   *
   * @param options - `timeoutMS` for this call; default: the stream's own, anew, or that of a shared deadline if it is shorter
   * @throws MongoInvalidArgumentError if an option is invalid; the reason of the signal; nothing else
   */
  async close(options?: CursorCloseOptions): Promise<void> {
    this.#isClosed = true;
    try {
      if (this.#core !== null) await closeCursor(this.#core, this.#place, METHOD, options);
    } finally {
      if (!this.#isFlowing) this.#tellEnd();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #tellEnd(): void {
    if (this.#hasToldEnd) return;
    this.#hasToldEnd = true;
    if (!this.#isClosed && !this.#hasFailed) this.emit('end');
    this.emit('close');
  }

  // ── The core

  #enterMode(mode: 'iterator' | 'emitter'): void {
    if (this.#mode === 'emitter' && mode === 'iterator') {
      throw new MongoAPIError('ChangeStream cannot be used as an iterator after being used as an EventEmitter');
    }
    this.#mode = mode;
  }

  /**
   * @param isPushed - whether no caller waits for each change: then a quiet stream must not time out
   * @throws MongoAPIError if the stream is closed, or read in another way
   */
  #started(mode: 'iterator' | 'emitter', isPushed = false): ChangeStreamCore {
    this.#enterMode(mode);
    if (this.#isClosed || this.#hasFailed) throw new MongoAPIError(CLOSED);
    return (this.#core ??= this.#makeCore(isPushed));
  }

  /** A change that is here, or undefined. Its token may be missing, which closes the stream. */
  #buffered(core: ChangeStreamCore): Document | undefined {
    try {
      return core.nextBuffered();
    } catch (error) {
      this.#hasFailed = core.closed;
      throw error;
    } finally {
      if (core.closed && this.#mode === 'iterator') this.#tellEnd();
    }
  }

  /** A method that waits for the server. */
  async #wait<T>(core: ChangeStreamCore, method: string, work: (call: Call) => Promise<T>): Promise<T> {
    try {
      return await enter(this.#place, method, null, work, () => core.call(method));
    } catch (error) {
      this.#hasFailed = core.closed;
      throw error;
    } finally {
      if (core.closed && this.#mode === 'iterator') this.#tellEnd();
    }
  }

  #makeCore(isPushed: boolean): ChangeStreamCore {
    const { options, pipeline } = this;
    const own = ownOptions(options);
    const { context } = this.#place;
    const { batchSize, comment, maxAwaitTimeMS, resumeFor } = own;
    const budget = this.#budget();
    checkTimeouts(budget, own, true);
    transactionDeadline(own);
    const budgetNow = () => this.#budget();
    const lazy = own.lazy === true && context.bsonOptions.raw !== true;
    const settings = {
      name: METHOD,
      context: lazy ? { ...context, decode: lazyDecoder(context.bsonOptions) } : context,
      start: own,
      open: (start: ChangeStreamCommandOptions) => changeStream(context, this.#watched, pipeline, own, start),
      get budget() {
        return budgetNow();
      },
      // A stream outlives what is around its first read: that counts for the reads in it. A deadline of its own counts for its whole life.
      scope: isGiven(own.deadline) ? scopeOf(own) : null,
      signal: signalOf(own),
      batchSize: isGiven(batchSize) && batchSize >= 0 ? batchSize : undefined,
      comment,
      maxAwaitTimeMS: maxAwaitTimeMS ?? (isPushed ? awaitWithin(budget.timeoutMS) : undefined),
      resumeForMS: resumeFor,
    };
    return new ChangeStreamCore(this.#place.client, settings, {
      onToken: token => this.#tell('resumeTokenChanged', () => token),
      onReply: (reply, isFirst) => this.#onReply(reply, isFirst),
    });
  }

  #onReply(reply: Reply, isFirst: boolean): void {
    this.#tell(isFirst ? 'init' : 'more', () => reply.document);
    this.#tell('response', () => undefined);
  }

  /** A listener that throws must not lose changes: its error is that of the program, as in a callback of Node.js. */
  #tell(event: 'resumeTokenChanged' | 'init' | 'more' | 'response', argument: () => unknown): void {
    if (this.listenerCount(event) === 0) return;
    try {
      const emit = this.emit.bind(this) as (name: string, value: unknown) => boolean;
      emit(event, argument());
    } catch (error) {
      process.nextTick(() => {
        throw error;
      });
    }
  }

  #budget() {
    return cursorBudget(METHOD, ownOptions(this.options), this.#place.context.budget);
  }
}

/** The pipeline may be left out, as in the official driver. */
function argumentsOf(given: unknown, options: unknown): { pipeline: Document[]; own: ChangeStreamOptions } {
  const isPipeline = Array.isArray(given) || !isGiven(given);
  const pipeline: unknown = isPipeline ? (given ?? []) : isGiven(options) ? given : [];
  checkPipeline(pipeline);
  const own: unknown = isPipeline ? options : given;
  if (isGiven(own) && typeof own !== 'object') {
    throw new MongoInvalidArgumentError(`Options of watch must be an object, got ${typeof own}`);
  }
  return { pipeline: [...pipeline], own: withCursorField(ownOptions(own as ChangeStreamOptions | null | undefined)) };
}

function refuseOptions(options: ChangeStreamOptions): void {
  refuseExplain(options);
  const { timeoutMode, prefetch, out, resumeFor } = options as AggregateOptions & ChangeStreamOptions;
  if (isGiven(timeoutMode)) {
    throw new MongoInvalidArgumentError('A change stream has no "timeoutMode": its timeoutMS is that of each call');
  }
  if (prefetch === true) {
    throw new MongoInvalidArgumentError(
      'A change stream cannot "prefetch": it would ask before it is known what was read',
    );
  }
  if (isGiven(out))
    throw new MongoInvalidArgumentError('A change stream cannot write its changes to a collection ("out")');
  if (!isGiven(resumeFor) || resumeFor === Infinity || (Number.isSafeInteger(resumeFor) && resumeFor > 0)) return;
  throw new MongoInvalidArgumentError(
    `Option "resumeFor" must be milliseconds as an integer from 1 on, or Infinity, got ${shown(resumeFor)}`,
  );
}

/** How long a server may wait for changes so that its answer comes before the time of a batch is over; undefined leaves it to the server. */
function awaitWithin(timeoutMS: number | undefined): number | undefined {
  if (timeoutMS === undefined || timeoutMS === 0) return undefined;
  return Math.min(SERVER_AWAIT_MS, Math.floor(timeoutMS / 2));
}
