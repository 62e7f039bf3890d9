// Runs the compiled tests with node:test, from an explicit list (Node 20 has no globs here).
//   npm test                     everything
//   npm test -- unit/uri spec    only files whose path contains one of the words
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const words = process.argv.slice(2).filter(arg => !arg.startsWith('-'));
const flags = process.argv.slice(2).filter(arg => arg.startsWith('-'));

function testFiles(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && entry.name.endsWith('.test.js'))
    .map(entry => join(entry.parentPath ?? entry.path, entry.name));
}

const files = [...testFiles(join(root, '.build/test')), ...testFiles(join(root, '.build/server/test'))]
  .map(file => relative(root, file))
  .filter(file => words.length === 0 || words.some(word => file.includes(word)))
  .sort();
if (files.length === 0) {
  console.error(`No test file matches ${words.join(', ')}`);
  process.exit(1);
}

// A wait that never ends fails its file, and not the patience of whoever waits for all of them.
const FILE_TIMEOUT_MS = 240_000;

const { status } = spawnSync(
  process.execPath,
  ['--enable-source-maps', '--test', '--test-reporter=spec', `--test-timeout=${FILE_TIMEOUT_MS}`, ...flags, ...files],
  { cwd: root, stdio: 'inherit' },
);
process.exit(status ?? 1);
