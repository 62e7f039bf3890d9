import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, describe, it } from 'node:test';

const repository = resolve(__dirname, '../../..');

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('npm test -- --stress', () => {
  let root = '';
  before(() => {
    root = mkdtempSync(join(tmpdir(), 'mongotempo-stress-'));
    for (const folder of ['scripts', '.build/test', '.build/server/test', '.build/page/test']) {
      mkdirSync(join(root, folder), { recursive: true });
    }
    cpSync(join(repository, 'scripts/test.mjs'), join(root, 'scripts/test.mjs'));
    const write = (name: string, body: string) =>
      writeFileSync(join(root, '.build/test', name), `require('node:test').it('${name}', ${body});`);
    write('passes.test.js', '() => {}');
    // A runner that is killed leaves its tests to end by themselves.
    write('waits.test.js', '() => new Promise(resolve => setTimeout(resolve, 5000))');
  });
  after(() => rmSync(root, { recursive: true, force: true }));

  for (const end of ['exit', 'SIGTERM', 'SIGKILL'] as const) {
    it(`runs the tests beside ten busy loops, of which none outlives ${end}`, async () => {
      const words = [end === 'exit' ? 'passes' : 'waits'];
      const runner = spawn(process.execPath, [join(root, 'scripts/test.mjs'), '--stress', ...words], {
        // A test runner inside of a test runner must not take part in it.
        env: { ...process.env, NODE_TEST_CONTEXT: undefined },
      });
      const exited = once(runner, 'exit');
      let output = '';
      const announced = new Promise<void>(resolve => {
        runner.stdout.setEncoding('utf8').on('data', (chunk: string) => {
          output += chunk;
          if (/busy loops: .*\n/.test(output)) resolve();
        });
      });
      await announced;
      if (end !== 'exit') runner.kill(end);
      const [code] = (await exited) as [number | null];

      const pids = /busy loops: (.*)\n/.exec(output)![1]!.split(', ').map(Number);
      assert.equal(pids.length, 10);
      while (pids.some(isAlive)) await new Promise(resolve => setTimeout(resolve, 10));
      runner.stdout.destroy();
      runner.stderr.destroy();
      if (end === 'exit') assert.equal(code, 0, output);
      else assert.notEqual(code, 0);
    });
  }
});
