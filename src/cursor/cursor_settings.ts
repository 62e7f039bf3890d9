import type { Budget } from '../call/budget.js';
import type { Scope } from '../call/scope.js';
import type { OperationContext } from '../commands/context.js';
import type { CursorReply } from '../commands/cursor_reply.js';
import type { Operation } from '../executor/operation.js';

/**
 * What `timeoutMS` of a cursor bounds: all of its life, or each call that may wait.
 *
 * @public
 */
export const CursorTimeoutMode = Object.freeze({ ITERATION: 'iteration', LIFETIME: 'cursorLifetime' } as const);
/** @public */
export type CursorTimeoutMode = (typeof CursorTimeoutMode)[keyof typeof CursorTimeoutMode];

/** Whether a cursor ends with what there is, or goes on with what comes; and whether the server waits for that. */
export type CursorKind = 'nonTailable' | 'tailable' | 'tailableAwait';

/** What opens a cursor again where it was interrupted: a change stream. */
export interface Reopening {
  /**
   * A batch has come, and none of its documents has been read.
   *
   * @throws MongoUnexpectedServerResponseError if the reply tells a position that cannot be one: the fetch then fails with it
   */
  onBatch(reply: CursorReply, isFirst: boolean): void;
}

/** What a cursor reads, and how. */
export interface CursorSettings {
  /** The public method that made the cursor, such as `find`: its calls are named after it. */
  readonly name: string;
  /** Of the calls on the cursor, if it is part of something that has one: a stream of GridFS. Default: one of its own. */
  readonly operationId?: number;
  readonly context: OperationContext;
  /** The command that opens the cursor; asked again each time that it is opened again. */
  readonly open: () => Operation<CursorReply>;
  /** Absent for a cursor whose failure is its end. */
  readonly reopening?: Reopening;
  readonly kind: CursorKind;
  readonly budget: Budget;
  /** What limits the cursor beside its own options, where it was opened. */
  readonly scope: Scope | null;
  readonly timeoutMode: CursorTimeoutMode;
  readonly signal: AbortSignal | undefined;
  /** Of each getMore; undefined leaves it to the server. */
  readonly batchSize: number | undefined;
  /** Documents in all; 0 is no limit. */
  readonly limit: number;
  /** Of each getMore. */
  readonly comment: unknown;
  /** Milliseconds that the server may wait for new documents in each getMore; undefined leaves it to the server. */
  readonly maxAwaitTimeMS: number | undefined;
  /** Asks for the next batch as soon as one has come. */
  readonly prefetch: boolean;
}

/** How the `maxTimeMS` of the command that opens a cursor comes about under `timeoutMS` (CSOT, "Cursors"). */
export function maxTimeOfOpen({ kind, timeoutMode }: CursorSettings): 'remaining' | 'omit' {
  if (kind === 'tailableAwait') return 'remaining';
  // A server must not give up after the time of one call what may take many.
  return timeoutMode === CursorTimeoutMode.ITERATION ? 'omit' : 'remaining';
}

/**
 * How many documents the next batch may have, so that the cursor does not go beyond its limit (CRUD, "Combining limit and batchSize").
 *
 * @param received - documents of the batches so far
 * @returns undefined to leave it to the server; 0 when the limit is reached
 */
export function nextBatchSize({ batchSize, limit }: CursorSettings, received: number): number | undefined {
  if (limit <= 0) return batchSize;
  const left = Math.max(0, limit - received);
  return batchSize === undefined || batchSize === 0 ? left : Math.min(batchSize, left);
}
