import type { PoolCounts } from '../errors/pool_counts.js';
import type { PoolSnapshot } from '../events/pool.js';
import type { Connection } from './connection.js';
import { Lent } from './lent.js';
import type { PendingResponses } from './pending_responses.js';

/** Where the connections of a pool are: each in exactly one of four places, or closed. */
export class Places {
  /** On their way: being established, or probed. */
  readonly pending = new Set<Connection>();
  /** Last in, first out, so that connections that are not needed grow old. */
  readonly idle: Connection[] = [];
  readonly inUse = new Lent();
  readonly draining: PendingResponses;

  constructor(draining: PendingResponses) {
    this.draining = draining;
  }

  /** Those that have been established. */
  get established(): number {
    return this.idle.length + this.inUse.size + this.draining.size;
  }

  /** Takes an idle connection out. False if it is not idle: a listener that is told of one may have had another discarded. */
  takeIdle(connection: Connection): boolean {
    const index = this.idle.indexOf(connection);
    if (index >= 0) this.idle.splice(index, 1);
    return index >= 0;
  }

  /** What is idle now is probed before it is lent. */
  suspectIdle(): void {
    for (const connection of this.idle) connection.isSuspect = true;
  }

  snapshot(waitQueueLength: number, generation: number): PoolSnapshot {
    return {
      total: this.established + this.pending.size,
      idle: this.idle.length,
      inUse: this.inUse.size,
      pending: this.pending.size,
      draining: this.draining.size,
      waitQueueLength,
      generation,
    };
  }

  /** A snapshot with all that an error tells. */
  counts(snapshot: PoolSnapshot, maxPoolSize: number): PoolCounts {
    let inUseByCursors = 0;
    let inUseByTransactions = 0;
    for (const { pinnedBy } of this.inUse.all()) {
      if (pinnedBy === 'cursor') inUseByCursors++;
      else if (pinnedBy === 'transaction') inUseByTransactions++;
    }
    const { generation: _, ...counts } = snapshot;
    return { ...counts, maxPoolSize, inUseByCursors, inUseByTransactions };
  }
}
