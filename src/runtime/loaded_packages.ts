import { createRequire } from 'node:module';

/** Whether a CommonJS package is loaded in this process, by `require` or by `import`. */
export function isPackageLoaded(name: string): boolean {
  const folder = `/node_modules/${name}/`;
  return Object.keys(createRequire(__filename).cache).some(path => path.replaceAll('\\', '/').includes(folder));
}
