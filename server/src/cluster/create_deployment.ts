import { UserTable } from '../auth/users.js';
import { Storage } from '../engine/storage.js';
import { ClusterTime } from '../replication/cluster_time.js';
import { noDefaultConcerns } from '../replication/default_concerns.js';
import { type Deployment, type Topology } from '../replication/deployment.js';
import { Member, type Role } from '../replication/member.js';
import { Oplog } from '../replication/oplog.js';
import { ReplicaSet } from '../replication/replica_set.js';
import { SessionTable } from '../replication/sessions.js';
import { Transaction, transactionLifetimeMS } from '../replication/transaction.js';
import { WriteLocks } from '../replication/write_locks.js';
import { TimerGroup } from '../runtime/clock.js';
import { IdGenerator } from '../runtime/ids.js';
import { type ClusterPlan } from './options.js';

/** All that the nodes of a cluster share, before any of them listens. */
export function createDeployment(plan: ClusterPlan): Deployment {
  const { topology, nodes, setName, version, electionDelayMS, seed, clock, socketPath } = plan;
  const ids = new IdGenerator(seed);
  const timers = new TimerGroup(clock);
  const members = Array.from({ length: nodes }, (_, index) => newMember({ topology, ids, clock }, index, socketPath));
  const storage = new Storage(ids);
  const locks = new WriteLocks();
  const clusterTime = new ClusterTime(clock);
  const oplog = new Oplog(clock, clusterTime);
  storage.journal = change => oplog.append([change]);
  return {
    topology,
    clock,
    timers,
    ids,
    version,
    storage,
    locks,
    sessions: new SessionTable(clock, {
      begin: identity => limited(new Transaction(storage, locks, oplog, identity), timers),
      onEnd: session => {
        for (const { cursors } of members) cursors.killSession(session);
      },
    }),
    clusterTime,
    oplog,
    defaults: noDefaultConcerns(),
    users: usersOf(plan, ids),
    requiresAuth: plan.auth !== undefined,
    members,
    replicaSet:
      topology === 'replicaset' ? new ReplicaSet({ name: setName, members, timers, electionDelayMS }) : undefined,
  };
}

/** One more process of a deployment, which does not listen yet. */
export function newMember(
  { topology, ids, clock }: Pick<Deployment, 'topology' | 'ids' | 'clock'>,
  index: number,
  socketPath = '',
): Member {
  const processId = ids.objectId(clock.wallTime());
  return new Member({ index, address: socketPath, role: roleOf(topology, index), processId, ids, clock });
}

/** One that is open for too long is aborted. */
function limited(transaction: Transaction, timers: TimerGroup): Transaction {
  const timer = timers.set(transactionLifetimeMS, () => transaction.abort());
  transaction.onEnd = () => timer.cancel();
  return transaction;
}

/** The one that the options name may do everything, as all may that are known. */
function usersOf({ auth }: ClusterPlan, ids: IdGenerator): UserTable {
  const users = new UserTable(ids);
  if (auth !== undefined)
    users.put('admin', auth.user, { password: auth.password, roles: [{ role: 'root', db: 'admin' }] });
  return users;
}

function roleOf(topology: Topology, index: number): Role {
  switch (topology) {
    case 'standalone':
      return 'standalone';
    case 'replicaset':
      return index === 0 ? 'primary' : 'secondary';
    case 'sharded':
    case 'load-balanced':
      return 'mongos';
    default:
      return topology satisfies never;
  }
}
