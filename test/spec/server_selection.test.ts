import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Document } from '../../src/bson/index.js';
import { ReadPreference, type ReadPreferenceMode, type TagSet } from '../../src/concern/read_preference.js';
import { RoundTripTimes } from '../../src/sdam/rtt.js';
import {
  latencyWindow,
  readPreferenceSelector,
  selectServer,
  suitableServers,
  writableSelector,
} from '../../src/sdam/server_selection.js';
import { skipReason } from '../support/specifications.js';
import { addressesOf, casesBelow, lowerFirst, seededRandom, topologyOf } from './sdam_support.js';

const LOGIC = 'server-selection/tests/server_selection';
const IN_WINDOW = 'server-selection/tests/in_window';
const RTT = 'server-selection/tests/rtt';

const random = seededRandom(7);
const NOBODY: ReadonlySet<string> = new Set();

function readPreferenceOf(content: Document): ReadPreference {
  const { mode = 'Primary', tag_sets: tags } = (content['read_preference'] ?? {}) as {
    mode?: string;
    tag_sets?: TagSet[];
  };
  return new ReadPreference(lowerFirst(mode) as ReadPreferenceMode, tags);
}

describe('Server Selection: selection logic', { skip: skipReason(LOGIC) }, () => {
  for (const { path, content } of casesBelow(LOGIC)) {
    it(path, () => {
      const topology = topologyOf(content);
      const selector =
        content['operation'] === 'write' ? writableSelector : readPreferenceSelector(readPreferenceOf(content));
      const deprioritized = new Set(addressesOf((content['deprioritized_servers'] ?? []) as { address: string }[]));

      const suitable = suitableServers(topology, selector, deprioritized);
      const window = latencyWindow(suitable, topology.localThresholdMS);
      const selected = selectServer(topology, selector, deprioritized, () => 0, random);

      const expected = addressesOf(content['in_latency_window'] as { address: string }[]);
      assert.deepEqual(addressesOf(suitable), addressesOf(content['suitable_servers'] as { address: string }[]));
      assert.deepEqual(addressesOf(window), expected);
      assert.equal(selected === null, expected.length === 0);
      if (selected !== null) assert.ok(expected.includes(selected.address));
    });
  }
});

interface InWindow {
  readonly mocked_topology_state: { address: string; operation_count: number }[];
  readonly iterations: number;
  readonly outcome: { tolerance: number; expected_frequencies: Record<string, number> };
}

describe('Server Selection: choice within the latency window', { skip: skipReason(IN_WINDOW) }, () => {
  for (const { path, content } of casesBelow(IN_WINDOW)) {
    it(path, () => {
      const { mocked_topology_state: state, iterations, outcome } = content as InWindow;
      const topology = topologyOf(content);
      const counts = new Map(state.map(server => [server.address, server.operation_count]));
      const selector = readPreferenceSelector(ReadPreference.nearest);

      const hits = new Map<string, number>();
      for (let round = 0; round < iterations; round += 1) {
        const server = selectServer(topology, selector, NOBODY, address => counts.get(address) ?? 0, random);
        assert.ok(server !== null);
        hits.set(server.address, (hits.get(server.address) ?? 0) + 1);
      }

      for (const [address, expected] of Object.entries(outcome.expected_frequencies)) {
        const frequency = (hits.get(address) ?? 0) / iterations;
        const tolerance = expected === 0 || expected === 1 ? 0 : outcome.tolerance;
        assert.ok(Math.abs(frequency - expected) <= tolerance, `${address}: ${frequency}, expected ${expected}`);
      }
    });
  }
});

describe('Server Selection: average round trip time', { skip: skipReason(RTT) }, () => {
  for (const { path, content } of casesBelow(RTT)) {
    it(path, () => {
      const { avg_rtt_ms: before, new_rtt_ms: sample, new_avg_rtt: after } = content as Record<string, number | 'NULL'>;

      const times = before === 'NULL' ? RoundTripTimes.none : RoundTripTimes.none.add(before as number);

      assert.ok(Math.abs(times.add(sample as number).average - (after as number)) < 1e-9);
    });
  }
});
