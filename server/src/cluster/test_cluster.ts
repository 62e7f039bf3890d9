import { noDefaultConcerns } from '../replication/default_concerns.js';
import { type Deployment } from '../replication/deployment.js';
import { type ReplicaSet } from '../replication/replica_set.js';
import { type Certificate, CertificateAuthority } from '../tls/certificate_authority.js';
import { createDeployment, newMember } from './create_deployment.js';
import { Front } from './front.js';
import { type ClusterPlan, planOf, type TestClusterOptions } from './options.js';
import { type ListenOptions, TestNode } from './test_node.js';
import { urisOf } from './uris.js';

/** What a client needs for a cluster that speaks TLS. */
export interface ClusterTls {
  /** What clients have to trust, and what issues further certificates. */
  readonly authority: CertificateAuthority;
  /** A certificate for clients: who authenticates by X.509 with it is the user of its subject. */
  readonly client: Certificate;
}

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
  /** Undefined without TLS. */
  readonly tls: ClusterTls | undefined;
  readonly #deployment: Deployment;
  readonly #nodes: TestNode[];
  readonly #fronts: readonly Front[];
  readonly #listen: ListenOptions;
  /** The user that clients were started with stays. */
  readonly #user: string | undefined;

  private constructor(
    plan: ClusterPlan,
    listen: ListenOptions,
    nodes: TestNode[],
    fronts: readonly Front[],
    deployment: Deployment,
  ) {
    const [uri, single = uri] = urisOf(plan, nodes, fronts);
    this.uri = uri;
    this.singleRouterUri = single;
    this.#nodes = nodes;
    this.#listen = listen;
    this.tls = listen.tls === undefined ? undefined : tlsOf(listen.tls.authority);
    this.#fronts = fronts;
    this.#user = plan.auth?.user;
    this.#deployment = deployment;
  }

  /** @throws RangeError when the options cannot be; an error of the system when a port is taken. */
  static async start(options: TestClusterOptions = {}): Promise<TestCluster> {
    const plan = planOf(options);
    const { host, port, socketPath, topology, clientCertificates } = plan;
    const tls =
      clientCertificates === undefined
        ? undefined
        : { authority: new CertificateAuthority(), requiresClientCertificate: clientCertificates === 'required' };
    const listen: ListenOptions = { host, port: 0, socketPath, tls };
    const deployment = createDeployment(plan);
    const nodes = deployment.members.map(
      member => new TestNode(deployment, member, { ...listen, port: port === 0 ? 0 : port + member.index }),
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
    return new TestCluster(plan, listen, nodes, fronts, deployment);
  }

  /** Every node that was ever started, whether it is a member of the set or not. */
  get nodes(): readonly TestNode[] {
    return this.#nodes;
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
    return this.nodes.find(({ member }) => member.isUp && member.isWritable);
  }

  /** Makes the primary step down; resolves when another node is primary. */
  async stepDown(): Promise<void> {
    const replicaSet = this.#replicaSet;
    const { electionDelayMS } = replicaSet;
    // The old primary must lose the election to come, but may win the one after it.
    replicaSet.stepDown(replicaSet.members.length > 1 ? electionDelayMS + 1 : 0);
    await replicaSet.whenPrimary();
  }

  /** Makes a node primary at once. @throws RangeError if it, or a majority of its set, is not up. */
  elect(index: number): void {
    this.#replicaSet.elect(this.node(index).member);
  }

  /** Keeps a node from being elected for so long; 0 takes that back. A primary stays one. */
  freeze(index: number, durationMS: number): void {
    const { member } = this.node(index);
    if (durationMS > 0) this.#replicaSet.bar(member, durationMS);
    else this.#replicaSet.letStand(member);
  }

  /** What a node shows as a secondary is so old; 0: as new as the primary's. */
  lag(index: number, lagMS: number): void {
    this.node(index).member.setLag(lagMS);
  }

  /** Cuts a node off from its clients and from the other nodes, without a word to anybody; a primary among them is replaced. */
  partition(index: number): void {
    const { member } = this.node(index);
    if (member.isPartitioned) return;
    member.setPartitioned(true);
    this.#deployment.replicaSet?.memberWentDown();
  }

  /** Joins a node that was cut off to the others again. */
  heal(index: number): void {
    const { member } = this.node(index);
    if (!member.isPartitioned) return;
    member.setPartitioned(false);
    this.#deployment.replicaSet?.memberCameUp(member);
  }

  /** Makes these nodes the members of the set, no others; one that is left out runs on outside of it. */
  reconfig(indexes: readonly number[]): void {
    this.#replicaSet.reconfigure(indexes.map(index => this.node(index).member));
  }

  /** Starts another node on a free port and makes it a member of the set. */
  async addNode(): Promise<TestNode> {
    const replicaSet = this.#replicaSet;
    const member = newMember(this.#deployment, this.#nodes.length);
    const node = new TestNode(this.#deployment, member, this.#listen);
    await node.listen();
    this.#deployment.members.push(member);
    this.#nodes.push(node);
    replicaSet.reconfigure([...replicaSet.members, member]);
    return node;
  }

  get #replicaSet(): ReplicaSet {
    const { replicaSet, topology } = this.#deployment;
    if (replicaSet === undefined) throw new Error(`Only a replica set can do that, not a ${topology} cluster`);
    return replicaSet;
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
    const { sessions, storage, members, replicaSet, users, defaults } = this.#deployment;
    sessions.clear();
    Object.assign(defaults, noDefaultConcerns());
    storage.clear();
    for (const { database, user } of users.all()) if (user !== this.#user) users.remove(database, user);
    for (const member of members) {
      member.cursors.clear();
      member.failPoints.clear();
      member.network.clear();
      member.setLag(0);
    }
    for (const { index } of members) this.heal(index);
    if (replicaSet !== undefined && replicaSet.members.length < members.length) replicaSet.reconfigure([...members]);
    replicaSet?.letAllStand();
    await this.whenPrimary();
  }

  /** Closes all connections, ports and timers; nothing of the cluster keeps the process alive afterwards. */
  async stop(): Promise<void> {
    const { timers, members } = this.#deployment;
    timers.cancelAll();
    for (const { operations } of members) operations.killAll();
    await Promise.all([...this.#fronts, ...this.nodes].map(async listener => listener.close()));
    // Commands that were under way when the connections closed may have set timers since.
    timers.cancelAll();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

function tlsOf(authority: CertificateAuthority): ClusterTls {
  return { authority, client: authority.issue({ commonName: 'client' }) };
}
