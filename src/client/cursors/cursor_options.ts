import type { OperationOptions } from '../../commands/options.js';
import type { ReadConcernLike } from '../../concern/read_concern.js';
import type { CursorTimeoutMode } from '../../cursor/cursor_settings.js';

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
