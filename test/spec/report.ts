import type { TestResult } from './messages.js';

/** A result, and where it comes from. */
export interface ReportedResult extends TestResult {
  readonly area: string;
  readonly file: string;
  /** The kind of server that it ran on, if any. */
  readonly persona?: string;
}

export interface AreaReport {
  readonly files: number;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly reasons: Readonly<Record<string, number>>;
}

export function summarize(results: readonly ReportedResult[]): ReadonlyMap<string, AreaReport> {
  const areas = new Map<string, ReportedResult[]>();
  for (const result of results) {
    const list = areas.get(result.area) ?? [];
    list.push(result);
    areas.set(result.area, list);
  }
  return new Map([...areas].map(([area, list]) => [area, reportOf(list)]));
}

function reportOf(results: readonly ReportedResult[]): AreaReport {
  const count = (outcome: TestResult['outcome']): number => results.filter(result => result.outcome === outcome).length;
  const reasons: Record<string, number> = {};
  for (const { outcome, message = '' } of results) {
    if (outcome === 'skipped') reasons[message] = (reasons[message] ?? 0) + 1;
  }
  return {
    files: new Set(results.map(({ file }) => file)).size,
    passed: count('passed'),
    failed: count('failed'),
    skipped: count('skipped'),
    reasons,
  };
}

/** What was run again since the machine was late, and whether it passed then; empty when nothing was. */
export function repeatsOf(results: readonly ReportedResult[]): string {
  const repeated = results.filter(({ lateMS = [] }) => lateMS.length > 0);
  if (repeated.length === 0) return '';
  const lines = repeated.map(({ file, description, outcome, lateMS = [] }) => {
    const late = lateMS.map(ms => ms.toFixed(0)).join(', ');
    return `    ${file}: ${description}: ${outcome} after ${lateMS.length} runs in which the process was late by ${late} ms`;
  });
  return [`${repeated.length} repeated, since the machine was late:`, ...lines].join('\n');
}

/** One line for each area, and below it why tests were skipped. */
export function tableOf(areas: ReadonlyMap<string, AreaReport>): string {
  const rows = [...areas, ['total', total([...areas.values()])] as const];
  const width = Math.max(...rows.map(([area]) => area.length));
  const line = (area: string, cells: readonly (string | number)[]): string =>
    area.padEnd(width) + cells.map(cell => String(cell).padStart(9)).join('');
  const lines = [line('area', ['files', 'passed', 'failed', 'skipped'])];
  for (const [area, { files, passed, failed, skipped, reasons }] of rows) {
    lines.push(line(area, [files, passed, failed, skipped]));
    for (const [reason, count] of Object.entries(reasons).sort(([, a], [, b]) => b - a)) {
      lines.push(`    ${String(count).padStart(4)} skipped: ${reason}`);
    }
  }
  return lines.join('\n');
}

function total(areas: readonly AreaReport[]): AreaReport {
  const sum = (pick: (area: AreaReport) => number): number => areas.reduce((all, area) => all + pick(area), 0);
  return {
    files: sum(({ files }) => files),
    passed: sum(({ passed }) => passed),
    failed: sum(({ failed }) => failed),
    skipped: sum(({ skipped }) => skipped),
    reasons: {},
  };
}
