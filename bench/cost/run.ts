import { parseArgs } from 'node:util';
import { TaskProcess } from '../csot/processes.js';
import { startServer } from '../ops/processes.js';
import { median } from '../ops/statistics.js';
import { PLAIN, VARIANTS, type Variant } from './variants.js';
import { libraryWithoutCallSites } from './without_call_sites.js';
import type { Sample, WorkerTask } from './worker.js';

const HELP = `Measures what deadlines, signals and monitoring add to the CPU time of findOne.

npm run bench:cost -- [options]

  --only A,B      variants beside those with which they are compared: ${VARIANTS.map(({ name }) => name).join(', ')}
  --processes N   processes of each variant, one after the other (3): how a process happens to be compiled makes 3 %
  --rounds N      samples of each process (50)
  --seconds N     length of a sample (0.1); many short ones tell more than a few long ones
  --in-flight N   operations at once (64)
  --connections N size of the pool (64)
  --assert        fail where a variant certainly costs more than it may; for an idle machine
  --help
`;

interface Options {
  readonly variants: readonly Variant[];
  readonly processes: number;
  readonly rounds: number;
  readonly seconds: number;
  readonly inFlight: number;
  readonly connections: number;
  readonly assert: boolean;
}

interface Lane {
  readonly variant: Variant;
  readonly samples: Sample[];
}

/** The first samples, in which the compiler learns, are not counted. */
const WARM_UP_ROUNDS = 2;
const FIRST_OPERATIONS = 20_000;
/** The shortest sample. */
const LEAST_OPERATIONS = 500;

async function main(args: readonly string[]): Promise<void> {
  const options = readOptions(args);
  if (options === null) return;
  const needsCopy = options.variants.some(({ withoutCallSites }) => withoutCallSites);
  const copy = needsCopy ? libraryWithoutCallSites() : null;
  const server = await startServer();
  const lanes = options.variants.map((variant): Lane => ({ variant, samples: [] }));
  try {
    for (let i = 0; i < options.processes; i++) await measure(lanes, server.uri, options, copy?.path ?? '');
  } finally {
    server.stop();
    copy?.remove();
  }
  report(lanes, options);
}

type Worker = TaskProcess<WorkerTask, Sample | null>;

/**
 * Each variant has a process of its own. In each round each takes one sample, one at a time, in an order that is drawn: what disturbs the machine for
 * some seconds hits all alike, and ratios are those of samples of one round.
 *
 * @param copy - the folder of the library without call sites
 */
async function measure(lanes: readonly Lane[], uri: string, options: Options, copy: string): Promise<void> {
  const { rounds, seconds, inFlight, connections } = options;
  const workers = lanes.map(({ variant: { name, withoutCallSites } }): Worker => {
    const args = withoutCallSites === true ? [name, copy] : [name];
    return new TaskProcess(name, require.resolve('./worker.js'), args);
  });
  try {
    for (const worker of workers) await worker.do({ kind: 'begin', uri, connections });
    const runs = lanes.map(({ samples }, i) => ({
      samples,
      worker: workers[i] as Worker,
      operations: FIRST_OPERATIONS,
    }));
    for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
      for (const run of shuffled(runs)) {
        const sample = await run.worker.do({ kind: 'sample', operations: run.operations, inFlight });
        if (sample === null) throw new Error('There is no sample');
        if (round >= 0) run.samples.push(sample);
        // The slow ones take as long as the others do.
        else if (round === -1)
          run.operations = Math.max(LEAST_OPERATIONS, Math.round((seconds * 1_000_000) / sample.wallUS));
      }
    }
  } finally {
    for (const worker of workers) worker.stop();
  }
}

function report(lanes: readonly Lane[], options: Options): void {
  const { inFlight, connections, processes, rounds, assert } = options;
  console.log(
    `findOne, ${inFlight} in flight over ${connections} connections, ${processes} processes of ${rounds} rounds, Node.js ${process.version}\n`,
  );
  console.log('                    user µs   all µs   user, ratio              all, ratio               may be  of');
  for (const { variant, samples } of lanes) {
    const { name, most, of = PLAIN } = variant;
    const others = lanes.find(lane => lane.variant.name === of && name !== of)?.samples;
    const line = name.padEnd(18) + microseconds(samples, 'userUS') + microseconds(samples, 'cpuUS');
    if (others === undefined) {
      console.log(line);
      continue;
    }
    const all = ratios(samples, others, 'cpuUS');
    const user = shown(ratios(samples, others, 'userUS'));
    console.log(`${line}   ${user}   ${shown(all)}   ${most?.toFixed(2) ?? '-   '}  ${of}`);
    if (assert && most !== undefined && all.low > most) {
      console.error(
        `${name} costs at least ${all.low.toFixed(3)} times as much as ${of}, allowed are ${most.toFixed(2)}`,
      );
      process.exitCode = 1;
    }
  }
  console.log(
    '\nMedians; in brackets, where the true median of the ratio lies with a certainty of 95 %. If that is wide, the machine was busy.',
  );
}

type Figure = 'userUS' | 'cpuUS';

interface Estimate {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

function ratios(samples: readonly Sample[], others: readonly Sample[], figure: Figure): Estimate {
  const sorted = samples
    .map((sample, round) => sample[figure] / (others[round]?.[figure] ?? NaN))
    .toSorted((a, b) => a - b);
  const n = sorted.length;
  // The order statistics that enclose the median: their ranks have a binomial distribution.
  const rank = Math.max(0, Math.floor(n / 2 - 0.98 * Math.sqrt(n)));
  return { median: median(sorted), low: sorted[rank] ?? NaN, high: sorted[n - 1 - rank] ?? NaN };
}

function shown({ median: middle, low, high }: Estimate): string {
  return `${middle.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`;
}

function microseconds(samples: readonly Sample[], figure: Figure): string {
  return median(samples.map(sample => sample[figure]))
    .toFixed(2)
    .padStart(9);
}

/** Not turned: who always comes after the same other one takes up to 5 % more or less, since that leaves the caches as it does. */
function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map(item => ({ item, key: Math.random() }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ item }) => item);
}

function readOptions(args: readonly string[]): Options | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      processes: { type: 'string', default: '3' },
      rounds: { type: 'string', default: '50' },
      seconds: { type: 'string', default: '0.1' },
      'in-flight': { type: 'string', default: '64' },
      connections: { type: 'string', default: '64' },
      assert: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return null;
  }
  const wanted = values.only?.split(',');
  const unknown = wanted?.find(name => !VARIANTS.some(variant => variant.name === name));
  if (unknown !== undefined) throw new Error(`--only names ${unknown}, which is no variant`);
  const asked = VARIANTS.filter(({ name }) => wanted === undefined || wanted.includes(name));
  // `plain` is compared only where it is asked for itself.
  const needed = new Set([PLAIN, ...asked.flatMap(({ name, of = PLAIN }) => [name, of])]);
  return {
    variants: VARIANTS.filter(({ name }) => needed.has(name)),
    processes: positive('processes', values.processes),
    rounds: positive('rounds', values.rounds),
    seconds: positive('seconds', values.seconds),
    inFlight: positive('in-flight', values['in-flight']),
    connections: positive('connections', values.connections),
    assert: values.assert,
  };
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (value > 0) return value;
  throw new Error(`--${name} must be a positive number, got ${JSON.stringify(text)}`);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
