import { DocumentReader } from '../bson/document_reader.js';
import type { Document } from '../bson/index.js';
import type { Budget } from '../call/budget.js';
import { Call } from '../call/call.js';
import { Deadline, type EndDescription } from '../call/deadline.js';
import type { Ledger } from '../call/ledger.js';
import { currentScope, type Scope } from '../call/scope.js';
import { waitFor } from '../call/waiter.js';
import type { CursorReply } from '../commands/cursor_reply.js';
import { getMore, killCursors } from '../commands/get_more.js';
import { ServerType } from '../description/types.js';
import { MongoError } from '../errors/base.js';
import { MongoClientClosedError, MongoUnexpectedServerResponseError } from '../errors/driver.js';
import { MongoServerError } from '../errors/server.js';
import { MongoOperationTimeoutError } from '../errors/timeout.js';
import { Binding } from '../executor/binding.js';
import { CallEvents } from '../executor/call_events.js';
import type { Engine, EngineSource } from '../executor/engine.js';
import { execute } from '../executor/execute.js';
import type { OpenCursor, Operation } from '../executor/operation.js';
import { type CursorSettings, CursorTimeoutMode, maxTimeOfOpen, nextBatchSize } from './cursor_settings.js';

/** For a killCursors when neither `timeoutMS` nor anything else bounds it: the server forgets idle cursors by itself. */
const CLOSE_TIMEOUT_MS = 10_000;

/** A wait that only an abort ends: its error is the caller's reason. */
const ABORTED: EndDescription = Object.freeze({ during: 'while waiting for a batch', phase: 'read' });

/** What came of a batch that was asked for before it was needed. */
type Prefetched =
  | { readonly name: 'batch'; readonly reply: CursorReply }
  | { readonly name: 'failure'; readonly error: unknown };

/** A batch is on its way, and a method waits for it. */
interface Fetching {
  readonly name: 'fetching';
  /** Null while the command that opens the cursor is on its way. */
  cursor: OpenCursor | null;
  /** The batch, if it was asked for before a method waited for it. */
  readonly prefetched: Promise<Prefetched> | null;
  /** Whether there was a batch. Null only while the fetch begins. */
  batch: Promise<boolean> | null;
}

/** No method can read any more. */
interface Closed {
  readonly name: 'closed';
  readonly why: 'exhausted' | 'killed' | 'clientClosed';
  /** Whether the server has ever told a cursor. */
  readonly wasOpen: boolean;
  /** Settles when the server has been told to forget the cursor. */
  killed: Promise<void>;
}

type State =
  /** No command has been sent. */
  | { readonly name: 'new' }
  | Fetching
  /** The server has more, and has not been asked for it. */
  | { readonly name: 'open'; readonly cursor: OpenCursor }
  /** The next batch is on its way or here, and no method waits for it. */
  | { readonly name: 'prefetching'; readonly cursor: OpenCursor; readonly prefetched: Promise<Prefetched> }
  /** The server has no more. Documents of the last batch may still be buffered. */
  | { readonly name: 'exhausted' }
  /** The cursor is lost or was never opened, and the next fetch opens another. */
  | { readonly name: 'interrupted' }
  | Closed;

const NEW: State = Object.freeze({ name: 'new' });
const INTERRUPTED: State = Object.freeze({ name: 'interrupted' });
const EXHAUSTED: State = Object.freeze({ name: 'exhausted' });

/** The documents of a batch that have not been read, and the reply that holds them. */
interface Buffer {
  readonly reader: DocumentReader;
  readonly reply: CursorReply;
}

/**
 * Reads the results of a command batch by batch. Documents are decoded one at a time, when they are read; a batch is let go with its last.
 *
 * ```text
 * new → fetching ⇄ open            fetching → exhausted → closed
 *       fetching ⇄ prefetching     every state → closed
 * ```
 *
 * The cursor of a change stream can be opened again: `fetching → interrupted → fetching`, `open → interrupted`.
 *
 * Source: Find, getMore and killCursors Commands; Client Side Operations Timeout, "Cursors".
 */
export class CursorCore {
  readonly #source: EngineSource;
  readonly #settings: CursorSettings;
  /** Called once, when the server has no more or the cursor is closed. */
  readonly #onEnd: () => void;
  #state: State = NEW;
  #buffer: Buffer | null = null;
  /** Documents of the batches so far; counted only for the sake of a limit. */
  #received = 0;
  /** The same for all calls on the cursor; 0 before the first. */
  #operationId: number;
  /** Of a cursor whose whole life is bounded. */
  #lifetime: Deadline | null = null;
  /** Its commands are of one session, which it has from its first command until the server has no more. */
  readonly #binding = new Binding(true);
  /** Commands that run, and closes that may still send one: as long as there are any, session and connection stay with the cursor. */
  #running = 0;
  /** What it was opened with: all its commands go there, even if the client is closed and connected again. */
  #engine: Engine | null = null;
  /** Ends what waits when the cursor is closed. Null if only the replies of the server end it. */
  readonly #abandon: AbortController | null;

  constructor(source: EngineSource, settings: CursorSettings, onEnd: () => void = () => undefined) {
    this.#source = source;
    this.#settings = settings;
    this.#onEnd = onEnd;
    this.#operationId = settings.operationId ?? 0;
    this.#abandon = settings.prefetch || settings.reopening !== undefined ? new AbortController() : null;
  }

  get started(): boolean {
    return this.#state.name !== 'new';
  }

  /** Whether nothing is left to be read: it was closed, or its last document has been read. */
  get closed(): boolean {
    const { name } = this.#state;
    return name === 'closed' || this.#isLost || (name === 'exhausted' && this.#buffer === null);
  }

  /** Whether it was closed, by itself or with its client, before all had been read. */
  get killed(): boolean {
    return (this.#state.name === 'closed' && this.#state.why === 'killed') || this.#isLost;
  }

  /** The cursor's number on the server: undefined before the first batch, 0n after the last. */
  get id(): bigint | undefined {
    const state = this.#state;
    const isOver = state.name === 'exhausted' || (state.name === 'closed' && state.wasOpen);
    return isOver ? 0n : cursorOf(state)?.id;
  }

  /** Documents that can be had without asking the server. */
  get buffered(): number {
    return this.#buffer?.reader.count() ?? 0;
  }

  /** Whether the next fetch opens the cursor again. */
  get interrupted(): boolean {
    return this.#state.name === 'interrupted';
  }

  /** Whether a document can be had without asking the server. */
  get hasBuffered(): boolean {
    return this.#buffer !== null;
  }

  /** Where its commands go; null before the first. */
  get engine(): Engine | null {
    return this.#engine;
  }

  // ── Calls

  /**
   * The call of a method that may wait for a batch: its time begins anew, or is what is left of the cursor's life.
   *
   * @param name - of the operation, if it is not that of a method of this cursor
   */
  call(method: string, name?: string): Call {
    const { wantsCalls } = this.#source.publisher;
    const { session } = this.#settings.context;
    const shared = this.#sharedTime();
    const scope = currentScope();
    if (wantsCalls && shared !== null) shared.ledger.isKept = true;
    let time: Deadline;
    if (shared === null) time = this.#start(session?.ledger?.part(null));
    // A scope may end a read of a cursor that has no time of its own: the record of that is the one of the read.
    else if (shared.isRecorded || scope !== null)
      time = shared.part(shared !== this.#lifetime && (session?.deadline ?? null) !== null);
    else time = shared;
    time = time.in(scope);
    // An outage may last longer than the caller of `close` wants to wait for the method that waits for its end.
    if (this.#settings.reopening !== undefined && this.#abandon !== null) time = time.withSignal(this.#abandon.signal);
    return this.#callUntil(method, time, name);
  }

  /**
   * The call of a close, which has a time of its own: a cursor is often closed because its time is over.
   *
   * @param given - `timeoutMS` of the close. Default: the cursor's whole `timeoutMS` once more, or that of its transaction or of a shared
   * deadline if it is shorter
   * @param scope - what limits the close beside the cursor's own time
   */
  closingCall(method: string, given?: number, scope: Scope | null = currentScope()): Call {
    const budget = given === undefined ? this.#wholeTime(scope) : { ...this.#settings.budget, timeoutMS: given };
    const deadline = Deadline.start(budget, this.#source.clock);
    const bounded = budget.timeoutMS === undefined ? deadline.within('read', CLOSE_TIMEOUT_MS) : deadline;
    return this.#callUntil(method, bounded);
  }

  /** The call of a batch that is asked for before a method waits for it. */
  #prefetchCall(abandoned: AbortSignal): Call {
    const shared = this.#sharedTime();
    // Where calls are told of, this one has times of its own.
    const time = shared === null ? this.#start() : this.#source.publisher.wantsCalls ? shared.part(false) : shared;
    return this.#callUntil('prefetch', time.in(currentScope()).withSignal(abandoned));
  }

  /** The shortest of all the times that may bound a call on the cursor, of which 0 is no limit. */
  #wholeTime(scope: Scope | null): Budget {
    const { budget, scope: ofCursor, context } = this.#settings;
    const others = [ofCursor?.soonest, scope?.soonest, context.session?.sharedDeadline?.budget];
    let shortest = budget;
    for (const other of others) {
      if ((other?.timeoutMS || Infinity) < (shortest.timeoutMS || Infinity)) shortest = other as Budget;
    }
    return shortest;
  }

  #callUntil(method: string, deadline: Deadline, ofOther?: string): Call {
    const { operationIds, stageLimits, publisher } = this.#source;
    const { name, context } = this.#settings;
    if (this.#operationId === 0) this.#operationId = operationIds.next();
    const call = new Call(this.#operationId, ofOther ?? `${name}.${method}`, context.namespace, deadline, stageLimits);
    if (publisher.wantsCalls) call.keepRecord();
    call.transaction = context.session?.transaction ?? null;
    return call;
  }

  /** The time that all calls on the cursor share: that of its transaction, or of its life. Null in the mode `iteration`. */
  #sharedTime(): Deadline | null {
    const { timeoutMode, context, signal, scope } = this.#settings;
    const { session } = context;
    const transaction = session?.sharedDeadline?.in(scope) ?? null;
    if (transaction !== null) return signal === undefined ? transaction : transaction.withSignal(signal);
    if (timeoutMode === CursorTimeoutMode.ITERATION) return null;
    return (this.#lifetime ??= this.#start(session?.ledger?.stretch()));
  }

  /** A new time, in the scope in which the cursor was opened: that counts for its whole life. */
  #start(ledger?: Ledger): Deadline {
    const { budget, signal, scope } = this.#settings;
    return Deadline.start(budget, this.#source.clock, signal, ledger, scope);
  }

  // ── Reading

  /**
   * Called before each document, so that buffered documents are not delivered once the caller has aborted.
   *
   * @throws the reason of the signal, if it has aborted; MongoClientClosedError if the client was closed before the end
   */
  throwIfInterrupted(): void {
    const { signal, context } = this.#settings;
    if (signal?.aborted === true) {
      void this.#close('killed', null);
      throw signal.reason as Error;
    }
    if (!this.#isLost) return;
    void this.#close('clientClosed', null);
    throw new MongoClientClosedError(undefined, { namespace: context.namespace, phase: 'caller' });
  }

  /** Whether the client was closed before the end. */
  get #isLost(): boolean {
    // A client that was closed while it connected has given this cursor no engine.
    if (this.#engine?.lifetime.closing === false) return false;
    const state = this.#state;
    if (state.name === 'closed') return state.why === 'clientClosed';
    return cursorOf(state) !== null || (state.name === 'interrupted' && this.#engine !== null);
  }

  /** The next document of the batch that is here, or undefined. */
  nextBuffered(): Document | undefined {
    this.throwIfInterrupted();
    const buffer = this.#buffer;
    if (buffer === null) return undefined;
    try {
      const document = buffer.reader.next();
      if (buffer.reader.done) this.#buffer = null;
      return document;
    } catch (error) {
      this.#corrupt(buffer, error);
      throw error;
    }
  }

  /** All documents of the batch that is here. */
  restOfBatch(): Document[] {
    this.throwIfInterrupted();
    const buffer = this.#buffer;
    if (buffer === null) return [];
    try {
      const documents = buffer.reader.rest();
      this.#buffer = null;
      return documents;
    } catch (error) {
      this.#corrupt(buffer, error);
      throw error;
    }
  }

  #corrupt({ reply }: Buffer, error: unknown): void {
    if (error instanceof MongoUnexpectedServerResponseError) reply.reply.corrupt(error);
    void this.#close('killed', null);
  }

  /** The next document, or null at the end. Waits for a batch if none is here. */
  async next(call: Call): Promise<Document | null> {
    for (;;) {
      const document = this.nextBuffered();
      if (document !== undefined) return document;
      if (!(await this.fetch(call))) return null;
    }
  }

  /** Whether there is another document. */
  async hasNext(call: Call): Promise<boolean> {
    for (;;) {
      this.throwIfInterrupted();
      if (this.#buffer !== null) return true;
      if (!(await this.fetch(call))) return false;
    }
  }

  /**
   * All that are left.
   *
   * @param shape - what the caller gets of a batch; called as each batch comes
   */
  async toArray<T>(shape: ((batch: readonly Document[]) => Promise<T[]>) | null, call: Call): Promise<T[]> {
    const read = (): T[] | Promise<T[]> => {
      const batch = this.restOfBatch();
      return shape === null ? (batch as T[]) : shaped(batch, shape, call);
    };
    let documents: T[];
    try {
      // Only a promise is awaited: awaiting an array would cost two promises for each batch.
      const first = read();
      documents = first instanceof Promise ? await first : first;
      while (await this.fetch(this.#forNextBatch(call))) {
        const next = read();
        documents = joined(documents, next instanceof Promise ? await next : next);
      }
    } catch (error) {
      // Closing has a time of its own, for which a caller with a limit does not wait, nor for a server that does not answer.
      const closing = this.#close('killed', null);
      if (error instanceof MongoServerError && !call.deadline.canEnd) await closing;
      throw error;
    }
    return documents;
  }

  /** In the mode `iteration` each batch has the whole time. */
  #forNextBatch(call: Call): Call {
    if (this.#state.name === 'new' || this.#sharedTime() !== null) return call;
    const { ledger } = call.deadline;
    return call.until(this.#start(ledger.isKept ? ledger.stretch() : undefined).in(currentScope()));
  }

  // ── Fetching

  /**
   * Gets the next batch, which may be empty. False when there is none any more. Calls that overlap share one batch, and a batch of which
   * documents are left stays.
   */
  fetch(call: Call): Promise<boolean> {
    this.throwIfInterrupted();
    if (this.#buffer !== null) return Promise.resolve(true);
    const state = this.#state;
    switch (state.name) {
      case 'fetching':
        // A listener may ask while the fetch begins.
        return state.batch ?? Promise.resolve().then(() => this.fetch(call));
      case 'closed':
        return Promise.resolve(false);
      case 'prefetching':
        return this.#beginFetch(state.cursor, state.prefetched, call);
      case 'new':
      case 'interrupted':
      case 'open':
      case 'exhausted': {
        const operation = this.#nextOperation();
        if (operation === null) return this.#close('exhausted', null).then(() => false);
        return this.#beginFetch(cursorOf(state), operation, call);
      }
    }
  }

  /** @param asked - the command for the batch, or the batch if it was asked for before */
  #beginFetch(
    cursor: OpenCursor | null,
    asked: Operation<CursorReply> | Promise<Prefetched>,
    call: Call,
  ): Promise<boolean> {
    const prefetched = asked instanceof Promise ? asked : null;
    const fetching: Fetching = { name: 'fetching', cursor, prefetched, batch: null };
    // The state comes first: the fetch may fail before it waits.
    this.#state = fetching;
    return (fetching.batch = this.#fetchBatch(fetching, asked, call));
  }

  async #fetchBatch(
    fetching: Fetching,
    asked: Operation<CursorReply> | Promise<Prefetched>,
    call: Call,
  ): Promise<boolean> {
    const { deadline } = call;
    try {
      const reply = await (asked instanceof Promise ? this.#whenPrefetched(asked) : this.#run(asked, call));
      this.#take(fetching, reply);
      if (asked instanceof Promise && deadline.isRecorded) deadline.record('read');
    } catch (error) {
      // The close of the cursor has ended the wait.
      if (this.#abandon?.signal.aborted === true) return false;
      this.#failed(fetching, error);
      throw error;
    } finally {
      this.#release();
    }
    return true;
  }

  async #whenPrefetched(prefetched: Promise<Prefetched>): Promise<CursorReply> {
    const { signal } = this.#settings;
    // The prefetch has the cursor's time; only the caller's signal can end the wait for it sooner.
    const settled = await (signal === undefined
      ? prefetched
      : waitFor(prefetched, () => ABORTED, null, Deadline.background(this.#source.clock).withSignal(signal)));
    if (settled.name === 'failure') throw settled.error;
    return settled.reply;
  }

  async #run(operation: Operation<CursorReply>, call: Call): Promise<CursorReply> {
    this.#running++;
    try {
      if (this.#engine === null) {
        const found = this.#source.engine(call);
        this.#engine = found instanceof Promise ? await found : found;
      }
      return await execute(this.#engine, operation, this.#binding, call);
    } finally {
      this.#running--;
    }
  }

  /** The command for the next batch, or null when there is none. */
  #nextOperation(): Operation<CursorReply> | null {
    const { context, comment, kind, maxAwaitTimeMS } = this.#settings;
    if (this.#state.name === 'new' || this.#state.name === 'interrupted') {
      const operation = this.#settings.open();
      const maxTime = maxTimeOfOpen(this.#settings);
      return maxTime === operation.maxTime ? operation : { ...operation, maxTime };
    }
    const cursor = cursorOf(this.#state);
    const batchSize = nextBatchSize(this.#settings, this.#received);
    // From 5.0 on a server keeps a cursor open that has reached its limit.
    if (cursor === null || (batchSize === 0 && this.#settings.limit > 0)) return null;
    return getMore(cursor, context, { batchSize, comment, kind, maxAwaitTimeMS });
  }

  #take(fetching: Fetching, reply: CursorReply): void {
    const cursor = this.#follow(fetching.cursor, reply);
    if (this.#state !== fetching) {
      // The cursor was closed while the batch was on its way. The close knew only the cursor that the fetch began with.
      if (cursor !== null && cursor !== fetching.cursor) void this.#kill(cursor, this.closingCall('close'));
      return;
    }
    const isFirst = fetching.cursor === null;
    // If the batch turns out to be corrupt, the cursor to kill is the one that its reply has told.
    fetching.cursor = cursor;
    this.#settings.reopening?.onBatch(reply, isFirst);
    const reader = new DocumentReader(reply.batch, this.#settings.context.decode);
    if (this.#settings.limit > 0) this.#received += this.#count(reader, reply);
    if (!reader.done) this.#buffer = { reader, reply };
    if (cursor === null) {
      this.#state = EXHAUSTED;
      // As in the official driver the end is told now, although documents of the last batch may still be buffered.
      this.#onEnd();
      return;
    }
    this.#state = { name: 'open', cursor };
    if (this.#settings.prefetch && this.#abandon !== null) this.#prefetch(cursor, this.#abandon.signal);
  }

  #count(reader: DocumentReader, { reply }: CursorReply): number {
    try {
      return reader.count();
    } catch (error) {
      reply.corrupt(error as Error);
      throw error;
    }
  }

  /** The cursor as a reply describes it; null when the server has no more. The client's list of live cursors follows. */
  #follow(known: OpenCursor | null, { id, address, namespace }: CursorReply): OpenCursor | null {
    if (known !== null && known.id === id && known.namespace === namespace) return known;
    if (known !== null) this.#engine?.cursors.delete(known);
    if (id === 0n) {
      // A killCursors may still use the connection.
      if (this.#running === 0) this.#binding.unpin();
      return null;
    }
    const cursor = { id, namespace, address };
    this.#engine?.cursors.add(cursor, this.#binding, this.#settings.context.session);
    return cursor;
  }

  /** Asks for the batch after the one that has just come; one at most is on its way or waiting to be read. */
  #prefetch(cursor: OpenCursor, signal: AbortSignal): void {
    const operation = this.#nextOperation();
    if (operation === null) return;
    const call = this.#prefetchCall(signal);
    // No public method waits for it yet: it is an operation by itself.
    const events = call.isRecorded ? CallEvents.start(this.#source.publisher, call) : null;
    const prefetched = this.#run(operation, call).then(
      (reply): Prefetched => {
        if (events !== null) call.end(null);
        events?.succeeded();
        return { name: 'batch', reply };
      },
      (error: unknown): Prefetched => {
        if (events !== null) call.end((error instanceof MongoError ? error.phase : undefined) ?? null);
        events?.failed(error);
        return { name: 'failure', error };
      },
    );
    this.#state = { name: 'prefetching', cursor, prefetched };
  }

  /** The caller need not wait until the server has forgotten the cursor. */
  #failed(fetching: Fetching, error: unknown): void {
    if (this.#state !== fetching) return;
    const { cursor } = fetching;
    const isOver = error instanceof MongoClientClosedError || this.#settings.signal?.aborted === true;
    if (this.#settings.reopening !== undefined && !isOver) {
      this.#interrupt(cursor);
      return;
    }
    // What a tailable cursor waits for may yet come: its next call has a time of its own.
    const isTailable = this.#settings.kind !== 'nonTailable' && error instanceof MongoOperationTimeoutError;
    // A cursor that has its own connection keeps it until the reader closes the cursor (Load Balancers, "Cursors").
    if (cursor !== null && (isTailable || this.#binding.pinned !== null)) this.#state = { name: 'open', cursor };
    else void this.#close(error instanceof MongoClientClosedError ? 'clientClosed' : 'killed', null);
  }

  // ── Opening again

  /** Interrupts a cursor whose server cannot be reached now: a getMore would wait for that one server. */
  interruptIfUnreachable(): void {
    const state = this.#state;
    if (state.name !== 'open' || this.#buffer !== null || this.#engine === null) return;
    const server = this.#engine.topology.description.table.get(state.cursor.address);
    if (server === undefined || server.type === ServerType.Unknown) this.#interrupt(state.cursor);
  }

  /** Gives the cursor up, and lets its server forget it meanwhile. Session and engine stay: the cursor that follows has the same. */
  #interrupt(cursor: OpenCursor | null): void {
    this.#state = INTERRUPTED;
    if (cursor === null) return;
    const left = new Binding(true);
    left.session = this.#binding.session;
    left.pinned = this.#binding.pinned;
    this.#binding.pinned = null;
    void this.#kill(cursor, this.closingCall('close'), left);
  }

  // ── Closing

  /**
   * Lets the server forget the cursor, and what is buffered here. A cursor that cannot be closed dies on the server: that is no error.
   * Rejects only with what a listener of the end throws.
   *
   * @param call - made by {@link CursorCore.closingCall}
   */
  close(call: Call): Promise<void> {
    return this.#close('killed', call);
  }

  /** @param call - null: one with the time of a close, made if the server has to be told */
  #close(why: Closed['why'], call: Call | null): Promise<void> {
    const state = this.#state;
    if (state.name === 'closed') return state.killed;
    const isRead = cursorOf(state) === null && this.#buffer === null;
    const closed: Closed = {
      name: 'closed',
      why: why === 'killed' && isRead ? 'exhausted' : why,
      wasOpen: this.id !== undefined,
      killed: Promise.resolve(),
    };
    this.#state = closed;
    this.#buffer = null;
    this.#abandon?.abort();
    closed.killed = this.#endOf(state, call);
    return closed.killed;
  }

  /** Ends what the cursor had in the state in which it was closed. */
  async #endOf(state: Exclude<State, Closed>, call: Call | null): Promise<void> {
    let cursor = cursorOf(state);
    // A reply that is here already may tell that the server has no more.
    const pending = state.name === 'prefetching' || state.name === 'fetching' ? state.prefetched : null;
    if (pending !== null) {
      this.#running++;
      const prefetched = await pending;
      this.#running--;
      if (prefetched.name === 'batch') cursor = this.#follow(cursor, prefetched.reply);
    }
    try {
      if (state.name !== 'exhausted') this.#onEnd();
    } finally {
      // A listener that throws must not leave the cursor open.
      if (cursor !== null) await this.#kill(cursor, call ?? this.closingCall('close'));
      else this.#release();
    }
  }

  /** @param binding - what the cursor was read with, if that is not what the next one is read with: its connection is released */
  async #kill(cursor: OpenCursor, call: Call, binding = this.#binding): Promise<void> {
    const engine = this.#engine;
    const { pinned } = binding;
    this.#running++;
    try {
      // A client that closes kills the cursors that servers hold itself, and with its connection the server has lost a cursor too.
      if (engine === null || engine.lifetime.closing || (pinned !== null && pinned.connection.error !== null)) return;
      await execute(engine, killCursors(cursor, this.#settings.context), binding, call);
    } catch {
      // The caller cannot do anything about it, and the server closes idle cursors by itself.
    } finally {
      this.#running--;
      engine?.cursors.delete(cursor);
      if (binding !== this.#binding) binding.unpin();
      this.#release();
    }
  }

  /** Checks the connection in and returns the session when no command of this cursor can follow any more. */
  #release(): void {
    if (this.#running > 0 || cursorOf(this.#state) !== null || this.interrupted) return;
    this.#binding.unpin();
    if (this.#engine !== null) this.#binding.releaseSession(this.#engine.sessions);
  }
}

/** The cursor on the server; null before it is opened and after its last batch. */
function cursorOf(state: State): OpenCursor | null {
  return state.name === 'open' || state.name === 'fetching' || state.name === 'prefetching' ? state.cursor : null;
}

/** The time of the transform is that of the caller, whose function it is. */
async function shaped<T>(
  batch: readonly Document[],
  shape: (batch: readonly Document[]) => Promise<T[]>,
  { deadline }: Call,
): Promise<T[]> {
  const documents = await shape(batch);
  if (deadline.isRecorded) deadline.record('caller');
  return documents;
}

/** The documents with a batch behind them. An empty list is replaced by the batch, so that one batch is never copied. */
function joined<T>(documents: T[], batch: T[]): T[] {
  if (documents.length === 0) return batch;
  for (const document of batch) documents.push(document);
  return documents;
}
