import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Program, Runtime } from './catalogue.js';
import { install, PackagesUnavailable } from './installs.js';

const PLATFORM = `${process.platform}-${process.arch}`;

/** Where ecosystem/runtimes/ has the executable of each runtime, by platform. */
const EXECUTABLES: Readonly<Record<Exclude<Runtime, 'node'>, Readonly<Record<string, string>>>> = {
  'node-22': { 'linux-x64': 'node-22-linux-x64/bin/node', 'linux-arm64': 'node-22-linux-arm64/bin/node' },
  'node-24': { 'linux-x64': 'node-24-linux-x64/bin/node', 'linux-arm64': 'node-24-linux-arm64/bin/node' },
  bun: {
    'linux-x64': '@oven/bun-linux-x64/bin/bun',
    'linux-arm64': '@oven/bun-linux-aarch64/bin/bun',
    'darwin-arm64': '@oven/bun-darwin-aarch64/bin/bun',
  },
  deno: {
    'linux-x64': '@deno/linux-x64-glibc/deno',
    'linux-arm64': '@deno/linux-arm64-glibc/deno',
    'darwin-arm64': '@deno/darwin-arm64/deno',
  },
};

/** What starts each runtime that the programs name, or why it cannot be had here. */
export async function findRuntimes(
  root: string,
  programs: readonly Program[],
): Promise<ReadonlyMap<Runtime, string | Error>> {
  const found = new Map<Runtime, string | Error>([['node', process.execPath]]);
  const others = programs.flatMap(({ runtime }) => (runtime === undefined || runtime === 'node' ? [] : [runtime]));
  if (others.length === 0) return found;
  const folder = await install(join(root, 'ecosystem/runtimes')).catch((error: unknown) => {
    if (error instanceof PackagesUnavailable) return error;
    throw error;
  });
  for (const runtime of others) found.set(runtime, typeof folder === 'string' ? executable(folder, runtime) : folder);
  return found;
}

function executable(folder: string, runtime: Exclude<Runtime, 'node'>): string | Error {
  const path = EXECUTABLES[runtime][PLATFORM];
  if (path === undefined) return new Error(`no package has ${runtime} for ${PLATFORM}`);
  const file = join(folder, 'node_modules', path);
  return existsSync(file) ? file : new Error(`npm did not install ${runtime} on this machine`);
}
