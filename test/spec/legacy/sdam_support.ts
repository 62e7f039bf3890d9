import { type Document, EJSON } from '../../../src/bson/index.js';
import {
  ServerDescription as Description,
  type ServerDescription,
} from '../../../src/description/server_description.js';
import { TopologyDescription } from '../../../src/description/topology_description.js';
import type { ServerType, TopologyType } from '../../../src/description/types.js';
import type { Random } from '../../../src/runtime/random.js';
import type { SpecificationFile } from '../../support/specifications.js';

/** The content of a file, its Extended JSON read. */
export function contentOf({ content }: SpecificationFile): Document {
  return EJSON.deserialize(withoutPossiblePrimary(content) as Document) as Document;
}

/**
 * SDAM, "PossiblePrimary": the type of single-threaded clients only, which to all others is the same as Unknown. The files
 * name it wherever they describe a server: in outcomes, in events, and in the topologies of server selection.
 */
function withoutPossiblePrimary(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutPossiblePrimary);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => [
      key,
      key === 'type' && field === 'PossiblePrimary' ? 'Unknown' : withoutPossiblePrimary(field),
    ]),
  );
}

/** A topology as the files of Server Selection and Max Staleness write it down. */
export function topologyOf(content: Document): TopologyDescription {
  const { topology_description: topology } = content as { topology_description: { type: string; servers: Document[] } };
  const servers = topology.servers.map(serverOf);
  return new TopologyDescription({
    type: topology.type as TopologyType,
    setName: topology.type.startsWith('ReplicaSet') ? 'rs' : null,
    maxSetVersion: null,
    maxElectionId: null,
    servers: new Map(servers.map(server => [server.address, server])),
    heartbeatFrequencyMS: (content['heartbeatFrequencyMS'] as number | undefined) ?? 10_000,
    localThresholdMS: 15,
    seedCount: servers.length,
  });
}

function serverOf(server: Document): ServerDescription {
  const lastWrite = server['lastWrite'] as { lastWriteDate: number } | undefined;
  return new Description({
    address: server['address'] as string,
    type: server['type'] as ServerType,
    tags: (server['tags'] as Record<string, string> | undefined) ?? {},
    maxWireVersion: (server['maxWireVersion'] as number | undefined) ?? 21,
    roundTripTime: (server['avg_rtt_ms'] as number | undefined) ?? -1,
    lastUpdateTime: (server['lastUpdateTime'] as number | undefined) ?? 0,
    lastWriteDate: lastWrite?.lastWriteDate ?? 0,
  });
}

/** Addresses in an order that does not depend on where they come from. */
export function addressesOf(servers: readonly { readonly address: string }[]): string[] {
  return servers.map(({ address }) => address).sort();
}

export function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** Chance that is the same in every run (mulberry32), so that a statistical test does not fail now and then. */
export function seededRandom(seed: number): Random {
  let state = seed;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return { next, bytes: length => Uint8Array.from({ length }, () => Math.floor(next() * 256)) };
}
