import { MongoError } from '../errors/base.js';
import { isNetworkError } from '../errors/classify.js';
import { ServerErrorCode } from '../errors/codes.js';
import type { ServerDescription } from './description/server_description.js';
import type { TopologyDescription } from './description/topology_description.js';
import type { SelectionFailure, UnsuitableServer } from './errors.js';
import { hintFor } from './selection_hint.js';
import { SetNameMismatchError } from './set_name_mismatch.js';

/**
 * Why no server suited.
 *
 * @param wanted - `primary`, `secondary`, …
 * @param now - monotonic milliseconds
 */
export function selectionFailure(topology: TopologyDescription, wanted: string, now: number): SelectionFailure {
  const servers = [...topology.servers.values()];
  return {
    wanted,
    servers: servers.map(server => unsuitable(server, now)),
    hint: hintFor(topology),
    cause: lastError(servers),
  };
}

/** The same on one line. */
export function textOfFailure({ type }: TopologyDescription, { wanted, servers, hint }: SelectionFailure): string {
  const known = servers.map(({ address, type, error, errorAgeMS }) => {
    const age = errorAgeMS === null ? '' : ` (${Math.round(errorAgeMS)} ms ago)`;
    return `${address} ${type}${error === null ? '' : `, ${error.message}${age}`}`;
  });
  return `wanted ${wanted}, topology ${type} [${known.join('; ')}]${hint === undefined ? '' : `. ${hint}`}`;
}

/** Whether a server is away for a reason that time does not mend: what the program or the deployment is configured to must change. */
export function isAwayForGood({ error }: ServerDescription): boolean {
  return error instanceof SetNameMismatchError || refusesCredentials(error);
}

function refusesCredentials(error: MongoError | null): boolean {
  let cause: unknown = error;
  while (cause instanceof MongoError) {
    if (cause.code === ServerErrorCode.AuthenticationFailed) return true;
    ({ cause } = cause);
  }
  return false;
}

function unsuitable({ address, type, error, lastUpdateTime }: ServerDescription, now: number): UnsuitableServer {
  const isDated = error !== null && lastUpdateTime > 0;
  return { address, type, error, errorAgeMS: isDated ? Math.max(0, now - lastUpdateTime) : null };
}

function lastError(servers: readonly ServerDescription[]): MongoError | undefined {
  const failed = servers.filter(({ error }) => error !== null).sort((a, b) => b.lastUpdateTime - a.lastUpdateTime);
  const ofNetwork = failed.find(({ error }) => error !== null && isNetworkError(error));
  return (ofNetwork ?? failed[0])?.error ?? undefined;
}
