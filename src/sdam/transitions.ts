import type { ObjectId } from '../bson/index.js';
import { canonicalAddresses } from '../description/host_address.js';
import { type ServerDescription, unknownServer } from '../description/server_description.js';
import { type ServerTable, typeSet } from '../description/server_table.js';
import { isReplicaSet, TopologyDescription } from '../description/topology_description.js';
import { compareTopologyVersion } from '../description/topology_version.js';
import { ServerType, TopologyType } from '../description/types.js';
import { MongoRuntimeError } from '../errors/driver.js';
import type { Random } from '../runtime/random.js';
import { isStalePrimary, newerPrimaryError, newestElection, staleTupleError } from './election.js';

/** A topology description while it is being computed. The new description of the checked server is in it already. */
interface Draft {
  type: TopologyType;
  setName: string | null;
  maxSetVersion: number | null;
  maxElectionId: ObjectId | null;
  servers: ServerTable;
  readonly seedCount: number;
}

type Transition = (draft: Draft, server: ServerDescription) => void;

const keep: Transition = () => undefined;

const PRIMARY = typeSet(ServerType.RSPrimary);

/**
 * SDAM, "TopologyType table": what a check's outcome (columns) does in a topology (rows).
 *
 * ```
 *                        Unknown   Standalone        Mongos    RSPrimary    RSSecondary,      RSGhost
 *                                                                           RSArbiter, RSOther
 * Unknown                keep      Single or remove  Sharded   fromPrimary  withoutPrimary    keep
 * Sharded                keep      remove            keep      remove       remove            remove
 * ReplicaSetNoPrimary    keep      remove            remove    fromPrimary  withoutPrimary    keep
 * ReplicaSetWithPrimary  check     remove, check     (same)    fromPrimary  fromMember        check
 * Single                 the set name, if one was asked for, must be the server's
 * LoadBalanced           keep
 * ```
 *
 * `check` is checkIfHasPrimary. A LoadBalancer occurs in LoadBalanced only; a PossiblePrimary is never made by this driver.
 */
const TRANSITIONS: Readonly<Record<TopologyType, Readonly<Record<ServerType, Transition>>>> = {
  Unknown: {
    Unknown: keep,
    PossiblePrimary: keep,
    Standalone: becomeSingle,
    Mongos: becomeSharded,
    RSPrimary: updateFromPrimary,
    RSSecondary: updateWithoutPrimary,
    RSArbiter: updateWithoutPrimary,
    RSOther: updateWithoutPrimary,
    RSGhost: keep,
    LoadBalancer: keep,
  },
  Sharded: {
    Unknown: keep,
    PossiblePrimary: keep,
    Standalone: remove,
    Mongos: keep,
    RSPrimary: remove,
    RSSecondary: remove,
    RSArbiter: remove,
    RSOther: remove,
    RSGhost: remove,
    LoadBalancer: remove,
  },
  ReplicaSetNoPrimary: {
    Unknown: keep,
    PossiblePrimary: keep,
    Standalone: remove,
    Mongos: remove,
    RSPrimary: updateFromPrimary,
    RSSecondary: updateWithoutPrimary,
    RSArbiter: updateWithoutPrimary,
    RSOther: updateWithoutPrimary,
    RSGhost: keep,
    LoadBalancer: remove,
  },
  ReplicaSetWithPrimary: {
    Unknown: checkIfHasPrimary,
    PossiblePrimary: checkIfHasPrimary,
    Standalone: removeAndCheck,
    Mongos: removeAndCheck,
    RSPrimary: updateFromPrimary,
    RSSecondary: updateFromMember,
    RSArbiter: updateFromMember,
    RSOther: updateFromMember,
    RSGhost: checkIfHasPrimary,
    LoadBalancer: removeAndCheck,
  },
  Single: {
    Unknown: keep,
    PossiblePrimary: keep,
    Standalone: requireSetName,
    Mongos: requireSetName,
    RSPrimary: requireSetName,
    RSSecondary: requireSetName,
    RSArbiter: requireSetName,
    RSOther: requireSetName,
    RSGhost: requireSetName,
    LoadBalancer: keep,
  },
  LoadBalanced: {
    Unknown: keep,
    PossiblePrimary: keep,
    Standalone: keep,
    Mongos: keep,
    RSPrimary: keep,
    RSSecondary: keep,
    RSArbiter: keep,
    RSOther: keep,
    RSGhost: keep,
    LoadBalancer: keep,
  },
};

/**
 * The description after a server was checked, or was found to be unavailable.
 *
 * @returns `topology` itself when the outcome does not count: the server has left the topology, or its known description is newer
 *   (SDAM, "topologyVersion")
 */
export function applyServerDescription(topology: TopologyDescription, server: ServerDescription): TopologyDescription {
  const known = topology.table.get(server.address);
  if (known === undefined) return topology;
  if (compareTopologyVersion(server.topologyVersion, known.topologyVersion) < 0) return topology;

  const draft = draftOf(topology);
  draft.servers = draft.servers.with(server);
  TRANSITIONS[topology.type][server.type](draft, server);
  return complete(topology, draft);
}

/**
 * The description after the SRV records of a sharded or still unknown deployment were read again (Polling SRV Records).
 *
 * @param srvMaxHosts - 0 for no limit; otherwise new hosts are drawn at random up to this number, and known hosts stay
 */
export function applySrvHosts(
  topology: TopologyDescription,
  hosts: readonly string[],
  srvMaxHosts: number,
  random: Random,
): TopologyDescription {
  const draft = draftOf(topology);
  const listed = new Set(canonicalAddresses(hosts));
  removeOthers(draft, listed);
  const added = [...listed].filter(address => !draft.servers.has(address));
  const room = srvMaxHosts === 0 ? added.length : srvMaxHosts - draft.servers.size;
  for (const address of room < added.length ? drawSome(added, room, random) : added) {
    draft.servers = draft.servers.with(unknownServer(address));
  }
  return complete(topology, draft);
}

function draftOf(topology: TopologyDescription): Draft {
  const { type, setName, maxSetVersion, maxElectionId, seedCount } = topology;
  return { type, setName, maxSetVersion, maxElectionId, seedCount, servers: topology.table };
}

function complete(before: TopologyDescription, draft: Draft): TopologyDescription {
  const { heartbeatFrequencyMS, localThresholdMS } = before;
  return new TopologyDescription({ ...draft, heartbeatFrequencyMS, localThresholdMS });
}

function remove(draft: Draft, server: ServerDescription): void {
  draft.servers = draft.servers.without(server.address);
}

function removeAndCheck(draft: Draft, server: ServerDescription): void {
  draft.servers = draft.servers.without(server.address);
  checkIfHasPrimary(draft);
}

/** SDAM, "checkIfHasPrimary". */
function checkIfHasPrimary(draft: Draft): void {
  const hasPrimary = (draft.servers.types & PRIMARY) !== 0;
  draft.type = hasPrimary ? TopologyType.ReplicaSetWithPrimary : TopologyType.ReplicaSetNoPrimary;
}

/** SDAM, "updateUnknownWithStandalone": one of several seeds cannot be a standalone. */
function becomeSingle(draft: Draft, server: ServerDescription): void {
  if (draft.seedCount === 1) draft.type = TopologyType.Single;
  else remove(draft, server);
}

function becomeSharded(draft: Draft): void {
  draft.type = TopologyType.Sharded;
}

/** SDAM, "TopologyType Single": a server with another set name than `replicaSet` is treated as unavailable. */
function requireSetName(draft: Draft, server: ServerDescription): void {
  if (draft.setName === null || draft.setName === server.setName) return;
  const error = setNameMismatch(server, draft.setName);
  draft.servers = draft.servers.with(unknownServer(server.address, error, null, server.lastUpdateTime));
}

/** SDAM, "updateRSWithoutPrimary". */
function updateWithoutPrimary(draft: Draft, server: ServerDescription): void {
  draft.type = TopologyType.ReplicaSetNoPrimary;
  if (!agreesOnSetName(draft, server)) {
    remove(draft, server);
    return;
  }
  addMembers(draft, server);
  if (!isUnderOwnAddress(server)) remove(draft, server);
}

/** SDAM, "updateRSWithPrimaryFromMember". */
function updateFromMember(draft: Draft, server: ServerDescription): void {
  if (draft.setName !== server.setName || !isUnderOwnAddress(server)) remove(draft, server);
  // This member may have been the primary.
  checkIfHasPrimary(draft);
}

/** SDAM, "updateRSFromPrimary". */
function updateFromPrimary(draft: Draft, server: ServerDescription): void {
  if (!agreesOnSetName(draft, server)) {
    removeAndCheck(draft, server);
    return;
  }
  if (isStalePrimary(draft, server)) {
    draft.servers = draft.servers.with(unknownServer(server.address, staleTupleError(draft, server)));
    checkIfHasPrimary(draft);
    return;
  }
  Object.assign(draft, newestElection(draft, server));
  for (const other of draft.servers.ofTypes(PRIMARY)) {
    if (other.address === server.address) continue;
    draft.servers = draft.servers.with(unknownServer(other.address, newerPrimaryError(other, server)));
  }
  addMembers(draft, server);
  const members = new Set(server.allHosts);
  // All members are in the draft by now, so the usual case needs no search.
  if (draft.servers.size > members.size) removeOthers(draft, members);
  checkIfHasPrimary(draft);
}

/** Whether a member belongs to the client's set. If the set name is not known yet, the first member decides it. */
function agreesOnSetName(draft: Draft, server: ServerDescription): boolean {
  draft.setName ??= server.setName;
  return draft.setName === server.setName;
}

function isUnderOwnAddress(server: ServerDescription): boolean {
  return server.me === null || server.me === server.address;
}

function addMembers(draft: Draft, server: ServerDescription): void {
  for (const address of server.allHosts) {
    if (!draft.servers.has(address)) draft.servers = draft.servers.with(unknownServer(address));
  }
}

/** Removes the servers that are not members. */
function removeOthers(draft: Draft, members: ReadonlySet<string>): void {
  for (const { address } of draft.servers.all()) {
    if (!members.has(address)) draft.servers = draft.servers.without(address);
  }
}

/** A server belongs to another replica set than `replicaSet`, or to none. For users it is a MongoRuntimeError. */
export class SetNameMismatchError extends MongoRuntimeError {}

/** @param wanted - `replicaSet` of the client */
function setNameMismatch({ address, type, setName }: ServerDescription, wanted: string): SetNameMismatchError {
  const found =
    setName === null ? `${address} is in none, it is a ${type}` : `${address} is in the replica set "${setName}"`;
  return new SetNameMismatchError(`Replica set "${wanted}" was asked for and ${found}`, { host: address });
}

/** The reason for which a check has removed its server from the topology (SDAM, "TopologyType table": remove). */
export function whyLeftOut(server: ServerDescription, after: TopologyDescription): MongoRuntimeError {
  const { address, type, setName, me } = server;
  const { setName: wanted } = after;
  if (isReplicaSet(after.type) && wanted !== null && wanted !== setName) return setNameMismatch(server, wanted);
  const details = { host: address };
  if (me !== null && me !== address) {
    return new MongoRuntimeError(`${address} calls itself ${me}, and is followed under that name`, details);
  }
  if (type === ServerType.Standalone) {
    return new MongoRuntimeError(`${address} is a Standalone and cannot be one of several seeds`, details);
  }
  return new MongoRuntimeError(`${address} is a ${type} and does not belong to a topology ${after.type}`, details);
}

function drawSome(items: readonly string[], count: number, random: Random): string[] {
  const rest = [...items];
  const drawn: string[] = [];
  while (drawn.length < count) {
    const index = Math.floor(random.next() * rest.length);
    const last = rest.pop();
    // The last item takes the place of the drawn one.
    const found = index === rest.length ? last : rest[index];
    if (last === undefined || found === undefined) break;
    if (index < rest.length) rest[index] = last;
    drawn.push(found);
  }
  return drawn;
}
