import type { EventLedger } from './event_ledger.js';
import type { Failover } from './failover.js';
import { type OperationLog, percentiles, TOLERANCE_MS } from './operation_log.js';
import { count, mark, milliseconds, say, styled, table } from './terminal.js';
import type { Findings } from './verify.js';

/** The step-down, told by the client's own events. */
export function showFailover(failover: Failover): void {
  const { answeredAfterMS, lostAfterMS, foundAfterMS, newPrimary } = failover;
  const step = (time: number | undefined, what: string): void => {
    if (time !== undefined) say(`  ${`+${milliseconds(time)}`.padStart(10)}  ${what}`);
  };
  const steps: [number | undefined, string][] = [
    [0, 'replSetStepDown is sent to the primary'],
    [answeredAfterMS, 'the server has answered it'],
    [lostAfterMS, `serverDescriptionChanged: ${failover.oldPrimary} is no longer primary`],
    [foundAfterMS, `serverDescriptionChanged: ${newPrimary ?? ''} is primary`],
  ];
  steps.sort(([left], [right]) => (left ?? Infinity) - (right ?? Infinity));
  for (const [time, what] of steps) step(time, what);
  if (newPrimary === undefined) say(styled('yellow', 'No primary came back while the demo waited.'));
  say(
    `No write was acknowledged for ${milliseconds(failover.longestGapMS)} at most; ${count(failover.retriedOperations)} operations ` +
      `were retried, ${count(failover.failedOperations)} failed.`,
  );
}

export function showOperations(log: OperationLog): void {
  const rows = [...log.kinds].map(([kind, { durations, failed }]) => {
    const { p50, p90, p99, max } = percentiles(durations);
    const latencies = [p50, p90, p99, max].map(milliseconds);
    return [kind, count(durations.length), count(durations.length - failed), count(failed), ...latencies];
  });
  table(['operation', 'count', 'ok', 'failed', 'p50', 'p90', 'p99', 'max'], rows);
  for (const [name, times] of log.failures) say(`failed with ${name}: ${count(times)}`);
}

export function showDeadlineTotals(log: OperationLog): void {
  const { deadlinesMet, deadlinesMissed, latest } = log;
  say(
    `Deadlines: ${count(deadlinesMet)} met, ${count(deadlinesMissed)} missed ${mark(deadlinesMissed === 0)} ` +
      `(missed: ended more than ${TOLERANCE_MS} ms after its timeoutMS)`,
  );
  if (latest === undefined) return;
  const { kind, excessMS, outcome } = latest;
  say(`The latest ended ${milliseconds(excessMS)} after its time: ${kind}, ${outcome}.`);
}

export function showEvents(ledger: EventLedger): void {
  const rows = ledger.counts.map(([name, times]) => `${name.padEnd(36)}${count(times).padStart(9)}`);
  // Two beside each other: it fits on a screen.
  const half = Math.ceil(rows.length / 2);
  const title = `${'event'.padEnd(36)}${'count'.padStart(9)}`;
  table(
    [title, title],
    rows.slice(0, half).map((row, index) => [row, rows[half + index] ?? ''.padEnd(45)]),
  );
  say('Every start has its end, over all clients, now that they are closed:');
  for (const { what, starts, ends } of ledger.balances) {
    say(
      `  ${what.padEnd(18)} ${count(starts).padStart(9)} began ${count(ends).padStart(9)} ended  ${mark(starts === ends)}`,
    );
  }
}

export function showFindings({ inserts, updates, doubtful, faults }: Findings): void {
  say(`${count(inserts)} acknowledged inserts are there, each exactly once: ${mark(!faults.some(isOfDocuments))}`);
  say(`${count(updates)} acknowledged $inc were applied, each exactly once: ${mark(faults.every(isOfDocuments))}`);
  if (doubtful > 0)
    say(`${count(doubtful)} writes had failed for their caller; none of them was applied more than once.`);
  for (const fault of faults) say(styled('red', `  ${fault}`));
}

function isOfDocuments(fault: string): boolean {
  return fault.includes('document');
}
