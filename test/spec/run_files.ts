import type { CollectedFile } from './collect.js';
import { deviationOf } from './deviations.js';
import type { DriverName } from './drivers/driver.js';
import type { TestResult, Work } from './messages.js';
import { personaName } from './personas.js';
import type { ReportedResult } from './report.js';
import { runInWorkers } from './workers.js';

/** Told of results as they come, a file on a kind of server at a time. */
type Listener = (results: readonly ReportedResult[]) => void;

/** Runs what there is to do for the files, by so many processes, and gives all results: also those that needed no server. */
export async function runFiles(
  files: readonly CollectedFile[],
  driver: DriverName,
  jobs: number,
  onResults: Listener = () => undefined,
): Promise<readonly ReportedResult[]> {
  const results = files.flatMap(resultsWithoutServer);
  const origins = new Map(files.flatMap(file => file.works.map(work => [work, file] as const)));
  await runInWorkers(inOrder([...origins.keys()]), jobs, (work, found, trouble) => {
    const { area, name } = origins.get(work) as CollectedFile;
    const where = { area, file: name, ...(work.kind === 'unified' ? { persona: personaName(work.persona) } : {}) };
    const reported: ReportedResult[] = found.map(result => ({ ...where, ...excused(result, name, driver) }));
    // What could not be run at all is no less a failure than what failed.
    if (trouble !== undefined) {
      reported.push({ ...where, description: 'the file', outcome: 'failed', message: trouble, durationMS: 0 });
    }
    results.push(...reported);
    onResults(reported);
  });
  return results;
}

/** What a driver is known to do otherwise is no news: it was run, and counts as skipped for that reason. */
function excused(result: TestResult, file: string, driver: DriverName): TestResult {
  const why = result.outcome === 'failed' ? deviationOf(driver, file, result.description) : undefined;
  return why === undefined ? result : { ...result, outcome: 'skipped', message: `deviations.ts: ${driver}: ${why}` };
}

function resultsWithoutServer({ area, name, skipped, results }: CollectedFile): ReportedResult[] {
  return [
    ...results.map(result => ({ area, file: name, ...result })),
    ...skipped.map(({ description, reason }) => ({
      ...{ area, file: name, description, message: reason },
      ...{ outcome: 'skipped' as const, durationMS: 0 },
    })),
  ];
}

/** By the kind of server, so that a process seldom has to start another; within a kind, the longest files first. */
function inOrder(works: readonly Work[]): Work[] {
  const kindOf = (work: Work): string => (work.kind === 'unified' ? personaName(work.persona) : '');
  const sizeOf = (work: Work): number => (work.kind === 'unified' ? work.tests.length : 0);
  return [...works].sort((a, b) => kindOf(a).localeCompare(kindOf(b)) || sizeOf(b) - sizeOf(a));
}

export function titleOf({ file, description, persona, message = '' }: ReportedResult): string {
  return `✖ ${file}: ${description}${persona === undefined ? '' : ` (${persona})`}\n  ${message.replaceAll('\n', '\n  ')}`;
}
