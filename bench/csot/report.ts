import type { Figures } from './figures.js';
import type { Phase } from './phases.js';

/** What `--assert` allows. Milliseconds on an idle machine. */
const LIMITS = Object.freeze({ p50: 1, p99: 5 });

const NAME_WIDTH = 14;
const COLUMNS: readonly (readonly [title: string, width: number, of: (figures: Figures) => string])[] = [
  ['n', 6, ({ n }) => String(n)],
  ['p50', 9, ({ difference }) => milliseconds(difference.p50)],
  ['p99', 9, ({ difference }) => milliseconds(difference.p99)],
  ['max', 9, ({ difference }) => milliseconds(difference.max)],
  ['early', 7, ({ early }) => String(early)],
  ['wrong', 7, ({ wrong }) => String(wrong)],
  ['unended', 9, ({ unended }) => String(unended)],
  ['closed', 8, ({ closedConnections }) => String(closedConnections)],
  ['timer p50', 11, ({ timer }) => milliseconds(timer.p50)],
  ['timer p99', 11, ({ timer }) => milliseconds(timer.p99)],
];

export function printTable(phase: Phase, all: readonly Figures[]): void {
  console.log(`\n${phase.name}: ${phase.what}`);
  if (phase.early !== undefined) console.log(`  may end early: ${phase.early}`);
  if (phase.late !== undefined) console.log(`  ends late by: ${phase.late}`);
  console.log(`${' '.repeat(NAME_WIDTH)}${COLUMNS.map(([title, width]) => title.padStart(width)).join('')}`);
  for (const figures of all) {
    const cells = COLUMNS.map(([, width, of]) => of(figures).padStart(width));
    console.log(`${figures.driver.padEnd(NAME_WIDTH)}${cells.join('')}  ${endingsOf(figures)}`);
  }
}

function endingsOf({ endings }: Figures): string {
  return Object.entries(endings)
    .sort(([, a], [, b]) => b - a)
    .map(([ending, count]) => `${count} ${ending.replace('MongoOperationTimeoutError ', '')}`)
    .join(', ');
}

/** Where ours does not do what is promised. */
export function brokenPromises(phase: Phase, all: readonly Figures[]): string[] {
  const ours = all.find(({ driver }) => driver === 'ours');
  if (ours === undefined) return [];
  const { difference, early, wrong, unended } = ours;
  const mayBeEarly = phase.early !== undefined;
  return [
    ...(['p50', 'p99'] as const)
      .filter(quantile => phase.late === undefined && !(difference[quantile] <= LIMITS[quantile]))
      .map(quantile => `${quantile} is ${milliseconds(difference[quantile])} ms, allowed are ${LIMITS[quantile]} ms`),
    ...(early > 0 && !mayBeEarly ? [`${early} operations ended early`] : []),
    ...(wrong > 0 ? [`${wrong} operations ended otherwise than they should`] : []),
    ...(unended > 0 ? [`${unended} operations did not end`] : []),
  ].map(text => `${phase.name}: ${text}`);
}

function milliseconds(value: number): string {
  return Number.isFinite(value) ? value.toFixed(2) : '-';
}
