import type { Document } from '../bson/index.js';
import type { Call, StageLimits } from '../call/call.js';
import type { Lifetime } from '../call/lifetime.js';
import type { EventPublisher, OperationIds } from '../events/publisher.js';
import type { Clock } from '../runtime/clock.js';
import type { Random } from '../runtime/random.js';
import type { Topology } from '../sdam/topology.js';
import type { ClusterClock } from '../sessions/cluster_time.js';
import type { ServerSessionPool } from '../sessions/server_session_pool.js';
import type { MessageEncoder } from '../wire/message_encoder.js';
import type { LiveCursors } from './live_cursors.js';

/** What operations of one client share. */
export interface Engine {
  readonly topology: Topology;
  readonly sessions: ServerSessionPool;
  readonly cursors: LiveCursors;
  readonly lifetime: Lifetime;
  readonly clusterClock: ClusterClock;
  readonly publisher: EventPublisher;
  readonly clock: Clock;
  readonly random: Random;
  readonly encoder: MessageEncoder;
  readonly options: EngineOptions;
}

/** Where those that send commands get it from. */
export interface EngineSource {
  /** @internal */
  readonly clock: Clock;
  /** @internal */
  readonly operationIds: OperationIds;
  /** Timeouts of single stages, for the calls of this client. @internal */
  readonly stageLimits: StageLimits;
  /** @internal */
  readonly publisher: EventPublisher;
  /** At once; or when the files of TLS are read, and DNS has told the hosts of an SRV connection string. Connects if need be. @internal */
  engine(call: Call): Engine | Promise<Engine>;
}

export interface EngineOptions {
  readonly retryReads: boolean;
  readonly retryWrites: boolean;
  readonly maxAdaptiveRetries: number;
  readonly enableOverloadRetargeting: boolean;
  /** Versioned API fields, on every command; undefined without a declared API version. */
  readonly apiFields: Document | undefined;
}
