// npm writes into package-lock.json only those optional packages (binaries of other platforms) that it could fetch where it ran, and `npm ci`
// then refuses the lock file elsewhere. This adds the missing ones; run it after every change of the dependencies.
//   node scripts/complete_lock.mjs             package-lock.json
//   node scripts/complete_lock.mjs ecosystem   that of another folder
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = process.argv[2] ?? '.';
const file = fileURLToPath(new URL(`../${folder}/package-lock.json`, import.meta.url));
const lock = JSON.parse(readFileSync(file, 'utf8'));
const platforms = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32'];
let added = 0;

for (const parent of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    const key = `node_modules/${name}`;
    if (lock.packages[key] !== undefined) continue;
    const words = name.split('/').at(-1).split('-');
    const os = platforms.find(platform => words.includes(platform));
    if (os === undefined) throw new Error(`${name} names no platform: add it by hand`);
    lock.packages[key] = {
      version,
      cpu: [words[words.indexOf(os) + 1]],
      dev: true,
      ...(os === 'linux' && { libc: [words.some(word => word.startsWith('musl')) ? 'musl' : 'glibc'] }),
      optional: true,
      os: [os],
    };
    added++;
  }
}

const byName = ([one], [other]) => (one < other ? -1 : one > other ? 1 : 0);
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(byName));
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${added} optional packages added to package-lock.json`);
