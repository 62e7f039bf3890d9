import type { PoolCounts } from '../errors/pool_counts.js';
import type { EventPublisher } from '../events/publisher.js';
import type { Clock } from '../runtime/clock.js';
import type { Random } from '../runtime/random.js';
import type { Connection } from './connection.js';
import type { ConnectionParts } from './connection_parts.js';
import type { EstablishSettings } from './establish.js';

/** The options of all pools of a client. Milliseconds; 0 means no limit, except for `minPoolSize` and `pendingResponseTimeoutMS`. */
export interface PoolOptions {
  readonly maxPoolSize: number;
  readonly minPoolSize: number;
  readonly maxConnecting: number;
  readonly maxIdleTimeMS: number;
  readonly waitQueueTimeoutMS: number;
  /** How long a late reply is waited for after its caller has gone; 0 closes the connection at once. */
  readonly pendingResponseTimeoutMS: number;
}

/** A pool at one moment. @public */
export interface PoolStats extends PoolCounts {
  /** `host:port` of the server, or the path of its Unix socket. */
  readonly address: string;
  /** `paused`: the server is not known to be available, and nobody gets a connection. */
  readonly state: 'paused' | 'ready' | 'closed';
  /** How often the pool was cleared. */
  readonly generation: number;
}

/** What a pool needs from above. */
export interface PoolPorts {
  readonly publisher: EventPublisher;
  readonly clock: Clock;
  readonly random: Random;
  readonly connection: ConnectionParts;
  readonly establish: EstablishSettings;
  /** The server has answered the hello of a new connection, which has its description from here on. May clear or close this pool. */
  onHandshake(connection: Connection): void;
  /** A connection could not be established. May clear this pool before it returns. */
  onConnectionError(error: Error, connection: Connection): void;
  /** A new connection is ready for use. May close this pool. */
  onConnectionReady?(): void;
}
