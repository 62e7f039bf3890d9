import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestClusterOptions } from './cluster/test_cluster.js';

/** A server in a child process. */
export interface LaunchedServer {
  readonly uri: string;
  readonly pid: number;
  /** Resolves when the process has ended. */
  stop(): Promise<void>;
}

/** Starts the server in a child process and resolves when it is ready. It ends with this process at the latest. */
export async function launch(options: Omit<TestClusterOptions, 'clock'> = {}): Promise<LaunchedServer> {
  const script = join(__dirname, 'run.js');
  const child = spawn(process.execPath, [script, ...argumentsFor(options)], { stdio: ['pipe', 'pipe', 'pipe'] });
  const exited = once(child, 'exit');
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
  // Writing to a process that has ended is no news: 'exit' tells.
  child.stdin.on('error', () => undefined);
  const lines = createInterface({ input: child.stdout });
  const ready = once(lines, 'line').then(([line]) => line as string);
  const first = await Promise.race([ready, exited.then(() => undefined)]);
  const { pid } = child;
  if (first === undefined || pid === undefined) {
    throw new Error(`The server did not start: ${complaint.trim() || 'it ended without a message'}`);
  }
  const { uri } = JSON.parse(first) as { uri: string };
  return {
    uri,
    pid,
    async stop() {
      child.stdin.end();
      child.kill('SIGTERM');
      await exited;
    },
  };
}

function argumentsFor(options: Omit<TestClusterOptions, 'clock'>): string[] {
  const { topology, nodes, host, port = 0, setName, version, electionDelayMS, seed, socketPath } = options;
  const isSet = topology === undefined ? nodes !== undefined || setName !== undefined : topology === 'replicaset';
  const values: readonly (readonly [string, string | number | undefined])[] = [
    ['replset', isSet ? (nodes ?? 3) : undefined],
    ['name', setName],
    ['host', host],
    ['port', port],
    ['server-version', version],
    ['election-delay', electionDelayMS],
    ['seed', seed],
    ['socket', socketPath],
  ];
  const given = values.flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, String(value)]));
  return [...given, '--json', '--end-with-stdin'];
}
