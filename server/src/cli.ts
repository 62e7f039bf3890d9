import { parseArgs } from 'node:util';
import { TestCluster, type TestClusterOptions } from './cluster/test_cluster.js';

const help = `Usage: mongotempo-server [options]

A MongoDB server in memory, for tests. Everything is gone when it stops.

  --replset N             a replica set of N nodes (default: a standalone)
  --name NAME             the name of the replica set (default: rs0)
  --host HOST             where to listen (default: 127.0.0.1)
  --port PORT             the first port, further nodes take the next ones; 0: any (default: 27017)
  --server-version V      what the server calls itself (default: 8.0)
  --json                  print one line of JSON when ready: {"uri": …, "nodes": […]}
  --help                  print this
`;

interface CommandLine {
  readonly options: TestClusterOptions;
  readonly isJson: boolean;
  /** Stop when standard input ends: set by launch(), so that no server outlives its parent. */
  readonly endsWithStdin: boolean;
}

/** Runs the command line tool. */
export function main(argv: readonly string[]): void {
  let commandLine: CommandLine | 'help';
  try {
    commandLine = parseCommandLine(argv);
  } catch (error) {
    console.error(`mongotempo-server: ${(error as Error).message.split('\n')[0] ?? ''} (see --help)`);
    process.exitCode = 2;
    return;
  }
  if (commandLine === 'help') {
    console.log(help);
    return;
  }
  void serve(commandLine).catch((error: unknown) => {
    console.error(`mongotempo-server: ${explain(error)}`);
    process.exitCode = error instanceof RangeError ? 2 : 1;
  });
}

function parseCommandLine(argv: readonly string[]): CommandLine | 'help' {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      replset: { type: 'string' },
      name: { type: 'string' },
      host: { type: 'string' },
      port: { type: 'string' },
      'server-version': { type: 'string' },
      'election-delay': { type: 'string' },
      seed: { type: 'string' },
      socket: { type: 'string' },
      json: { type: 'boolean' },
      'end-with-stdin': { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) return 'help';
  const electionDelayMS = numberOption('--election-delay', values['election-delay']);
  const seed = numberOption('--seed', values.seed);
  const nodes = numberOption('--replset', values.replset);
  return {
    options: {
      topology: nodes === undefined && values.name === undefined ? 'standalone' : 'replicaset',
      port: numberOption('--port', values.port) ?? 27017,
      ...(nodes === undefined ? {} : { nodes }),
      ...(values.name === undefined ? {} : { setName: values.name }),
      ...(values.host === undefined ? {} : { host: values.host }),
      ...(values['server-version'] === undefined ? {} : { version: values['server-version'] }),
      ...(electionDelayMS === undefined ? {} : { electionDelayMS }),
      ...(seed === undefined ? {} : { seed }),
      ...(values.socket === undefined ? {} : { socketPath: values.socket }),
    },
    isJson: values.json === true,
    endsWithStdin: values['end-with-stdin'] === true,
  };
}

function numberOption(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d+$/.test(text)) throw new RangeError(`${name} must be a number, not '${text}'`);
  return Number(text);
}

async function serve({ options, isJson, endsWithStdin }: CommandLine): Promise<void> {
  const cluster = await TestCluster.start(options);
  const stop = (): void => {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
    if (endsWithStdin) process.stdin.destroy();
    void cluster.stop();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  if (endsWithStdin) process.stdin.on('end', stop).on('error', stop).resume();
  const nodes = cluster.nodes.map(({ address, port, role }) => ({ address, port, role }));
  if (isJson) console.log(JSON.stringify({ uri: cluster.uri, nodes }));
  else console.log(`mongotempo-server is ready at ${cluster.uri} (press Ctrl-C to stop)`);
}

function explain(error: unknown): string {
  const { code, message, port, address } = error as NodeJS.ErrnoException & { port?: number; address?: string };
  if (code === 'EADDRINUSE') return `${address ?? ''}:${port ?? ''} is in use; choose another --port`;
  if (code === 'EACCES') return `may not listen at ${address ?? ''}:${port ?? ''}; choose another --port`;
  return message;
}
