import { join } from 'node:path';
import { Lateness } from '../support/lateness.js';
import { specificationFiles } from '../support/specifications.js';
import type { Driver, DriverName } from './drivers/driver.js';
import { loadDriver } from './drivers/index.js';
import { useForeignServer } from './foreign_server.js';
import { legacySuites } from './legacy/index.js';
import type { LegacyWork, TestResult, UnifiedWork, Work, WorkerMessage } from './messages.js';
import { startOwnServer } from './own_server.js';
import { type Persona, personaName } from './personas.js';
import type { PlannedTest } from './plan.js';
import { InternalClient } from './unified/internal_client.js';
import { runTest } from './unified/run_test.js';
import type { TestServer } from './unified/servers.js';
import { readTestFile, type TestFile } from './unified/test_file.js';

/** A process that runs the work that it is sent, one file at a time. */

interface Bench {
  readonly name: string;
  readonly server: TestServer;
  readonly internal: InternalClient;
}

/** The shortest time that a file of the specifications leaves a driver. */
const LATE_MS = 5;
const MOST_REPEATS = 5;

/** Servers are kept: the next file probably wants the same kind. */
let bench: Bench | undefined;
const drivers = new Map<DriverName, Driver>();

function send(message: WorkerMessage): void {
  process.send?.(message);
}

async function serve(work: Work): Promise<void> {
  try {
    await (work.kind === 'unified' ? runUnified(work) : runLegacy(work));
    send({ kind: 'done' });
  } catch (error) {
    send({ kind: 'done', trouble: textOf(error) });
  }
}

async function runUnified(work: UnifiedWork): Promise<void> {
  const file = readTestFile(work.path);
  const driver = drivers.get(work.driver) ?? loadDriver(work.driver);
  drivers.set(work.driver, driver);
  for (const test of work.tests) {
    send({ kind: 'started', description: test.description });
    const { server, internal } = await benchFor(work.persona, work.uri);
    const started = performance.now();
    const { message, lateMS } = await whileLate(async () =>
      invert(test, await failureOf(file, test, driver, server, internal)),
    );
    const durationMS = performance.now() - started;
    send({ kind: 'result', result: { ...resultOf(test.description, message, durationMS), lateMS } });
  }
}

/**
 * Repeats a test that failed while the machine was late: the files leave a driver as little as 5 ms, which a process that waits longer for
 * its turn cannot keep to. A failure of a process that was on time is a failure at once; one of a busy machine, when it stays.
 */
async function whileLate(run: () => Promise<string | undefined>): Promise<{ message?: string; lateMS: number[] }> {
  const lateMS: number[] = [];
  for (;;) {
    const lateness = new Lateness();
    try {
      const message = await run();
      if (message === undefined) return { lateMS };
      if (lateness.worstMS < LATE_MS || lateMS.length === MOST_REPEATS) return { message, lateMS };
      lateMS.push(lateness.worstMS);
      send({ kind: 'repeated' });
    } finally {
      lateness.stop();
    }
  }
}

async function failureOf(
  file: TestFile,
  { index }: PlannedTest,
  driver: Driver,
  server: TestServer,
  internal: InternalClient,
): Promise<string | undefined> {
  const test = file.tests[index];
  if (test === undefined) return `there is no test ${index}`;
  try {
    await runTest(file, test, { driver, server, internal });
    return undefined;
  } catch (error) {
    return textOf(error);
  }
}

function invert({ mustFail }: PlannedTest, failure: string | undefined): string | undefined {
  if (!mustFail) return failure;
  return failure === undefined ? 'it passes, and is there to fail' : undefined;
}

function resultOf(description: string, message: string | undefined, durationMS: number): TestResult {
  if (message === undefined) return { description, outcome: 'passed', durationMS };
  return { description, outcome: 'failed', message, durationMS };
}

async function benchFor(persona: Persona, uri: string | undefined): Promise<Bench> {
  const name = uri ?? personaName(persona);
  if (bench?.name === name) return bench;
  await closeBench();
  const server = await (uri === undefined ? startOwnServer(persona) : useForeignServer(uri, persona.topology));
  bench = { name, server, internal: new InternalClient(server) };
  return bench;
}

async function closeBench(): Promise<void> {
  const old = bench;
  bench = undefined;
  await old?.internal.close();
  await old?.server.stop();
}

async function runLegacy({ folder, path }: LegacyWork): Promise<void> {
  const suite = legacySuites.find(candidate => candidate.folder === folder);
  const file = specificationFiles(folder).find(candidate => candidate.path === path);
  if (suite === undefined || file === undefined) throw new Error(`there is no suite for ${join(folder, path)}`);
  for (const { description, skip, run } of suite.cases(file)) {
    if (skip !== undefined) {
      send({ kind: 'result', result: { description, outcome: 'skipped', message: skip, durationMS: 0 } });
      continue;
    }
    send({ kind: 'started', description });
    const started = performance.now();
    let message: string | undefined;
    try {
      await run();
    } catch (error) {
      message = textOf(error);
    }
    send({ kind: 'result', result: resultOf(description, message, performance.now() - started) });
  }
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.name === 'TestFailure' ? error.message : (error.stack ?? error.message);
}

// A driver may leave a rejection behind: it is reported with the test that runs, and does not end the process.
process.on('unhandledRejection', error => {
  process.stderr.write(`unhandled rejection: ${textOf(error)}\n`);
});
process.on('message', work => void serve(work as Work));
process.on('disconnect', () => {
  void closeBench().finally(() => process.exit());
});
