// Runs what a bundler made, far from any node_modules, and says whether it did what the app does.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { uri } from './checks.mjs';

/** The apps: how each of them comes by the driver. */
export const APPS = ['named.mjs', 'namespace.mjs', 'default.mjs', 'dynamic.mjs', 'required.cjs'];

/** What each app prints. */
export const EXPECTED = { id: true, decimal: '1.5', error: 11000, cursor: 1, session: true, committed: 2 };

/** Runs `file` of a folder that a bundler has written, and checks what it prints. */
export async function runBundle(folder, file) {
  const place = mkdtempSync(join(tmpdir(), 'ecosystem-bundle-'));
  try {
    cpSync(folder, place, { recursive: true });
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [join(place, file)], {
      env: { ...process.env, ECOSYSTEM_URI: uri, NODE_PATH: '' },
      timeout: 30_000,
    });
    assert.deepEqual(JSON.parse(stdout), EXPECTED);
    assert.equal(stderr, '');
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

/** @throws AssertionError that shows the warnings, unless there are none */
export function assertSilent(warnings) {
  assert.deepEqual(warnings.map(String), []);
}
