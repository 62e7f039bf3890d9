// vitest: its test files run with the driver outside of its transforms, and inlined into them; in processes and in threads.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { check } from '../support/checks.mjs';

const RUNS = [
  ['in processes', { ECOSYSTEM_POOL: 'forks' }],
  ['in threads', { ECOSYSTEM_POOL: 'threads' }],
  ['inlined', { ECOSYSTEM_POOL: 'forks', ECOSYSTEM_INLINE: '1' }],
];

for (const [how, settings] of RUNS) {
  await check(`${how}: the run passes and warns of nothing`, async () => {
    const args = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'fixtures/vitest/vitest.config.mjs'];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args, {
      env: { ...process.env, ...settings, ECOSYSTEM_PREFIX: `${how}: ` },
    });
    assert.equal(stderr, '');
    assert.doesNotMatch(stdout, /warn/i);
  });
}
