// Gives hostile bytes and replies to everything that reads what a peer sent, and odd options to all that takes options.
//   npm run fuzz                          20 seconds, a new seed
//   npm run fuzz -- --seconds 300         longer
//   npm run fuzz -- --seed 42             the same inputs as any other run with this seed
//   npm run fuzz -- --only hello          one target: hello, $clusterTime, options, …
// A finding is anything but a value or a protocol error, more memory than the bytes allow, or more time. Exit code 1 if there is one.
import { parseArgs } from 'node:util';
import { AllocationCounter } from './allocation.js';
import { cases, hostileBytes } from './inputs.js';
import { SeededRandom } from './random.js';
import { hostileReply } from './shapes.js';
import { Finding, type FuzzTarget } from './target.js';
import { targets as allTargets } from './targets.js';

const MOST_FINDINGS = 10;
/** Per input, and per MiB of it; generous, since a busy machine is no finding. */
const LONGEST_MS = 1000;
const LONGEST_MS_PER_MIB = 2000;
/** What the process may hold more than at its start, garbage included. */
const MOST_RETAINED = 1024 * 1024 * 1024;

interface Row {
  inputs: number;
  valid: number;
  bytes: number;
  slowestMS: number;
  largestAllocation: number;
  findings: number;
}

const { values } = parseArgs({
  options: { seconds: { type: 'string' }, seed: { type: 'string' }, only: { type: 'string' } },
});
const seconds = numberOf(values.seconds, 20);
const seed = numberOf(values.seed, Date.now() % 2 ** 31);

const targets = allTargets.filter(({ name }) => values.only === undefined || name === values.only);
if (targets.length === 0) throw new Error(`There is no target '${values.only}'`);

const counter = new AllocationCounter();
/** What was thrown where nothing catches it. */
const escaped: { readonly error: unknown }[] = [];
process.on('unhandledRejection', error => escaped.push({ error }));
process.on('uncaughtException', error => escaped.push({ error }));

const rows = new Map<FuzzTarget, Row>(
  targets.map(target => [target, { inputs: 0, valid: 0, bytes: 0, slowestMS: 0, largestAllocation: 0, findings: 0 }]),
);

main().catch((error: unknown) => {
  console.error('fuzz: the run itself failed', error);
  process.exit(2);
});

async function main(): Promise<void> {
  console.log(`fuzz: seed ${seed}, ${seconds} s`);
  const residentAtStart = process.memoryUsage().rss;
  const until = performance.now() + seconds * 1000;
  for (const [name, bytes] of cases) {
    for (const target of targets) if (target.seeds === undefined) await attempt(target, bytes, name);
  }

  const random = new SeededRandom(seed);
  for (let input = 1; performance.now() < until && findings() < MOST_FINDINGS; input++) {
    const bytes = hostileBytes(random);
    for (const target of targets) {
      const own = target.seeds === undefined ? bytes : hostileReply(random, target.seeds);
      await attempt(target, own, `input ${input}`);
    }
  }

  const retained = process.memoryUsage().rss - residentAtStart;
  console.table(Object.fromEntries([...rows].map(([target, row]) => [target.name, shown(row)])));
  console.log(
    `seed ${seed}; memory of the process grew by ${Math.round(retained / 1024 / 1024)} MiB, garbage included`,
  );
  if (retained > MOST_RETAINED) console.error(`FINDING: that is more than ${MOST_RETAINED / 1024 / 1024} MiB`);
  const failed = findings() > 0 || retained > MOST_RETAINED;
  console.log(failed ? `fuzz: ${findings()} findings` : 'fuzz: no findings');
  // The server of the options goes with the process.
  process.exit(failed ? 1 : 0);
}

async function attempt(target: FuzzTarget, bytes: Buffer, name: string): Promise<void> {
  const row = rows.get(target)!;
  row.inputs++;
  row.bytes += bytes.length;
  const begin = performance.now();
  try {
    const copy = Buffer.from(bytes);
    const before = counter.bytes;
    if (await target.run(copy)) row.valid++;
    const thrown = escaped.shift();
    if (thrown !== undefined) throw new Finding('an error that nothing catches would end the process', thrown.error);
    const allocated = counter.bytes - before;
    const took = performance.now() - begin;
    row.slowestMS = Math.max(row.slowestMS, took);
    row.largestAllocation = Math.max(row.largestAllocation, allocated);
    const allowance = target.allowance(bytes);
    if (allocated > allowance) throw new Finding(`asked for ${allocated} bytes, at most ${allowance} are allowed`);
    const limit = LONGEST_MS + (LONGEST_MS_PER_MIB * bytes.length) / 2 ** 20;
    if (took > limit) throw new Finding(`took ${Math.round(took)} ms, at most ${Math.round(limit)} are allowed`);
  } catch (error) {
    row.findings++;
    const dump = bytes.length > 400 ? `${bytes.subarray(0, 400).toString('hex')}…` : bytes.toString('hex');
    console.error(`FINDING in ${target.name}, ${name} of seed ${seed}, ${bytes.length} bytes:`, error, `\n${dump}\n`);
  }
}

function findings(): number {
  return [...rows.values()].reduce((sum, row) => sum + row.findings, 0);
}

function shown(row: Row): Record<string, number> {
  return {
    inputs: row.inputs,
    valid: row.valid,
    'MiB in': Math.round(row.bytes / 2 ** 20),
    'slowest ms': Math.round(row.slowestMS * 10) / 10,
    'largest allocation KiB': Math.round(row.largestAllocation / 1024),
    findings: row.findings,
  };
}

function numberOf(text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0) throw new Error(`'${text}' is no number from 0 on`);
  return value;
}
