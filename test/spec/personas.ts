import type { Deployment, TopologyName } from './unified/requirements.js';

/** A kind of server that tests can be run on. */
export interface Persona {
  readonly topology: TopologyName;
  readonly version: string;
  /** Whether clients have to authenticate. */
  readonly auth: boolean;
}

const TOPOLOGIES = ['replicaset', 'sharded', 'load-balanced', 'single'] as const;

/** Which of two that a test allows is tried: the first. */
const VERSIONS = ['8.0', '8.2', '7.0', '4.4'] as const;

/** Every persona of our server, the preferred ones first. */
export const personas: readonly Persona[] = TOPOLOGIES.flatMap(topology =>
  [false, true].flatMap(auth => versionsOf(topology).map(version => ({ topology, version, auth }))),
);

/** Load balancers are known to servers since 5.0. */
function versionsOf(topology: TopologyName): readonly string[] {
  return topology === 'load-balanced' ? VERSIONS.filter(version => version !== '4.4') : VERSIONS;
}

/** What the persona's server says of itself when it is asked, so that tests can be planned before one is started. */
export function describePersona({ topology, version, auth }: Persona): Deployment {
  return {
    version: `${version}.0`,
    topology,
    serverParameters: {
      enableTestCommands: true,
      authenticationMechanisms: ['SCRAM-SHA-1', 'SCRAM-SHA-256'],
      requireApiVersion: false,
    },
    auth,
    authMechanisms: ['SCRAM-SHA-1', 'SCRAM-SHA-256'],
    serverless: false,
  };
}

export function personaName({ topology, version, auth }: Persona): string {
  return `${topology} ${version}${auth ? ' with authentication' : ''}`;
}
