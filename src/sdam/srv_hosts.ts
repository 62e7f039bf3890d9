import type { Random } from '../runtime/random.js';
import { canonicalAddresses } from './description/host_address.js';
import { unknownServer } from './description/server_description.js';
import { TopologyDescription } from './description/topology_description.js';

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
  const servers = new Map([...topology.servers].filter(([address]) => listed.has(address)));
  const added = [...listed].filter(address => !servers.has(address));
  const room = srvMaxHosts === 0 ? added.length : srvMaxHosts - servers.size;
  for (const address of room < added.length ? drawSome(added, room, random) : added) {
    servers.set(address, unknownServer(address));
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
  while (drawn.length < count) drawn.push(...rest.splice(Math.floor(random.next() * rest.length), 1));
  return drawn;
}
