// Runs the compiled tests with node:test, from an explicit list (Node 20 has no globs here).
//   npm test                     everything
//   npm test -- unit/uri spec    only files whose path contains one of the words
//   npm test -- --stress         beside ten busy loops: what passes only on an idle machine fails here
// Other flags go to node.
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const args = process.argv.slice(2);
const stress = args.includes('--stress');
const words = args.filter(arg => !arg.startsWith('-'));
const flags = args.filter(arg => arg.startsWith('-') && arg !== '--stress');

const BUSY_LOOPS = 10;
// A wait that never ends fails its file, and not the whole run.
const FILE_TIMEOUT_MS = stress ? 1_200_000 : 600_000;

function testFiles(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && entry.name.endsWith('.test.js'))
    .map(entry => join(entry.parentPath ?? entry.path, entry.name));
}

const files = [
  ...testFiles(join(root, '.build/test')),
  ...testFiles(join(root, '.build/server/test')),
  ...testFiles(join(root, '.build/page/test')),
]
  .map(file => relative(root, file))
  .filter(file => words.length === 0 || words.some(word => file.includes(word)))
  .sort();
if (files.length === 0) {
  console.error(`No test file matches ${words.join(', ')}`);
  process.exit(1);
}

/** Computes for ever, and ends with this process however that ends: between two spells of work it looks whether the channel is open. */
const BUSY_LOOP = `
  process.on('disconnect', () => process.exit());
  (function work() {
    for (const end = Date.now() + 50; Date.now() < end; );
    setImmediate(work);
  })();
`;

const loops = Array.from({ length: stress ? BUSY_LOOPS : 0 }, () =>
  spawn(process.execPath, ['-e', BUSY_LOOP], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }),
);
const stopLoops = () => {
  for (const loop of loops) loop.kill('SIGKILL');
};
process.on('exit', stopLoops);
if (stress) console.log(`beside ${BUSY_LOOPS} busy loops: ${loops.map(({ pid }) => pid).join(', ')}`);

const tests = spawn(
  process.execPath,
  ['--enable-source-maps', '--test', '--test-reporter=spec', `--test-timeout=${FILE_TIMEOUT_MS}`, ...flags, ...files],
  { cwd: root, stdio: 'inherit' },
);
// A signal for this process alone has to end the tests too; they end by it, and then this process does.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => tests.kill(signal));
tests.on('error', error => {
  console.error(error);
  process.exit(1);
});
tests.on('exit', code => process.exit(code ?? 1));
