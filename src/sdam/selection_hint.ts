import { isReplicaSet, type TopologyDescription } from '../description/topology_description.js';
import { ServerType, TopologyType } from '../description/types.js';
import { ServerErrorCode } from '../errors/codes.js';
import { MongoNetworkError, MongoNetworkTimeoutError } from '../errors/network.js';
import { ForeignProtocolError } from '../wire/foreign_protocol.js';
import type { UnsuitableServer } from './errors.js';
import { SetNameMismatchError } from './transitions.js';

/** Codes of Node's TLS for a refused certificate or protocol. */
const TLS_CODE = /^(ERR_SSL_|ERR_TLS_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|EPROTO$)/;
/** Codes of Node's TLS for an answer that is not TLS. */
const NO_TLS_CODE = /^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|UNEXPECTED_MESSAGE)$/;
const UNREACHABLE: readonly unknown[] = ['EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENETDOWN', 'EADDRNOTAVAIL'];

/** The part of a server that hints depend on. */
type Suspect = Pick<UnsuitableServer, 'error' | 'check'>;

/** An error or one of its causes. */
interface Reason {
  readonly code?: unknown;
  readonly phase?: unknown;
}

/**
 * The advice for an operator when no server suits; undefined if there is none. Decided by classes, codes, phases and types alone.
 *
 * @param servers - the state of each server; by default the servers of the topology
 */
export function hintFor(
  topology: TopologyDescription,
  servers: readonly Suspect[] = [...topology.servers.values()],
): string | undefined {
  const reasons = reasonsOf(servers);
  const codes = reasons.map(({ code }) => code);
  const is = (pattern: RegExp) => codes.some(code => typeof code === 'string' && pattern.test(code));
  if (is(/^(ENOTFOUND|EAI_)/)) return unresolvedHint(topology);
  if (codes.includes(ServerErrorCode.AuthenticationFailed)) {
    return 'A server refuses the credentials: check user name, password, authSource and authMechanism';
  }
  const foreign = reasons.find(reason => reason instanceof ForeignProtocolError);
  if (foreign !== undefined) {
    return foreign.hint;
  }
  if (is(NO_TLS_CODE)) return 'What answers does not speak TLS: check host and port, and whether tls=true is meant';
  if (is(TLS_CODE)) return 'TLS was refused: check tls, tlsCAFile and the names in the certificate of the server';
  if (codes.includes('ECONNREFUSED')) return 'A host refuses connections: check the port, and that the server runs';
  if (codes.some(code => UNREACHABLE.includes(code))) {
    return 'There is no way to a host: check its address, routes and firewalls';
  }
  return silenceHint(servers) ?? brokenHint(reasons) ?? stateHint(topology, servers);
}

/** The hint when a host does not answer. A check that still runs counts like one that has timed out. */
function silenceHint(servers: readonly Suspect[]): string | undefined {
  for (const { error, check } of servers) {
    const phase = error instanceof MongoNetworkTimeoutError ? error.phase : error === null ? check?.phase : undefined;
    if (phase === 'resolve' || phase === 'connect') {
      return 'A host does not answer: check host and port, firewalls, and the IP access list of the deployment';
    }
    if (phase === 'tls') {
      return 'A host takes the connection and does not answer the TLS handshake: it may not speak TLS, check tls and the port';
    }
    if (phase === 'hello') {
      return 'A host takes the connection and does not answer: it may want TLS (tls=true), or be no MongoDB server; check tls and the port';
    }
    if (phase === 'proxy') return 'The proxy does not answer: check proxyHost and proxyPort';
  }
  return undefined;
}

/** The hint when a connection ends before hello is answered. */
function brokenHint(reasons: readonly Reason[]): string | undefined {
  for (const reason of reasons) {
    if (!(reason instanceof MongoNetworkError) || !wasBroken(reason)) continue;
    if (reason.phase === 'tls') {
      return 'The TLS handshake was broken off: check that the server speaks TLS at this port, and which certificate it asks for';
    }
    if (reason.phase === 'hello') {
      return 'A server closes the connection instead of answering: it may want TLS (tls=true), or refuse this client';
    }
  }
  return undefined;
}

/** Whether the server closed or reset the connection. Wrong certificates of the client fail in the same phase. */
function wasBroken({ cause }: MongoNetworkError): boolean {
  const code = (cause as Reason | undefined)?.code;
  return cause === undefined || code === 'ECONNRESET' || code === 'EPIPE';
}

/** The hint from the types of the servers, when the network gives none. */
function stateHint(topology: TopologyDescription, servers: readonly Suspect[]): string | undefined {
  if (topology.type !== TopologyType.Single && topology.servers.size === 0) {
    return 'No seed belongs to the deployment: check replicaSet and directConnection';
  }
  if (servers.some(({ error }) => error instanceof SetNameMismatchError)) {
    return 'The server is of another replica set: check replicaSet';
  }
  const types = [...topology.servers.values()].map(({ type }) => type);
  if (topology.type === TopologyType.ReplicaSetNoPrimary && types.includes(ServerType.RSSecondary)) {
    return 'The replica set has no primary: an election may be under way, or too few members are up';
  }
  if (topology.type !== TopologyType.Single && types.includes(ServerType.RSGhost)) {
    return 'A member has no replica set configuration: initiate the set, or connect to it alone by directConnection=true';
  }
  return undefined;
}

/** The driver connects to the names in the replica set configuration, not to those of the seeds. */
function unresolvedHint({ type }: TopologyDescription): string {
  if (!isReplicaSet(type)) return 'A host name does not resolve: check it, and DNS';
  return (
    'A host name does not resolve: make the names that the replica set configuration has resolve here, ' +
    'or connect to one member by directConnection=true'
  );
}

/** The last errors of all servers, with their causes. */
function reasonsOf(servers: readonly Suspect[]): (Error & Reason)[] {
  const reasons: (Error & Reason)[] = [];
  for (const { error } of servers) {
    let cause: unknown = error;
    while (cause instanceof Error) {
      reasons.push(cause);
      // When several addresses of one name failed, each has its error.
      if (cause instanceof AggregateError) reasons.push(...(cause.errors as Error[]));
      cause = cause.cause;
    }
  }
  return reasons;
}
