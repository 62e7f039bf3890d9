// Compiles the library (lib/), the test server (server/lib/) and everything else (.build/), and writes the ESM facade.
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
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
