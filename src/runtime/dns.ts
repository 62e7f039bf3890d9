import { getServers, Resolver } from 'node:dns/promises';

/** One SRV record. Priority and weight mean nothing to a driver. */
export interface SrvRecord {
  readonly name: string;
  readonly port: number;
}

/** Asks DNS. Rejects with Node's own errors, which have a `code`. */
export interface DNSResolver {
  /** @param signal - ends the query when it is aborted, so that nothing of it is left */
  resolveSrv(name: string, signal?: AbortSignal): Promise<readonly SrvRecord[]>;
  /** Each record as its strings. */
  resolveTxt(name: string, signal?: AbortSignal): Promise<readonly (readonly string[])[]>;
  /** Addresses of the name servers that are asked, for messages. */
  servers(): readonly string[];
}

/** Name servers of Node's own resolver when this module was loaded. */
const serversAtStart = getServers();
const wereChosenBefore = !areSame(serversAtStart, new Resolver().getServers());

/**
 * Asks the name servers that the program has set (`setServers` of `node:dns` and of `dns.promises`), otherwise those of this machine as they are
 * now: Node's own resolver goes on asking those of its start, though a laptop changes its network while a process runs.
 */
export const systemResolver: DNSResolver = {
  resolveSrv: (name, signal) => openResolver(signal).resolveSrv(name),
  resolveTxt: (name, signal) => openResolver(signal).resolveTxt(name),
  servers: () => openResolver().getServers(),
};

/** A resolver for one query: only that query is ended by the signal, and none of the program's. */
function openResolver(signal?: AbortSignal): Resolver {
  const resolver = new Resolver();
  const servers = getServers();
  if (wereChosenBefore || !areSame(servers, serversAtStart)) resolver.setServers(servers);
  signal?.addEventListener('abort', () => resolver.cancel(), { once: true });
  return resolver;
}

function areSame(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((server, index) => server === others[index]);
}
