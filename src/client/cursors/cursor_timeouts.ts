import type { Budget } from '../../call/budget.js';
import type { OperationOptions } from '../../commands/options.js';
import { type CursorKind, CursorTimeoutMode } from '../../cursor/cursor_settings.js';
import { MongoInvalidArgumentError } from '../../errors/driver.js';
import { shown } from '../../errors/shown.js';

/** The options of a cursor that have to do with waiting. */
interface WaitingOptions extends OperationOptions {
  readonly tailable?: boolean;
  readonly awaitData?: boolean;
  readonly timeoutMode?: CursorTimeoutMode;
  readonly maxAwaitTimeMS?: number;
}

/** @param awaits - the server may wait for more although the cursor is not tailable: it may be of a change stream */
export function cursorKind({ tailable, awaitData }: WaitingOptions, awaits: boolean): CursorKind {
  if (tailable !== true) return awaits ? 'tailableAwait' : 'nonTailable';
  return awaitData === true ? 'tailableAwait' : 'tailable';
}

/** A cursor without an end has no life that could be bounded (CSOT, "Cursors"). */
export function timeoutModeOf({ tailable, timeoutMode }: WaitingOptions): CursorTimeoutMode {
  return timeoutMode ?? (tailable === true ? CursorTimeoutMode.ITERATION : CursorTimeoutMode.LIFETIME);
}

/**
 * Source: Client Side Operations Timeout, "Cursors".
 *
 * @throws MongoInvalidArgumentError if the options contradict one another
 */
export function checkTimeouts({ timeoutMS }: Budget, options: WaitingOptions, alwaysAwaits: boolean): void {
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
