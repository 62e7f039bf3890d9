import type { Reply } from '../wire/reply.js';
import type { Purpose } from './purpose.js';

/** A cursor that a server has opened for a caller who has gone. */
export interface LateCursor {
  readonly id: bigint;
  readonly database: string;
  readonly collection: string;
}

/** The cursor in the late reply to a command, if it opened one. That of a getMore is still its reader's, who closes it. */
export function lateCursor(reply: Reply, { name }: Purpose): LateCursor | null {
  if (name === 'getMore') return null;
  const cursor = reply.body.document('cursor');
  const id = cursor?.bigint('id') ?? 0n;
  const namespace = cursor?.string('ns') ?? '';
  const dot = namespace.indexOf('.');
  if (id === 0n || dot < 0) return null;
  return { id, database: namespace.slice(0, dot), collection: namespace.slice(dot + 1) };
}
