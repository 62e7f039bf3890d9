import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ReadPreference, type ReadPreferenceMode, type TagSet } from '../../src/concern/read_preference.js';
import type { ServerDescription } from '../../src/sdam/description/server_description.js';
import { latencyWindow, readPreferenceSelector, suitableServers } from '../../src/sdam/server_selection.js';
import { skipReason } from '../support/specifications.js';
import { addressesOf, casesBelow, lowerFirst, topologyOf } from './sdam_support.js';

interface Content {
  readonly error?: boolean;
  readonly read_preference?: { mode?: string; tag_sets?: TagSet[]; maxStalenessSeconds?: number };
  readonly suitable_servers?: { address: string }[];
  readonly in_latency_window?: { address: string }[];
}

const FOLDER = 'max-staleness/tests';

describe('Max Staleness', { skip: skipReason(FOLDER) }, () => {
  for (const { path, content } of casesBelow(FOLDER)) {
    it(path, () => {
      const { error = false, read_preference: rp = {}, suitable_servers, in_latency_window } = content as Content;
      const topology = topologyOf(content);
      const select = (): readonly ServerDescription[] => {
        const { mode = 'Primary', tag_sets: tags, maxStalenessSeconds: seconds } = rp;
        // -1 means "no maximum", which is what leaving the option out means.
        const bound = seconds === undefined || seconds === -1 ? {} : { maxStalenessSeconds: seconds };
        const readPreference = new ReadPreference(lowerFirst(mode) as ReadPreferenceMode, tags, bound);
        return suitableServers(topology, readPreferenceSelector(readPreference), new Set());
      };

      if (error) {
        assert.throws(select, { name: 'MongoInvalidArgumentError' });
        return;
      }
      const suitable = select();
      assert.deepEqual(addressesOf(suitable), addressesOf(suitable_servers ?? []));
      assert.deepEqual(
        addressesOf(latencyWindow(suitable, topology.localThresholdMS)),
        addressesOf(in_latency_window ?? []),
      );
    });
  }
});
