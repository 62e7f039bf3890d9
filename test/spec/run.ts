import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { type CollectOptions, collectFiles } from './collect.js';
import { driverNames, loadDriver } from './drivers/index.js';
import { describeForeignServer } from './foreign_server.js';
import { type ReportedResult, repeatsOf, summarize, tableOf } from './report.js';
import { runFiles, titleOf } from './run_files.js';
import type { TopologyName } from './unified/requirements.js';

const help = `Usage: npm run spec -- [options]

Runs the JSON tests of the driver specifications (below SPECIFICATIONS_DIR) against a driver and our test server.

  --area NAME             only this folder of the specifications (may be repeated)
  --driver NAME           ${driverNames.join(', ')} (default: mongotempo)
  --topology NAME         standalone, replicaset, sharded or load-balanced (may be repeated; default: all)
  --server-version V      only this version of the server
  --breadth WHICH         every: each topology that a test allows (default); first: only the preferred one
  --grep TEXT             only tests whose description or file contains this
  --uri URI               a server that runs already, instead of ours
  --json FILE             write every result
  --jobs N                how many processes run tests (default: two for each core)
  --verbose               print each failure as it comes
  --help                  print this

It ends with exit code 1 when a test has failed.
`;

interface CommandLine {
  readonly collect: CollectOptions;
  readonly json: string | undefined;
  readonly jobs: number;
  readonly isVerbose: boolean;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      area: { type: 'string', multiple: true },
      driver: { type: 'string' },
      topology: { type: 'string', multiple: true },
      'server-version': { type: 'string' },
      breadth: { type: 'string' },
      grep: { type: 'string' },
      uri: { type: 'string' },
      json: { type: 'string' },
      jobs: { type: 'string' },
      verbose: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) {
    console.log(help);
    return;
  }
  const { uri, grep, 'server-version': version } = values;
  const topologies = values.topology?.map(topologyNamed);
  const commandLine: CommandLine = {
    collect: {
      areas: values.area ?? [],
      driver: loadDriver(oneOf('--driver', values.driver ?? 'mongotempo', driverNames)),
      breadth: oneOf('--breadth', values.breadth ?? 'every', ['every', 'first']),
      ...(topologies === undefined ? {} : { topologies }),
      ...(version === undefined ? {} : { version }),
      ...(grep === undefined ? {} : { grep }),
      ...(uri === undefined ? {} : { uri, only: await describeForeignServer(uri) }),
    },
    json: values.json,
    jobs: numberOf('--jobs', values.jobs) ?? (uri === undefined ? 2 * availableParallelism() : 1),
    isVerbose: values.verbose === true,
  };
  await run(commandLine);
}

async function run({ collect, json, jobs, isVerbose }: CommandLine): Promise<void> {
  const started = performance.now();
  const results = await runFiles(collectFiles(collect), collect.driver.name, jobs, reported => {
    if (isVerbose) for (const result of reported) if (result.outcome === 'failed') console.log(`${titleOf(result)}\n`);
  });
  finish(results, performance.now() - started, json, isVerbose);
}

function finish(
  results: readonly ReportedResult[],
  durationMS: number,
  json: string | undefined,
  isVerbose: boolean,
): void {
  const failures = results.filter(({ outcome }) => outcome === 'failed');
  if (!isVerbose) for (const failure of failures) console.log(`${titleOf(failure)}\n`);
  const areas = summarize(results);
  console.log(tableOf(areas));
  const repeats = repeatsOf(results);
  if (repeats !== '') console.log(repeats);
  console.log(`in ${(durationMS / 1000).toFixed(1)} s`);
  if (json !== undefined) {
    writeFileSync(json, JSON.stringify({ areas: Object.fromEntries(areas), results }, null, 2));
  }
  if (failures.length > 0) process.exitCode = 1;
}

function topologyNamed(name: string): TopologyName {
  return name === 'standalone'
    ? 'single'
    : oneOf('--topology', name, ['single', 'replicaset', 'sharded', 'load-balanced']);
}

function oneOf<T extends string>(option: string, value: string, values: readonly T[]): T {
  const found = values.find(one => one === value);
  if (found === undefined) throw new RangeError(`${option} is one of ${values.join(', ')}, not ${value}`);
  return found;
}

function numberOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new RangeError(`${option} is a number from 1 on, not ${text}`);
  return number;
}

void main().catch((error: unknown) => {
  console.error(
    error instanceof RangeError || error instanceof TypeError ? `spec: ${error.message} (see --help)` : error,
  );
  process.exitCode = 2;
});
