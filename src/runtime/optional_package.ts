import { MongoMissingDependencyError } from '../errors/driver.js';
import { loadInstalled } from './installed_packages.js';

/** Loads a package by its name. Tests pass their own. */
export type LoadPackage = (name: string) => unknown;

/**
 * A package that only some programs need, and that users install beside this one.
 *
 * @param purpose - what it is needed for, to stand before "needs": `proxyHost`
 * @throws MongoMissingDependencyError if it is not installed, or cannot be loaded
 */
export function optionalPackage(name: string, purpose: string, load: LoadPackage = loadInstalled): unknown {
  try {
    return load(name);
  } catch (error) {
    const cause = error instanceof Error ? error : new Error(String(error));
    const isMissing = (cause as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND';
    const why = isMissing ? 'which is not installed' : `which cannot be loaded: ${cause.message}`;
    throw new MongoMissingDependencyError(`${purpose} needs the package ${name}, ${why}. Run: npm install ${name}`, {
      cause,
      dependencyName: name,
    });
  }
}
