// Compiles programs that use the published declarations, as their users would: with the oldest version of TypeScript that the official package
// supports and with the newest, under each way of resolving modules, library checks on.
//   node scripts/check_types.mjs
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const compilers = [root, join(root, 'test/types/compiler')].map(folder => createRequire(join(folder, 'package.json')));
const MODES = [
  ['nodenext', 'nodenext'],
  ['node16', 'node16'],
  ['esnext', 'bundler'],
];

let ok = true;
function compile(require, ...options) {
  const { version } = require('typescript/package.json');
  const { status } = spawnSync(process.execPath, [require.resolve('typescript/bin/tsc'), ...options], {
    cwd: root,
    stdio: 'inherit',
  });
  console.log(`${status === 0 ? 'compiles' : 'FAILS'}: TypeScript ${version} ${options.join(' ')}`);
  if (status !== 0) ok = false;
}

for (const compiler of compilers) {
  for (const [module, resolution] of MODES) {
    compile(compiler, '-p', 'test/types', '--module', module, '--moduleResolution', resolution);
  }
}
for (const program of ['official', 'source']) compile(compilers[0], '-p', `test/types/${program}`);
process.exit(ok ? 0 : 1);
