import { type Budget, budgetAt, UNTIMED } from '../../call/budget.js';
import { checkOptions } from '../../commands/check_options.js';
import type { OperationOptions } from '../../commands/options.js';
import type { ReadConcernLike } from '../../concern/read_concern.js';
import { type CursorKind, CursorTimeoutMode } from '../../cursor/cursor_settings.js';
import { MongoInvalidArgumentError } from '../../errors/driver.js';
import { shown } from '../../errors/shown.js';
import { scopeOf } from '../door.js';

/** @public */
export interface AbstractCursorOptions extends OperationOptions {
  readConcern?: ReadConcernLike;
  /** Documents in each batch. */
  batchSize?: number;
  maxTimeMS?: number;
  /** Milliseconds that the server may wait for new documents before it sends an empty batch. For tailable cursors that await data. */
  maxAwaitTimeMS?: number;
  comment?: unknown;
  /** The cursor stays open at the end of a capped collection, and goes on with what is added. */
  tailable?: boolean;
  /** The server waits for new documents at the end, instead of answering with an empty batch at once. */
  awaitData?: boolean;
  /** The server keeps the cursor however long it is idle. */
  noCursorTimeout?: boolean;
  /** What `timeoutMS` bounds: the whole life of the cursor (default), or each call that may wait. Needs a `timeoutMS`. */
  timeoutMode?: CursorTimeoutMode;
  /** Asks for the next batch as soon as one has come, so that it is on its way while this one is read. Default false. */
  prefetch?: boolean;
  /**
   * Decodes each field of a document when it is first read. For those who read a few fields of many; reading all of them costs more than
   * decoding at once does. Default false. Without effect with `raw`.
   */
  lazy?: boolean;
}

/** @public */
export const CURSOR_FLAGS = Object.freeze([
  'tailable',
  'oplogReplay',
  'noCursorTimeout',
  'awaitData',
  'exhaust',
  'partial',
] as const);

/** @public */
export type CursorFlag = (typeof CURSOR_FLAGS)[number];

/** Settings of any cursor, by the names of the options; those of one kind of cursor are its own. */
export interface CursorOptions extends AbstractCursorOptions {
  limit?: number;
  oplogReplay?: boolean;
  allowPartialResults?: boolean;
}

/** @param awaits - the server may wait for more although the cursor is not tailable: it may be of a change stream */
export function cursorKind({ tailable, awaitData }: AbstractCursorOptions, awaits: boolean): CursorKind {
  if (tailable !== true) return awaits ? 'tailableAwait' : 'nonTailable';
  return awaitData === true ? 'tailableAwait' : 'tailable';
}

/** A cursor without an end has no life that could be bounded (CSOT, "Cursors"). */
export function timeoutModeOf({ tailable, timeoutMode }: AbstractCursorOptions): CursorTimeoutMode {
  return timeoutMode ?? (tailable === true ? CursorTimeoutMode.ITERATION : CursorTimeoutMode.LIFETIME);
}

/**
 * Source: Client Side Operations Timeout, "Cursors".
 *
 * @throws MongoInvalidArgumentError if the options contradict one another
 */
export function checkTimeouts({ timeoutMS }: Budget, options: AbstractCursorOptions, alwaysAwaits: boolean): void {
  const { timeoutMode, tailable, awaitData, maxAwaitTimeMS } = options;
  if (timeoutMode !== undefined) {
    if (!Object.values(CursorTimeoutMode).includes(timeoutMode)) {
      throw new MongoInvalidArgumentError(
        `Option "timeoutMode" must be one of ${Object.values(CursorTimeoutMode).join(', ')}, got ${shown(timeoutMode)}`,
      );
    }
    if (timeoutMS === undefined) throw new MongoInvalidArgumentError('Option "timeoutMode" needs a timeoutMS');
    if (tailable === true && timeoutMode === CursorTimeoutMode.LIFETIME) {
      throw new MongoInvalidArgumentError('A tailable cursor has no end: its timeoutMode cannot be cursorLifetime');
    }
  }
  const awaits = alwaysAwaits || (tailable === true && awaitData === true);
  if (!awaits || maxAwaitTimeMS === undefined || timeoutMS === undefined || timeoutMS === 0) return;
  if (maxAwaitTimeMS >= timeoutMS) {
    throw new MongoInvalidArgumentError(
      `Option "maxAwaitTimeMS" (${maxAwaitTimeMS}) must be less than timeoutMS (${timeoutMS})`,
    );
  }
}

/**
 * The `timeoutMS` of a cursor.
 *
 * @param method - the public method that made the cursor
 * @throws MongoInvalidArgumentError if an option is of a wrong type
 */
export function cursorBudget(method: string, options: OperationOptions, inherited: Budget): Budget {
  checkOptions(options);
  const isShared = (scopeOf(options)?.soonest ?? null) !== null;
  return budgetAt(method, options.timeoutMS, isShared ? UNTIMED : inherited);
}
