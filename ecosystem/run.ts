// Runs libraries, bundlers and runtimes with the official driver and with ours, and tells what holds with the official one only.
//   npm run ecosystem                    everything; it is run before a release
//   npm run ecosystem -- --quick         what .ci/run runs
//   npm run ecosystem -- mongoose types  programs whose name holds one of the words
//   npm run ecosystem -- --jobs 1        one program at a time
//   npm run ecosystem -- --keep          leaves the two trees, and prints where they are
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type LaunchedServer, launch } from 'mongotempo-server';
import { PROGRAMS, type Program, type Runtime } from './catalogue.js';
import { execute } from './execute.js';
import { install, PackagesUnavailable, removeOldInstalls } from './installs.js';
import { compare } from './outcome.js';
import { REASONS } from './reasons.js';
import { type Result, summarize, tell } from './report.js';
import { findRuntimes } from './runtimes.js';
import { plantTrees, type Tree } from './trees.js';

const root = join(__dirname, '../..');

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { quick: { type: 'boolean' }, keep: { type: 'boolean' }, jobs: { type: 'string' } },
  });
  const quick = values.quick === true;
  const programs = PROGRAMS.filter(
    ({ name, quick: isQuick }) =>
      (!quick || isQuick === true) && (positionals.length === 0 || positionals.some(word => name.includes(word))),
  );
  if (programs.length === 0) throw new Error(`no program matches ${positionals.join(', ')}`);
  removeOldInstalls();
  const begin = performance.now();
  const packages = await install(join(root, 'ecosystem'), quick ? ['--omit=dev'] : []);
  const runtimes = await findRuntimes(root, programs);
  const { trees, remove } = plantTrees(root, packages);
  console.log(`ecosystem: the packages and the trees are there (${seconds(begin)})`);
  if (values.keep === true) console.log(`ecosystem: ${trees.mongodb.folder}, ${trees.mongotempo.folder}`);
  try {
    const results = await runAll(programs, trees, runtimes, Number(values.jobs ?? Math.min(2, cpus().length)));
    return summarize(results, REASONS, seconds(begin));
  } finally {
    if (values.keep !== true) remove();
  }
}

async function runAll(
  programs: readonly Program[],
  trees: Readonly<Record<Tree['driver'], Tree>>,
  runtimes: ReadonlyMap<Runtime, string | Error>,
  jobs: number,
): Promise<Result[]> {
  const waiting = [...programs];
  const results: Result[] = [];
  const work = async (): Promise<void> => {
    const servers = new Map<string, Promise<LaunchedServer>>();
    const serverOf = (topology: 'replicaset' | 'standalone'): Promise<LaunchedServer> => {
      const server = servers.get(topology) ?? launch({ topology });
      servers.set(topology, server);
      return server;
    };
    try {
      for (let program = waiting.shift(); program !== undefined; program = waiting.shift()) {
        const result = await runWithBoth(program, trees, runtimes, serverOf);
        tell(result);
        results.push(result);
      }
    } finally {
      for (const server of servers.values()) await (await server).stop();
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return results;
}

async function runWithBoth(
  program: Program,
  trees: Readonly<Record<Tree['driver'], Tree>>,
  runtimes: ReadonlyMap<Runtime, string | Error>,
  serverOf: (topology: 'replicaset' | 'standalone') => Promise<LaunchedServer>,
): Promise<Result> {
  const executable = runtimes.get(program.runtime ?? 'node');
  if (typeof executable !== 'string') return { program, skipped: executable?.message ?? 'there is no such runtime' };
  const server = await serverOf(program.topology ?? 'replicaset');
  const mongodb = await execute(program, trees.mongodb, server, executable);
  const mongotempo = await execute(program, trees.mongotempo, server, executable);
  const comparison = compare(program.name, mongodb, mongotempo, REASONS);
  return { program, outcomes: { mongodb, mongotempo }, comparison };
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}

main().then(
  code => {
    process.exitCode = code;
  },
  (error: unknown) => {
    // A machine without a registry is no fault of this code.
    if (error instanceof PackagesUnavailable)
      console.log(`ecosystem: skipped, packages cannot be had here. ${error.message}`);
    else {
      console.error(error);
      process.exitCode = 1;
    }
  },
);
