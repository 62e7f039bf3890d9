import { Resolver } from 'node:dns/promises';

/** One SRV record. Priority and weight mean nothing to a driver. */
export interface SrvRecord {
  readonly name: string;
  readonly port: number;
}

/** Asks DNS. Rejects with Node's own errors, which have a `code`. */
export interface DNSResolver {
  resolveSrv(name: string): Promise<readonly SrvRecord[]>;
  /** Each record as its strings. */
  resolveTxt(name: string): Promise<readonly (readonly string[])[]>;
  /** Addresses of the name servers that are asked, for messages. */
  servers(): readonly string[];
}

/** Asks the name servers of this machine: those of now, since a laptop changes its network while a process runs. */
export const systemResolver: DNSResolver = {
  resolveSrv: name => new Resolver().resolveSrv(name),
  resolveTxt: name => new Resolver().resolveTxt(name),
  servers: () => new Resolver().getServers(),
};
