/** Connections of a pool at one moment. @public */
export interface PoolCounts {
  /** 0 is no limit. */
  readonly maxPoolSize: number;
  /** All connections: idle, in use, pending and draining. */
  readonly total: number;
  readonly idle: number;
  readonly inUse: number;
  /** Of those in use: kept by cursors for longer than one command, behind a load balancer. */
  readonly inUseByCursors: number;
  /** Of those in use: kept by transactions, behind a load balancer. */
  readonly inUseByTransactions: number;
  /** Being established. */
  readonly pending: number;
  /** Waiting for the late reply of an operation that has given up. */
  readonly draining: number;
  readonly waitQueueLength: number;
}
