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
];
