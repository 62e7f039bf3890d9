import { CLIENTS, type ClientName } from './clients/client.js';
import type { CellFigures, ClientFigures } from './measure.js';
import type { Concurrency } from './protocol.js';
import type { CpuProfile, SelfTime } from './self_time.js';
import { median, minimum } from './statistics.js';

/** What is compared: a figure of each client. */
interface Measure {
  readonly title: string;
  readonly of: (figures: ClientFigures) => number;
}

const CPU: Measure = { title: 'CPU, µs', of: cpuUS };
const MEASURES: readonly Measure[] = [
  CPU,
  { title: 'wall, µs', of: ({ samples }) => median(samples.map(sample => sample.wallUS)) },
  { title: 'heap, KB', of: ({ heap }) => (heap?.heapBytes ?? Number.NaN) / 1_000 },
];

const RATIOS: readonly (readonly [ClientName, ClientName])[] = [
  ['ours', 'official'],
  ['ours', 'lean'],
  ['official', 'lean'],
  ['ours', 'raw'],
  ['ours', 'bson'],
];

const NAME_WIDTH = 14;
const FIGURE_WIDTH = 10;
const RATIO_WIDTH = 15;

function cpuUS({ samples }: ClientFigures): number {
  return median(samples.map(sample => sample.cpuUS));
}

export function printTables(all: readonly CellFigures[], concurrencies: readonly Concurrency[]): void {
  for (const { inFlight, connections } of concurrencies) {
    const rows = all.filter(
      ({ cell }) => cell.concurrency.inFlight === inFlight && cell.concurrency.connections === connections,
    );
    console.log(
      `\n${inFlight} in flight on ${connections} connection${connections === 1 ? '' : 's'}, for each operation`,
    );
    for (const measure of MEASURES) printTable(measure, rows);
  }
}

function printTable(measure: Measure, rows: readonly CellFigures[]): void {
  if (rows.length === 0) return;
  const names = CLIENTS.filter(name => rows.some(({ clients }) => clients.some(({ client }) => client === name)));
  const ratios = RATIOS.filter(([a, b]) => names.includes(a) && names.includes(b));
  console.log(
    `\n${measure.title.padEnd(NAME_WIDTH)}${names.map(name => name.padStart(FIGURE_WIDTH)).join('')}${ratios
      .map(([a, b]) => `${a}/${b}`.padStart(RATIO_WIDTH))
      .join('')}`,
  );
  for (const row of rows) {
    const figures = names.map(name => {
      const found = row.clients.find(({ client }) => client === name);
      return (found === undefined ? '-' : figure(measure.of(found))).padStart(FIGURE_WIDTH);
    });
    const quotients = ratios.map(([a, b]) => ratio(row, a, b, measure.of).padStart(RATIO_WIDTH));
    console.log(`${row.cell.operation.padEnd(NAME_WIDTH)}${figures.join('')}${quotients.join('')}`);
  }
}

function ratio(row: CellFigures, a: ClientName, b: ClientName, of: Measure['of']): string {
  const value = quotient(row, a, b, of);
  return Number.isFinite(value) ? value.toFixed(2) : '-';
}

function quotient({ clients }: CellFigures, a: ClientName, b: ClientName, of: Measure['of']): number {
  const [above, below] = [a, b].map(name => clients.find(({ client }) => client === name));
  return above === undefined || below === undefined ? Number.NaN : of(above) / of(below);
}

function figure(value: number): string {
  if (!Number.isFinite(value)) return '-';
  if (value >= 1_000) return Math.round(value).toLocaleString('en');
  return value.toFixed(1);
}

export function printProfile(title: string, { functions, files }: CpuProfile): void {
  console.log(`\n${title}: self time, share of what is not idle\n`);
  for (const one of files.slice(0, 25)) console.log(line(one));
  console.log();
  for (const one of functions) console.log(line(one));
}

function line({ share, name, place }: SelfTime): string {
  return `${(share * 100).toFixed(1).padStart(5)} %  ${name.padEnd(32)} ${place}`;
}

/** Where ours takes more than half of the official driver's CPU though it should not; the figures for which it is promised. */
export function brokenPromises(all: readonly CellFigures[], limit: number): string[] {
  return all.flatMap(row => {
    const { operation, concurrency } = row.cell;
    if (concurrency.inFlight < 64 || (operation !== 'findOne' && operation !== 'insertOne')) return [];
    const value = quotient(row, 'ours', 'official', CPU.of);
    return value <= limit
      ? []
      : [`${operation} takes ${value.toFixed(2)} of the official driver's CPU, promised is ${limit}`];
  });
}

/** All figures, for other programs. */
export function toJson(all: readonly CellFigures[]) {
  return all.map(row => ({
    ...row.cell,
    clients: Object.fromEntries(
      row.clients.map(figures => {
        const { client, samples, heap } = figures;
        const cpu = samples.map(sample => sample.cpuUS);
        const wall = samples.map(sample => sample.wallUS);
        return [
          client,
          {
            cpuUS: { median: median(cpu), minimum: minimum(cpu) },
            wallUS: { median: median(wall), minimum: minimum(wall) },
            serverLoad: median(samples.map(sample => sample.serverLoad)),
            heap,
            samples,
          },
        ];
      }),
    ),
    cpuRatios: Object.fromEntries(RATIOS.map(([a, b]) => [`${a}/${b}`, quotient(row, a, b, CPU.of)])),
  }));
}
