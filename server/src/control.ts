import { type TestCluster } from './cluster/test_cluster.js';

/** What the parent of a server process can make its cluster do, by JSON lines on standard input and output. */
const methods = {
  reset: async (cluster: TestCluster) => cluster.reset(),
  stepDown: async (cluster: TestCluster) => cluster.stepDown(),
  whenPrimary: async (cluster: TestCluster) => cluster.whenPrimary(),
  kill: async (cluster: TestCluster, index: number) => cluster.node(index).kill(),
  restart: async (cluster: TestCluster, index: number) => cluster.node(index).restart(),
} satisfies Record<string, (cluster: TestCluster, ...args: never[]) => Promise<unknown>>;

export type ControlMethod = keyof typeof methods;

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
    const run = methods[method] as (cluster: TestCluster, ...args: readonly unknown[]) => Promise<unknown>;
    return { id, result: await run(cluster, ...args) };
  } catch (error) {
    return { id, error: (error as Error).message };
  }
}
