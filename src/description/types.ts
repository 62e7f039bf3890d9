import type { Binary, Long, ObjectId, Timestamp } from '../bson/index.js';

/**
 * What the driver knows about the role of a server.
 *
 * @public
 */
export const ServerType = Object.freeze({
  Standalone: 'Standalone',
  Mongos: 'Mongos',
  PossiblePrimary: 'PossiblePrimary',
  RSPrimary: 'RSPrimary',
  RSSecondary: 'RSSecondary',
  RSArbiter: 'RSArbiter',
  RSOther: 'RSOther',
  RSGhost: 'RSGhost',
  Unknown: 'Unknown',
  LoadBalancer: 'LoadBalancer',
} as const);

/** @public */
export type ServerType = (typeof ServerType)[keyof typeof ServerType];

/**
 * What the driver knows about the kind of a deployment.
 *
 * @public
 */
export const TopologyType = Object.freeze({
  Single: 'Single',
  ReplicaSetNoPrimary: 'ReplicaSetNoPrimary',
  ReplicaSetWithPrimary: 'ReplicaSetWithPrimary',
  Sharded: 'Sharded',
  Unknown: 'Unknown',
  LoadBalanced: 'LoadBalanced',
} as const);

/** @public */
export type TopologyType = (typeof TopologyType)[keyof typeof TopologyType];

/**
 * A server's own count of its state changes. Counters compare only within one `processId`.
 *
 * @public
 */
export interface TopologyVersion {
  /** Another one after each start of the server. */
  readonly processId: ObjectId;
  /** Counts up with each change. */
  readonly counter: Long;
}

/** When a server carried out an operation, by the cluster's logical clock. @public */
export type OperationTime = Timestamp;

/** The cluster's logical time as servers gossip it. @public */
export interface ClusterTime {
  clusterTime: Timestamp;
  signature?: { hash: Binary; keyId: Long };
}
