import { execFileSync } from 'node:child_process';
import {
  constants,
  copyFileSync,
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from './installs.js';
import type { Driver } from './outcome.js';

/** A folder with the programs and with packages that all find one driver under the name `mongodb`. */
export interface Tree {
  readonly driver: Driver;
  readonly folder: string;
}

/** Folders of ecosystem/ that a tree holds as they are. */
const COPIED = ['programs', 'support', 'types', 'fixtures'];

/** Makes the two trees of a run; `remove` takes them away. */
export function plantTrees(
  root: string,
  packages: string,
): { readonly trees: Readonly<Record<Driver, Tree>>; remove: () => void } {
  mkdirSync(cacheFolder(), { recursive: true });
  // The real path: Node finds packages by real paths, and a link above the trees must not lead elsewhere.
  const run = realpathSync(mkdtempSync(join(cacheFolder(), 'run-')));
  const plant = (driver: Driver): Tree => {
    const folder = join(run, driver);
    mkdirSync(folder);
    linkFolder(join(packages, 'node_modules'), join(folder, 'node_modules'));
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'ecosystem', private: true }));
    for (const name of COPIED.filter(name => existsSync(join(root, 'ecosystem', name))))
      cpSync(join(root, 'ecosystem', name), join(folder, name), { recursive: true });
    return { driver, folder };
  };
  const trees = { mongodb: plant('mongodb'), mongotempo: plant('mongotempo') };
  placeOurs(root, run, trees.mongotempo);
  for (const tree of Object.values(trees)) {
    copyServices(join(root, 'ecosystem/services'), tree);
    requireOneDriver(tree);
  }
  return { trees, remove: () => rmSync(run, { recursive: true, force: true }) };
}

/** Puts the two packages where `"overrides": { "mongodb": "npm:mongotempo-as-mongodb" }` puts them, from their tarballs. */
function placeOurs(root: string, run: string, { folder }: Tree): void {
  const said = execFileSync(process.execPath, ['scripts/stand_in.mjs', '--pack', join(run, 'packs')], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const packs = JSON.parse(said) as { mongotempo: string; standIn: string };
  for (const [name, tarball] of [
    ['mongotempo', packs.mongotempo],
    ['mongodb', packs.standIn],
  ] as const) {
    const place = join(folder, 'node_modules', name);
    rmSync(place, { recursive: true, force: true });
    mkdirSync(place);
    execFileSync('tar', ['-xzf', tarball, '-C', place, '--strip-components=1'], { stdio: 'inherit' });
  }
}

/** Services change their import, and nothing else, from one driver to the other. */
function copyServices(source: string, { driver, folder }: Tree): void {
  if (!existsSync(source)) return;
  mkdirSync(join(folder, 'services'));
  for (const name of readdirSync(source)) {
    const text = readFileSync(join(source, name), 'utf8');
    const changed = driver === 'mongodb' ? text : text.replaceAll("from 'mongodb'", "from 'mongotempo'");
    writeFileSync(join(folder, 'services', name), changed);
  }
}

/** A second copy, such as one below a library, would be the official driver in both trees. */
function requireOneDriver({ driver, folder }: Tree): void {
  const copies = readdirSync(join(folder, 'node_modules'), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isDirectory() && entry.name === 'mongodb' && /node_modules$/.test(entry.parentPath))
    .map(entry => join(entry.parentPath, entry.name));
  const [only] = copies;
  if (copies.length !== 1 || only === undefined) throw new Error(`expected one driver, found ${copies.join(', ')}`);
  const { name } = JSON.parse(readFileSync(join(only, 'package.json'), 'utf8')) as { name: string };
  const expected = driver === 'mongodb' ? 'mongodb' : 'mongotempo-as-mongodb';
  if (name !== expected) throw new Error(`the tree of ${driver} holds ${name} as mongodb`);
}

/** Copies a folder by hard links where the file system allows: nothing writes into an installed file. */
function linkFolder(source: string, target: string): void {
  mkdirSync(target);
  for (const entry of readdirSync(source, { withFileTypes: true })) {
    const [from, to] = [join(source, entry.name), join(target, entry.name)];
    if (entry.isDirectory()) linkFolder(from, to);
    else if (entry.isSymbolicLink()) linkSymbolic(from, to);
    else linkFile(from, to);
  }
}

function linkFile(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to, constants.COPYFILE_FICLONE);
  }
}

function linkSymbolic(from: string, to: string): void {
  cpSync(from, to, { verbatimSymlinks: true });
}
