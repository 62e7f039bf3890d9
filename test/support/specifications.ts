import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';

/** Compiled, this file lies in `.build/test/support`. */
const ROOT = resolve(__dirname, '../../..');

/** Where the JSON tests of the driver specifications lie; a relative path is relative to the root of the repository. */
const DIRECTORY = resolve(ROOT, process.env['SPECIFICATIONS_DIR'] ?? '../shared/specifications');

export function specificationsDirectory(): string {
  return DIRECTORY;
}

export interface SpecificationFile {
  /** Its path below the folder that was asked for, without `.json`. */
  readonly name: string;
  readonly path: string;
  readonly content: unknown;
}

/** Every JSON file below a folder of the specifications, whatever its name; none when the folder is not there. */
export function specificationFiles(folder: string): readonly SpecificationFile[] {
  const directory = join(DIRECTORY, folder);
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && entry.name.endsWith('.json'))
    .map(entry => join(entry.parentPath, entry.name))
    .sort()
    .map(path => ({
      name: join(relative(directory, path), '..', basename(path, '.json')),
      path,
      content: JSON.parse(readFileSync(path, 'utf8')) as unknown,
    }));
}

/** Why the tests of a folder are skipped, for the option `skip` of node:test; false when they can run. */
export function skipReason(folder: string): string | false {
  return existsSync(join(DIRECTORY, folder))
    ? false
    : `${folder} is not below ${DIRECTORY}; set SPECIFICATIONS_DIR to a checkout of the driver specifications' sources`;
}
