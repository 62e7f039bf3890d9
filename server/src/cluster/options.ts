import { type Topology } from '../replication/deployment.js';
import { knownVersions } from '../replication/versions.js';
import { type Clock, systemClock } from '../runtime/clock.js';

/** What a cluster is started with; everything has a default. */
export interface TestClusterOptions {
  /** Default: a replica set when `nodes` or `setName` is given, else a standalone. */
  topology?: Topology;
  /** Members of the replica set, default 3; or how many mongos there are, alone or behind the load balancer, default 2. */
  nodes?: number;
  /** Default 127.0.0.1. */
  host?: string;
  /**
   * The first port, the next nodes take the following ones; default 0: any that is free. The load balancer takes the two after
   * those of its nodes.
   */
  port?: number;
  /** Default rs0. */
  setName?: string;
  /** What the server calls itself; default 8.0. */
  version?: string;
  /** How long there is no primary after a step-down; default 50. */
  electionDelayMS?: number;
  /** Identifiers are made from it; default: another one each time. */
  seed?: number;
  clock?: Clock;
  /** A user of the database admin that may do everything. With one, clients have to authenticate. */
  auth?: { readonly user: string; readonly password: string };
  /**
   * Clients have to speak TLS. The certificates are made at the start; `clientCertificates: 'required'` refuses clients without one.
   * Default: no TLS.
   */
  tls?: boolean | { readonly clientCertificates: 'optional' | 'required' };
  /** A unix socket for a standalone to listen on instead of a port. */
  socketPath?: string;
}

/** Options of which those that have a default are set. */
export interface ClusterPlan {
  readonly topology: Topology;
  readonly nodes: number;
  readonly host: string;
  readonly port: number;
  readonly setName: string;
  readonly version: string;
  readonly electionDelayMS: number;
  readonly seed: number | undefined;
  readonly clock: Clock;
  readonly auth: { readonly user: string; readonly password: string } | undefined;
  readonly socketPath: string | undefined;
  /** Undefined: no TLS. */
  readonly clientCertificates: 'optional' | 'required' | undefined;
}

const usualNodes: Readonly<Record<Topology, number>> = {
  standalone: 1,
  replicaset: 3,
  sharded: 2,
  'load-balanced': 2,
};

/** The ports that are taken beside those of the nodes. */
const morePorts: Readonly<Record<Topology, number>> = { standalone: 0, replicaset: 0, sharded: 0, 'load-balanced': 2 };

/** Checks options and fills in what they leave open. @throws RangeError for what cannot be. */
export function planOf(options: TestClusterOptions): ClusterPlan {
  const topology = options.topology ?? topologyFor(options);
  const plan: ClusterPlan = {
    topology,
    nodes: options.nodes ?? usualNodes[topology],
    host: options.host ?? '127.0.0.1',
    port: options.port ?? 0,
    setName: options.setName ?? 'rs0',
    version: options.version ?? '8.0',
    electionDelayMS: options.electionDelayMS ?? 50,
    seed: options.seed,
    clock: options.clock ?? systemClock,
    auth: options.auth,
    socketPath: options.socketPath,
    clientCertificates: clientCertificatesOf(options.tls),
  };
  check(plan);
  return plan;
}

function clientCertificatesOf(tls: TestClusterOptions['tls']): ClusterPlan['clientCertificates'] {
  if (tls === undefined || tls === false) return undefined;
  return tls === true ? 'optional' : tls.clientCertificates;
}

function topologyFor({ nodes, setName }: TestClusterOptions): Topology {
  return nodes === undefined && setName === undefined ? 'standalone' : 'replicaset';
}

function check({ topology, nodes, port, version, socketPath, clientCertificates }: ClusterPlan): void {
  if (!Object.hasOwn(usualNodes, topology)) {
    throw new RangeError(`The topology must be one of ${Object.keys(usualNodes).join(', ')}, not ${topology}`);
  }
  if (!(Number.isInteger(nodes) && nodes >= 1 && nodes <= 50)) {
    throw new RangeError(`The number of nodes must be between 1 and 50, not ${nodes}`);
  }
  if (topology === 'standalone' && nodes > 1) throw new RangeError(`A standalone has one node, not ${nodes}`);
  if (socketPath !== undefined && topology !== 'standalone') {
    throw new RangeError('Only a standalone can listen on a unix socket');
  }
  if (socketPath !== undefined && clientCertificates !== undefined) {
    throw new RangeError('There is no TLS on a unix socket');
  }
  const lastPort = port + nodes - 1 + morePorts[topology];
  if (!Number.isInteger(port) || port < 0 || lastPort > 65_535) {
    throw new RangeError(`The ports must be between 0 and 65535, not ${port} to ${lastPort}`);
  }
  if (!knownVersions().some(known => version === known || version.startsWith(`${known}.`))) {
    throw new RangeError(`The version must be one of ${knownVersions().join(', ')}, not ${version}`);
  }
}
