import { type DocumentDecoder, decodeDocument } from '../bson/decode.js';
import type { Document } from '../bson/index.js';
import { ElementType, RawDocument } from '../bson/raw_document.js';
import type { Budget } from '../call/budget.js';
import type { Call } from '../call/call.js';
import { Deadline } from '../call/deadline.js';
import { retryPause } from '../call/retry_pause.js';
import type { Scope } from '../call/scope.js';
import type { ChangeStreamStart } from '../commands/change_stream.js';
import type { CursorReply } from '../commands/cursor_reply.js';
import { ServerType } from '../description/types.js';
import type { MongoError } from '../errors/base.js';
import { MongoChangeStreamError, MongoClientClosedError } from '../errors/driver.js';
import { blameEarlier, MongoOperationTimeoutError } from '../errors/timeout.js';
import type { EngineSource } from '../executor/engine.js';
import type { Operation } from '../executor/operation.js';
import type { Reply } from '../wire/reply.js';
import { CursorCore } from './cursor_core.js';
import { type CursorSettings, CursorTimeoutMode } from './cursor_settings.js';
import {
  afterBatch,
  afterChange,
  type BatchPosition,
  isResumable,
  isResumeRepeatable,
  resumeAt,
  startOf,
} from './resume.js';

/** What a change stream watches, and how. */
export interface ChangeStreamSettings
  extends Omit<CursorSettings, 'open' | 'reopening' | 'kind' | 'timeoutMode' | 'limit' | 'prefetch'> {
  /** Where the caller let it begin. */
  readonly start: ChangeStreamStart;
  /** The aggregate that opens or resumes it. */
  readonly open: (start: ChangeStreamStart) => Operation<CursorReply>;
  /** Milliseconds for which a call goes on trying to resume; undefined: `serverSelectionTimeoutMS`. */
  readonly resumeForMS: number | undefined;
  /** The time of a call that begins now: shared deadlines around the call take the place of what the stream inherits. */
  readonly budget: Budget;
}

/** Who is told of what the stream learns. */
export interface ChangeStreamListener {
  onToken(token: unknown): void;
  /** @param isFirst - whether it is the reply to an aggregate, and not to a getMore */
  onReply(reply: Reply, isFirst: boolean): void;
}

/** A change with its token, which is read from the bytes: the options of the caller may change what `_id` becomes. */
interface ReadChange {
  readonly change: Document;
  /** Undefined if the server has sent none. */
  readonly token: Document | undefined;
}

/** Failures in one call with no progress between them. */
interface Outage {
  /** The clock's time of the first; null while there is none. */
  since: number | null;
  last: Error | null;
}

/**
 * Reads a change stream: a cursor that is opened again where it was interrupted, so that no change is lost and none comes twice.
 *
 * A timeout of a call leaves the stream as it is; the next call resumes it first. What cannot be resumed closes it.
 *
 * Source: Change Streams, "Resume Process"; Client Side Operations Timeout, "Change Streams".
 */
export class ChangeStreamCore {
  readonly #source: EngineSource;
  readonly #settings: ChangeStreamSettings;
  readonly #listener: ChangeStreamListener;
  readonly #cursor: CursorCore;
  #position;
  /** The `postBatchResumeToken` of the batch that is here. */
  #batchToken: unknown;
  /** Of the server that has the cursor; undefined behind a load balancer. */
  #wireVersion: number | undefined;
  #hasOpened = false;
  /** Failures since the last progress. */
  #failures = 0;

  constructor(source: EngineSource, settings: ChangeStreamSettings, listener: ChangeStreamListener) {
    this.#source = source;
    this.#settings = settings;
    this.#listener = listener;
    this.#position = startOf(settings.start);
    this.#cursor = new CursorCore(source, {
      ...settings,
      context: { ...settings.context, decode: changeDecoder(settings.context.decode) },
      open: () => settings.open(this.#hasOpened ? resumeAt(settings.start, this.#position) : settings.start),
      get budget() {
        return settings.budget;
      },
      reopening: { onBatch: (reply, isFirst) => this.#onBatch(reply, isFirst) },
      kind: 'tailableAwait',
      timeoutMode: CursorTimeoutMode.ITERATION,
      limit: 0,
      prefetch: false,
    });
  }

  /** Where the stream can be resumed after all that has been returned; undefined before anything is known. */
  get token(): unknown {
    return this.#position.token;
  }

  get started(): boolean {
    return this.#cursor.started;
  }

  /** Whether nothing can come any more, and what came has been read. */
  get closed(): boolean {
    return this.#cursor.closed;
  }

  /** Changes that can be had without asking the server. */
  get buffered(): number {
    return this.#cursor.buffered;
  }

  call(method: string): Call {
    return this.#cursor.call(method);
  }

  closingCall(method: string, given?: number, scope?: Scope | null): Call {
    return this.#cursor.closingCall(method, given, scope);
  }

  close(call: Call): Promise<void> {
    return this.#cursor.close(call);
  }

  // ── Reading

  /**
   * The next change of the batch that is here, or undefined.
   *
   * @throws MongoChangeStreamError if the server has sent it without a token; MongoUnexpectedServerResponseError if that is none. Both close the stream
   */
  nextBuffered(): Document | undefined {
    const read = this.#cursor.nextBuffered() as ReadChange | undefined;
    if (read === undefined) return undefined;
    const { change, token } = read;
    if (token === undefined) {
      this.#close();
      // As in the official driver.
      throw new MongoChangeStreamError('A change stream document has been received that lacks a resume token (_id).', {
        namespace: this.#settings.context.namespace,
        phase: 'read',
      });
    }
    const batchToken = this.#cursor.hasBuffered ? undefined : this.#batchToken;
    this.#position = afterChange(this.#position, token, batchToken);
    this.#listener.onToken(this.#position.token);
    return change;
  }

  /** The next change, or null at the end. */
  async next(call: Call): Promise<Document | null> {
    const outage = noOutage();
    for (;;) {
      const change = this.nextBuffered();
      if (change !== undefined) return change;
      if (!(await this.#fetch(outage, call))) return null;
    }
  }

  /** The next change if one is here or comes with the next batch; otherwise null. */
  async tryNext(call: Call): Promise<Document | null> {
    const change = this.nextBuffered();
    if (change !== undefined) return change;
    return (await this.fetch(call)) ? (this.nextBuffered() ?? null) : null;
  }

  /** Whether there is another change; false at the end. */
  async hasNext(call: Call): Promise<boolean> {
    const outage = noOutage();
    while (!this.#cursor.hasBuffered) if (!(await this.#fetch(outage, call))) return false;
    return true;
  }

  /** Gets one batch, which may be empty, and resumes before if need be. False at the end. */
  fetch(call: Call): Promise<boolean> {
    return this.#fetch(noOutage(), call);
  }

  /** After a call that failed and whose error closed nothing: the next one must not follow at once again and again. */
  async pauseAfterFailure(): Promise<void> {
    await Deadline.background(this.#source.clock).pause(this.#pauseMS(Infinity));
  }

  async #fetch(outage: Outage, call: Call): Promise<boolean> {
    for (;;) {
      this.#cursor.interruptIfUnreachable();
      const opens = !this.#cursor.started || this.#cursor.interrupted;
      try {
        const isMore = await this.#cursor.fetch(call);
        // A server that opens cursors and fails each getMore makes no progress.
        if (!opens || this.#cursor.hasBuffered) {
          this.#failures = 0;
          outage.since = null;
        }
        return isMore;
      } catch (error) {
        await this.#afterFailure(error, opens, outage, call);
      }
    }
  }

  // ── Resuming

  /** Waits until the stream may be resumed, or throws the error that the caller gets. */
  async #afterFailure(error: unknown, opens: boolean, outage: Outage, call: Call): Promise<void> {
    const { deadline } = call;
    this.#failures++;
    const earlier = outage.last;
    if (error instanceof MongoOperationTimeoutError && earlier !== null) blameEarlier(error, earlier);
    if (isEndOf(call, error)) throw error;
    if (!this.#hasOpened || !this.#mayResume(error, opens, outage)) {
      this.#close();
      throw error;
    }
    outage.last = error as Error;
    if (deadline.isRecorded) deadline.record((error as MongoError).phase ?? 'read');
    await this.#cursor.engine?.lifetime.pause(this.#pauseMS(deadline.remainingMS), deadline);
  }

  #mayResume(error: unknown, opens: boolean, outage: Outage): boolean {
    const isSuch = opens ? isResumeRepeatable : isResumable;
    if (!isSuch(error, this.#wireVersion)) return false;
    const now = this.#source.clock.now();
    outage.since ??= now;
    const limitMS = this.#settings.resumeForMS ?? (this.#source.stageLimits.serverSelectionTimeoutMS || Infinity);
    return now - outage.since < limitMS;
  }

  #pauseMS(remainingMS: number): number {
    return retryPause(this.#failures, this.#cursor.engine?.random.next() ?? 1, remainingMS);
  }

  #onBatch(cursorReply: CursorReply, isFirst: boolean): void {
    const { reply, address } = cursorReply;
    const before = this.#position;
    const batch = batchPosition(cursorReply, isFirst && !this.#hasOpened);
    this.#position = afterBatch(before, batch, this.#settings.start);
    this.#batchToken = batch.token;
    this.#hasOpened = true;
    if (isFirst) this.#wireVersion = this.#wireVersionOf(address);
    if (this.#position.token !== before.token) this.#listener.onToken(this.#position.token);
    this.#listener.onReply(reply, isFirst);
  }

  #wireVersionOf(address: string): number | undefined {
    const server = this.#cursor.engine?.topology.description.table.get(address);
    return server?.type === ServerType.LoadBalancer ? undefined : server?.maxWireVersion;
  }

  #close(): void {
    void this.close(this.closingCall('close'));
  }
}

/** Bytes of an array without elements. */
const EMPTY_LENGTH = 5;

function batchPosition({ reply, batch }: CursorReply, opensStream: boolean): BatchPosition {
  try {
    const { body } = reply;
    const at = body.document('cursor')?.typedOffset('postBatchResumeToken', ElementType.document) ?? -1;
    return {
      opensStream,
      isEmpty: batch.byteLength === EMPTY_LENGTH,
      token: at < 0 ? undefined : decodeDocument(body.bytes, at),
      operationTime: body.timestamp('operationTime'),
    };
  } catch (error) {
    reply.corrupt(error as Error);
    throw error;
  }
}

function noOutage(): Outage {
  return { since: null, last: null };
}

/** Whether an error says that the call is over, and nothing of the stream. */
function isEndOf({ deadline }: Call, error: unknown): boolean {
  if (deadline.isAbortReason(error) || error instanceof MongoClientClosedError) return true;
  if (!(error instanceof MongoOperationTimeoutError)) return false;
  // Under a `timeoutMS` that is longer than `serverSelectionTimeoutMS`, an outage is no end of the call.
  return error.phase !== 'serverSelection' || deadline.ended() !== null;
}

function changeDecoder(decode: DocumentDecoder): DocumentDecoder {
  return (bytes, offset): ReadChange & Document => {
    const token = RawDocument.at(bytes, offset, bytes.length).typedOffset('_id', ElementType.document);
    return { change: decode(bytes, offset), token: token < 0 ? undefined : decodeDocument(bytes, token) };
  };
}
