import { setTimeout as sleep } from 'node:timers/promises';
import { call, type Driver } from '../drivers/driver.js';
import { checkOutcome } from './check_outcome.js';
import type { TestContext } from './context.js';
import { createEntities } from './create_entities.js';
import { Entities } from './entities.js';
import { matchEvents } from './events.js';
import { FailPoints } from './fail_points.js';
import { TestFailure } from './failure.js';
import type { InternalClient } from './internal_client.js';
import { matchLogs } from './logs.js';
import { runOperation } from './run_operation.js';
import type { TestServer } from './servers.js';
import type { TestCase, TestFile } from './test_file.js';
import { matchTracing } from './tracing.js';

/** A test that takes longer hangs. */
const TEST_MS = 30_000;

/** How long the clients of a test may take to close before the next one starts without them. */
const CLOSE_MS = 5000;

export interface TestBed {
  readonly driver: Driver;
  readonly server: TestServer;
  readonly internal: InternalClient;
}

/** Unified test format, "Executing a Test": resolves when it passes, and throws what does not hold. */
export async function runTest(file: TestFile, test: TestCase, bed: TestBed): Promise<void> {
  const context = contextFor(bed);
  try {
    await within(TEST_MS, runSteps(file, test, context));
  } finally {
    await cleanUp(context);
  }
}

async function runSteps(file: TestFile, test: TestCase, context: TestContext): Promise<void> {
  await context.server.reset();
  await context.internal.prepare(file.initialData ?? []);
  await createEntities(file.createEntities ?? [], context);
  for (const [index, operation] of test.operations.entries()) {
    await context.runOperation(operation, `operations[${index}]`);
  }
  for (const { observer } of context.entities.records) observer.stop();
  checkObserved(test, context);
  await context.failPoints.clear();
  await checkOutcome(test.outcome ?? [], context.internal, context.matching);
}

function contextFor({ driver, server, internal }: TestBed): TestContext {
  const entities = new Entities();
  const context: TestContext = {
    driver,
    server,
    internal,
    entities,
    failPoints: new FailPoints(server, internal),
    matching: {
      get entities() {
        return entities.values;
      },
      lsidOf: session => entities.lsidOf(session),
    },
    runOperation: async (operation, place, rethrows) => runOperation(operation, place, context, rethrows),
  };
  return context;
}

function checkObserved(test: TestCase, { entities, matching }: TestContext): void {
  const mismatches = [
    ...(test.expectEvents ?? []).map(expected =>
      matchEvents(expected, entities.clientRecord(expected.client).observer.events, matching),
    ),
    ...(test.expectLogMessages ?? []).map(expected =>
      matchLogs(expected, entities.clientRecord(expected.client).logs, matching),
    ),
    ...(test.expectTracingMessages ?? []).map(expected =>
      matchTracing(expected, entities.clientRecord(expected.client).spans, matching),
    ),
  ].filter(mismatch => mismatch !== null);
  if (mismatches.length > 0) throw new TestFailure(mismatches.join('\n'));
}

/** Whatever a test has left open; none of it may fail the test or keep the next one waiting. */
async function cleanUp({ entities, failPoints }: TestContext): Promise<void> {
  for (const { observer } of entities.records) observer.stop();
  const close = async (): Promise<void> => {
    await failPoints.clear();
    await settle(entities.all('session'), 'endSession');
    await settle([...entities.all('cursor'), ...entities.all('changeStream')], 'close');
    await settle(entities.all('client'), 'close');
  };
  await Promise.race([close().catch(() => null), sleep(CLOSE_MS, null, { ref: false })]);
}

async function settle(targets: readonly object[], method: string): Promise<void> {
  await Promise.allSettled(targets.map(async target => call(target, method)));
}

async function within(limitMS: number, work: Promise<void>): Promise<void> {
  const stop = new AbortController();
  const late = sleep(limitMS, null, { signal: stop.signal }).then(
    () => {
      throw new TestFailure(`The test did not end within ${limitMS} ms`);
    },
    () => null,
  );
  try {
    await Promise.race([work, late]);
  } finally {
    stop.abort();
    // The result of a test that ends after its time is not wanted any more.
    work.catch(() => null);
  }
}
