import type { ObjectId } from '../bson/index.js';
import type { ServerDescription } from '../description/server_description.js';
import { MongoStalePrimaryError } from '../errors/driver.js';

/** The newest election of a primary that a topology knows. */
export interface Election {
  readonly maxSetVersion: number | null;
  readonly maxElectionId: ObjectId | null;
}

/** From MongoDB 6.0 on the electionId is compared before the setVersion. */
const FIRST_WIRE_VERSION_WITH_ELECTION_ID_FIRST = 17;

/**
 * Whether the topology knows a later election than that of this primary (SDAM, "updateRSFromPrimary").
 *
 * From MongoDB 6.0 on the tuple (electionId, setVersion) is compared; null sorts lowest. Before 6.0, (setVersion, electionId) is
 * compared, and only if both tuples are complete.
 */
export function isStalePrimary({ maxSetVersion, maxElectionId }: Election, server: ServerDescription): boolean {
  const { electionId, setVersion } = server;
  const byElectionId = compareElectionIds(electionId, maxElectionId);
  if (comparesElectionIdFirst(server)) {
    return byElectionId < 0 || (byElectionId === 0 && (setVersion ?? -1) < (maxSetVersion ?? -1));
  }
  if (setVersion === null || electionId === null || maxSetVersion === null || maxElectionId === null) return false;
  return setVersion < maxSetVersion || (setVersion === maxSetVersion && byElectionId < 0);
}

/** The newest election after a primary that is not stale has answered. */
export function newestElection({ maxSetVersion, maxElectionId }: Election, server: ServerDescription): Election {
  const { electionId, setVersion } = server;
  if (comparesElectionIdFirst(server)) return { maxElectionId: electionId, maxSetVersion: setVersion };
  return {
    maxElectionId: setVersion !== null && electionId !== null ? electionId : maxElectionId,
    maxSetVersion: setVersion !== null && setVersion > (maxSetVersion ?? -1) ? setVersion : maxSetVersion,
  };
}

export function staleTupleError(max: Election, server: ServerDescription): MongoStalePrimaryError {
  const stale = tupleText(server.electionId, server.setVersion);
  return new MongoStalePrimaryError(
    `primary marked stale due to electionId/setVersion mismatch, ${stale} is stale compared to ` +
      tupleText(max.maxElectionId, max.maxSetVersion),
    { host: server.address },
  );
}

export function newerPrimaryError(stale: ServerDescription, newer: ServerDescription): MongoStalePrimaryError {
  return new MongoStalePrimaryError(
    `primary marked stale due to discovery of newer primary ${newer.address} with ` +
      tupleText(newer.electionId, newer.setVersion),
    { host: stale.address },
  );
}

function comparesElectionIdFirst(server: ServerDescription): boolean {
  return server.maxWireVersion >= FIRST_WIRE_VERSION_WITH_ELECTION_ID_FIRST;
}

/** Compares byte by byte, in the order of the hexadecimal digits. Null sorts lowest. */
function compareElectionIds(one: ObjectId | null, other: ObjectId | null): number {
  const [a, b] = [one?.toHexString() ?? '', other?.toHexString() ?? ''];
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function tupleText(electionId: ObjectId | null, setVersion: number | null): string {
  return `(electionId ${electionId?.toHexString() ?? 'null'}, setVersion ${setVersion ?? 'null'})`;
}
