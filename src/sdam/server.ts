import type { ConnectionPool } from '../pool/pool.js';
import type { Monitor } from './monitor.js';

/** One server of the deployment as the driver works with it. What is known about it lies in the topology's description. */
export class Server {
  readonly address: string;
  readonly pool: ConnectionPool;
  /** None behind a load balancer. */
  readonly monitor: Monitor | null;
  /** Operations that have selected this server and have not ended (Server Selection, "operationCount"). */
  operationCount = 0;

  constructor(address: string, pool: ConnectionPool, monitor: Monitor | null) {
    this.address = address;
    this.pool = pool;
    this.monitor = monitor;
  }
}
