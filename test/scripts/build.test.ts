import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { after, before, it, suite } from 'node:test';

const repository = resolve(__dirname, '../../..');

/** A project of a few lines with the folders of this one, and this one's build script. */
function makeProject(root: string): void {
  const write = (file: string, text: string) => {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  };
  const base = { module: 'nodenext', target: 'es2023', lib: ['es5'], types: [], incremental: true, declaration: true };
  const config = (name: string, settings: object, include: string[]) => ({
    compilerOptions: { ...base, tsBuildInfoFile: `.build/${name}.tsbuildinfo`, ...settings },
    include,
  });
  write('tsconfig.base.json', '{}');
  const library = { rootDir: 'src', outDir: 'lib', declarationDir: '.build/declarations', declarationMap: true };
  write('tsconfig.build.json', JSON.stringify(config('lib', library, ['src'])));
  write('package.json', JSON.stringify({ name: 'example', version: '1.0.0', types: 'lib/index.d.ts' }));
  const server = { rootDir: 'src', outDir: 'lib', tsBuildInfoFile: '../.build/server.tsbuildinfo' };
  write('server/tsconfig.json', JSON.stringify(config('server', server, ['src'])));
  const page = { rootDir: 'src', outDir: 'lib', tsBuildInfoFile: '../.build/page.tsbuildinfo' };
  write('page/tsconfig.json', JSON.stringify(config('page', page, ['src'])));
  write('page/src/index.ts', 'export const answer = 42;\n');
  const all = config('all', { rootDir: '.', outDir: '.build' }, ['src', 'test', 'server/src']);
  write('tsconfig.json', JSON.stringify({ ...all, exclude: ['**/lib', '**/node_modules'] }));
  write('src/index.ts', 'export const answer = 42;\n');
  write('server/src/index.ts', 'export const answer = 42;\n');
  write('server/bin/mongotempo-server.js', '');
  write('test/one.test.ts', 'export const one = 1;\n');
  write('test/two.test.ts', 'export const two = 2;\n');
  for (const script of ['build.mjs', 'rollup_types.mjs', 'stand_in.mjs', 'stand_in_files.mjs']) {
    cpSync(join(repository, 'scripts', script), join(root, 'scripts', script));
  }
  write('LICENSE', '');
  symlinkSync(join(repository, 'node_modules'), join(root, 'node_modules'));
}

suite('npm run build', () => {
  let root = '';
  const path = (file: string) => join(root, file);

  const build = (expectedStatus = 0): string => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [path('scripts/build.mjs')], { encoding: 'utf8' });
    assert.equal(status, expectedStatus, stdout + stderr);
    return stdout;
  };

  before(() => {
    root = mkdtempSync(join(tmpdir(), 'mongotempo-build-'));
    makeProject(root);
  });
  after(() => rmSync(root, { recursive: true, force: true }));

  it('a clean checkout is compiled, and a tree that has not changed is not compiled again', () => {
    const first = build();
    // What the build itself adds is counted, too.
    assert.match(first, /tsconfig\.build\.json → lib\/ compiled (\d+) of \1 files/);
    assert.match(first, /tsconfig\.json → \.build\/ compiled 4 of 4 files/);
    assert.match(readFileSync(path('lib/index.mjs'), 'utf8'), /export const answer = mongotempo\.answer;/);
    const second = build();
    assert.equal(second.match(/is up to date/g)?.length, 4, second);
  });

  it('the declarations are one file, and its map leads to the sources', () => {
    writeFileSync(
      path('src/parts.ts'),
      '/** Counts. @public */\nexport class Inner {\n  /** Of all. */\n  count = 1;\n}\n/** @public */\nexport interface Wide {}\n',
    );
    const added = "declare module './parts.js' {\n  interface Wide {\n    readonly more: number;\n  }\n}\n";
    writeFileSync(
      path('src/index.ts'),
      `export const answer = 42;\nexport { Inner as Outer, type Wide } from './parts.js';\n${added}`,
    );
    try {
      assert.match(build(), /→ lib\/index\.d\.ts rolled up/);
      assert.deepEqual(
        readdirSync(path('lib')).filter(file => file.includes('.d.')),
        ['index.d.mts', 'index.d.ts', 'index.d.ts.map'],
      );
      const text = readFileSync(path('lib/index.d.ts'), 'utf8');
      assert.match(
        text,
        /\/\*\* Counts\. @public \*\/\nexport declare class Outer \{\n +\/\*\* Of all\. \*\/\n +count: number;/,
      );
      const lines = text.split('\n');
      const line = lines.findIndex(words => words.includes('count: number'));
      const map = new SourceMap(JSON.parse(readFileSync(path('lib/index.d.ts.map'), 'utf8')) as SourceMapPayload);
      const entry = map.findEntry(line, lines[line]?.indexOf('count') ?? 0);
      assert.deepEqual('originalSource' in entry && [entry.originalSource, entry.originalLine, entry.originalColumn], [
        '../src/parts.ts',
        3,
        2,
      ]);
      assert.match(text, /interface Wide \{\n +readonly more: number;/);
    } finally {
      rmSync(path('src/parts.ts'));
      writeFileSync(path('src/index.ts'), 'export const answer = 42;\n');
    }
    build();
    assert.equal(existsSync(path('.build/declarations/parts.d.ts')), false);
  });

  it('a type that is reached from the entry point and not exported fails the build', () => {
    writeFileSync(path('src/index.ts'), 'interface Hidden {}\nexport const answer: Hidden = 42;\n');
    const { status, stderr } = spawnSync(process.execPath, [path('scripts/build.mjs')], { encoding: 'utf8' });
    writeFileSync(path('src/index.ts'), 'export const answer = 42;\n');
    assert.equal(status, 1, stderr);
    assert.match(stderr, /Export it, or mark what reaches it as @internal:\n.*src\/index\.ts: The symbol "Hidden"/);
    build();
  });

  it('a changed test is compiled alone', () => {
    build();
    writeFileSync(path('test/one.test.ts'), 'export const one = 11;\n');
    const output = build();
    assert.match(output, /→ lib\/ is up to date/);
    assert.match(output, /→ server\/lib\/ is up to date/);
    assert.match(output, /→ \.build\/ compiled 1 of 4 files/);
    assert.match(readFileSync(path('.build/test/one.test.js'), 'utf8'), /one = 11/);
  });

  it('what a deleted source had been compiled to is deleted, and nothing else is compiled', () => {
    writeFileSync(path('test/three.test.ts'), 'export const three = 3;\n');
    build();
    rmSync(path('test/three.test.ts'));
    assert.match(build(), /→ \.build\/ compiled 0 of 4 files/);
    assert.equal(existsSync(path('.build/test/three.test.js')), false);
  });

  it('an output that is gone or cut off is compiled again', () => {
    build();
    rmSync(path('lib/index.js'));
    writeFileSync(path('.build/test/two.test.js'), '');
    build();
    assert.match(readFileSync(path('lib/index.js'), 'utf8'), /answer = 42/);
    assert.match(readFileSync(path('.build/test/two.test.js'), 'utf8'), /two = 2/);
  });

  it('a build that was interrupted leaves nothing that the next build trusts', () => {
    build();
    // An interrupted build has written some outputs of sources that were then taken back, and no stamp.
    rmSync(path('.build/all.stamp.json'));
    writeFileSync(path('.build/test/two.test.js'), 'exports.two = 3;\n');
    build();
    assert.match(readFileSync(path('.build/test/two.test.js'), 'utf8'), /two = 2/);
    writeFileSync(path('.build/all.stamp.json'), '{"status":0,"inp');
    writeFileSync(path('.build/all.tsbuildinfo'), '{"fileNam');
    assert.match(build(), /→ \.build\/ compiled 4 of 4 files/);
  });

  it('a type error fails every build until it is mended, and costs no full build', () => {
    build();
    writeFileSync(path('test/two.test.ts'), 'export const two: string = 2;\n');
    assert.match(build(2), /two\.test\.ts/);
    assert.match(build(2), /two\.test\.ts/);
    writeFileSync(path('test/two.test.ts'), 'export const two = 22;\n');
    assert.match(build(), /→ \.build\/ compiled 1 of 4 files/);
  });
});
