import type { ServerDescription } from './description/server_description.js';
import type { TopologyDescription } from './description/topology_description.js';
import { hintFor } from './selection_hint.js';

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
