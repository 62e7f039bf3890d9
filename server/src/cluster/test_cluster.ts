import { Storage } from '../engine/storage.js';
import { ClusterTime } from '../replication/cluster_time.js';
import { type Deployment } from '../replication/deployment.js';
import { knownVersions } from '../replication/hello.js';
import { Member } from '../replication/member.js';
import { ReplicaSet } from '../replication/replica_set.js';
import { SessionTable } from '../replication/sessions.js';
import { Transaction } from '../replication/transaction.js';
import { WriteLocks } from '../replication/write_locks.js';
import { type Clock, systemClock, TimerGroup } from '../runtime/clock.js';
import { IdGenerator } from '../runtime/ids.js';
import { TestNode } from './test_node.js';

/** What a cluster is started with; everything has a default. */
export interface TestClusterOptions {
  /** Default: a replica set when `nodes` or `setName` is given, else a standalone. */
  topology?: 'standalone' | 'replicaset';
  /** Members of the replica set; default 3. */
  nodes?: number;
  /** Default 127.0.0.1. */
  host?: string;
  /** The first port, the next nodes take the following ones; default 0: any that is free. */
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
  /** A unix socket for a standalone to listen on instead of a port. */
  socketPath?: string;
}

/**
 * A MongoDB server in memory: a standalone or a replica set on real ports.
 *
 * @example
 * await using cluster = await TestCluster.start({ topology: 'replicaset' });
 * const client = new MongoClient(cluster.uri);
 */
export class TestCluster {
  readonly uri: string;
  readonly nodes: readonly TestNode[];
  readonly #deployment: Deployment;

  private constructor(uri: string, nodes: readonly TestNode[], deployment: Deployment) {
    this.uri = uri;
    this.nodes = nodes;
    this.#deployment = deployment;
  }

  static async start(options: TestClusterOptions = {}): Promise<TestCluster> {
    checkOptions(options);
    const { host = '127.0.0.1', port = 0, socketPath } = options;
    const deployment = createDeployment(options);
    const nodes = deployment.members.map(
      member => new TestNode(deployment, member, { host, port: port === 0 ? 0 : port + member.index, socketPath }),
    );
    try {
      for (const node of nodes) await node.listen();
    } catch (error) {
      await Promise.all(nodes.map(async node => node.close()));
      throw error;
    }
    return new TestCluster(uriOf(nodes, deployment, socketPath), nodes, deployment);
  }

  /** The node of that number. */
  node(index: number): TestNode {
    const node = this.nodes[index];
    if (node === undefined)
      throw new RangeError(`The cluster has ${this.nodes.length} nodes; there is no node ${index}`);
    return node;
  }

  /** The node that takes writes; undefined during an election. */
  get primary(): TestNode | undefined {
    return this.nodes.find(node => node.isRunning && node.role !== 'secondary');
  }

  /** Makes the primary step down; resolves when another node is primary. */
  async stepDown(): Promise<void> {
    const { replicaSet } = this.#deployment;
    if (replicaSet === undefined) throw new Error('A standalone cannot step down: start a replica set');
    const { electionDelayMS } = replicaSet;
    // The old primary must lose the election to come, but may win the one after it.
    replicaSet.stepDown(replicaSet.members.length > 1 ? electionDelayMS + 1 : 0);
    await replicaSet.whenPrimary();
  }

  /** Resolves when there is a primary, for instance after one was killed. */
  async whenPrimary(): Promise<void> {
    await this.#deployment.replicaSet?.whenPrimary();
  }

  /** Closes all connections, ports and timers; nothing of the cluster keeps the process alive afterwards. */
  async stop(): Promise<void> {
    this.#deployment.timers.cancelAll();
    await Promise.all(this.nodes.map(async node => node.close()));
    // Commands that were under way when the connections closed may have set timers since.
    this.#deployment.timers.cancelAll();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

function isReplicaSet({ topology, nodes, setName }: TestClusterOptions): boolean {
  return topology === undefined ? nodes !== undefined || setName !== undefined : topology === 'replicaset';
}

function checkOptions(options: TestClusterOptions): void {
  const { nodes, port = 0, version = '8.0', socketPath } = options;
  if (nodes !== undefined && !(Number.isInteger(nodes) && nodes >= 1 && nodes <= 50)) {
    throw new RangeError(`The number of nodes must be between 1 and 50, not ${nodes}`);
  }
  if (!isReplicaSet(options) && nodes !== undefined && nodes > 1) {
    throw new RangeError(`A standalone has one node, not ${nodes}`);
  }
  if (socketPath !== undefined && isReplicaSet(options)) {
    throw new RangeError('Only a standalone can listen on a unix socket');
  }
  const lastPort = port + (isReplicaSet(options) ? (nodes ?? 3) - 1 : 0);
  if (!Number.isInteger(port) || port < 0 || lastPort > 65_535) {
    throw new RangeError(`The ports must be between 0 and 65535, not ${port} to ${lastPort}`);
  }
  if (!knownVersions().some(known => version === known || version.startsWith(`${known}.`))) {
    throw new RangeError(`The version must be one of ${knownVersions().join(', ')}, not ${version}`);
  }
}

function createDeployment(options: TestClusterOptions): Deployment {
  const { setName = 'rs0', version = '8.0', electionDelayMS = 50, seed, clock = systemClock, socketPath } = options;
  const ids = new IdGenerator(seed);
  const timers = new TimerGroup(clock);
  const isSet = isReplicaSet(options);
  const members = Array.from({ length: isSet ? (options.nodes ?? 3) : 1 }, (_, index) => {
    const role = !isSet ? 'standalone' : index === 0 ? 'primary' : 'secondary';
    const processId = ids.objectId(clock.wallTime());
    return new Member({ index, address: socketPath ?? '', role, processId, ids });
  });
  const storage = new Storage(ids);
  const locks = new WriteLocks();
  return {
    clock,
    timers,
    ids,
    version,
    storage,
    locks,
    sessions: new SessionTable(clock, () => new Transaction(storage, locks)),
    clusterTime: new ClusterTime(clock),
    members,
    replicaSet: isSet ? new ReplicaSet({ name: setName, members, timers, electionDelayMS }) : undefined,
  };
}

function uriOf(nodes: readonly TestNode[], { replicaSet }: Deployment, socketPath: string | undefined): string {
  if (socketPath !== undefined) return `mongodb://${encodeURIComponent(socketPath)}/`;
  const hosts = nodes.map(({ address }) => address).join(',');
  return replicaSet === undefined ? `mongodb://${hosts}/` : `mongodb://${hosts}/?replicaSet=${replicaSet.name}`;
}
