import { type Document, Long } from '../bson/index.js';
import { MongoUnexpectedServerResponseError } from '../errors/driver.js';
import type { OpenCursor, Operation } from '../executor/operation.js';
import { sameServerSelector } from '../sdam/server_selection.js';
import { type CursorNamespace, cursorNamespace } from '../wire/cursor_namespace.js';
import type { OperationContext } from './context.js';
import { type CursorReply, cursorReplyOf } from './cursor_reply.js';
import { defineOperation, type OperationDefinition } from './operation_defaults.js';

/** @throws MongoUnexpectedServerResponseError if the namespace of the cursor cannot be used */
function namespaceOf({ namespace, address }: OpenCursor): CursorNamespace {
  const found = cursorNamespace(namespace);
  if (found !== null) return found;
  throw new MongoUnexpectedServerResponseError(`The cursor of a reply of ${address} has no usable namespace`, {
    host: address,
  });
}

export interface GetMoreOptions {
  /** Maximum number of documents; undefined for the default of the server. */
  readonly batchSize: number | undefined;
  readonly comment: unknown;
  readonly kind: 'nonTailable' | 'tailable' | 'tailableAwait';
  /** Milliseconds for which the server may wait for new documents; undefined for its default. */
  readonly maxAwaitTimeMS: number | undefined;
}

/** MongoDB 4.4, the first that takes a comment in getMore. */
const COMMENT_WIRE_VERSION = 9;

/** What getMore and killCursors inherit from the operation that opened the cursor. */
type CursorContext = Pick<OperationContext, 'readPreference' | 'bsonOptions' | 'session'>;

/** A command on the server that has the cursor, with the cursor's read preference: otherwise a secondary would refuse it. */
function onServerOf<T>(cursor: OpenCursor, context: CursorContext, definition: OperationDefinition<T>): Operation<T> {
  const { address, namespace } = cursor;
  const { readPreference, bsonOptions, session } = context;
  const { database } = namespaceOf(cursor);
  return defineOperation(
    { database, namespace, bsonOptions, session },
    sameServerSelector(address),
    readPreference,
    definition,
  );
}

/** The next batch of a cursor. Never retried, since a retry would skip a batch. */
export function getMore(
  cursor: OpenCursor,
  context: OperationContext,
  { batchSize, comment, kind, maxAwaitTimeMS }: GetMoreOptions,
): Operation<CursorReply> {
  // Under `timeoutMS` only an awaiting cursor has a `maxTimeMS`, limited by the time that remains (CSOT, "Cursors").
  const awaits = kind === 'tailableAwait' && maxAwaitTimeMS !== undefined;
  return onServerOf(cursor, context, {
    name: 'getMore',
    access: 'read',
    retryable: false,
    maxTime: awaits ? maxAwaitTimeMS : 'omit',
    command({ connection }) {
      const command: Document = {
        getMore: Long.fromBigInt(cursor.id),
        collection: namespaceOf(cursor).collection,
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
 * Closes a cursor on the server.
 *
 * @param ids - all cursors of the same server and namespace to close
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
      killCursors: namespaceOf(cursor).collection,
      cursors: ids.map(id => Long.fromBigInt(id)),
    }),
    result: () => undefined,
  });
}
