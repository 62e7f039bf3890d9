// Compiles the library (lib/, and stand_in/ beside it), the test server (server/lib/), the page (page/lib/) and everything else (.build/), and writes the ESM facade.
//   npm run build                 what has changed since the last build
//   npm run build -- --force      everything
//   npm run build -- --library    the library, the test server and the page only
//
// A project whose sources, settings, compiler and outputs are the ones of the last build is not compiled: the stamp of that
// build says so by content. A build that did not end leaves no stamp, and without a stamp tsc's own memory is not trusted.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { standInFolder, writeStandIn } from './stand_in.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const require = createRequire(import.meta.url);
const tsc = require.resolve('typescript/bin/tsc');
const force = process.argv.includes('--force');
const libraryOnly = process.argv.includes('--library');

/** `name` is that of the stamp and of the `tsBuildInfoFile` in the config; `source` is the config's `rootDir`. */
const projects = [
  {
    name: 'lib',
    config: 'tsconfig.build.json',
    source: 'src',
    output: 'lib',
    declarations: '.build/declarations',
    finish: finishLibrary,
  },
  {
    name: 'server',
    config: 'server/tsconfig.json',
    source: 'server/src',
    output: 'server/lib',
    finish: allowExecution,
  },
  { name: 'page', config: 'page/tsconfig.json', source: 'page/src', output: 'page/lib', finish: () => {} },
  { name: 'all', config: 'tsconfig.json', source: '.', output: '.build', finish: () => {} },
];

const begin = performance.now();
mkdirSync(join(root, '.build'), { recursive: true });
// What every project depends on: the compiler and the types of the installed packages, and how this script works.
const common = [
  'tsconfig.base.json',
  'node_modules/.package-lock.json',
  'scripts/build.mjs',
  'scripts/stand_in.mjs',
  'scripts/stand_in_files.mjs',
  'scripts/rollup_types.mjs',
];
for (const project of projects) {
  if (libraryOnly && project.name === 'all') continue;
  const status = await build(project);
  if (status !== 0) process.exit(status);
}
if (!existsSync(standInFolder)) writeStandIn();
console.log(`build: ${seconds(begin)} in all`);

async function build(project) {
  const title = `${project.config} → ${project.output}/`;
  const start = performance.now();
  const stampFile = join(root, `.build/${project.name}.stamp.json`);
  const info = join(root, `.build/${project.name}.tsbuildinfo`);
  const inputs = inputsOf(project);
  const stamp = readStamp(stampFile);
  const intact = stamp !== undefined && sameOutputs(stamp.outputs, project);
  prune(project);
  if (intact && !force && stamp.status === 0 && stamp.inputs === inputs) {
    console.log(`build: ${title} is up to date (${seconds(start)})`);
    return 0;
  }
  rmSync(stampFile, { force: true });
  // tsc's memory tells which sources were emitted, and not what has become of the outputs since.
  if (!intact || force) {
    rmSync(info, { force: true });
    rmSync(join(root, '.build/rollup.digest'), { force: true });
  }
  const before = intact ? stamp.outputs : {};
  const { status, signal } = spawnSync(process.execPath, [tsc, '-p', project.config], { cwd: root, stdio: 'inherit' });
  if (signal !== null || status === null) {
    console.error(`build: ${title} was interrupted (${signal})`);
    return 1;
  }
  if (status === 0) await project.finish(project);
  const outputs = outputsOf(project);
  writeFileSync(stampFile, JSON.stringify({ status, inputs, outputs }));
  const files = Object.keys(outputs).filter(file => file.endsWith('.js'));
  const written = files.filter(file => before[file] !== outputs[file]);
  const count = `${written.length} of ${files.length} files`;
  if (status === 0) console.log(`build: ${title} compiled ${count} (${seconds(start)})`);
  else console.error(`build: ${title} FAILED (${seconds(start)})`);
  return status;
}

/** A digest of everything that the compiler reads: a time of change would not survive a checkout. */
function inputsOf(project) {
  const { include } = JSON.parse(readFileSync(join(root, project.config), 'utf8'));
  const base = join(root, project.config, '..');
  const files = include.flatMap(folder => listFiles(join(base, folder)));
  const sources = files.filter(
    file => /\.[cm]?tsx?$|\.json$/.test(file) && !/[\\/](?:lib|node_modules)[\\/]/.test(relative(root, file)),
  );
  const hash = createHash('sha256');
  for (const file of [...sources.sort(), ...[...common, project.config].map(name => join(root, name))]) {
    if (!existsSync(file)) continue;
    hash.update(`\0${relative(root, file)}\0`).update(readFileSync(file));
  }
  return hash.digest('hex');
}

/** Size and time of change of each output: enough to notice one that is gone, cut off or written by another program. */
function outputsOf(project) {
  const outputs = {};
  for (const { file } of outputFiles(project)) {
    if (!/\.(?:[cm]?js|[cm]?js\.map|d\.[cm]?ts|d\.[cm]?ts\.map)$/.test(file)) continue;
    const { size, mtimeMs } = statSync(file);
    outputs[relative(root, file)] = `${size} ${mtimeMs}`;
  }
  return outputs;
}

function sameOutputs(expected, project) {
  const found = outputsOf(project);
  return Object.keys(expected).every(file => found[file] === expected[file]);
}

function readStamp(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined; // there is none, or writing it was interrupted
  }
}

/** The files in the folders that tsc writes into, but for those of another project (.build/declarations is in .build). */
function outputFiles({ output, declarations = output }) {
  const others = projects.flatMap(project => project.declarations ?? []).filter(folder => folder !== declarations);
  return [...new Set([output, declarations])].flatMap(folder =>
    listFiles(join(root, folder))
      .filter(file => !others.some(other => file.startsWith(join(root, other, '/'))))
      .map(file => ({ file, path: relative(join(root, folder), file) })),
  );
}

/** Removes what a source that is gone had been compiled to: a deleted test would still run. */
function prune(project) {
  for (const { file, path } of outputFiles(project)) {
    const match = /^(.*)\.(?:js|js\.map|d\.ts|d\.ts\.map)$/.exec(path);
    // Those of lib/esm/ are written anew all together.
    const isModule = project.name === 'lib' && /^esm[\\/]/.test(path);
    if (match !== null && !isModule && !existsSync(join(root, project.source, `${match[1]}.ts`))) rmSync(file);
  }
}

function listFiles(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath ?? entry.path, entry.name));
}

function seconds(since) {
  return `${((performance.now() - since) / 1000).toFixed(2)} s`;
}

function allowExecution() {
  chmodSync(join(root, 'server/bin/mongotempo-server.js'), 0o755);
}

async function finishLibrary({ declarations }) {
  await rollUpDeclarations(declarations);
  writeEsmFacade();
  writeModules();
  writeStandIn();
}

/** Makes one file of the declarations, if they are not those of the file that is there. */
async function rollUpDeclarations(folder) {
  const start = performance.now();
  const hash = createHash('sha256');
  for (const file of [...listFiles(join(root, folder)).sort(), join(root, 'scripts/rollup_types.mjs')]) {
    hash.update(`\0${relative(root, file)}\0`).update(readFileSync(file));
  }
  const digest = hash.digest('hex');
  const digestFile = join(root, '.build/rollup.digest');
  const rolledUp = join(root, 'lib/index.d.ts');
  if (existsSync(rolledUp) && existsSync(digestFile) && readFileSync(digestFile, 'utf8') === digest) return;
  rmSync(digestFile, { force: true });
  for (const file of listFiles(join(root, 'lib'))) {
    if (/\.d\.[cm]?ts(?:\.map)?$/.test(file)) rmSync(file);
  }
  const { rollUpTypes } = await import('./rollup_types.mjs');
  rollUpTypes(root, join(root, folder));
  writeFileSync(digestFile, digest);
  console.log(`build: ${folder}/ → lib/index.d.ts rolled up (${seconds(start)})`);
}

/** One CommonJS build, so that `require` and `import` give the same classes; the facade only names its exports. */
function writeEsmFacade() {
  const entry = join(root, 'lib/index.js');
  if (!existsSync(entry)) return;
  delete require.cache[entry];
  const names = Object.keys(require(entry)).sort();
  const lines = [
    "import mongotempo from './index.js';",
    'export default mongotempo;',
    ...names.map(name => `export const ${name} = mongotempo.${name};`),
    '',
  ];
  writeFileSync(join(root, 'lib/index.mjs'), lines.join('\n'));
  const types = [
    "import * as mongotempo from './index.js';",
    "export * from './index.js';",
    'export default mongotempo;',
    '',
  ];
  writeFileSync(join(root, 'lib/index.d.mts'), types.join('\n'));
}

/**
 * The same sources as ES modules in lib/esm/, for bundlers, which ask for them by the condition `module`: what they make of CommonJS cannot be an ES module
 * that runs. Node.js does not know the condition. The sources are checked already, and have nothing that only one of the two kinds has.
 */
function writeModules() {
  const ts = require('typescript');
  const target = join(root, 'lib/esm');
  rmSync(target, { recursive: true, force: true });
  const compilerOptions = { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext, removeComments: true };
  for (const source of listFiles(join(root, 'src'))) {
    const file = join(target, relative(join(root, 'src'), source).replace(/\.ts$/, '.js'));
    mkdirSync(dirname(file), { recursive: true });
    const { outputText } = ts.transpileModule(readFileSync(source, 'utf8'), { compilerOptions, fileName: source });
    writeFileSync(file, outputText);
  }
  writeFileSync(join(target, 'package.json'), '{ "type": "module" }\n');
  const entry = [
    "import * as mongotempo from './index.js';",
    "export * from './index.js';",
    'export default mongotempo;',
    '',
  ];
  writeFileSync(join(target, 'mongotempo.js'), entry.join('\n'));
}
