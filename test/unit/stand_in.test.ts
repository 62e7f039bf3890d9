import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';

const ROOT = join(__dirname, '../../..');
const installed = createRequire(join(ROOT, 'package.json'));

type Names = Record<string, unknown>;

describe('mongotempo-as-mongodb', () => {
  let folder = '';
  let load: (name: string) => Names;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'stand-in-'));
    mkdirSync(join(folder, 'node_modules'));
    cpSync(join(ROOT, 'stand_in'), join(folder, 'node_modules/mongodb'), { recursive: true });
    symlinkSync(ROOT, join(folder, 'node_modules/mongotempo'), 'junction');
    load = createRequire(join(folder, 'program.js')) as (name: string) => Names;
  });
  after(() => rmSync(folder, { recursive: true }));

  it('gives the classes of mongotempo itself, so that instanceof holds where both are used', () => {
    assert.equal(load('mongodb'), load('mongotempo'));
  });

  it('satisfies ranges of the official version', () => {
    const { name, version } = load('mongodb/package.json');
    assert.equal(name, 'mongotempo-as-mongodb');
    assert.match(String(version), /^7\.9\.\d+$/);
    assert.match(
      String((installed('mongodb/package.json') as Names)['version']),
      /^7\.9\./,
      'the stand-in follows the official version',
    );
  });

  it('depends on the version of mongotempo beside it', () => {
    const manifest = load('mongodb/package.json');
    assert.deepEqual(manifest['dependencies'], { mongotempo: load('mongotempo/package.json')['version'] });
  });

  it('has each name in the file in which the official package has it', () => {
    const official = installed.resolve('mongodb');
    const ours = load('mongotempo');
    const lib = dirname(official);
    let compared = 0;
    for (const path of readdirSync(lib, { recursive: true, encoding: 'utf8' })) {
      if (!path.endsWith('.js')) continue;
      const file = path.replaceAll('\\', '/');
      for (const name of Object.keys(installed(join(lib, path)) as Names)) {
        if (!(name in ours)) continue; // not public, or told by check:surface
        assert.equal(load(`mongodb/lib/${file}`)[name], ours[name], `${name} of mongodb/lib/${file}`);
        compared++;
      }
    }
    assert.ok(compared > 200, `${compared} names compared`);
  });

  it('has all of BSON in lib/bson, from where Mongoose takes it', () => {
    const { BSON, ...names } = load('mongodb/lib/bson');
    assert.equal(BSON, load('mongotempo')['BSON']);
    for (const [name, value] of Object.entries(BSON as Names)) assert.equal(names[name], value, name);
    assert.equal(typeof names['EJSON'], 'object');
  });

  it('is imported by name and by default from an ES module', () => {
    const program = `
      import mongodb, { MongoClient } from 'mongodb';
      import mongotempo, { MongoClient as Own } from 'mongotempo';
      import assert from 'node:assert';
      assert.equal(mongodb.MongoClient, MongoClient);
      assert.equal(mongotempo.MongoClient, MongoClient);
      assert.equal(Own, MongoClient);
      assert.equal(mongodb, mongotempo);
    `;
    writeFileSync(join(folder, 'program.mjs'), program);
    const run = spawnSync(process.execPath, ['program.mjs'], { cwd: folder, encoding: 'utf8' });
    assert.equal(run.status, 0, run.stderr);
  });
});
