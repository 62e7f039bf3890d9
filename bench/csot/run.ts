import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, resolve } from 'node:path';
import type { Driver } from './clients.js';
import { type Figures, figuresOf } from './figures.js';
import { type Options, readOptions } from './options.js';
import type { PeerTask } from './peer/main.js';
import type { PeerAddress } from './peer/peer.js';
import type { Phase } from './phases.js';
import { TaskProcess } from './processes.js';
import { brokenPromises, printTable } from './report.js';
import type { Sample } from './sample.js';
import type { WorkerTask } from './worker.js';

type Peers = TaskProcess<PeerTask, PeerAddress | null>;

/** A driver in its process. */
interface Lane {
  readonly driver: Driver;
  readonly worker: TaskProcess<WorkerTask, Sample | null>;
}

async function main(args: readonly string[]): Promise<void> {
  const options = readOptions(args);
  if (options === null) return;
  const peers: Peers = new TaskProcess('the peer', require.resolve('./peer/main.js'));
  const lanes: Lane[] = options.drivers.map(driver => ({
    driver,
    worker: new TaskProcess(driver, require.resolve('./worker.js'), [driver]),
  }));
  const results: { phase: string; figures: Figures[] }[] = [];
  const broken: string[] = [];
  try {
    for (const phase of options.phases) {
      const figures = await measure(phase, options.rounds, peers, lanes);
      printTable(phase, figures);
      results.push({ phase: phase.name, figures });
      broken.push(...brokenPromises(phase, figures));
    }
  } finally {
    for (const { worker } of lanes) worker.stop();
    peers.stop();
  }
  writeResults(options, results);
  if (options.assert) fail(broken);
}

/**
 * In each round each driver takes one sample, one driver at a time, in an order that turns. Each sample has a peer of its own. The first
 * round warms up and is not counted.
 */
async function measure(phase: Phase, rounds: number, peers: Peers, lanes: readonly Lane[]): Promise<Figures[]> {
  const samples = new Map<Driver, Sample[]>(lanes.map(({ driver }) => [driver, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const { driver, worker } of round % 2 === 0 ? lanes : lanes.toReversed()) {
      const address = await peers.do({ kind: 'open', phase: phase.name });
      if (address === null) throw new Error('The peer is not open');
      await worker.do({ kind: 'begin', phase: phase.name, address });
      await peers.do({ kind: 'misbehave' });
      const sample = await worker.do({ kind: 'sample', round });
      await peers.do({ kind: 'close' });
      await worker.do({ kind: 'end' });
      if (sample !== null && round > 0) samples.get(driver)?.push(sample);
    }
  }
  return [...samples].map(([driver, taken]) => figuresOf(driver, phase, taken));
}

function writeResults(options: Options, results: readonly object[]): void {
  if (options.json === undefined) return;
  const machine = { node: process.version, cpu: cpus()[0]?.model, cpus: cpus().length };
  mkdirSync(dirname(resolve(options.json)), { recursive: true });
  writeFileSync(options.json, `${JSON.stringify({ machine, rounds: options.rounds, results }, null, 2)}\n`);
}

function fail(broken: readonly string[]): void {
  for (const text of broken) console.error(text);
  if (broken.length > 0) process.exitCode = 1;
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
