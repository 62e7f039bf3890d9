import type { ServerDescription } from '../description/server_description.js';
import { typeSet } from '../description/server_table.js';
import { isReplicaSet, type TopologyDescription } from '../description/topology_description.js';
import { ServerType } from '../description/types.js';
import { MongoInvalidArgumentError } from '../errors/driver.js';

/** An idle primary writes once in this time (Max Staleness, "idleWritePeriodMS"). */
const IDLE_WRITE_PERIOD_MS = 10_000;
const SMALLEST_MAX_STALENESS_SECONDS = 90;

const PRIMARY = typeSet(ServerType.RSPrimary);
const SECONDARY = typeSet(ServerType.RSSecondary);

/** Refuses a bound that is too small for a replica set. Other deployments allow every number. */
export function checkMaxStaleness(topology: TopologyDescription, maxStalenessSeconds: number): void {
  if (!isReplicaSet(topology.type)) return;
  const leastSeconds = Math.max(
    SMALLEST_MAX_STALENESS_SECONDS,
    (topology.heartbeatFrequencyMS + IDLE_WRITE_PERIOD_MS) / 1000,
  );
  if (maxStalenessSeconds >= leastSeconds) return;
  throw new MongoInvalidArgumentError(
    `maxStalenessSeconds is ${maxStalenessSeconds} and must be at least ${leastSeconds}: ${SMALLEST_MAX_STALENESS_SECONDS}, ` +
      `and not less than heartbeatFrequencyMS (${topology.heartbeatFrequencyMS}) plus ${IDLE_WRITE_PERIOD_MS} ms`,
  );
}

/** The secondaries that lag behind by no more than the bound (Max Staleness, "Estimating a secondary's replication lag"). */
export function secondariesWithin(
  topology: TopologyDescription,
  secondaries: readonly ServerDescription[],
  maxStalenessSeconds: number,
): readonly ServerDescription[] {
  const primary = topology.table.ofTypes(PRIMARY)[0];
  const newestWrite = newestWriteDate(topology);
  return secondaries.filter(secondary => {
    const lagMS =
      primary === undefined
        ? newestWrite - secondary.lastWriteDate
        : secondary.lastUpdateTime - secondary.lastWriteDate - (primary.lastUpdateTime - primary.lastWriteDate);
    return lagMS + topology.heartbeatFrequencyMS <= maxStalenessSeconds * 1000;
  });
}

function newestWriteDate(topology: TopologyDescription): number {
  let newest = 0;
  for (const { lastWriteDate } of topology.table.ofTypes(SECONDARY)) newest = Math.max(newest, lastWriteDate);
  return newest;
}
