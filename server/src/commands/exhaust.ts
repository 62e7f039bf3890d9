import { Long } from 'bson';
import { toNumber } from '../bson/numbers.js';
import { type Document, isDocument } from '../bson/types.js';
import { awaitsChanges, nameOf } from './look_up.js';

/**
 * The command whose reply follows without being asked for, when the client allows that; undefined: this reply is the last one.
 *
 *   hello that awaits changes → the same with the new topologyVersion;  getMore → itself, until the cursor is exhausted
 */
export function nextInStream(body: Document, reply: Document): Document | undefined {
  if (toNumber(reply['ok']) !== 1) return undefined;
  if (nameOf(body) === 'getMore') {
    const { cursor } = reply;
    const id: unknown = isDocument(cursor) ? cursor['id'] : undefined;
    return id instanceof Long && !id.isZero() ? body : undefined;
  }
  const { topologyVersion } = reply;
  return awaitsChanges(body) && isDocument(topologyVersion)
    ? { ...body, topologyVersion, client: undefined }
    : undefined;
}
