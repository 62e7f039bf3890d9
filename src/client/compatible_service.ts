import type { ResolvedOptions } from '../uri/resolved_options.js';

/** Services that speak MongoDB's protocol, by the names of their hosts. */
const SERVICES = [
  { name: 'CosmosDB', hosts: /\.cosmos\.azure\.com$/i, page: 'cosmosdb' },
  { name: 'DocumentDB', hosts: /\.docdb(?:-elastic)?\.amazonaws\.com$/i, page: 'documentdb' },
];

/**
 * The note for the log if a client connects to a service that is not MongoDB; null otherwise. It has the words of the official driver.
 */
export function noteOnService({ hosts, srvHost }: Pick<ResolvedOptions, 'hosts' | 'srvHost'>): string | null {
  const names = [...hosts.map(({ host }) => host), srvHost].filter(name => name !== undefined);
  const service = SERVICES.find(({ hosts: pattern }) => names.some(name => pattern.test(name)));
  if (service === undefined) return null;
  const page = `https://www.mongodb.com/supportability/${service.page}`;
  return (
    `You appear to be connected to a ${service.name} cluster. For more information regarding feature compatibility and support ` +
    `please visit ${page}`
  );
}
