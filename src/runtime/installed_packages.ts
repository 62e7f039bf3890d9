// By this name, since webpack takes calls of an imported `createRequire` for its own.
import { Module } from 'node:module';
import { isAbsolute, join } from 'node:path';

/**
 * Loads a package by its name from where this file is installed, in a bundle from where the bundle is.
 *
 * @throws what `require` throws
 */
export function loadInstalled(name: string): unknown {
  let missing: unknown;
  for (const place of places()) {
    try {
      return Module.createRequire(place)(name) as unknown;
    } catch (error) {
      if (!isMissing(error, name)) throw error;
      missing ??= error;
    }
  }
  throw missing;
}

/**
 * Paths of files, from whose folders packages are looked for. A bundle that is an ES module has no `__filename`, and `import.meta` makes bundlers warn when they write
 * CommonJS: there, packages are looked for beside the program and in the working directory. Some bundlers make `__filename` a path within the bundle.
 */
function places(): string[] {
  const own = ownFile();
  if (own !== null && isAbsolute(own)) return [own];
  const inWorkingDirectory = join(process.cwd(), 'index.js');
  const program = process.argv[1];
  return program === undefined ? [inWorkingDirectory] : [program, inWorkingDirectory];
}

/** Null in an ES module. webpack answers `typeof` at once, and wrongly. */
function ownFile(): string | null {
  try {
    return __filename;
  } catch {
    return null;
  }
}

/** Whether the package itself is not there, and not one that it needs. */
function isMissing(error: unknown, name: string): boolean {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === 'MODULE_NOT_FOUND' && message.includes(`'${name}'`);
}

/** Whether a CommonJS package is loaded in this process, by `require` or by `import`. */
export function isPackageLoaded(name: string): boolean {
  const folder = `/node_modules/${name}/`;
  const { cache } = Module.createRequire(join(process.cwd(), 'index.js'));
  return Object.keys(cache).some(path => path.replaceAll('\\', '/').includes(folder));
}
