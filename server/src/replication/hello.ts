import { Long } from 'bson';
import { type Document } from '../bson/types.js';
import { type Deployment } from './deployment.js';
import { type Member } from './member.js';
import { type ReplicaSet } from './replica_set.js';

const limits = {
  maxBsonObjectSize: 16 * 1024 * 1024,
  maxMessageSizeBytes: 48_000_000,
  maxWriteBatchSize: 100_000,
} as const;

/** Wire version by release: what the server calls itself decides what clients expect of it. */
const wireVersions: Readonly<Record<string, number>> = {
  '4.2': 8,
  '4.4': 9,
  '5.0': 13,
  '6.0': 17,
  '7.0': 21,
  '8.0': 25,
  '8.2': 27,
};

export function knownVersions(): string[] {
  return Object.keys(wireVersions);
}

/** A node as hello describes it. */
export function describeNode(
  deployment: Deployment,
  member: Member,
  writableField: 'ismaster' | 'isWritablePrimary',
): Document {
  const { replicaSet, clock, version } = deployment;
  const minor = version.split('.').slice(0, 2).join('.');
  return {
    ...(member.role === 'mongos' ? { msg: 'isdbgrid' } : {}),
    ...(replicaSet === undefined ? {} : describeSet(deployment, replicaSet, member)),
    [writableField]: member.isWritable,
    ...limits,
    localTime: new Date(clock.wallTime()),
    logicalSessionTimeoutMinutes: 30,
    minWireVersion: 0,
    maxWireVersion: wireVersions[minor] ?? 25,
    readOnly: false,
  };
}

function describeSet({ clusterTime }: Deployment, replicaSet: ReplicaSet, member: Member): Document {
  const { primary } = replicaSet;
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
      lastWriteDate: clusterTime.lastWrite,
      majorityOpTime: opTime,
      majorityWriteDate: clusterTime.lastWrite,
    },
  };
}
