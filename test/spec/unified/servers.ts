import type { TopologyName } from './requirements.js';

/** A deployment that tests run on. */
export interface TestServer {
  /** Names every member or router. */
  readonly uri: string;
  /** Names one router only; the same as `uri` where there are none. */
  readonly singleRouterUri: string;
  readonly topology: TopologyName;
  /** host:port of each process, for fail points of one of them. */
  readonly addresses: readonly string[];
  readonly credentials: string;
  /** As if it had just been started: no data, no sessions, no fail points. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

/** The URI of a single process of a deployment. */
export function directUri({ credentials }: TestServer, address: string): string {
  return `mongodb://${credentials}${address}/?directConnection=true`;
}
