import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, resolve } from 'node:path';
import { takesPart } from './clients/client.js';
import { type CellFigures, cellsOf, measureHeap, measureTime } from './measure.js';
import { type Options, readOptions } from './options.js';
import { type ServerHandle, startServer, WORKER, WorkerProcess } from './processes.js';
import { brokenPromises, printProfile, printTables, toJson } from './report.js';
import { isClientName, serveTasks } from './worker.js';

const CPU_LIMIT = 0.5;

async function main(args: readonly string[]): Promise<void> {
  const options = readOptions(args);
  if (options === null) return;
  const server = await startServer();
  try {
    if (options.profile) await profileAll(options, server);
    else await measureAll(options, server);
  } finally {
    server.stop();
  }
}

async function measureAll(options: Options, server: ServerHandle): Promise<void> {
  const all: CellFigures[] = cellsOf(options).map(cell => ({
    cell,
    clients: options.clients
      .filter(client => takesPart(client, cell.operation))
      .map(client => ({ client, samples: [], heap: null })),
  }));
  await measureTime(options, server, all);
  await measureHeap(options, server, all);
  printTables(all, options.concurrencies);
  writeResults(options, all);
  if (!options.assert) return;
  for (const broken of brokenPromises(all, CPU_LIMIT)) {
    console.error(broken);
    process.exitCode = 1;
  }
}

async function profileAll(options: Options, server: ServerHandle): Promise<void> {
  for (const client of options.clients) {
    for (const cell of cellsOf(options)) {
      const worker = new WorkerProcess(client, server.uri, 'time');
      try {
        const rate = await worker.do({ kind: 'warmUp', cell, seconds: options.seconds });
        const { inFlight } = cell.concurrency;
        const operations = Math.max(inFlight, Math.round(rate * options.seconds));
        const profile = await worker.do({ kind: 'profile', cell, operations });
        printProfile(`${client}, ${cell.operation}, ${inFlight} in flight`, profile);
      } finally {
        worker.stop();
      }
    }
  }
}

function writeResults(options: Options, all: readonly CellFigures[]): void {
  const started = new Date().toISOString();
  // The program runs from .build/bench/ops.
  const results = resolve(__dirname, '../../../bench/results');
  const file = options.json ?? resolve(results, `${started.replaceAll(':', '-').slice(0, 19)}.json`);
  mkdirSync(dirname(resolve(file)), { recursive: true });
  const machine = { node: process.version, cpu: cpus()[0]?.model, cpus: cpus().length };
  writeFileSync(file, `${JSON.stringify({ started, machine, options, figures: toJson(all) }, null, 2)}\n`);
  console.log(`\nAll figures: ${file}`);
}

const [first, name, uri] = process.argv.slice(2);
if (first === WORKER && isClientName(name) && uri !== undefined) {
  serveTasks(name, uri);
} else {
  main(process.argv.slice(2)).catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
}
