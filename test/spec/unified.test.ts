import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { skipReason } from '../support/specifications.js';
import { collectFiles } from './collect.js';
import { loadDriver } from './drivers/index.js';
import type { ReportedResult } from './report.js';
import { runFiles, titleOf } from './run_files.js';

/**
 * The areas that take seconds, and leave a driver more than a few milliseconds. Each test is run on one of the topologies that it allows;
 * `npm run spec` runs all areas, on all of them.
 */
const AREAS = [
  'causal-consistency',
  'collection-management',
  'crud',
  'index-management',
  'mongodb-handshake',
  'read-write-concern',
  'retryable-reads',
  'retryable-writes',
  'run-command',
  'sessions',
  'transactions',
  'transactions-convenient-api',
  'unified-test-format',
  'versioned-api',
] as const;

/** Each is a driver and a server, which mostly wait for each other. */
const PROCESSES = 3;

describe('the unified tests of', { skip: skipReason('unified-test-format') }, () => {
  const results = new Map<string, ReportedResult[]>();

  before(async () => {
    const driver = loadDriver('mongotempo');
    const files = collectFiles({ areas: AREAS, driver, breadth: 'first' });
    // Those of older formats have a test file of their own.
    const unified = files.filter(({ works }) => works.every(({ kind }) => kind === 'unified'));
    for (const result of await runFiles(unified, driver.name, PROCESSES)) {
      results.set(result.area, [...(results.get(result.area) ?? []), result]);
    }
  });

  for (const area of AREAS) {
    it(`${area} pass`, () => {
      const found = results.get(area) ?? [];
      assert.deepEqual(found.filter(({ outcome }) => outcome === 'failed').map(titleOf), []);
      assert.ok(found.some(({ outcome }) => outcome === 'passed'));
    });
  }
});
