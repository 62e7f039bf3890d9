import { launch } from 'mongotempo-server';
import { type Persona } from './personas.js';
import type { TestServer } from './unified/servers.js';

const USER = { user: 'runner', password: 'a-password' } as const;

/** One of our servers in a process of its own: sharing an event loop would disturb the times that tests measure. */
export async function startOwnServer({ topology, version, auth }: Persona): Promise<TestServer> {
  const name = topology === 'single' ? 'standalone' : topology === 'sharded-replicaset' ? 'sharded' : topology;
  const server = await launch({ topology: name, version, ...(auth ? { auth: USER } : {}) });
  return {
    uri: server.uri,
    singleRouterUri: server.singleRouterUri,
    topology,
    addresses: server.nodes.map(({ address }) => address),
    credentials: auth ? `${USER.user}:${USER.password}@` : '',
    reset: async () => {
      await server.call('reset');
    },
    stop: async () => server.stop(),
  };
}
