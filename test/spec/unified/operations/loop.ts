import { MissingMethod } from '../../drivers/driver.js';
import { type Doc, plain } from '../bson_values.js';
import type { TestContext } from '../context.js';
import { TestFailure } from '../failure.js';
import { type Operation, readOperations } from '../test_file.js';

/** What a loop keeps of each failure. */
interface LoopFailure {
  readonly error: string;
  /** Seconds since 1970. */
  readonly time: number;
}

export const loopOptions = [
  'numIterations',
  'storeErrorsAsEntity',
  'storeFailuresAsEntity',
  'storeIterationsAsEntity',
  'storeSuccessesAsEntity',
] as const;

/**
 * Unified test format, "loop": runs operations again and again, and keeps what goes wrong where the test wants it kept. A workload that
 * would go on until the workload executor ends it has one iteration here.
 */
export async function runLoop(args: Doc, context: TestContext): Promise<void> {
  const operations = readOperations(args['operations'], 'loop');
  const wanted = plain(args['numIterations'] ?? 1);
  const names = loopOptions.map(option => args[option]);
  const [, errorsName, failuresName, iterationsName, successesName] = names;
  const errors: LoopFailure[] = [];
  const failures: LoopFailure[] = [];
  let successes = 0;
  let iterations = 0;
  for (; iterations < Number(wanted); iterations++) {
    const failed = await runIteration(operations, context, () => successes++);
    if (failed === undefined) continue;
    // Without a place for its kind a failure goes where the other kind goes; without any it ends the loop.
    const [list, other] = failed instanceof TestFailure ? [failures, errors] : [errors, failures];
    const isKept = (failed instanceof TestFailure ? failuresName : errorsName) !== undefined;
    if (!isKept && errorsName === undefined && failuresName === undefined) throw failed;
    (isKept ? list : other).push({ error: failed.message, time: Date.now() / 1000 });
  }
  const kept = [
    [errorsName, errors],
    [failuresName, failures],
    [iterationsName, iterations],
    [successesName, successes],
  ] as const;
  for (const [name, value] of kept) if (typeof name === 'string') context.entities.add(name, 'value', value);
}

/** The error or the failure that ended an iteration before its end. */
async function runIteration(
  operations: readonly Operation[],
  context: TestContext,
  onSuccess: () => void,
): Promise<Error | undefined> {
  for (const [index, operation] of operations.entries()) {
    try {
      await context.runOperation(operation, `loop[${index}]`);
    } catch (error) {
      if (!(error instanceof Error) || error instanceof MissingMethod) throw error;
      // A command that failed is the driver's error; what came out otherwise than expected is a failure of the test.
      return error.cause instanceof Error && operation.expectError === undefined ? error.cause : error;
    }
    onSuccess();
  }
  return undefined;
}
