import { type TestCluster } from './cluster/test_cluster.js';
import { type TestNode } from './cluster/test_node.js';
import { type Accepting, type ReplyFault } from './network/network.js';
import { type Role } from './replication/member.js';

/** What the parent of a server process can make its cluster do, by JSON lines on standard input and output. */
const methods = {
  reset: async (cluster: TestCluster) => cluster.reset(),
  stepDown: async (cluster: TestCluster) => cluster.stepDown(),
  whenPrimary: async (cluster: TestCluster) => cluster.whenPrimary(),
  kill: async (cluster: TestCluster, index: number) => cluster.node(index).kill(),
  restart: async (cluster: TestCluster, index: number) => cluster.node(index).restart(),
  elect: (cluster: TestCluster, index: number) => cluster.elect(index),
  freeze: (cluster: TestCluster, index: number, durationMS: number) => cluster.freeze(index, durationMS),
  lag: (cluster: TestCluster, index: number, lagMS: number) => cluster.lag(index, lagMS),
  partition: (cluster: TestCluster, index: number) => cluster.partition(index),
  heal: (cluster: TestCluster, index: number) => cluster.heal(index),
  reconfig: (cluster: TestCluster, indexes: readonly number[]) => cluster.reconfig(indexes),
  addNode: async (cluster: TestCluster) => describeNode(await cluster.addNode()),
  nodes: (cluster: TestCluster) => cluster.nodes.map(describeNode),
  delay: (cluster: TestCluster, index: number, delays: { toServerMS?: number; toClientMS?: number }) =>
    cluster.node(index).network.delay(delays),
  accept: (cluster: TestCluster, index: number, how: Accepting) => cluster.node(index).network.accept(how),
  cut: (cluster: TestCluster, index: number) => cluster.node(index).network.cut(),
  mend: (cluster: TestCluster, index: number) => cluster.node(index).network.heal(),
  failReplies: (cluster: TestCluster, index: number, fault: ReplyFault, whose?: { command?: string; times?: number }) =>
    cluster.node(index).network.failReplies(fault, whose),
} satisfies Record<string, (cluster: TestCluster, ...args: never[]) => unknown>;

export type ControlMethod = keyof typeof methods;

export interface NodeDescription {
  readonly address: string;
  readonly port: number;
  readonly role: Role;
}

export function describeNode({ address, port, role }: TestNode): NodeDescription {
  return { address, port, role };
}

/** What one line asks for. */
export interface ControlRequest {
  readonly id: number;
  readonly method: ControlMethod;
  readonly args: readonly unknown[];
}

/** What the line says that answers it. */
export interface ControlReply {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** Does what a line asks for; what goes wrong is told in the reply. */
export async function answerControl(line: string, cluster: TestCluster): Promise<ControlReply> {
  const { id, method, args } = JSON.parse(line) as ControlRequest;
  if (!Object.hasOwn(methods, method)) {
    return { id, error: `There is no method ${method}; there are ${Object.keys(methods).join(', ')}` };
  }
  try {
    const run = methods[method] as (cluster: TestCluster, ...args: readonly unknown[]) => unknown;
    return { id, result: await run(cluster, ...args) };
  } catch (error) {
    return { id, error: (error as Error).message };
  }
}
