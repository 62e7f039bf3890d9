import { MissingMethod } from '../drivers/driver.js';
import { type Doc, show } from './bson_values.js';
import type { TestContext } from './context.js';
import type { Entities, Kind } from './entities.js';
import { matchError } from './expected_error.js';
import { TestFailure } from './failure.js';
import { match } from './matching.js';
import type { OperationDefinition } from './operations/definition.js';
import { definitionOf } from './operations/index.js';
import { testRunnerOperations } from './operations/test_runner.js';
import { optionsOf } from './options.js';
import type { Operation } from './test_file.js';

/** An operation that can be run: everything that the test, and not the driver, can have wrong has been looked at. */
interface Prepared {
  readonly resultIsNested: boolean;
  run(): Promise<unknown>;
}

type Outcome = { readonly result: unknown } | { readonly error: unknown };

const KINDS_OF_RESULTS: Readonly<Record<string, Kind>> = {
  createChangeStream: 'changeStream',
  createCollection: 'collection',
  createCommandCursor: 'cursor',
  createFindCursor: 'cursor',
};

/** Unified test format, "operation": runs one, and throws when the outcome is not the expected one. */
export async function runOperation(
  operation: Operation,
  place: string,
  context: TestContext,
  rethrows?: 'rethrows',
): Promise<void> {
  const title = `${place} ${operation.name}`;
  if (operation.object === 'testRunner') {
    await runSpecial(operation, title, context);
    return;
  }
  const prepared = prepare(operation, context);
  const outcome = await run(prepared);
  if ('error' in outcome) {
    if (outcome.error instanceof TestFailure || outcome.error instanceof MissingMethod) throw outcome.error;
    checkError(operation, title, outcome.error, context);
    if (rethrows !== undefined) throw outcome.error;
    return;
  }
  checkResult(operation, title, outcome.result, prepared, context);
}

async function run(prepared: Prepared): Promise<Outcome> {
  try {
    return { result: await prepared.run() };
  } catch (error) {
    return { error };
  }
}

function checkError(operation: Operation, title: string, error: unknown, context: TestContext): void {
  if (operation.ignoreResultAndError === true) return;
  if (operation.expectError === undefined) {
    throw new TestFailure(`${title} failed: ${textOf(error)}`, { cause: error });
  }
  const mismatch = matchError(operation.expectError, context.driver.describeError(error), context.matching);
  if (mismatch !== null) throw new TestFailure(`${title}: ${mismatch}`, { cause: error });
}

function checkResult(
  operation: Operation,
  title: string,
  result: unknown,
  prepared: Prepared,
  context: TestContext,
): void {
  if (operation.ignoreResultAndError === true) return;
  if (operation.expectError !== undefined) {
    throw new TestFailure(`${title}: ${String(matchError(operation.expectError, undefined, context.matching))}`);
  }
  if (operation.saveResultAsEntity !== undefined) {
    context.entities.add(operation.saveResultAsEntity, kindOfResult(operation), result);
  }
  if (!('expectResult' in operation)) return;
  // The format has one "nothing": a driver that returns undefined returns null.
  const level = prepared.resultIsNested ? 'nested' : 'root';
  const mismatch = match(operation.expectResult, result ?? null, context.matching, level);
  if (mismatch !== null) throw new TestFailure(`${title}: the result differs ${mismatch}`);
}

function kindOfResult({ name }: Operation): Kind {
  return KINDS_OF_RESULTS[name] ?? 'value';
}

function prepare({ name, object, arguments: given = {} }: Operation, context: TestContext): Prepared {
  const { entities, driver } = context;
  const kind = entities.kindOf(object);
  const definition = definitionOf(kind, name);
  const { args, options } = separate(given, definition, `${name} on a ${kind}`);
  const target = entities.get(kind, object);
  rememberLsid(options, entities);
  const resolved = optionsOf(options, driver, entities);
  return {
    resultIsNested: definition.resultIsNested,
    run: async () => definition.run({ target, args, options: resolved, context }),
  };
}

/** A session that has ended may not tell its lsid any more. */
function rememberLsid({ session }: Doc, entities: Entities): void {
  if (typeof session === 'string') entities.lsidOf(session);
}

function separate(
  given: Doc,
  definition: Pick<OperationDefinition, 'required' | 'accepted' | 'options'>,
  title: string,
): { args: Doc; options: Doc } {
  const { required, accepted, options } = definition;
  const positional = new Set([...required, ...accepted]);
  for (const name of required) {
    if (!Object.hasOwn(given, name)) throw new Error(`${title} needs the argument ${name}`);
  }
  for (const name of Object.keys(given)) {
    if (positional.has(name) || options.includes(name)) continue;
    throw new Error(`${title} has no argument ${name} that this runner knows`);
  }
  const entries = Object.entries(given);
  return {
    args: Object.fromEntries(entries.filter(([name]) => positional.has(name))),
    options: Object.fromEntries(entries.filter(([name]) => !positional.has(name))),
  };
}

async function runSpecial(
  { name, arguments: given = {} }: Operation,
  title: string,
  context: TestContext,
): Promise<void> {
  const special = Object.hasOwn(testRunnerOperations, name) ? testRunnerOperations[name] : undefined;
  if (special === undefined) throw new Error(`Unknown operation ${name} on testRunner: this runner cannot run it`);
  const { required, accepted } = special;
  separate(given, { required, accepted, options: [] }, `${name} on testRunner`);
  try {
    await special.run(given, context);
  } catch (error) {
    if (error instanceof MissingMethod || error instanceof TestFailure) throw error;
    throw new TestFailure(`${title}: ${textOf(error)}`, { cause: error });
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : show(error);
}
