import type { ServerDescription } from '../description/server_description.js';
import { isReplicaSet, type TopologyDescription } from '../description/topology_description.js';
import { ServerType } from '../description/types.js';
import { MongoRuntimeError } from '../errors/driver.js';

/** A server is of another replica set than the one that was asked for, or of none. To users it is a MongoRuntimeError. */
export class SetNameMismatchError extends MongoRuntimeError {}

/** @param wanted - the name that was asked for */
export function setNameMismatch({ address, type, setName }: ServerDescription, wanted: string): SetNameMismatchError {
  const found =
    setName === null ? `${address} is in none, it is a ${type}` : `${address} is in the replica set "${setName}"`;
  return new SetNameMismatchError(`Replica set "${wanted}" was asked for and ${found}`, { host: address });
}

/** Why a server that was checked has left the topology by it (SDAM, "TopologyType table": remove). */
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
