import { Long } from 'bson';
import { type Document } from '../bson/types.js';
import { type Deployment } from './deployment.js';
import { type Member } from './member.js';
import { type ReplicaSet } from './replica_set.js';
import { wireVersionOf } from './versions.js';

const limits = {
  maxBsonObjectSize: 16 * 1024 * 1024,
  maxMessageSizeBytes: 48_000_000,
  maxWriteBatchSize: 100_000,
} as const;

/** A node as hello describes it. */
export function describeNode(
  deployment: Deployment,
  member: Member,
  writableField: 'ismaster' | 'isWritablePrimary',
): Document {
  const { replicaSet, clock, version } = deployment;
  return {
    ...(member.role === 'mongos' ? { msg: 'isdbgrid' } : {}),
    ...(replicaSet === undefined ? {} : describeSet(deployment, replicaSet, member)),
    [writableField]: member.isWritable,
    ...limits,
    localTime: new Date(clock.wallTime()),
    logicalSessionTimeoutMinutes: 30,
    minWireVersion: 0,
    maxWireVersion: wireVersionOf(version),
    readOnly: false,
  };
}

function describeSet({ clusterTime, clock }: Deployment, replicaSet: ReplicaSet, member: Member): Document {
  if (member.role === 'removed') {
    return { isreplicaset: true, secondary: false, info: 'Does not have a valid replica set config' };
  }
  const { primary } = replicaSet;
  // One that lags behind has the writes only that were made so long ago.
  const latest = Math.min(clusterTime.lastWrite.getTime(), clock.wallTime() - member.lagMS);
  const lastWriteDate = member.lagMS === 0 ? clusterTime.lastWrite : new Date(latest);
  const opTime = { ts: clusterTime.latest, t: Long.fromNumber(replicaSet.term) };
  return {
    hosts: replicaSet.members.map(({ address }) => address),
    setName: replicaSet.name,
    setVersion: replicaSet.setVersion,
    secondary: member.role === 'secondary',
    ...(primary === undefined ? {} : { primary: primary.address }),
    me: member.address,
    // Only a primary tells of its election.
    ...(member.role === 'primary' ? { electionId: replicaSet.electionId } : {}),
    lastWrite: {
      opTime,
      lastWriteDate,
      majorityOpTime: opTime,
      majorityWriteDate: lastWriteDate,
    },
  };
}
