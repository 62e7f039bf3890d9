// Whether the source maps in the packages lead to files that are in the packages too, by paths that are the same on every machine. Otherwise the stack traces of
// `node --enable-source-maps` name files that do not exist.
//   node scripts/check_source_maps.mjs
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const PACKAGES = ['.', 'server', 'page'];
const CODE = /\.[cm]?[jt]s$/;
const MAP_COMMENT = /^\/\/# sourceMappingURL=(.+)$/m;

/** The files of a package, by their paths in it. */
function filesOf(folder) {
  const { stdout } = spawnSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const listed = JSON.parse(stdout);
  const [first] = Array.isArray(listed) ? listed : Object.values(listed);
  return new Set(first.files.map(({ path }) => path));
}

function* problemsOfMap(path, text, files) {
  const { sources, sourceRoot = '', sourcesContent = [] } = JSON.parse(text);
  if (!files.has(path.slice(0, -'.map'.length))) yield `${path} is the map of a file that is not in the package`;
  for (const [index, source] of sources.entries()) {
    const target = posix.join(posix.dirname(path), sourceRoot, source);
    if (posix.isAbsolute(source) || source.includes('://')) yield `${path} names ${source}, which is no relative path`;
    else if (!files.has(target) && typeof sourcesContent[index] !== 'string')
      yield `${path} leads to ${target}, which is not in the package`;
  }
}

function* problemsOf(name) {
  const folder = join(root, name);
  const files = filesOf(folder);
  let maps = 0;
  for (const path of files) {
    if (!CODE.test(path) && !path.endsWith('.map')) continue;
    const text = readFileSync(join(folder, path), 'utf8');
    if (text.includes(root)) yield `${path} holds the path of this folder, ${root}`;
    if (path.endsWith('.map')) {
      maps++;
      yield* problemsOfMap(path, text, files);
      continue;
    }
    const map = path.startsWith('lib/') ? MAP_COMMENT.exec(text)?.[1] : undefined;
    if (map === undefined || map.startsWith('data:')) continue;
    if (!files.has(posix.join(posix.dirname(path), map))) yield `${path} asks for ${map}, which is not in the package`;
  }
  if (maps === 0) yield 'no source map is in the package';
}

const problems = PACKAGES.flatMap(name => [...problemsOf(name)].map(problem => `${join(name, '.')}: ${problem}`));
for (const problem of problems.slice(0, 20)) console.error(problem);
if (problems.length > 0) {
  console.error(`${problems.length} problems of source maps`);
  process.exit(1);
}
console.log('source maps: all lead to files of their packages');
