import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { it, suite } from 'node:test';

suite('types', () => {
  it('cost the compiler no more than those of the official package, and exact filters no more than their limit', () => {
    const script = join(resolve(__dirname, '../../..'), 'scripts/instantiations.mjs');
    const { status, stdout, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8' });
    assert.equal(status, 0, stdout + stderr);
    assert.match(stdout, /^exact_filter\.ts +[\d,]+ +at most 20,?000$/m);
  });
});
