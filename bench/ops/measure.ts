import type { ClientName } from './clients/client.js';
import type { Options } from './options.js';
import { type ServerHandle, WorkerProcess } from './processes.js';
import type { Cell } from './protocol.js';
import type { HeapSample, TimeSample } from './sample.js';

/** A sample, and how busy the server was meanwhile: near 1 it is the server that was measured, as far as wall time goes. */
interface ServedSample extends TimeSample {
  readonly serverLoad: number;
}

/** All figures of one client for one operation at one concurrency. */
export interface ClientFigures {
  readonly client: ClientName;
  readonly samples: ServedSample[];
  heap: HeapSample | null;
}

export interface CellFigures {
  readonly cell: Cell;
  readonly clients: readonly ClientFigures[];
}

/** A client at its turn in one cell. */
interface Lane {
  readonly worker: WorkerProcess;
  readonly figures: ClientFigures;
  /** In one sample. */
  operations: number;
}

const MIN_ROUNDS = 3;
/** A cell whose samples take longer than asked for, since even one wave of operations does, gets so many times its share at most. */
const PATIENCE = 2;
/** Warming up takes so many times as long as a sample. */
const WARM_UP = 2;
/** Operations whose allocations fit into the new space of a worker. */
const HEAP_OPERATIONS = { large: 4, small: 1_024 };

/** Large finds are left out of a quick look when many are in flight: one wave of them takes seconds. */
export function cellsOf({ operations, concurrencies, quick }: Options): Cell[] {
  return concurrencies.flatMap(concurrency =>
    operations
      .filter(operation => !quick || concurrency.inFlight === 1 || !isLargeFind(operation))
      .map(operation => ({ operation, concurrency })),
  );
}

function isLargeFind(operation: Cell['operation']): boolean {
  return operation === 'findToArray' || operation === 'findForAwait';
}

/**
 * CPU and wall time. Every client has a process of its own, and in each round every process takes one sample of each cell, one process at
 * a time, in an order that is turned from round to round: what disturbs the machine for some seconds hits all clients alike.
 *
 * All in one process would measure something else: there the same operations took 5 to 20 % longer, since the clients share bson, the
 * sockets' code and one heap, and what the compiler learns from one of them does not fit the others.
 */
export async function measureTime(options: Options, server: ServerHandle, all: readonly CellFigures[]): Promise<void> {
  const workers = options.clients.map(name => new WorkerProcess(name, server.uri, 'time'));
  try {
    const races = all.map(({ cell, clients }) => ({ cell, lanes: lanesOf(workers, clients), seconds: 0 }));
    console.error('warming up');
    for (const { cell, lanes } of races) {
      for (const lane of lanes) {
        const rate = await lane.worker.do({ kind: 'warmUp', cell, seconds: options.seconds * WARM_UP });
        lane.operations = Math.max(cell.concurrency.inFlight, Math.round(rate * options.seconds));
      }
    }
    const enough = options.seconds * workers.length * options.rounds * PATIENCE;
    for (let round = 0; round < options.rounds; round++) {
      console.error(`round ${round + 1} of ${options.rounds}`);
      for (const race of races) {
        if (round >= MIN_ROUNDS && race.seconds > enough) continue;
        const start = performance.now();
        for (const lane of turned(race.lanes, round)) lane.figures.samples.push(await sample(lane, server, race.cell));
        race.seconds += (performance.now() - start) / 1_000;
      }
    }
  } finally {
    for (const worker of workers) worker.stop();
  }
}

/** Bytes allocated. In processes of their own, since what it takes to see all allocations makes collecting them cheaper. */
export async function measureHeap(options: Options, server: ServerHandle, all: readonly CellFigures[]): Promise<void> {
  console.error('heap');
  for (const name of options.clients) {
    const worker = new WorkerProcess(name, server.uri, 'heap');
    try {
      for (const { cell, clients } of all) {
        const figures = clients.find(({ client }) => client === name);
        const { inFlight } = cell.concurrency;
        const large = isLargeFind(cell.operation) || cell.operation === 'insertMany';
        // Many of these at once fill any new space.
        if (figures === undefined || (inFlight > 1 && large)) continue;
        const operations = Math.max(inFlight, large ? HEAP_OPERATIONS.large : HEAP_OPERATIONS.small);
        await worker.do({ kind: 'warmUp', cell, seconds: options.seconds });
        figures.heap = await worker.do({ kind: 'heap', cell, operations });
      }
    } finally {
      worker.stop();
    }
  }
}

function lanesOf(workers: readonly WorkerProcess[], clients: readonly ClientFigures[]): Lane[] {
  return workers.flatMap(worker => {
    const figures = clients.find(({ client }) => client === worker.name);
    return figures === undefined ? [] : [{ worker, figures, operations: 0 }];
  });
}

async function sample({ worker, operations }: Lane, server: ServerHandle, cell: Cell): Promise<ServedSample> {
  const before = await server.cpuUS();
  const taken = await worker.do({ kind: 'time', cell, operations });
  const serverUS = (await server.cpuUS()) - before;
  return { ...taken, serverLoad: serverUS / (taken.wallUS * taken.operations) };
}

function turned<T>(items: readonly T[], by: number): T[] {
  const from = by % Math.max(1, items.length);
  return [...items.slice(from), ...items.slice(0, from)];
}
