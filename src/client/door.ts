import { budgetAt } from '../call/budget.js';
import { Call } from '../call/call.js';
import { Deadline } from '../call/deadline.js';
import { checkOptions } from '../commands/check_options.js';
import { withOverrides } from '../commands/context.js';
import { checkExplainTimes, explained } from '../commands/explain.js';
import type { CommandOperationOptions, OperationOptions } from '../commands/options.js';
import { isGiven, ownOptions } from '../concern/given.js';
import { MongoInvalidArgumentError } from '../errors/driver.js';
import { addCaller } from '../errors/stack_trace.js';
import type { Engine } from '../executor/engine.js';
import { execute } from '../executor/execute.js';
import type { Operation } from '../executor/operation.js';
import { ClientSession } from '../sessions/client_session.js';
import type { ClientPort } from './client_port.js';
import type { Inherited } from './inherit.js';

/** Where a public method is called: on a client, a database or a collection. */
export interface Place {
  /** @internal */
  readonly client: ClientPort;
  /** @internal */
  readonly context: Inherited;
}

/** Makes the call of a public method. Its time begins here. Throws if an option is wrong. */
export type Begin<O> = (place: Place, method: string, options: O) => Call;

/**
 * The one door: every public method that may wait enters here, and does its work inside. The door makes the call, and adds the line of the
 * caller's code to the stack of an error.
 *
 * A method returns the promise of this function and does not await it, so that the line in the stack is that of the caller.
 *
 * @param method - the name of the public method, for messages
 * @param given - the options of the method; null and undefined are none
 * @param begin - default: the call has a number of its own, and the time that its options and the place say
 */
export async function enter<O extends OperationOptions, T>(
  place: Place,
  method: string,
  given: O | null | undefined,
  work: (call: Call, options: O) => T | Promise<T>,
  begin: Begin<O> = beginCall,
): Promise<T> {
  let signal: AbortSignal | undefined;
  try {
    const options = ownOptions(given);
    const call = begin(place, method, options);
    signal = call.deadline.signal;
    return await work(call, options);
  } catch (error) {
    // The reason of an abort is the caller's own and stays as it is.
    if (signal?.aborted !== true || error !== signal.reason) addCaller(error, enter);
    throw error;
  }
}

function beginCall(place: Place, method: string, options: OperationOptions): Call {
  const { client, context } = place;
  return new Call(
    client.operationIds.next(),
    method,
    context.namespace,
    startTime(place, method, options),
    client.stageLimits,
  );
}

/**
 * The time of a call: that of the `withTransaction` which it is part of, else its own `timeoutMS`, else what its place inherits.
 *
 * @throws MongoInvalidArgumentError if an option is of a wrong type
 */
function startTime({ client, context }: Place, method: string, options: OperationOptions): Deadline {
  checkOptions(options);
  const signal = signalOf(options);
  const transaction = transactionDeadline(options);
  if (transaction !== null) return signal === undefined ? transaction : transaction.withSignal(signal);
  return Deadline.start(budgetAt(method, options.timeoutMS, context.budget), client.clock, signal);
}

/**
 * The deadline of the `withTransaction` that runs in the session of a call: all that is done in it shares this time (CSOT, "Convenient
 * Transactions API").
 *
 * @throws MongoInvalidArgumentError if the call has a `timeoutMS` of its own
 */
export function transactionDeadline(options: OperationOptions): Deadline | null {
  const session: unknown = options.session;
  const deadline = session instanceof ClientSession ? session.state.deadline : null;
  if (deadline !== null && isGiven(options.timeoutMS)) {
    throw new MongoInvalidArgumentError(
      'timeoutMS cannot be set for an operation in withTransaction: it shares the time of the transaction',
    );
  }
  return deadline;
}

/** @throws MongoInvalidArgumentError if the option is no signal */
export function signalOf(options: OperationOptions): AbortSignal | undefined {
  const signal: unknown = options.signal;
  if (!isGiven(signal)) return undefined;
  if (signal instanceof AbortSignal) return signal;
  throw new MongoInvalidArgumentError(`Option "signal" must be an AbortSignal, got ${typeof signal}`);
}

/** Builds an operation in the context of its call, or throws because an argument is wrong. */
export type MakeOperation<O, T> = (context: Inherited, options: O) => Operation<T>;

/** A public method that sends one command. The arguments are checked before anything is connected. */
export function run<O extends OperationOptions, T>(
  place: Place,
  method: string,
  given: O | null | undefined,
  make: MakeOperation<O, T>,
): Promise<T> {
  return enter(place, method, given, (call, options) => {
    refuseExplain(options);
    const operation = make(withOverrides(place.context, options), options);
    return send(place.client, operation, call);
  });
}

/** The same for a command that the server can explain: with the option `explain` the result is what the server says of it. */
export function runExplainable<O extends CommandOperationOptions, T>(
  place: Place,
  method: string,
  given: O | null | undefined,
  make: MakeOperation<O, T>,
): Promise<T> {
  return enter(place, method, given, (call, options) => {
    const { explain, maxTimeMS } = options;
    checkExplainTimes(explain, maxTimeMS, call.deadline.budget);
    const context = withOverrides(place.context, options);
    const plain = make(context, options);
    const operation = isGiven(explain) ? (explained(plain, context, explain) as Operation<T>) : plain;
    return send(place.client, operation, call);
  });
}

/** What takes several commands of one call. */
export type Steps<T> = (engine: Engine, call: Call) => Promise<T>;

/** A public method that may send several commands. */
export function runSteps<O extends CommandOperationOptions, T>(
  place: Place,
  method: string,
  given: O | null | undefined,
  make: (context: Inherited, options: O) => Steps<T>,
): Promise<T> {
  return enter(place, method, given, (call, options) => {
    refuseExplain(options);
    const steps = make(withOverrides(place.context, options), options);
    const engine = place.client.engine(call);
    return engine instanceof Promise ? engine.then(ready => steps(ready, call)) : steps(engine, call);
  });
}

/** Sends one command. On a client that is connected, neither a promise nor a closure is made for its engine. */
function send<T>(client: ClientPort, operation: Operation<T>, call: Call): Promise<T> {
  const engine = client.engine(call);
  return engine instanceof Promise ? sendWhenReady(engine, operation, call) : execute(engine, operation, null, call);
}

async function sendWhenReady<T>(engine: Promise<Engine>, operation: Operation<T>, call: Call): Promise<T> {
  return await execute(await engine, operation, null, call);
}

/** @throws MongoInvalidArgumentError */
export function refuseExplain(options: CommandOperationOptions): void {
  if (isGiven(ownOptions(options).explain)) {
    throw new MongoInvalidArgumentError('Option "explain" is not supported on this command');
  }
}
