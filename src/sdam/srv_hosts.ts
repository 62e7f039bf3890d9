import { canonicalAddresses } from '../description/host_address.js';
import { unknownServer } from '../description/server_description.js';
import { TopologyDescription } from '../description/topology_description.js';
import type { Random } from '../runtime/random.js';

/**
 * What is known after the SRV records of a sharded or still unknown deployment were read again (Polling SRV Records).
 *
 * @param srvMaxHosts - 0 for no limit; otherwise hosts are added by chance up to this many, and known ones stay
 */
export function applySrvHosts(
  topology: TopologyDescription,
  hosts: readonly string[],
  srvMaxHosts: number,
  random: Random,
): TopologyDescription {
  const listed = new Set(canonicalAddresses(hosts));
  let servers = topology.table;
  for (const { address } of servers.all()) {
    if (!listed.has(address)) servers = servers.without(address);
  }
  const added = [...listed].filter(address => !servers.has(address));
  const room = srvMaxHosts === 0 ? added.length : srvMaxHosts - servers.size;
  for (const address of room < added.length ? drawSome(added, room, random) : added) {
    servers = servers.with(unknownServer(address));
  }
  const { type, setName, maxSetVersion, maxElectionId, heartbeatFrequencyMS, localThresholdMS, seedCount } = topology;
  return new TopologyDescription({
    type,
    setName,
    maxSetVersion,
    maxElectionId,
    servers,
    heartbeatFrequencyMS,
    localThresholdMS,
    seedCount,
  });
}

function drawSome(items: readonly string[], count: number, random: Random): string[] {
  const rest = [...items];
  const drawn: string[] = [];
  while (drawn.length < count) {
    const index = Math.floor(random.next() * rest.length);
    const last = rest.pop();
    // The last one takes the place of the one that is drawn.
    const found = index === rest.length ? last : rest[index];
    if (last === undefined || found === undefined) break;
    if (index < rest.length) rest[index] = last;
    drawn.push(found);
  }
  return drawn;
}
