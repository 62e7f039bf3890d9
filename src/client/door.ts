import { type Budget, budgetAt, UNTIMED } from '../call/budget.js';
import { Call } from '../call/call.js';
import { Deadline } from '../call/deadline.js';
import { currentScope, recordIn, Scope } from '../call/scope.js';
import { SharedDeadline } from '../call/shared_deadline.js';
import { checkOptions } from '../commands/check_options.js';
import { withOverrides } from '../commands/context.js';
import { checkExplainTimes, explained } from '../commands/explain.js';
import type { CommandOperationOptions, OperationOptions } from '../commands/options.js';
import { MongoError } from '../errors/base.js';
import { MongoInvalidArgumentError } from '../errors/driver.js';
import { addCaller } from '../errors/stack_trace.js';
import { MongoOperationTimeoutError } from '../errors/timeout.js';
import { CallEvents } from '../executor/call_events.js';
import type { Engine } from '../executor/engine.js';
import { execute } from '../executor/execute.js';
import type { Operation } from '../executor/operation.js';
import { isGiven, ownOptions } from '../runtime/own_options.js';
import { ClientSession } from '../sessions/client_session.js';
import type { SessionState } from '../sessions/session_state.js';
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
export function enter<O extends OperationOptions, T>(
  place: Place,
  method: string,
  given: O | null | undefined,
  work: (call: Call, options: O) => T | Promise<T>,
  begin: Begin<O> = beginCall,
): Promise<T> {
  return enterWith(place, method, given, work, begin, null);
}

/** What a method does inside of the door. The input is what it was given, so that no closure has to be made for a command. */
type Work<O, I, T> = (call: Call, options: O, place: Place, input: I) => T | Promise<T>;

/**
 * Not async: that would cost two promises more for each command, and each of them its share where the program uses an AsyncLocalStorage.
 *
 * @param input - passed on to `work`
 */
function enterWith<O extends OperationOptions, I, T>(
  place: Place,
  method: string,
  given: O | null | undefined,
  work: Work<O, I, T>,
  begin: Begin<O>,
  input: I,
): Promise<T> {
  const { client } = place;
  let call: Call | null = null;
  let events: CallEvents | null = null;
  let beganAt = 0;
  const succeed = (result: T): T => {
    if (call !== null) tellEnd(client, call, events, beganAt, null);
    return result;
  };
  const fail = (error: unknown): never => {
    const failure = { error, isAborted: call?.deadline.isAbortReason(error) === true };
    if (!failure.isAborted) completeError(error, call, fail);
    if (call !== null) tellEnd(client, call, events, beganAt, failure);
    throw error;
  };
  try {
    const options = ownOptions(given);
    call = begin(place, method, options);
    if (call.isRecorded) events = CallEvents.start(client.publisher, call);
    if (client.publisher.meter !== null) beganAt = client.clock.now();
    return Promise.resolve(work(call, options, place, input)).then(succeed, fail);
  } catch (error) {
    return Promise.reject(error as Error).catch(fail);
  }
}

/** How a call has failed. */
interface Failure {
  readonly error: unknown;
  /** Whether the error is the reason of the caller's abort, which stays as it is. */
  readonly isAborted: boolean;
}

/**
 * Adds to an error what only the door knows.
 *
 * @param from - what is told of the failure: those who wait for its promise are the callers
 */
function completeError(error: unknown, call: Call | null, from: (error: unknown) => never): void {
  if (error instanceof MongoOperationTimeoutError) call?.completeTimeout(error);
  addCaller(error, from);
}

/** Tells the end of a call to its ledger, the meter, the events and the shared deadlines around it. */
function tellEnd(
  client: ClientPort,
  call: Call,
  events: CallEvents | null,
  beganAt: number,
  failure: Failure | null,
): void {
  const error = failure?.error;
  call.end((error instanceof MongoError ? error.phase : undefined) ?? null);
  const { meter } = client.publisher;
  meter?.operationEnded(call.name, call.address, client.clock.now() - beganAt, error, failure?.isAborted === true);
  if (failure === null) events?.succeeded();
  else events?.failed(error);
  const { deadline } = call;
  if (deadline.scope === null) return;
  const { name, namespace } = call;
  const durationMS = client.clock.now() - deadline.ledger.startedAt;
  recordIn(deadline.scope, deadline.ledger.covered, { name, namespace, durationMS });
}

function beginCall(place: Place, method: string, options: OperationOptions): Call {
  return callOf(place, method, startTime(place, method, options), options);
}

/**
 * The begin of what tidies up (`abortTransaction`, `endSession`, `close`): it is often done because a shared deadline is over, and has the whole of that
 * time once more.
 */
export function beginTidyUp(place: Place, method: string, options: OperationOptions): Call {
  const { client, context } = place;
  checkOptions(options);
  const inherited = wholeTimeOf(scopeOf(options)?.soonest ?? null) ?? context.budget;
  const budget = budgetAt(method, options.timeoutMS, inherited);
  const signal = signalOf(options);
  const state = stateOf(options);
  const own = () => Deadline.start(budget, client.clock, undefined, state?.ledger?.part(null));
  return callOf(place, method, withSignal(state?.deadline?.part(true) ?? own(), signal), options);
}

/** A deadline that had passed when it was made has no time that could be had once more; but 0 would be no limit. */
function wholeTimeOf(shared: SharedDeadline | null): Budget | null {
  return shared?.timeoutMS === 0 ? { timeoutMS: 1, source: shared.source } : shared;
}

function callOf({ client, context }: Place, method: string, deadline: Deadline, options: OperationOptions): Call {
  const call = new Call(client.operationIds.next(), method, context.namespace, deadline, client.stageLimits);
  if (client.publisher.wantsCalls) call.keepRecord();
  if (isGiven(options.session)) call.transaction = stateOf(options)?.transaction ?? null;
  return call;
}

/**
 * The time of a call: that of the transaction which it is part of, else its own `timeoutMS`, else that of a shared deadline, else what its place
 * inherits. A shared deadline that ends sooner than the first two takes their place.
 *
 * @throws MongoInvalidArgumentError if an option is of a wrong type
 */
function startTime({ client, context }: Place, method: string, options: OperationOptions): Deadline {
  checkOptions(options);
  const scope = scopeOf(options);
  const signal = signalOf(options);
  const state = stateOf(options);
  const transaction = transactionDeadline(options);
  // A running withTransaction is told to shared deadlines as a whole.
  if (transaction !== null) return withSignal(transaction.part(transaction === state?.deadline).in(scope), signal);
  const inherited = scope === null || scope.soonest === null ? context.budget : UNTIMED;
  const budget = budgetAt(method, options.timeoutMS, inherited);
  const deadline = Deadline.start(budget, client.clock, signal, state?.ledger?.part(null), scope);
  return withSignal(deadline, state?.signal);
}

function stateOf({ session }: OperationOptions): SessionState | null {
  const given: unknown = session;
  return given instanceof ClientSession ? given.state : null;
}

function withSignal(deadline: Deadline, signal: AbortSignal | undefined): Deadline {
  return signal === undefined ? deadline : deadline.withSignal(signal);
}

/**
 * What limits a call beside its own `timeoutMS` and `signal`: its option `deadline`, and what {@link withDeadline} says where it is called.
 *
 * @throws MongoInvalidArgumentError if the option is no deadline
 */
export function scopeOf(options: OperationOptions): Scope | null {
  const deadline: unknown = options.deadline;
  if (!isGiven(deadline)) return currentScope();
  if (deadline instanceof SharedDeadline) return new Scope(deadline, currentScope());
  throw new MongoInvalidArgumentError(
    `Option "deadline" must be a Deadline (Deadline.after, Deadline.at), got ${typeof deadline}`,
  );
}

/**
 * The deadline of the transaction that a call is part of, if it has one: all that is done in it shares this time (CSOT, "Convenient Transactions
 * API").
 *
 * @throws MongoInvalidArgumentError if the call has a `timeoutMS` of its own
 */
export function transactionDeadline(options: OperationOptions): Deadline | null {
  const deadline = stateOf(options)?.sharedDeadline ?? null;
  if (deadline !== null && isGiven(options.timeoutMS)) {
    throw new MongoInvalidArgumentError(
      'timeoutMS cannot be set for an operation in withTransaction or in a transaction with a timeoutMS: it shares the time of the transaction',
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
  return enterWith(place, method, given, sendOne<O, T>, beginCall, make);
}

function sendOne<O extends OperationOptions, T>(
  call: Call,
  options: O,
  { client, context }: Place,
  make: MakeOperation<O, T>,
): Promise<T> {
  refuseExplain(options);
  return send(client, make(withOverrides(context, options), options), call);
}

/** The same for a command that the server can explain: with the option `explain` the result is what the server says of it. */
export function runExplainable<O extends CommandOperationOptions, T>(
  place: Place,
  method: string,
  given: O | null | undefined,
  make: MakeOperation<O, T>,
): Promise<T> {
  return enterWith(place, method, given, sendOrExplain<O, T>, beginCall, make);
}

function sendOrExplain<O extends CommandOperationOptions, T>(
  call: Call,
  options: O,
  { client, context: inherited }: Place,
  make: MakeOperation<O, T>,
): Promise<T> {
  const { explain, maxTimeMS } = options;
  checkExplainTimes(explain, maxTimeMS, call.deadline.budget);
  const context = withOverrides(inherited, options);
  const operation = make(context, options);
  return send(client, isGiven(explain) ? (explained(operation, context, explain) as Operation<T>) : operation, call);
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
  const ready = await engine;
  call.deadline.ledger.look();
  return await execute(ready, operation, null, call);
}

/** @throws MongoInvalidArgumentError */
export function refuseExplain(options: CommandOperationOptions): void {
  if (isGiven(ownOptions(options).explain)) {
    throw new MongoInvalidArgumentError('Option "explain" is not supported on this command');
  }
}
