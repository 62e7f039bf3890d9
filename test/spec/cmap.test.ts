import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { skipReason, specificationFiles } from '../support/specifications.js';
import { CmapRun, type CmapTest } from './cmap_support.js';

const FOLDER = 'connection-monitoring-and-pooling/tests/cmap-format';

describe('Connection Monitoring and Pooling', { skip: skipReason(FOLDER) }, () => {
  for (const { name, content } of specificationFiles(FOLDER)) {
    const test = content as CmapTest;
    it(`${name}: ${test.description}`, async () => {
      assert.ok(['unit', 'integration'].includes(test.style), `unknown style ${test.style}`);
      await new CmapRun(test).run();
    });
  }
});
