import type { ServerDescription } from './description/server_description.js';
import type { TopologyDescription } from './description/topology_description.js';
import { ServerType, TopologyType } from './description/types.js';

/**
 * Why no server suited, on one line: what was asked for, and of each server its type, its last error and the age of it.
 *
 * @param wanted - `primary`, `readPreference secondary`, …
 * @param now - monotonic milliseconds
 */
export function describeSelectionFailure(topology: TopologyDescription, wanted: string, now: number): string {
  const servers = [...topology.servers.values()].map(server => describeServer(server, now)).join('; ');
  const hint = hintFor(topology);
  return `wanted ${wanted}, topology ${topology.type} [${servers}]${hint === undefined ? '' : `. ${hint}`}`;
}

function describeServer({ address, type, error, lastUpdateTime }: ServerDescription, now: number): string {
  const age = lastUpdateTime > 0 ? ` (${Math.max(0, Math.round(now - lastUpdateTime))} ms ago)` : '';
  return `${address} ${type}${error === null ? '' : `, ${error.message}${age}`}`;
}

function codesOf(topology: TopologyDescription): Set<unknown> {
  return new Set(
    [...topology.servers.values()].map(({ error }) => (error?.cause as { code?: unknown } | undefined)?.code),
  );
}

/** What an operator may look at first, where that is known. */
function hintFor(topology: TopologyDescription): string | undefined {
  const codes = codesOf(topology);
  if (codes.has('ENOTFOUND') || codes.has('EAI_AGAIN')) return 'A host name does not resolve: check it, and DNS';
  if (codes.has('ECONNREFUSED')) return 'A host refuses connections: check the port, and that the server runs';
  const types = [...topology.servers.values()].map(({ type }) => type);
  if (topology.type === TopologyType.ReplicaSetNoPrimary && types.includes(ServerType.RSSecondary)) {
    return 'The replica set has no primary: an election may be under way, or too few members are up';
  }
  if (topology.type !== TopologyType.Single && topology.servers.size === 0) {
    return 'No seed belongs to the deployment: check replicaSet and directConnection';
  }
  return undefined;
}
