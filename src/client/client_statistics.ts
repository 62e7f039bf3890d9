import type { TopologyDescription } from '../description/topology_description.js';
import type { PoolStats } from '../pool/pool.js';
import type { CountedStatistics } from '../statistics/client_counters.js';

/**
 * What a client with the option `statistics` has counted, and what it holds now. A value: it does not change, and the next call of `stats()` gives another one.
 *
 * @public
 */
export interface ClientStatistics extends CountedStatistics {
  /** When the client was made and counting began. */
  readonly since: Date;
  /** When this was asked for. */
  readonly time: Date;
  /** The same by the clock of `performance.now()`, in milliseconds: differences of it are durations, for rates. */
  readonly monotonicTimeMS: number;
  /** The pools as they are now, as `poolStats()` has them: read from the pools themselves, not added up from events. */
  readonly pools: readonly PoolStats[];
  /** What is known of the deployment now; null before the first use. */
  readonly topology: TopologyDescription | null;
}
