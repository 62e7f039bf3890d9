import { ServerErrorCode } from '../errors/codes.js';
import type { TopologyDescription } from './description/topology_description.js';
import { isReplicaSet } from './description/topology_description.js';
import { ServerType, TopologyType } from './description/types.js';
import { SetNameMismatchError } from './set_name_mismatch.js';

/** Codes by which Node's TLS says that a certificate or a protocol was refused. */
const TLS_CODE = /^(ERR_SSL_|ERR_TLS_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|EPROTO$)/;

/** What an operator may look at first when no server suits, where that is known; decided by codes and types alone. */
export function hintFor(topology: TopologyDescription): string | undefined {
  const codes = codesOf(topology);
  if (codes.includes('ENOTFOUND') || codes.includes('EAI_AGAIN')) return unresolvedHint(topology);
  if (codes.includes(ServerErrorCode.AuthenticationFailed)) {
    return 'A server refuses the credentials: check user name, password, authSource and authMechanism';
  }
  if (codes.some(code => typeof code === 'string' && TLS_CODE.test(code))) {
    return 'TLS was refused: check tls, tlsCAFile and the names in the certificate of the server';
  }
  if (codes.includes('ECONNREFUSED')) return 'A host refuses connections: check the port, and that the server runs';
  return stateHint(topology);
}

/** What the types of the servers tell when the network does not. */
function stateHint(topology: TopologyDescription): string | undefined {
  for (const { error } of topology.servers.values()) {
    if (error instanceof SetNameMismatchError) return 'The server is of another replica set: check replicaSet';
  }
  const types = [...topology.servers.values()].map(({ type }) => type);
  if (topology.type === TopologyType.ReplicaSetNoPrimary && types.includes(ServerType.RSSecondary)) {
    return 'The replica set has no primary: an election may be under way, or too few members are up';
  }
  if (topology.type !== TopologyType.Single && types.includes(ServerType.RSGhost)) {
    return 'A member has no replica set configuration: initiate the set, or connect to it alone by directConnection=true';
  }
  if (topology.type !== TopologyType.Single && topology.servers.size === 0) {
    return 'No seed belongs to the deployment: check replicaSet and directConnection';
  }
  return undefined;
}

/** The members of a set are reached under the names that the set's configuration has, not under those of the seeds. */
function unresolvedHint({ type }: TopologyDescription): string {
  if (!isReplicaSet(type)) return 'A host name does not resolve: check it, and DNS';
  return (
    'A host name does not resolve: make the names that the replica set configuration has resolve here, ' +
    'or connect to one member by directConnection=true'
  );
}

/** The codes of the last errors of all servers, and of what caused these. */
function codesOf({ servers }: TopologyDescription): unknown[] {
  const codes: unknown[] = [];
  for (const { error } of servers.values()) {
    let cause: unknown = error;
    while (cause instanceof Error) {
      codes.push((cause as { code?: unknown }).code);
      cause = cause.cause;
    }
  }
  return codes;
}
