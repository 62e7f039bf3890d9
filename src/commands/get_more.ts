import { type Document, Long } from '../bson/index.js';
import { MongoUnexpectedServerResponseError } from '../errors/driver.js';
import type { OpenCursor, Operation } from '../executor/operation.js';
import { sameServerSelector } from '../sdam/server_selection.js';
import { type CursorNamespace, cursorNamespace } from '../wire/cursor_namespace.js';
import type { OperationContext } from './context.js';
import { type CursorReply, cursorReplyOf } from './cursor_reply.js';
import { defineOperation, type OperationDefinition } from './operation_defaults.js';

/** @throws MongoUnexpectedServerResponseError if the server has not said where the cursor lives, and that is not known */
function whereLives({ namespace, address }: OpenCursor): CursorNamespace {
  const found = cursorNamespace(namespace);
  if (found !== null) return found;
  throw new MongoUnexpectedServerResponseError(`The cursor of a reply of ${address} has no usable namespace`, {
    host: address,
  });
}

export interface GetMoreOptions {
  /** Undefined leaves it to the server. */
  readonly batchSize: number | undefined;
  readonly comment: unknown;
  readonly kind: 'nonTailable' | 'tailable' | 'tailableAwait';
  /** Milliseconds that the server may wait for new documents; undefined leaves it to the server. */
  readonly maxAwaitTimeMS: number | undefined;
}

/** The first server that takes a comment in getMore: 4.4. */
const COMMENT_WIRE_VERSION = 9;

/** What commands about a cursor need of the operation that opened it. */
type CursorContext = Pick<OperationContext, 'readPreference' | 'bsonOptions' | 'session'>;

/** A command on the server where a cursor lives, with the cursor's own read preference, so that a secondary goes on serving it. */
function onServerOf<T>(cursor: OpenCursor, context: CursorContext, definition: OperationDefinition<T>): Operation<T> {
  const { address, namespace } = cursor;
  const { readPreference, bsonOptions, session } = context;
  const { database } = whereLives(cursor);
  return defineOperation(
    { database, namespace, bsonOptions, session },
    sameServerSelector(address),
    readPreference,
    definition,
  );
}

/** The next batch of a cursor. Never retried: a batch would be lost. */
export function getMore(
  cursor: OpenCursor,
  context: OperationContext,
  { batchSize, comment, kind, maxAwaitTimeMS }: GetMoreOptions,
): Operation<CursorReply> {
  // Under `timeoutMS` only a cursor that the server waits for may say how long, and no longer than there is time (CSOT, "Cursors").
  const awaits = kind === 'tailableAwait' && maxAwaitTimeMS !== undefined;
  return onServerOf(cursor, context, {
    name: 'getMore',
    access: 'read',
    retryable: false,
    maxTime: awaits ? maxAwaitTimeMS : 'omit',
    command({ connection }) {
      const command: Document = {
        getMore: Long.fromBigInt(cursor.id),
        collection: whereLives(cursor).collection,
      };
      if (batchSize !== undefined) command['batchSize'] = batchSize;
      if (maxAwaitTimeMS !== undefined) command['maxTimeMS'] = maxAwaitTimeMS;
      if (comment !== undefined && connection.server.maxWireVersion >= COMMENT_WIRE_VERSION) {
        command['comment'] = comment;
      }
      return command;
    },
    result: reply => cursorReplyOf(reply, 'nextBatch', cursor.namespace),
  });
}

/**
 * Closes a cursor on the server that is not read any more.
 *
 * @param ids - all cursors of the same server and namespace that are to be killed
 */
export function killCursors(
  cursor: OpenCursor,
  context: CursorContext,
  ids: readonly bigint[] = [cursor.id],
): Operation<void> {
  return onServerOf(cursor, context, {
    name: 'killCursors',
    access: 'read',
    retryable: false,
    command: () => ({
      killCursors: whereLives(cursor).collection,
      cursors: ids.map(id => Long.fromBigInt(id)),
    }),
    result: () => undefined,
  });
}
