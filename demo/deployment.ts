import type { MongoClient, TopologyDescription } from 'mongotempo';
import { launch } from 'mongotempo-server';
import { say } from './terminal.js';

/** How long our replica set has no primary after a step-down: long enough to be seen. */
const ELECTION_DELAY_MS = 300;

/** The server that the demo works with. */
export interface Deployment {
  readonly uri: string;
  readonly isOurs: boolean;
  stop(): Promise<void>;
}

/** Starts our replica set in a child process, or takes the server that MONGODB_URI names. */
export async function findDeployment(): Promise<Deployment> {
  const given = process.env['MONGODB_URI'] ?? '';
  if (given !== '') {
    say('MONGODB_URI is set: using that server, and its database mongotempo_demo.');
    return { uri: given, isOurs: false, stop: () => Promise.resolve() };
  }
  const begin = performance.now();
  const server = await launch({ topology: 'replicaset', nodes: 3, electionDelayMS: ELECTION_DELAY_MS });
  const took = Math.round(performance.now() - begin);
  say(`mongotempo-server: a replica set of 3 nodes in child process ${server.pid}, ready after ${took} ms.`);
  return { uri: server.uri, isOurs: true, stop: () => server.stop() };
}

/** What the server says of itself. */
export async function introduce(client: MongoClient): Promise<void> {
  const hello = await client.db('admin').command({ hello: 1 });
  const buildInfo = await client.db('admin').command({ buildInfo: 1 });
  const { type, servers } = knownTopology(client);
  const members = [...servers.values()].map(server => `${server.address} ${server.type}`);
  const wire = `${String(hello['minWireVersion'])} to ${String(hello['maxWireVersion'])}`;
  say(`It calls itself version ${String(buildInfo['version'])}, wire versions ${wire}; topology ${type}:`);
  for (const member of members) say(`  ${member}`);
}

/** `host:port` of the server that takes writes, if one is known. */
export function writableAddress(client: MongoClient): string | undefined {
  const writable = new Set(['RSPrimary', 'Standalone', 'Mongos']);
  return [...(client.topologyDescription?.servers.values() ?? [])].find(({ type }) => writable.has(type))?.address;
}

export function knownTopology(client: MongoClient): TopologyDescription {
  const { topologyDescription } = client;
  if (topologyDescription === null) throw new Error('The client is not connected');
  return topologyDescription;
}
