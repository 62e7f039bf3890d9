import { Long, ObjectId } from '../bson/index.js';
import { isDocument, isLong } from '../bson/reply_fields.js';
import type { TopologyVersion } from './types.js';

/** Reads a topologyVersion as it stands in a reply; null when there is none or it has another shape. Never throws. */
export function parseTopologyVersion(value: unknown): TopologyVersion | null {
  if (!isDocument(value)) return null;
  const { processId, counter } = value as { processId?: unknown; counter?: unknown };
  if (!(processId instanceof ObjectId)) return null;
  const count = parseCounter(counter);
  return count === null ? null : Object.freeze({ processId, counter: count });
}

/** An int64: a Long, or a number or a bigint, as the options of the decoder have it. */
function parseCounter(counter: unknown): Long | null {
  if (isLong(counter)) return counter;
  if (typeof counter === 'number') return Number.isSafeInteger(counter) ? Long.fromNumber(counter) : null;
  return typeof counter === 'bigint' ? Long.fromBigInt(counter) : null;
}

/**
 * How a topologyVersion that comes in stands to the one that is known.
 *
 * SDAM, "topologyVersion Comparison": what is absent, or from another process, is newer.
 *
 * @returns a negative number when `incoming` is older, 0 when it is the same, a positive number when it is newer
 */
export function compareTopologyVersion(incoming: TopologyVersion | null, known: TopologyVersion | null): number {
  if (incoming === null || known === null || !incoming.processId.equals(known.processId)) return 1;
  return incoming.counter.compare(known.counter);
}

export function sameTopologyVersion(one: TopologyVersion | null, other: TopologyVersion | null): boolean {
  if (one === null || other === null) return one === other;
  return compareTopologyVersion(one, other) === 0;
}
