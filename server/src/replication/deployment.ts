import { type Storage } from '../engine/storage.js';
import { type Clock, type TimerGroup } from '../runtime/clock.js';
import { type IdGenerator } from '../runtime/ids.js';
import { type ClusterTime } from './cluster_time.js';
import { type Member } from './member.js';
import { type ReplicaSet } from './replica_set.js';
import { type SessionTable } from './sessions.js';
import { type WriteLocks } from './write_locks.js';

/** What all nodes share, and what a command needs besides its own node and connection. */
export interface Deployment {
  readonly clock: Clock;
  readonly timers: TimerGroup;
  readonly ids: IdGenerator;
  readonly version: string;
  readonly storage: Storage;
  /** What open transactions have written. */
  readonly locks: WriteLocks;
  readonly sessions: SessionTable;
  readonly clusterTime: ClusterTime;
  readonly members: readonly Member[];
  /** Undefined for a standalone. */
  readonly replicaSet: ReplicaSet | undefined;
}
