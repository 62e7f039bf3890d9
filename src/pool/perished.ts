import type { ConnectionClosedReason } from '../events/pool.js';
import type { Clock } from '../runtime/clock.js';
import type { Connection } from './connection.js';
import { MongoPoolClearedError } from './errors.js';

/** Why a connection must not be lent again, or null (CMAP, "Connection": perished). */
export function perishedReason(
  connection: Connection,
  state: 'paused' | 'ready' | 'closed',
  maxIdleTimeMS: number,
  clock: Clock,
): ConnectionClosedReason | null {
  if (state === 'closed') return 'poolClosed';
  // One that a clearing of the pool interrupted has an error too, and is stale all the same.
  if (connection.error !== null) return connection.error instanceof MongoPoolClearedError ? 'stale' : 'error';
  if (connection.isStale) return 'stale';
  return maxIdleTimeMS > 0 && clock.now() - connection.idleSince >= maxIdleTimeMS ? 'idle' : null;
}
