import type { ConnectionPool } from '../pool/pool.js';
import type { Monitor } from './monitor.js';

/** The pool and the monitor of one server. Its state is in the topology's description. */
export class Server {
  readonly address: string;
  readonly pool: ConnectionPool;
  /** Null behind a load balancer. */
  readonly monitor: Monitor | null;
  /** Operations that have selected this server and have not ended (Server Selection, "operationCount"). */
  operationCount = 0;

  constructor(address: string, pool: ConnectionPool, monitor: Monitor | null) {
    this.address = address;
    this.pool = pool;
    this.monitor = monitor;
  }
}
