import type { Attempt } from '../call/attempt.js';
import { type CursorNamespace, cursorNamespace } from '../wire/cursor_namespace.js';
import type { Reply } from '../wire/reply.js';

/** A cursor that a server has opened for a caller who has gone. */
export interface LateCursor extends CursorNamespace {
  readonly id: bigint;
}

/** The cursor in the late reply to a command, if it opened one. That of a getMore is still its reader's, who closes it. */
export function lateCursor(reply: Reply, { commandName }: Attempt): LateCursor | null {
  if (commandName === 'getMore') return null;
  const cursor = reply.body.document('cursor');
  const id = cursor?.bigint('id') ?? 0n;
  const namespace = cursorNamespace(cursor?.string('ns') ?? '');
  return id === 0n || namespace === null ? null : { id, ...namespace };
}
