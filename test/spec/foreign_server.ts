import { MongoClient } from 'mongodb';
import type { Persona } from './personas.js';
import { type Deployment, type TopologyName } from './unified/requirements.js';
import type { TestServer } from './unified/servers.js';

/** A server that was started outside of the tests. */
export async function describeForeignServer(uri: string): Promise<{ persona: Persona; deployment: Deployment }> {
  const client = new MongoClient(uri, { serverSelectionTimeoutMS: 5000 });
  try {
    const admin = client.db('admin');
    const { version } = await admin.command({ buildInfo: 1 });
    const hello = await admin.command({ hello: 1 });
    const serverParameters = await admin.command({ getParameter: '*' }).catch(() => ({}));
    const topology = topologyOf(hello);
    return {
      persona: { topology, version: String(version), auth: false },
      deployment: {
        version: String(version),
        topology,
        serverParameters,
        auth: new URL(uri).username !== '',
        authMechanisms: ['SCRAM-SHA-1', 'SCRAM-SHA-256'],
        serverless: false,
      },
    };
  } finally {
    await client.close();
  }
}

/** Tests leave their collections behind on it: each drops what it needs before it starts. */
export async function useForeignServer(uri: string, topology: TopologyName): Promise<TestServer> {
  const client = new MongoClient(uri);
  await client.connect();
  const { hosts, userinfo } = /^mongodb:\/\/(?<userinfo>[^@/]*@)?(?<hosts>[^/?]*)/.exec(uri)?.groups ?? {};
  const [first = ''] = (hosts ?? '').split(',');
  return {
    uri,
    singleRouterUri: topology === 'sharded' ? uri.replace(hosts ?? '', first) : uri,
    topology,
    addresses: (hosts ?? '').split(','),
    credentials: userinfo ?? '',
    reset: async () => {
      await client
        .db('admin')
        .command({ killAllSessions: [] })
        .catch(() => null);
    },
    stop: async () => client.close(),
  };
}

function topologyOf(hello: Record<string, unknown>): TopologyName {
  if (hello['msg'] === 'isdbgrid') return 'sharded';
  return hello['setName'] === undefined ? 'single' : 'replicaset';
}
