// Makes the package `mongotempo-as-mongodb`, which stands in for `mongodb` where a library asks for it: docs/migration.md.
//   node scripts/stand_in.mjs                 stand_in/, from the library as it is built (npm run build does it too)
//   node scripts/stand_in.mjs --pack FOLDER   that, and the tarballs of both packages in FOLDER; prints their paths as JSON
//
// It has no code of the driver: its files give what `mongotempo` exports, so that a program that uses both has each class once.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { officialFiles } from './stand_in_files.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
/** What is written. */
export const standInFolder = join(root, 'stand_in');
const require = createRequire(import.meta.url);
/** What instrumentations patch. */
const PATCHED = ['cmap/connection', 'cmap/connect', 'sessions'];
const own = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeStandIn();
  const at = process.argv.indexOf('--pack');
  if (at !== -1) console.log(JSON.stringify(pack(resolve(process.argv[at + 1] ?? '.'))));
}

/** Writes stand_in/ whole. */
export function writeStandIn() {
  rmSync(standInFolder, { recursive: true, force: true });
  write('package.json', `${JSON.stringify(manifest(), null, 2)}\n`);
  write('README.md', readme());
  copyFileSync(join(root, 'LICENSE'), join(standInFolder, 'LICENSE'));
  // Loaded here, since instrumentations patch these files when they are loaded.
  const patched = PATCHED.map(path => `require('./${path}.js');\n`).join('');
  write('lib/index.js', `'use strict';\n${patched}module.exports = require('mongotempo');\n`);
  write('mongodb.d.ts', "export * from 'mongotempo';\n");
  const entry = join(root, 'lib/index.js');
  delete require.cache[entry];
  const driver = require(entry);
  write(
    'lib/bson.js',
    "'use strict';\nconst { BSON } = require('mongotempo');\nObject.assign(exports, BSON, { BSON });\n",
  );
  for (const [path, names] of officialFiles()) {
    // Names that the driver does not have yet are left out.
    const known = names.filter(name => name in driver);
    if (known.length > 0 && !PATCHED.includes(path)) write(`lib/${path}.js`, source(known));
  }
  for (const path of PATCHED) write(`lib/${path}.js`, patchedSource(path));
}

/**
 * The version is one of the official package's, whose API this is, so that ranges such as `^7.0.0` are satisfied; in its last part is our own: 0.1.0 is 7.9.100, and 1.2.3 is 7.9.10203.
 */
function version() {
  const [major, minor, patch] = own.version.split('-')[0].split('.').map(Number);
  return `7.9.${major * 10_000 + minor * 100 + patch}`;
}

function manifest() {
  return {
    name: 'mongotempo-as-mongodb',
    version: version(),
    description:
      'mongotempo under the name and version of the official `mongodb` package, for libraries that ask for that one.',
    license: own.license,
    type: 'commonjs',
    engines: own.engines,
    main: 'lib/index.js',
    types: 'mongodb.d.ts',
    files: ['lib', 'mongodb.d.ts'],
    dependencies: { mongotempo: own.version },
    peerDependencies: own.peerDependencies,
    peerDependenciesMeta: own.peerDependenciesMeta,
  };
}

function readme() {
  return `# mongotempo-as-mongodb

Stands in for the official \`mongodb\` package where a library asks for it: the same names in the same files, all of them those of
[mongotempo](https://www.npmjs.com/package/mongotempo). With npm, in the \`package.json\` of your program:

\`\`\`json
{ "overrides": { "mongodb": "npm:mongotempo-as-mongodb@${version()}" } }
\`\`\`

pnpm, yarn, and what to check: \`docs/migration.md\` of mongotempo.
`;
}

/** A file that instrumentations patch: its object is one that the driver looks at (src/sinks/patched_sink.ts). */
function patchedSource(path) {
  const names = officialFiles().get(path) ?? [];
  return [
    "'use strict';",
    "const driver = require('mongotempo');",
    `module.exports = driver.MongoClient[Symbol.for('mongotempo.patchable')]['${path}'];`,
    ...names.map(name => `module.exports.${name} = driver.${name};`),
    '',
  ].join('\n');
}

function source(names) {
  return [
    "'use strict';",
    "const driver = require('mongotempo');",
    ...names.map(name => `exports.${name} = driver.${name};`),
    '',
  ].join('\n');
}

function write(path, text) {
  const file = join(standInFolder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function pack(destination) {
  mkdirSync(destination, { recursive: true });
  const packOf = cwd => {
    const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', destination];
    const { status, stdout } = spawnSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
    if (status !== 0) throw new Error(`npm pack in ${cwd} ended with ${status}`);
    const listed = JSON.parse(stdout);
    const [first] = Array.isArray(listed) ? listed : Object.values(listed);
    return join(destination, first.filename);
  };
  return { mongotempo: packOf(root), standIn: packOf(standInFolder) };
}
