import { Long } from '../bson/index.js';
import { sameServerSelector } from '../sdam/server_selection.js';
import type { OperationContext } from './context.js';
import { type CursorReply, cursorReplyOf } from './cursor_reply.js';
import type { Operation } from './operation.js';
import { defineOperation, type OperationDefinition } from './operation_defaults.js';

/** A cursor as the server knows it. */
export interface OpenCursor {
  readonly id: bigint;
  /** `database.collection` of the server's own telling: a command on a database reads a collection of another name. */
  readonly namespace: string;
  readonly address: string;
}

/** `db.coll.with.dots` is the collection `coll.with.dots` of `db`. */
export function splitNamespace(namespace: string): { readonly database: string; readonly collection: string } {
  const dot = namespace.indexOf('.');
  return { database: namespace.slice(0, dot), collection: namespace.slice(dot + 1) };
}

export interface GetMoreOptions {
  /** 0 leaves it to the server. */
  readonly batchSize: number;
  readonly comment: unknown;
}

/** A command on the server where a cursor lives, with the cursor's own read preference, so that a secondary goes on serving it. */
function onServerOf<T>(
  cursor: OpenCursor,
  context: OperationContext,
  definition: OperationDefinition<T>,
): Operation<T> {
  const { address, namespace } = cursor;
  const { readPreference, bsonOptions } = context;
  const { database } = splitNamespace(namespace);
  return defineOperation({ database, namespace, bsonOptions }, sameServerSelector(address), readPreference, definition);
}

/** The next batch of a cursor. Never retried: a batch would be lost. */
export function getMore(
  cursor: OpenCursor,
  context: OperationContext,
  options: GetMoreOptions,
): Operation<CursorReply> {
  return onServerOf(cursor, context, {
    name: 'getMore',
    access: 'read',
    retryable: false,
    maxTime: 'omit',
    command: () => ({
      getMore: Long.fromBigInt(cursor.id),
      collection: splitNamespace(cursor.namespace).collection,
      ...(options.batchSize > 0 && { batchSize: options.batchSize }),
      ...(options.comment !== undefined && { comment: options.comment }),
    }),
    result: reply => cursorReplyOf(reply, 'nextBatch'),
  });
}

/** Lets the server forget a cursor that nobody reads any more. */
export function killCursors(cursor: OpenCursor, context: OperationContext): Operation<void> {
  return onServerOf(cursor, context, {
    name: 'killCursors',
    access: 'read',
    retryable: false,
    command: () => ({
      killCursors: splitNamespace(cursor.namespace).collection,
      cursors: [Long.fromBigInt(cursor.id)],
    }),
    result: () => undefined,
  });
}
