import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Tree } from './trees.js';

/** What runs a program. */
export type Runtime = 'node' | 'node-22' | 'node-24' | 'bun' | 'deno';

/** Something that is run with both drivers. */
export interface Program {
  readonly name: string;
  /** Part of `--quick`: it needs none of the devDependencies of ecosystem/package.json. */
  readonly quick?: boolean;
  readonly runtime?: Runtime;
  /** What the runtime is started with, in `folder` of the tree. */
  readonly args: readonly string[];
  readonly folder?: string;
  readonly topology?: 'replicaset' | 'standalone';
  /** As many checks must hold with the official driver: a program that runs nothing fails. */
  readonly least: number;
  readonly limitMS?: number;
  /** Puts into the tree what the program needs there. */
  prepare?(tree: Tree, uri: string): void;
  env?(uri: string): Record<string, string>;
}

const own = (name: string, least: number, rest: Partial<Program> = {}): Program => ({
  name,
  least,
  args: [`programs/${name}.mjs`],
  ...rest,
});

const mocha = (...args: readonly string[]): readonly string[] => [
  'node_modules/mocha/bin/mocha.js',
  '--reporter',
  'support/mocha_reporter.cjs',
  ...args,
];

/** The same deployment with another database. */
function withDatabase(uri: string, database: string): string {
  const [start, query] = uri.split(/\/?\?/);
  return `${start}/${database}${query === undefined ? '' : `?${query}`}`;
}

/** Copies a package to where its tests can be changed, with the address of this deployment in place of the default one. */
function copyWithAddress(name: string, address: RegExp): NonNullable<Program['prepare']> {
  return ({ folder }, uri) => {
    const copy = join(folder, 'copies/node_modules', name);
    // Real copies: those in node_modules share their bytes with the cache.
    cpSync(join(folder, 'node_modules', name), copy, { recursive: true, force: true });
    for (const file of readdirSync(copy, { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.js')) continue;
      const text = readFileSync(join(copy, file), 'utf8');
      const changed = text.replace(address, uri.replace(/\/(?:\?.*)?$/, ''));
      if (changed !== text) writeFileSync(join(copy, file), changed);
    }
  };
}

/** The driver on every runtime, and the two largest libraries on the other versions of Node. */
const RUNTIMES: readonly Program[] = (['node', 'node-22', 'node-24', 'bun', 'deno'] as const).flatMap(runtime => {
  const start = runtime === 'deno' ? ['run', '--allow-all', '--node-modules-dir=manual'] : [];
  const on = (name: string, least: number): Program => ({
    name: `${name} on ${runtime}`,
    runtime,
    least,
    args: [...start, `programs/${name}.mjs`],
  });
  if (runtime === 'node') return [on('runtime', 18)];
  return runtime.startsWith('node') ? [on('runtime', 18), on('mongoose', 100), on('typeorm', 35)] : [on('runtime', 18)];
});

export const PROGRAMS: readonly Program[] = [
  own('mongoose', 100, { quick: true }),
  own('typeorm', 35, { quick: true }),
  {
    name: 'sharedb-mongo, its own tests',
    quick: true,
    least: 890,
    // Its tests leave clients open.
    args: mocha(
      '--exit',
      '--timeout',
      '60000',
      '--file',
      'node_modules/sharedb-mongo/test/setup.js',
      'node_modules/sharedb-mongo/test/test_*.js',
    ),
    env: uri => ({ TEST_MONGO_URL: withDatabase(uri, 'test') }),
  },
  own('esbuild', 24, { quick: true }),
  own('webpack', 15, { quick: true }),
  own('rollup', 16, { quick: true }),
  own('vite', 14, { quick: true }),
  own('vitest', 22, { quick: true }),
  {
    name: 'jest',
    quick: true,
    least: 13,
    args: ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js', '--config', 'fixtures/jest/jest.config.json'],
  },
  {
    name: '@fastify/mongodb, its own tests',
    least: 20,
    topology: 'standalone',
    args: [
      '--test-reporter=./support/node_test_reporter.mjs',
      '--test-reporter-destination=stdout',
      'copies/node_modules/@fastify/mongodb/test/index.test.js',
    ],
    prepare: copyWithAddress('@fastify/mongodb', /mongodb:\/\/127\.0\.0\.1(?=[/'])/g),
  },
  {
    name: 'connect-mongodb-session, its own tests',
    least: 10,
    topology: 'standalone',
    // Its tests leave clients open.
    args: mocha('--exit', 'copies/node_modules/connect-mongodb-session/test/*.test.js'),
    prepare: copyWithAddress('connect-mongodb-session', /mongodb:\/\/127\.0\.0\.1:27017/g),
  },
  own('services', 35),
  own('mongosh', 28),
  own('agenda', 20),
  own('connect-mongo', 13),
  own('keyv', 20),
  own('auth-adapter', 23),
  own('migrate-mongo', 13),
  own('papr', 15),
  own('rate-limiter-flexible', 11),
  { name: 'opentelemetry', least: 15, args: ['programs/opentelemetry.cjs'] },
  own('types', 48),
  ...RUNTIMES,
];
