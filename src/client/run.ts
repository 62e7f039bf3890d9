import { Call } from '../call/call.js';
import type { Deadline } from '../call/deadline.js';
import { withOverrides } from '../commands/context.js';
import { checkExplainTimes, explained } from '../commands/explain.js';
import type { CommandOperationOptions, OperationOptions } from '../commands/options.js';
import { isGiven, ownOptions } from '../concern/given.js';
import { MongoInvalidArgumentError } from '../errors/driver.js';
import { addCaller } from '../errors/stack_trace.js';
import type { Engine } from '../executor/engine.js';
import { execute } from '../executor/execute.js';
import type { Operation } from '../executor/operation.js';
import type { ClientPort } from './client_port.js';
import { type Inherited, startDeadline } from './inherit.js';

/** Builds an operation in the context of its call, or throws because an argument is wrong. */
export type MakeOperation<O, T> = (context: Inherited, options: O) => Operation<T>;

/**
 * What every public method that sends one command does: starts the time, checks what was given, and only then connects and sends.
 *
 * It is returned and not awaited by those methods, so that whoever calls them waits for this function and errors can tell of it.
 *
 * @param given - the options of the call; null and undefined are none
 */
export async function run<O extends OperationOptions, T>(
  client: ClientPort,
  context: Inherited,
  given: O | null | undefined,
  make: MakeOperation<O, T>,
): Promise<T> {
  const options = ownOptions(given);
  try {
    const deadline = startDeadline(context, options, client.clock);
    refuseExplain(options);
    const operation = make(withOverrides(context, options), options);
    const call = callOf(client, operation.name, operation.namespace, deadline);
    const engine = client.engine(call);
    return await execute(engine instanceof Promise ? await engine : engine, operation, null, call);
  } catch (error) {
    throw withCaller(error, options, run);
  }
}

/** The same for a command that the server can explain: the result is then what it says. */
export async function runExplainable<O extends CommandOperationOptions, T>(
  client: ClientPort,
  context: Inherited,
  given: O | null | undefined,
  make: MakeOperation<O, T>,
): Promise<T> {
  const options = ownOptions(given);
  try {
    const deadline = startDeadline(context, options, client.clock);
    const own = withOverrides(context, options);
    const { explain, maxTimeMS } = options;
    checkExplainTimes(explain, maxTimeMS, deadline.timedByOperation);
    const operation = make(own, options);
    const call = callOf(client, operation.name, operation.namespace, deadline);
    const found = client.engine(call);
    const engine = found instanceof Promise ? await found : found;
    if (!isGiven(explain)) return await execute(engine, operation, null, call);
    return (await execute(engine, explained(operation, own, explain), null, call)) as T;
  } catch (error) {
    throw withCaller(error, options, runExplainable);
  }
}

/** What takes several commands of one call. */
export type Steps<T> = (engine: Engine, call: Call) => Promise<T>;

/** The same for what takes several commands. */
export async function runSteps<O extends CommandOperationOptions, T>(
  client: ClientPort,
  context: Inherited,
  given: O | null | undefined,
  make: (context: Inherited, options: O) => Steps<T>,
): Promise<T> {
  const options = ownOptions(given);
  try {
    const deadline = startDeadline(context, options, client.clock);
    refuseExplain(options);
    const steps = make(withOverrides(context, options), options);
    const call = callOf(client, 'bulkWrite', context.namespace, deadline);
    return await steps(await client.engine(call), call);
  } catch (error) {
    throw withCaller(error, options, runSteps);
  }
}

function callOf({ operationIds, stageLimits }: ClientPort, name: string, namespace: string, deadline: Deadline): Call {
  return new Call(operationIds.next(), name, namespace, deadline, stageLimits);
}

/** @throws MongoInvalidArgumentError */
export function refuseExplain(options: CommandOperationOptions): void {
  if (isGiven(ownOptions(options).explain)) {
    throw new MongoInvalidArgumentError('Option "explain" is not supported on this command');
  }
}

/**
 * The error as it leaves the driver. The reason of an abort is the caller's own and stays as it is.
 *
 * @param above - the public method, or what it returns
 */
function withCaller(error: unknown, options: OperationOptions, above: (...args: never) => unknown): unknown {
  if (options.signal?.aborted !== true || error !== options.signal.reason) addCaller(error, above);
  return error;
}
