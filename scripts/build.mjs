// Compiles the library (lib/), the test server (server/lib/) and everything else (.build/), and writes the ESM facade.
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const require = createRequire(import.meta.url);
const tsc = require.resolve('typescript/bin/tsc');
const only = process.argv.includes('--library');

const compile = project => {
  try {
    execFileSync(process.execPath, [tsc, '-p', project], { cwd: root, stdio: 'inherit' });
  } catch {
    process.exit(1);
  }
};

mkdirSync(`${root}/.build`, { recursive: true });
compile('tsconfig.build.json');
writeEsmFacade();
compile('server/tsconfig.json');
chmodSync(`${root}/server/bin/mongotempo-server.js`, 0o755);
if (!only) compile('tsconfig.json');
prune('lib', 'src');
prune('server/lib', 'server/src');
prune('.build', '.');

/** Removes what a source that is gone had been compiled to: a deleted test would still run. */
function prune(output, source) {
  const folder = join(root, output);
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const match = /^(.*)\.(?:js|js\.map|d\.ts|d\.ts\.map)$/.exec(entry.name);
    if (!entry.isFile() || match === null) continue;
    const parent = entry.parentPath ?? entry.path;
    if (existsSync(join(root, source, relative(folder, parent), `${match[1]}.ts`))) continue;
    rmSync(join(parent, entry.name));
  }
}

/** One CommonJS build, so that `require` and `import` give the same classes; the facade only names its exports. */
function writeEsmFacade() {
  const entry = `${root}/lib/index.js`;
  if (!existsSync(entry)) return;
  delete require.cache[entry];
  const names = Object.keys(require(entry)).sort();
  const lines = [
    "import mongotempo from './index.js';",
    ...names.map(name => `export const ${name} = mongotempo.${name};`),
    '',
  ];
  writeFileSync(`${root}/lib/index.mjs`, lines.join('\n'));
  writeFileSync(`${root}/lib/index.d.mts`, "export * from './index.js';\n");
}
