import assert from 'node:assert/strict';
import type { Document } from '../../../src/bson/index.js';
import { ReadPreference, type ReadPreferenceMode, type TagSet } from '../../../src/concern/read_preference.js';
import type { ServerDescription } from '../../../src/description/server_description.js';
import { latencyWindow, readPreferenceSelector, suitableServers } from '../../../src/sdam/server_selection.js';
import { addressesOf, contentOf, lowerFirst, topologyOf } from './sdam_support.js';
import type { LegacySuite } from './suite.js';

interface Content {
  readonly error?: boolean;
  readonly read_preference?: { mode?: string; tag_sets?: TagSet[]; maxStalenessSeconds?: number };
  readonly suitable_servers?: { address: string }[];
  readonly in_latency_window?: { address: string }[];
}

/** How stale a secondary may be. */
export const maxStalenessSuite: LegacySuite = {
  folder: 'max-staleness/tests',
  cases: file => [{ description: 'selects as the file says', run: () => run(contentOf(file)) }],
};

function run(content: Document): void {
  const { error = false, suitable_servers, in_latency_window } = content as Content;
  if (error) {
    assert.throws(() => suitableOf(content), { name: 'MongoInvalidArgumentError' });
    return;
  }
  const suitable = suitableOf(content);
  const window = latencyWindow(suitable, topologyOf(content).localThresholdMS);

  assert.deepEqual(addressesOf(suitable), addressesOf(suitable_servers ?? []));
  assert.deepEqual(addressesOf(window), addressesOf(in_latency_window ?? []));
}

function suitableOf(content: Document): readonly ServerDescription[] {
  const { mode = 'Primary', tag_sets: tags, maxStalenessSeconds: seconds } = (content as Content).read_preference ?? {};
  // -1 means "no maximum", which is what leaving the option out means.
  const bound = seconds === undefined || seconds === -1 ? {} : { maxStalenessSeconds: seconds };
  const readPreference = new ReadPreference(lowerFirst(mode) as ReadPreferenceMode, tags, bound);
  return suitableServers(topologyOf(content), readPreferenceSelector(readPreference), new Set());
}
