import { Double, Int32 } from 'bson';
import { isNumber, toInteger } from '../bson/numbers.js';
import { type Document } from '../bson/types.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { type ReplicaSet } from '../replication/replica_set.js';
import { type CommandContext } from './context.js';

export function replSetStepDown({ body, deployment }: CommandContext): Document {
  const replicaSet = requireReplicaSet(deployment.replicaSet);
  const seconds = body['replSetStepDown'];
  const barredSeconds = isNumber(seconds) ? (toInteger(seconds) ?? 60) : 60;
  if (barredSeconds < 0) throw new CommandError(ErrorCode.BadValue, 'stepdown period must be a positive integer');
  replicaSet.stepDown(barredSeconds * 1000);
  return {};
}

export function replSetGetStatus({ member, deployment }: CommandContext): Document {
  const replicaSet = requireReplicaSet(deployment.replicaSet);
  return {
    set: replicaSet.name,
    date: new Date(deployment.clock.wallTime()),
    myState: member.role === 'primary' ? 1 : member.role === 'removed' ? 10 : 2,
    term: new Int32(replicaSet.term),
    members: replicaSet.members.map(other => ({
      _id: other.index,
      name: other.address,
      health: new Double(other.isUp ? 1 : 0),
      state: other.isUp ? (other.role === 'primary' ? 1 : 2) : 8,
      stateStr: other.isUp ? other.role.toUpperCase() : '(not reachable/healthy)',
      ...(other === member ? { self: true } : {}),
    })),
  };
}

export function replSetGetConfig({ deployment }: CommandContext): Document {
  const replicaSet = requireReplicaSet(deployment.replicaSet);
  return {
    config: {
      _id: replicaSet.name,
      version: replicaSet.setVersion,
      term: replicaSet.term,
      members: replicaSet.members.map(({ index, address }) => ({ _id: index, host: address, priority: 1, votes: 1 })),
    },
  };
}

/** This node may not be elected for so many seconds; 0 takes that back, and what a step-down forbade. */
export function replSetFreeze({ body, deployment, member }: CommandContext): Document {
  const replicaSet = requireReplicaSet(deployment.replicaSet);
  const seconds = toInteger(body['replSetFreeze']) ?? 0;
  if (seconds > 0 && member.role === 'primary') {
    throw new CommandError(
      ErrorCode.NotSecondary,
      'cannot freeze node when primary or running for election. state: Primary',
    );
  }
  if (seconds > 0) replicaSet.bar(member, seconds * 1000);
  else replicaSet.letStand(member);
  return seconds > 0 ? {} : { info: 'unfreezing' };
}

function requireReplicaSet(replicaSet: ReplicaSet | undefined): ReplicaSet {
  if (replicaSet !== undefined) return replicaSet;
  throw new CommandError(ErrorCode.NoReplicationEnabled, 'not running with --replSet');
}
