import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ReadPreferenceMode, TagSet } from '../../src/concern/read_preference.js';
import { ServerDescription } from '../../src/description/server_description.js';
import { TopologyDescription } from '../../src/description/topology_description.js';
import { ServerType, TopologyType } from '../../src/description/types.js';
import {
  drawServer,
  eligibleServers,
  latencyWindow,
  readPreferenceSelector,
  suitableServers,
} from '../../src/sdam/server_selection.js';

// A model of the specification, as slow and as plain as can be: one question about one server at a time.

interface Asked {
  readonly mode: ReadPreferenceMode;
  readonly tags: TagSet[];
  readonly maxStalenessSeconds?: number;
  readonly deprioritized: ReadonlySet<string>;
}

const HEARTBEAT_MS = 10_000;

class Model {
  readonly #topology: TopologyDescription;
  readonly #asked: Asked;
  readonly #all: readonly ServerDescription[];

  constructor(topology: TopologyDescription, asked: Asked) {
    this.#topology = topology;
    this.#asked = asked;
    this.#all = [...topology.servers.values()];
  }

  /** "…if no server suits without the deprioritized ones, all are looked at." */
  suitable(): ServerDescription[] {
    const preferred = this.#suitableOf(this.#all.filter(({ address }) => !this.#asked.deprioritized.has(address)));
    return preferred.length > 0 ? preferred : this.#suitableOf(this.#all);
  }

  #suitableOf(candidates: readonly ServerDescription[]): ServerDescription[] {
    switch (this.#topology.type) {
      case TopologyType.Single:
        return candidates.filter(({ type }) => type !== ServerType.Unknown);
      case TopologyType.Sharded:
        return candidates.filter(({ type }) => type === ServerType.Mongos);
      case TopologyType.ReplicaSetNoPrimary:
      case TopologyType.ReplicaSetWithPrimary:
        return this.#membersOf(candidates);
      default:
        return [];
    }
  }

  #membersOf(candidates: readonly ServerDescription[]): ServerDescription[] {
    const primaries = candidates.filter(({ type }) => type === ServerType.RSPrimary);
    const isSecondary = (server: ServerDescription) => server.type === ServerType.RSSecondary && this.#isFresh(server);
    const secondaries = this.#tagged(candidates.filter(isSecondary));
    switch (this.#asked.mode) {
      case 'primary':
        return primaries;
      case 'primaryPreferred':
        return primaries.length > 0 ? primaries : secondaries;
      case 'secondary':
        return secondaries;
      case 'secondaryPreferred':
        return secondaries.length > 0 ? secondaries : primaries;
      default:
        return this.#tagged(candidates.filter(server => primaries.includes(server) || isSecondary(server)));
    }
  }

  /** "The first tag set that matches at least one server is the one that counts." */
  #tagged(servers: ServerDescription[]): ServerDescription[] {
    if (this.#asked.tags.length === 0) return servers;
    const matches = (server: ServerDescription, wanted: TagSet) =>
      Object.entries(wanted).every(([name, value]) => server.tags[name] === value);
    const counts = this.#asked.tags.find(wanted => servers.some(server => matches(server, wanted)));
    return counts === undefined ? [] : servers.filter(server => matches(server, counts));
  }

  #isFresh(secondary: ServerDescription): boolean {
    const { maxStalenessSeconds } = this.#asked;
    return maxStalenessSeconds === undefined || this.#stalenessMS(secondary) <= maxStalenessSeconds * 1000;
  }

  #stalenessMS(secondary: ServerDescription): number {
    const primary = this.#all.find(({ type }) => type === ServerType.RSPrimary);
    if (primary !== undefined) {
      const ofSecondary = secondary.lastUpdateTime - secondary.lastWriteDate;
      const ofPrimary = primary.lastUpdateTime - primary.lastWriteDate;
      return ofSecondary - ofPrimary + HEARTBEAT_MS;
    }
    const writes = this.#all.filter(({ type }) => type === ServerType.RSSecondary).map(server => server.lastWriteDate);
    return Math.max(...writes) - secondary.lastWriteDate + HEARTBEAT_MS;
  }
}

/** "…whose round trip time is at most localThresholdMS longer than that of the fastest." */
function windowOf(servers: readonly ServerDescription[], localThresholdMS: number): ServerDescription[] {
  return servers.filter(server =>
    servers.every(other => server.roundTripTime <= other.roundTripTime + localThresholdMS),
  );
}

// ── What is asked of which deployment

const ADDRESSES = ['a:27017', 'b:27017', 'c:27017', 'd:27017', 'e:27017'];

const MEMBERS = [
  ServerType.RSSecondary,
  ServerType.RSSecondary,
  ServerType.RSSecondary,
  ServerType.RSArbiter,
  ServerType.RSOther,
  ServerType.RSGhost,
  ServerType.Unknown,
];

const tagSet: fc.Arbitrary<TagSet> = fc.record(
  { dc: fc.constantFrom('east', 'west'), use: fc.constantFrom('reports', 'shop') },
  { requiredKeys: [] },
);

interface Traits {
  readonly type: ServerType;
  readonly tags: TagSet;
  readonly roundTripTime: number;
  readonly lastUpdateTime: number;
  readonly lastWriteDate: number;
}

const traitsOf = (types: readonly ServerType[]): fc.Arbitrary<Traits[]> =>
  fc.array(
    fc.record({
      type: fc.constantFrom(...types),
      tags: tagSet,
      roundTripTime: fc.nat(60),
      lastUpdateTime: fc.nat(30).map(seconds => 1_000_000 + seconds * 1000),
      lastWriteDate: fc.nat(250).map(seconds => 500_000 + seconds * 1000),
    }),
    { minLength: 1, maxLength: ADDRESSES.length },
  );

function deployment(type: TopologyType, traits: readonly Traits[]): TopologyDescription {
  const servers = traits.map(
    fields => new ServerDescription({ address: ADDRESSES[traits.indexOf(fields)]!, ...fields }),
  );
  return new TopologyDescription({
    type,
    setName: null,
    maxSetVersion: null,
    maxElectionId: null,
    servers: new Map(servers.map(server => [server.address, server])),
    heartbeatFrequencyMS: HEARTBEAT_MS,
    localThresholdMS: 15,
    seedCount: servers.length,
  });
}

const withPrimary = traitsOf(MEMBERS).map(([first, ...others]) => [
  { ...first!, type: ServerType.RSPrimary },
  ...others,
]);

const topology: fc.Arbitrary<TopologyDescription> = fc.oneof(
  withPrimary.map(traits => deployment(TopologyType.ReplicaSetWithPrimary, traits)),
  traitsOf(MEMBERS).map(traits => deployment(TopologyType.ReplicaSetNoPrimary, traits)),
  traitsOf([ServerType.Mongos, ServerType.Unknown]).map(traits => deployment(TopologyType.Sharded, traits)),
  traitsOf([ServerType.Unknown]).map(traits => deployment(TopologyType.Unknown, traits)),
  traitsOf([ServerType.Standalone, ServerType.RSSecondary, ServerType.Unknown]).map(traits =>
    deployment(TopologyType.Single, traits.slice(0, 1)),
  ),
);

const asked: fc.Arbitrary<Asked> = fc.record(
  {
    mode: fc.constantFrom('primary', 'primaryPreferred', 'secondary', 'secondaryPreferred', 'nearest'),
    tags: fc.array(tagSet, { maxLength: 3 }),
    maxStalenessSeconds: fc.constantFrom(90, 120, 200),
    deprioritized: fc.subarray(ADDRESSES).map(addresses => new Set(addresses)),
  },
  { requiredKeys: ['mode', 'tags', 'deprioritized'] },
);

const names = (servers: readonly ServerDescription[]) => servers.map(({ address }) => address).sort();
const RUNS = { numRuns: 2000 };

describe('the selection of a server', () => {
  it('finds the servers that the specification names, in every deployment', () => {
    fc.assert(
      fc.property(topology, asked, (deployed, question) => {
        const found = suitableServers(deployed, readPreferenceSelector(question), question.deprioritized);

        assert.deepEqual(names(found), names(new Model(deployed, question).suitable()));
      }),
      RUNS,
    );
  });

  it('leaves those that are hardly slower than the fastest', () => {
    fc.assert(
      fc.property(topology, fc.nat(40), (deployed, localThresholdMS) => {
        assert.deepEqual(
          latencyWindow(deployed.candidates, localThresholdMS),
          windowOf(deployed.candidates, localThresholdMS),
        );
      }),
      RUNS,
    );
  });

  it('takes one of these, and of two drawn the one with fewer operations', () => {
    const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    const counts = fc.tuple(...ADDRESSES.map(() => fc.nat(5)));
    fc.assert(
      fc.property(topology, asked, counts, chance, chance, (deployed, question, operationCounts, first, second) => {
        const window = windowOf(new Model(deployed, question).suitable(), deployed.localThresholdMS);
        const draws = [first, second];
        const random = { next: () => draws.shift()!, bytes: () => new Uint8Array() };
        const looked: string[] = [];
        const count = (address: string) => operationCounts[ADDRESSES.indexOf(address)]!;
        const counted = (address: string) => {
          looked.push(address);
          return count(address);
        };

        const selector = readPreferenceSelector(question);
        const eligible = eligibleServers(deployed, selector, question.deprioritized);

        const chosen = drawServer(eligible, counted, random);

        assert.equal(chosen === null, window.length === 0);
        if (chosen === null) return;
        assert.ok(names(window).includes(chosen.address));
        assert.equal(new Set(looked).size, window.length < 2 ? 0 : 2);
        for (const other of looked) assert.ok(count(chosen.address) <= count(other));
      }),
      RUNS,
    );
  });
});
