import assert from 'node:assert/strict';
import type { CallRecord } from '../../src/call/call.js';
import type { MongoOperationTimeoutError, OperationAttempt, StageTiming } from '../../src/errors/timeout.js';

/** Milliseconds by which the parts may differ from the whole. */
const TOLERANCE_MS = 1;

/** Throws unless the stages of an operation add up to the time that it took. */
export function checkLedger({ timings, elapsedMS }: Pick<CallRecord, 'timings' | 'elapsedMS'>, tookMS: number): void {
  const sum = timings.reduce((all, { durationMS }) => all + durationMS, 0);
  const stages = stagesOf(timings).join(', ');
  assert.ok(Math.abs(sum - elapsedMS) < TOLERANCE_MS, `${stages} are ${sum} ms, and the record says ${elapsedMS} ms`);
  assert.ok(Math.abs(elapsedMS - tookMS) < TOLERANCE_MS, `${stages} are ${elapsedMS} ms, and it took ${tookMS} ms`);
  for (const { stage, durationMS } of timings) assert.ok(durationMS >= 0, `${stage} took ${durationMS} ms`);
}

/**
 * Throws unless the stages of an error add up, and the last is that in which the time ran out.
 *
 * @param tookMS - from the begin of its time to its error
 */
export function checkTimeout(error: MongoOperationTimeoutError, tookMS: number): void {
  const { timings, elapsedMS = NaN, phase } = error;
  checkLedger({ timings, elapsedMS }, tookMS);
  assert.equal(timings.at(-1)?.stage, phase, error.message);
}

/** `checkOut 20`, …: those that took any time. */
export function stagesOf(timings: readonly StageTiming[]): string[] {
  return timings
    .filter(({ durationMS }) => durationMS > 0)
    .map(({ stage, durationMS }) => `${stage} ${Math.round(durationMS * 1000) / 1000}`);
}

/** `a:27017 20 code 134`, … */
export function textOfAttempts(attempts: readonly OperationAttempt[]): string[] {
  return attempts.map(({ host, durationMS, error }) => {
    const code = (error as { readonly code?: number | string } | undefined)?.code;
    const met = error === undefined ? '' : ` ${code === undefined ? error.name : `code ${String(code)}`}`;
    return `${host ?? 'no server'} ${durationMS}${met}`;
  });
}
