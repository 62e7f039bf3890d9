import type { Document } from '../bson/index.js';
import type { OperationTime } from '../description/types.js';
import type { Operation } from '../executor/operation.js';
import type { ResumeToken } from '../types/change_stream.js';
import { type AggregateCommandOptions, aggregate } from './aggregate.js';
import type { OperationContext } from './context.js';
import type { CursorReply } from './cursor_reply.js';
import { copyOptions } from './options.js';

/** Where a change stream begins. The server refuses more than one of them. @public */
export interface ChangeStreamStart {
  /** Begins after the change with this token. It must not be that of an `invalidate`. */
  resumeAfter?: ResumeToken;
  /** Begins after the change with this token, also if that was an `invalidate`. */
  startAfter?: ResumeToken;
  /** Begins with the changes of this time and after it. */
  startAtOperationTime?: OperationTime;
}

/** What a change stream tells, and where it begins. @public */
export interface ChangeStreamCommandOptions extends ChangeStreamStart {
  /**
   * What an update tells beside its description: `updateLookup` the document as it is when the change is read; `whenAvailable` and `required` the
   * document after the change, from MongoDB 6.0 on, of collections with `changeStreamPreAndPostImages`. The server checks the value.
   */
  fullDocument?: string;
  /** Whether changes tell the document before them: `whenAvailable`, `required` or `off` (the default). From MongoDB 6.0 on. The server checks the value. */
  fullDocumentBeforeChange?: string;
  /** Also reports `create`, `modify`, `createIndexes`, `dropIndexes`, `shardCollection`, `reshardCollection` and `refineCollectionShardKey`. */
  showExpandedEvents?: boolean;
}

/** What a change stream watches. */
export type Watched = 'collection' | 'database' | 'cluster';

/**
 * Opens a change stream. Neither the options nor the stages are looked at: what servers know changes with their versions (Change Streams, "Server
 * Specification").
 *
 * @param start - where it begins; takes the place of what the options say
 */
export function changeStream(
  context: OperationContext,
  watched: Watched,
  pipeline: readonly Document[],
  options: AggregateCommandOptions & ChangeStreamCommandOptions,
  start: ChangeStreamStart,
): Operation<CursorReply> {
  const $changeStream: Document = {};
  copyOptions($changeStream, start, ['resumeAfter', 'startAfter', 'startAtOperationTime']);
  copyOptions($changeStream, options, ['fullDocument', 'fullDocumentBeforeChange', 'showExpandedEvents']);
  if (watched === 'cluster') $changeStream['allChangesForCluster'] = true;
  return aggregate(context, [{ $changeStream }, ...pipeline], options);
}
