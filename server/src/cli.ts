import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { type TestClusterOptions } from './cluster/options.js';
import { type ClusterTls, TestCluster } from './cluster/test_cluster.js';
import { answerControl, describeNode } from './control.js';
import { type Topology } from './replication/deployment.js';

const help = `Usage: mongotempo-server [options]

A MongoDB server in memory, for tests. Everything is gone when it stops.

  --replset N             a replica set of N nodes (default: a standalone)
  --sharded N             a sharded cluster with N mongos
  --load-balanced N       a load balancer before N mongos
  --name NAME             the name of the replica set (default: rs0)
  --host HOST             where to listen (default: 127.0.0.1)
  --port PORT             the first port, further nodes take the next ones; 0: any (default: 27017)
  --server-version V      what the server calls itself (default: 8.0)
  --auth USER:PASSWORD    clients have to authenticate; this user may do everything
  --tls                   clients have to speak TLS, with certificates that are made now
  --tls-dir DIR           the same, and writes there ca.pem, for tlsCAFile, and client.pem, for tlsCertificateKeyFile
  --require-client-certificate
                          refuse clients that show no certificate
  --election-delay MS     how long there is no primary after a step-down (default: 50)
  --seed N                make identifiers from it, the same in each run
  --socket PATH           a unix socket for a standalone, instead of a port
  --json                  print one line of JSON when ready: {"uri": …, "singleRouterUri": …, "nodes": […], "tls": …}
  --control               take commands on standard input, a line of JSON each: {"id": 1, "method": "stepDown",
                          "args": []}; each is answered by such a line; the server ends with its standard input
  --help                  print this
`;

interface CommandLine {
  readonly options: TestClusterOptions;
  readonly isJson: boolean;
  readonly tlsDirectory: string | undefined;
  /** Take orders from standard input, and stop when it ends: set by launch(), so that no server outlives its parent. */
  readonly isControlled: boolean;
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
      sharded: { type: 'string' },
      'load-balanced': { type: 'string' },
      name: { type: 'string' },
      host: { type: 'string' },
      port: { type: 'string' },
      'server-version': { type: 'string' },
      'election-delay': { type: 'string' },
      seed: { type: 'string' },
      socket: { type: 'string' },
      auth: { type: 'string' },
      tls: { type: 'boolean' },
      'tls-dir': { type: 'string' },
      'require-client-certificate': { type: 'boolean' },
      json: { type: 'boolean' },
      control: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) return 'help';
  const electionDelayMS = numberOption('--election-delay', values['election-delay']);
  const seed = numberOption('--seed', values.seed);
  const { topology, nodes } = topologyOption(values);
  return {
    options: {
      topology,
      port: numberOption('--port', values.port) ?? 27017,
      ...(nodes === undefined ? {} : { nodes }),
      ...(values.name === undefined ? {} : { setName: values.name }),
      ...(values.host === undefined ? {} : { host: values.host }),
      ...(values['server-version'] === undefined ? {} : { version: values['server-version'] }),
      ...(electionDelayMS === undefined ? {} : { electionDelayMS }),
      ...(seed === undefined ? {} : { seed }),
      ...(values.socket === undefined ? {} : { socketPath: values.socket }),
      ...(values.auth === undefined ? {} : { auth: authOption(values.auth) }),
      ...tlsOption(values),
    },
    isJson: values.json === true,
    tlsDirectory: values['tls-dir'],
    isControlled: values.control === true,
  };
}

function topologyOption(values: {
  replset?: string | undefined;
  sharded?: string | undefined;
  'load-balanced'?: string | undefined;
  name?: string | undefined;
}): { topology: Topology; nodes: number | undefined } {
  const given = [
    ['replicaset', '--replset', values.replset],
    ['sharded', '--sharded', values.sharded],
    ['load-balanced', '--load-balanced', values['load-balanced']],
  ] as const;
  const [chosen, other] = given.filter(([, , value]) => value !== undefined);
  if (chosen === undefined)
    return { topology: values.name === undefined ? 'standalone' : 'replicaset', nodes: undefined };
  if (other !== undefined) throw new RangeError(`${chosen[1]} and ${other[1]} exclude each other`);
  const [topology, option, value] = chosen;
  return { topology, nodes: numberOption(option, value) };
}

function tlsOption(values: {
  tls?: boolean | undefined;
  'tls-dir'?: string | undefined;
  'require-client-certificate'?: boolean | undefined;
}): Pick<TestClusterOptions, 'tls'> {
  if (values['require-client-certificate'] === true) return { tls: { clientCertificates: 'required' } };
  return values.tls === true || values['tls-dir'] !== undefined ? { tls: true } : {};
}

function authOption(text: string): { user: string; password: string } {
  const [, user, password] = /^([^:]+):(.+)$/.exec(text) ?? [];
  if (user === undefined || password === undefined) throw new RangeError('--auth must be USER:PASSWORD');
  return { user, password };
}

function numberOption(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d+$/.test(text)) throw new RangeError(`${name} must be a number, not '${text}'`);
  return Number(text);
}

async function serve({ options, isJson, isControlled, tlsDirectory }: CommandLine): Promise<void> {
  const cluster = await TestCluster.start(options);
  const stop = (): void => {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
    if (isControlled) process.stdin.destroy();
    void cluster.stop();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  const nodes = cluster.nodes.map(describeNode);
  if (isControlled) takeOrders(cluster, stop);
  const { uri, singleRouterUri, tls } = cluster;
  if (tlsDirectory !== undefined && tls !== undefined) writeCertificates(tlsDirectory, tls);
  const shownTls = tls === undefined ? {} : { tls: { ca: tls.authority.certificate, client: tls.client } };
  if (isJson) console.log(JSON.stringify({ uri, singleRouterUri, nodes, ...shownTls }));
  else console.log(`mongotempo-server is ready at ${cluster.uri} (press Ctrl-C to stop)`);
}

function writeCertificates(directory: string, { authority, client }: ClusterTls): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'ca.pem'), authority.certificate);
  writeFileSync(join(directory, 'client.pem'), client.cert + client.key, { mode: 0o600 });
}

function takeOrders(cluster: TestCluster, stop: () => void): void {
  process.stdin.on('error', stop);
  const lines = createInterface({ input: process.stdin });
  lines.on('close', stop);
  lines.on('line', line => {
    answerControl(line, cluster).then(
      reply => console.log(JSON.stringify(reply)),
      (error: unknown) => console.error(`mongotempo-server: not an order: ${(error as Error).message}`),
    );
  });
}

function explain(error: unknown): string {
  const { code, message, port, address } = error as NodeJS.ErrnoException & { port?: number; address?: string };
  if (code === 'EADDRINUSE') return `${address ?? ''}:${port ?? ''} is in use; choose another --port`;
  if (code === 'EACCES') return `may not listen at ${address ?? ''}:${port ?? ''}; choose another --port`;
  return message;
}
