/** What a connection that is being established waits for. @public */
export interface ConnectionProgress {
  /** `hello`: the server has the connection and has not answered yet. */
  readonly phase: 'proxy' | 'resolve' | 'connect' | 'tls' | 'hello' | 'auth';
  /** Milliseconds since this phase began. */
  readonly elapsedMS: number;
}

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
  /** The connection that has been on its way for longest. Only in errors, and there if one was. */
  readonly establishing?: ConnectionProgress;
  /** Waiting for the late reply of an operation that has given up. */
  readonly draining: number;
  readonly waitQueueLength: number;
}
