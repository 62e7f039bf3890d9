import assert from 'node:assert/strict';
import { CmapRun, type CmapTest } from './cmap_run.js';
import type { LegacySuite } from './suite.js';

/** The pool, on a fake clock and a scripted server. */
export const cmapSuite: LegacySuite = {
  folder: 'connection-monitoring-and-pooling/tests/cmap-format',
  cases({ content }) {
    const test = content as CmapTest;
    const run = async (): Promise<void> => {
      assert.ok(['unit', 'integration'].includes(test.style), `unknown style ${test.style}`);
      await new CmapRun(test).run();
    };
    return [{ description: test.description, run }];
  },
};
