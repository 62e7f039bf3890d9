import assert from 'node:assert/strict';
import type { Document } from '../../../src/bson/index.js';
import { ReadPreference, type ReadPreferenceMode, type TagSet } from '../../../src/concern/read_preference.js';
import { RoundTripTimes } from '../../../src/sdam/rtt.js';
import {
  drawServer,
  eligibleServers,
  latencyWindow,
  readPreferenceSelector,
  suitableServers,
  writableSelector,
} from '../../../src/sdam/server_selection.js';
import { addressesOf, contentOf, lowerFirst, seededRandom, topologyOf } from './sdam_support.js';
import type { LegacySuite } from './suite.js';

const random = seededRandom(7);
const NO_SERVERS: ReadonlySet<string> = new Set();

function readPreferenceOf(content: Document): ReadPreference {
  const { mode = 'Primary', tag_sets: tags } = (content['read_preference'] ?? {}) as {
    mode?: string;
    tag_sets?: TagSet[];
  };
  return new ReadPreference(lowerFirst(mode) as ReadPreferenceMode, tags);
}

function suite(folder: string, run: (content: Document) => void): LegacySuite {
  return {
    folder: `server-selection/tests/${folder}`,
    cases: file => [{ description: 'chooses as the file says', run: () => run(contentOf(file)) }],
  };
}

/** Which servers suit, and which of them are near enough. */
export const selectionSuite = suite('server_selection', content => {
  const topology = topologyOf(content);
  const selector =
    content['operation'] === 'write' ? writableSelector : readPreferenceSelector(readPreferenceOf(content));
  const deprioritized = new Set(addressesOf((content['deprioritized_servers'] ?? []) as { address: string }[]));

  const suitable = suitableServers(topology, selector, deprioritized);
  const window = latencyWindow(suitable, topology.localThresholdMS);
  const selected = drawServer(eligibleServers(topology, selector, deprioritized), () => 0, random);

  const expected = addressesOf(content['in_latency_window'] as { address: string }[]);
  assert.deepEqual(addressesOf(suitable), addressesOf(content['suitable_servers'] as { address: string }[]));
  assert.deepEqual(addressesOf(window), expected);
  assert.equal(selected === null, expected.length === 0);
  if (selected !== null) assert.ok(expected.includes(selected.address));
});

interface InWindow {
  readonly mocked_topology_state: { address: string; operation_count: number }[];
  readonly iterations: number;
  readonly outcome: { tolerance: number; expected_frequencies: Record<string, number> };
}

/** Which of those that are near enough, by the operations that they are busy with. */
export const inWindowSuite = suite('in_window', content => {
  const { mocked_topology_state: state, iterations, outcome } = content as InWindow;
  const topology = topologyOf(content);
  const counts = new Map(state.map(server => [server.address, server.operation_count]));
  const selector = readPreferenceSelector(ReadPreference.nearest);

  const hits = new Map<string, number>();
  for (let round = 0; round < iterations; round += 1) {
    const server = drawServer(
      eligibleServers(topology, selector, NO_SERVERS),
      address => counts.get(address) ?? 0,
      random,
    );
    assert.ok(server !== null);
    hits.set(server.address, (hits.get(server.address) ?? 0) + 1);
  }

  for (const [address, expected] of Object.entries(outcome.expected_frequencies)) {
    const frequency = (hits.get(address) ?? 0) / iterations;
    const tolerance = expected === 0 || expected === 1 ? 0 : outcome.tolerance;
    assert.ok(Math.abs(frequency - expected) <= tolerance, `${address}: ${frequency}, expected ${expected}`);
  }
});

/** The average round trip time. */
export const roundTripTimeSuite = suite('rtt', content => {
  const { avg_rtt_ms: before, new_rtt_ms: sample, new_avg_rtt: after } = content as Record<string, number | 'NULL'>;

  const times = before === 'NULL' ? RoundTripTimes.none : RoundTripTimes.none.add(before as number, 0);

  assert.ok(Math.abs(times.add(sample as number, 0).average - (after as number)) < 1e-9);
});
