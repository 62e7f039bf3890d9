import { type ClusterPlan } from './options.js';

interface Listener {
  readonly address: string;
}

/** The URI of a cluster, and the one of a single router where it is another. */
export function urisOf(
  { topology, setName, socketPath, auth, clientCertificates }: ClusterPlan,
  nodes: readonly Listener[],
  fronts: readonly Listener[],
): readonly [string, string?] {
  const login = auth === undefined ? '' : `${encodeURIComponent(auth.user)}:${encodeURIComponent(auth.password)}@`;
  if (socketPath !== undefined) return [`mongodb://${login}${encodeURIComponent(socketPath)}/`];
  const [first = ''] = nodes.map(({ address }) => address);
  const all = nodes.map(({ address }) => address).join(',');
  const uri = (hosts: string, ...options: readonly string[]): string => {
    const given = clientCertificates === undefined ? options : [...options, 'tls=true'];
    return `mongodb://${login}${hosts}/${given.length === 0 ? '' : `?${given.join('&')}`}`;
  };
  switch (topology) {
    case 'standalone':
      return [uri(first)];
    case 'replicaset':
      return [uri(all, `replicaSet=${setName}`)];
    case 'sharded':
      return [uri(all), uri(first)];
    case 'load-balanced': {
      const [balanced = '', single = balanced] = fronts.map(({ address }) => uri(address, 'loadBalanced=true'));
      return [balanced, single];
    }
    default:
      return topology satisfies never;
  }
}
