import { type Deployment } from '../replication/deployment.js';
import { createDeployment } from './create_deployment.js';
import { Front } from './front.js';
import { type ClusterPlan, planOf, type TestClusterOptions } from './options.js';
import { TestNode } from './test_node.js';

/**
 * A MongoDB server in memory: a standalone, a replica set, or the routers of a sharded cluster, alone or behind a load balancer, on
 * real ports.
 *
 * @example
 * await using cluster = await TestCluster.start({ topology: 'replicaset' });
 * const client = new MongoClient(cluster.uri);
 */
export class TestCluster {
  readonly uri: string;
  /** Names one router only, where `uri` names several; the same as `uri` where there are none. */
  readonly singleRouterUri: string;
  readonly nodes: readonly TestNode[];
  readonly #deployment: Deployment;
  readonly #fronts: readonly Front[];
  /** The user that clients were started with stays. */
  readonly #user: string | undefined;

  private constructor(plan: ClusterPlan, nodes: readonly TestNode[], fronts: readonly Front[], deployment: Deployment) {
    const [uri, single = uri] = urisOf(plan, nodes, fronts);
    this.uri = uri;
    this.singleRouterUri = single;
    this.nodes = nodes;
    this.#fronts = fronts;
    this.#user = plan.auth?.user;
    this.#deployment = deployment;
  }

  /** @throws RangeError when the options cannot be; an error of the system when a port is taken. */
  static async start(options: TestClusterOptions = {}): Promise<TestCluster> {
    const plan = planOf(options);
    const { host, port, socketPath, topology } = plan;
    const deployment = createDeployment(plan);
    const nodes = deployment.members.map(
      member => new TestNode(deployment, member, { host, port: port === 0 ? 0 : port + member.index, socketPath }),
    );
    const fronts: Front[] = [];
    try {
      for (const node of nodes) await node.listen();
      if (topology === 'load-balanced') {
        // Two load balancers: one over all routers, and one over the first, for clients that are to meet only that.
        for (const [index, routers] of [nodes, nodes.slice(0, 1)].entries()) {
          fronts.push(await Front.listen(routers, host, port === 0 ? 0 : port + nodes.length + index));
        }
      }
    } catch (error) {
      await Promise.all([...fronts, ...nodes].map(async listener => listener.close()));
      throw error;
    }
    return new TestCluster(plan, nodes, fronts, deployment);
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
    const { replicaSet, topology } = this.#deployment;
    if (replicaSet === undefined) throw new Error(`Only a replica set can step down, not a ${topology} cluster`);
    const { electionDelayMS } = replicaSet;
    // The old primary must lose the election to come, but may win the one after it.
    replicaSet.stepDown(replicaSet.members.length > 1 ? electionDelayMS + 1 : 0);
    await replicaSet.whenPrimary();
  }

  /** Resolves when there is a primary, for instance after one was killed. */
  async whenPrimary(): Promise<void> {
    await this.#deployment.replicaSet?.whenPrimary();
  }

  /**
   * Forgets all data, sessions, transactions, cursors and fail points, as if the cluster had just been started; connections stay.
   * Resolves when there is a primary.
   */
  async reset(): Promise<void> {
    const { sessions, storage, members, replicaSet, users } = this.#deployment;
    sessions.clear();
    storage.clear();
    for (const { database, user } of users.all()) if (user !== this.#user) users.remove(database, user);
    for (const member of members) {
      member.cursors.clear();
      member.failPoints.clear();
    }
    replicaSet?.letAllStand();
    await this.whenPrimary();
  }

  /** Closes all connections, ports and timers; nothing of the cluster keeps the process alive afterwards. */
  async stop(): Promise<void> {
    this.#deployment.timers.cancelAll();
    await Promise.all([...this.#fronts, ...this.nodes].map(async listener => listener.close()));
    // Commands that were under way when the connections closed may have set timers since.
    this.#deployment.timers.cancelAll();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** The URI, and the one of a single router where it is another. */
function urisOf(
  { topology, setName, socketPath, auth }: ClusterPlan,
  nodes: readonly TestNode[],
  fronts: readonly Front[],
): readonly [string, string?] {
  const login = auth === undefined ? '' : `${encodeURIComponent(auth.user)}:${encodeURIComponent(auth.password)}@`;
  if (socketPath !== undefined) return [`mongodb://${login}${encodeURIComponent(socketPath)}/`];
  const [first = ''] = nodes.map(({ address }) => address);
  const all = nodes.map(({ address }) => address).join(',');
  switch (topology) {
    case 'standalone':
      return [`mongodb://${login}${first}/`];
    case 'replicaset':
      return [`mongodb://${login}${all}/?replicaSet=${setName}`];
    case 'sharded':
      return [`mongodb://${login}${all}/`, `mongodb://${login}${first}/`];
    case 'load-balanced': {
      const [uri = '', single = uri] = fronts.map(({ address }) => `mongodb://${login}${address}/?loadBalanced=true`);
      return [uri, single];
    }
    default:
      return topology satisfies never;
  }
}
