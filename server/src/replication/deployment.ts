import { type UserTable } from '../auth/users.js';
import { type Storage } from '../engine/storage.js';
import { type Clock, type TimerGroup } from '../runtime/clock.js';
import { type IdGenerator } from '../runtime/ids.js';
import { type ClusterTime } from './cluster_time.js';
import { type DefaultConcerns } from './default_concerns.js';
import { type Member } from './member.js';
import { type Oplog } from './oplog.js';
import { type ReplicaSet } from './replica_set.js';
import { type SessionTable } from './sessions.js';
import { type WriteLocks } from './write_locks.js';

export type Topology = 'standalone' | 'replicaset' | 'sharded' | 'load-balanced';

/** What all nodes share, and what a command needs besides its own node and connection. */
export interface Deployment {
  readonly topology: Topology;
  readonly clock: Clock;
  readonly timers: TimerGroup;
  readonly ids: IdGenerator;
  readonly version: string;
  readonly storage: Storage;
  /** What open transactions have written. */
  readonly locks: WriteLocks;
  readonly sessions: SessionTable;
  readonly clusterTime: ClusterTime;
  readonly oplog: Oplog;
  readonly defaults: DefaultConcerns;
  readonly users: UserTable;
  /** Clients have to say who they are. */
  readonly requiresAuth: boolean;
  /** Every node that there is, in the configuration of the set or not. */
  readonly members: Member[];
  /** The set whose members clients see; undefined for a standalone and behind mongos. */
  readonly replicaSet: ReplicaSet | undefined;
}

/** Whether there are cluster times, retryable writes and transactions: everywhere but on a standalone. */
export function isReplicated({ topology }: Deployment): boolean {
  return topology !== 'standalone';
}
