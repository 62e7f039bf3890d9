// Everything that must hold before a commit lands, in the order in which it fails fastest.
//   npm run check               all
//   npm run check -- lint knip  only these
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = name => join(root, 'node_modules/.bin', name);
const packs = mkdtempSync(join(tmpdir(), 'mongotempo-pack-'));

function run(command, args, options = {}) {
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  return status === 0;
}

function packed(check) {
  const { status, stdout } = spawnSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', packs], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) return false;
  const listed = JSON.parse(stdout);
  const [first] = Array.isArray(listed) ? listed : Object.values(listed);
  return check(join(packs, first.filename));
}

const steps = {
  format: () => run(bin('biome'), ['check', '.']),
  build: () => run(process.execPath, ['scripts/build.mjs']),
  types: () =>
    ['scripts/check_types.mjs', 'scripts/instantiations.mjs'].every(script => run(process.execPath, [script])),
  surface: () => run(process.execPath, ['scripts/check_surface.mjs']),
  behaviour: () => run(process.execPath, ['scripts/check_behaviour.mjs']),
  lint: () => run(bin('eslint'), ['.']),
  layers: () => run(bin('depcruise'), ['--config', '.dependency-cruiser.cjs', 'src', 'server/src', 'page/src']),
  // The second run takes only src/index.ts for an entry: it finds what nothing but tests uses.
  knip: () => run(bin('knip'), []) && run(bin('knip'), ['--production', '--workspace', '.']),
  api: () => run(bin('api-extractor'), ['run']),
  docs: () =>
    ['scripts/events_doc.mjs --check', 'scripts/check_docs.mjs', 'scripts/check_options.mjs'].every(script =>
      run(process.execPath, script.split(' ')),
    ),
  maps: () => run(process.execPath, ['scripts/check_source_maps.mjs']),
  publint: () => packed(tarball => run(bin('publint'), [tarball, '--strict'])),
  attw: () => packed(tarball => run(bin('attw'), [tarball])),
};

const wanted = process.argv.slice(2);
const failed = [];
for (const [name, step] of Object.entries(steps)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const begin = Date.now();
  console.log(`\n── ${name}`);
  const ok = step();
  console.log(`── ${name}: ${ok ? 'ok' : 'FAILED'} (${((Date.now() - begin) / 1000).toFixed(1)} s)`);
  if (!ok) failed.push(name);
  if (!ok && name === 'build') break;
}
rmSync(packs, { recursive: true, force: true });
if (failed.length > 0) {
  console.error(`\ncheck failed: ${failed.join(', ')}`);
  process.exit(1);
}
console.log('\ncheck passed');
