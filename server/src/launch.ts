import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestClusterOptions } from './cluster/options.js';
import { type ControlMethod, type ControlReply, type NodeDescription } from './control.js';
import { type Certificate } from './tls/certificate_authority.js';

/** A server in a child process. */
export interface LaunchedServer {
  readonly uri: string;
  /** Names one router only, where `uri` names several; the same as `uri` where there are none. */
  readonly singleRouterUri: string;
  /** Its nodes as they were at the start. */
  readonly nodes: readonly NodeDescription[];
  /** The certificate that clients have to trust, as PEM, and one for themselves; undefined without TLS. */
  readonly tls?: { readonly ca: string; readonly client: Certificate };
  readonly pid: number;
  /** Makes its cluster do something, such as `reset` or `stepDown`. @throws Error when that fails, or the process has ended. */
  call(method: ControlMethod, ...args: readonly unknown[]): Promise<unknown>;
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
  const calls = new Map<number, (reply: ControlReply) => void>();
  lines.on('line', line => {
    const reply = JSON.parse(line) as ControlReply;
    calls.get(reply.id)?.(reply);
  });
  void exited.then(() => {
    for (const [id, settle] of calls) settle({ id, error: 'The server has ended' });
  });
  let lastId = 0;
  return {
    ...(JSON.parse(first) as Pick<LaunchedServer, 'uri' | 'singleRouterUri' | 'nodes' | 'tls'>),
    pid,
    async call(method, ...args) {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error('The server has ended');
      const id = ++lastId;
      child.stdin.write(`${JSON.stringify({ id, method, args })}\n`);
      const { error, result } = await new Promise<ControlReply>(resolve => calls.set(id, resolve));
      calls.delete(id);
      if (error !== undefined) throw new Error(error);
      return result;
    },
    async stop() {
      child.stdin.end();
      child.kill('SIGTERM');
      await exited;
    },
  };
}

function argumentsFor(options: Omit<TestClusterOptions, 'clock'>): string[] {
  const { topology, nodes, host, port = 0, setName, version, electionDelayMS, seed, socketPath, auth, tls } = options;
  const isSet = topology === undefined ? nodes !== undefined || setName !== undefined : topology === 'replicaset';
  const values: readonly (readonly [string, string | number | undefined])[] = [
    ['replset', isSet ? (nodes ?? 3) : undefined],
    ['sharded', topology === 'sharded' ? (nodes ?? 2) : undefined],
    ['load-balanced', topology === 'load-balanced' ? (nodes ?? 2) : undefined],
    ['name', setName],
    ['host', host],
    ['port', port],
    ['server-version', version],
    ['election-delay', electionDelayMS],
    ['seed', seed],
    ['socket', socketPath],
    ['auth', auth === undefined ? undefined : `${auth.user}:${auth.password}`],
  ];
  const flags = [
    ...(tls === undefined || tls === false ? [] : ['--tls']),
    ...(typeof tls === 'object' && tls.clientCertificates === 'required' ? ['--require-client-certificate'] : []),
  ];
  const given = values.flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, String(value)]));
  return [...given, ...flags, '--json', '--control'];
}
