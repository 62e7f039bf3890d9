import type { Program } from './catalogue.js';
import { type Comparison, DRIVERS, type Driver, type Finding, type Outcome, type Reason, unused } from './outcome.js';

/** What a program came to with both drivers, or why it did not run. */
export type Result =
  | { readonly program: Program; readonly skipped: string }
  | {
      readonly program: Program;
      readonly outcomes: Readonly<Record<Driver, Outcome>>;
      readonly comparison: Comparison;
    };

const MESSAGE_LINES = 12;
const OUTPUT_LINES = 30;

/** One line for a program, and its findings. */
export function tell(result: Result): void {
  const { program } = result;
  if ('skipped' in result) {
    console.log(`${program.name}: skipped, ${result.skipped}`);
    return;
  }
  const { comparison, outcomes } = result;
  const counts = DRIVERS.map(
    driver => `${driver} ${comparison.holds[driver]} (${(outcomes[driver].tookMS / 1000).toFixed(1)} s)`,
  );
  const { differences, broken, better } = comparison;
  console.log(
    `${program.name}: ${counts.join(', ')}; ${differences.length} differences, ${broken.length} fail with both`,
  );
  tellFindings('holds with mongodb only', differences);
  tellFindings('fails with both', broken);
  tellFindings('holds with mongotempo only', better, 1);
  if (differences.some(({ reason }) => reason === undefined)) tellOutput('mongotempo', outcomes.mongotempo);
  if (broken.some(({ reason }) => reason === undefined) || comparison.holds.mongodb < program.least) {
    tellOutput('mongodb', outcomes.mongodb);
  }
}

/** The end of the run. @returns the exit code: 1 where a finding has no reason, or a reason no finding */
export function summarize(results: readonly Result[], reasons: readonly Reason[], took: string): number {
  const ran = results.flatMap(result => ('skipped' in result ? [] : [result]));
  const findings = ran.flatMap(({ comparison }) => [...comparison.differences, ...comparison.broken]);
  const faults = [
    ...findings.filter(({ reason }) => reason === undefined).map(({ program, check }) => `${program}: ${check}`),
    ...ran
      .filter(({ program, comparison }) => comparison.holds.mongodb < program.least)
      .map(
        ({ program, comparison }) =>
          `${program.name}: only ${comparison.holds.mongodb} of at least ${program.least} checks hold with mongodb`,
      ),
    ...unused(reasons, new Set(ran.map(({ program }) => program.name)), findings).map(
      ({ program, check }) => `${program}: there is a reason for "${check}", which does not fail`,
    ),
  ];
  const held = (driver: Driver): number => ran.reduce((sum, { comparison }) => sum + comparison.holds[driver], 0);
  const differences = ran.flatMap(({ comparison }) => comparison.differences);
  console.log(
    `\necosystem: ${ran.length} programs (${results.length - ran.length} skipped); checks that hold: ` +
      `mongodb ${held('mongodb')}, mongotempo ${held('mongotempo')}; ${differences.length} hold with mongodb only, ` +
      `${differences.filter(({ reason }) => reason !== undefined).length} of them for a reason (${took})`,
  );
  for (const fault of faults) console.log(`  ${fault}`);
  return faults.length === 0 ? 0 : 1;
}

function tellFindings(title: string, findings: readonly Finding[], lines = MESSAGE_LINES): void {
  for (const { check, error, reason } of findings) {
    console.log(`  ${title}: ${check}`);
    const text = reason === undefined ? error : `reason: ${reason}`;
    console.log(indented(text.split('\n').slice(0, lines)));
  }
}

function tellOutput(driver: Driver, { output }: Outcome): void {
  if (output.trim() === '') return;
  console.log(`  the last it printed with ${driver}:`);
  console.log(indented(output.trimEnd().split('\n').slice(-OUTPUT_LINES)));
}

function indented(lines: readonly string[]): string {
  return lines.map(line => `      ${line}`).join('\n');
}
