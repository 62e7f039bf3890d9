import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { TestCluster } from 'mongotempo-server';

const ROOT = join(__dirname, '../../..');
const MODULES = join(ROOT, 'lib/esm');

/** What bundlers make a program of; Node.js takes the same files when it is told the condition. */
const PROGRAM = `
  import mongotempo, { MongoClient, ObjectId } from 'mongotempo';
  import assert from 'node:assert';
  assert.equal(mongotempo.MongoClient, MongoClient);
  const client = new MongoClient(process.argv[2], { compressors: 'snappy' });
  const things = client.db('shop').collection('things');
  const { insertedId } = await things.insertOne({ a: 1 });
  assert.ok(insertedId instanceof ObjectId);
  assert.equal((await things.find().toArray()).length, 1);
  await client.close();
`;

describe('the ES modules that bundlers take', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'modules-'));
    mkdirSync(join(folder, 'node_modules'));
    for (const [name, target] of [
      ['mongotempo', ROOT],
      ['snappy', join(ROOT, 'node_modules/snappy')],
    ] as const) {
      symlinkSync(target, join(folder, 'node_modules', name), 'junction');
    }
    writeFileSync(join(folder, 'program.mjs'), PROGRAM);
  });
  after(() => rmSync(folder, { recursive: true }));

  /** Runs it elsewhere, so that packages are found beside the program only. */
  async function run(...args: string[]): Promise<{ readonly code: unknown; readonly output: string }> {
    const child = spawn(process.execPath, args, { cwd: tmpdir(), stdio: ['ignore', 'pipe', 'pipe'] });
    const ended = once(child, 'close');
    const output = (await Promise.all([text(child.stdout), text(child.stderr)])).join('');
    return { code: (await ended)[0] as unknown, output };
  }

  it('have nothing of CommonJS, nothing that bundlers warn of, and import the package bson and Node.js only', () => {
    let seen = 0;
    for (const path of readdirSync(MODULES, { recursive: true, encoding: 'utf8' })) {
      if (!path.endsWith('.js')) continue;
      seen++;
      const code = readFileSync(join(MODULES, path), 'utf8');
      assert.doesNotMatch(code, /\bimport\.meta\b|\brequire\(|\bmodule\.exports\b|\bimport\(/, path);
      for (const [, name = ''] of code.matchAll(/^(?:import|export)\b[^;]*?\bfrom '([^']+)'/gm)) {
        assert.match(name, /^(?:\.{1,2}\/.*\.js|node:[a-z_/]+|bson)$/, `${path} imports ${name}`);
      }
    }
    assert.ok(seen > 200, `${seen} files`);
  });

  it('export what the package exports', async () => {
    const names = async (file: string) => {
      const program = `import * as all from ${JSON.stringify(pathToFileURL(join(ROOT, file)))}; console.log(Object.keys(all).join());`;
      return (await run('--input-type=module', '-e', program)).output;
    };
    assert.equal(await names('lib/esm/mongotempo.js'), await names('lib/index.mjs'));
  });

  it('work, and load optional packages that are installed beside the program', async () => {
    const cluster = await TestCluster.start({ topology: 'standalone', seed: 1 });
    try {
      assert.deepEqual(await run('--conditions=module', join(folder, 'program.mjs'), cluster.uri), {
        code: 0,
        output: '',
      });
    } finally {
      await cluster.stop();
    }
  });
});
