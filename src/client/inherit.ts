import { documentDecoder } from '../bson/decode.js';
import { type Budget, budgetOf, validateTimeoutMS } from '../call/budget.js';
import { Deadline } from '../call/deadline.js';
import { checkOptionNames, checkOptions } from '../commands/check_options.js';
import { type ContextOverrides, type OperationContext, withOverrides } from '../commands/context.js';
import type { OperationOptions } from '../commands/options.js';
import { isGiven, ownOptions } from '../concern/given.js';
import { MongoInvalidArgumentError } from '../errors/driver.js';
import type { Clock } from '../runtime/clock.js';
import { ClientSession } from '../sessions/client_session.js';
import type { ResolvedOptions } from '../uri/resolved_options.js';

/** What a client, a database or a collection hands down. */
export interface Inherited extends OperationContext {
  /** Who set `timeoutMS`, for messages. */
  readonly timeoutSource: 'client' | 'database' | 'collection';
}

export interface LevelOptions extends ContextOverrides {
  timeoutMS?: number;
}

/** The context of a database with nothing of its own. */
export function clientContext(options: ResolvedOptions): Inherited {
  return {
    database: '',
    collection: '',
    namespace: '',
    readPreference: options.readPreference,
    readConcern: options.readConcern,
    writeConcern: options.writeConcern,
    bsonOptions: ownOptions(options.bsonOptions),
    decode: documentDecoder(options.bsonOptions),
    timeoutMS: options.timeoutMS,
    timeoutSource: 'client',
    session: null,
  };
}

/** The context one level down: of a database under its client, of a collection under its database. */
export function deriveContext(
  parent: Inherited,
  names: { readonly database: string; readonly collection: string },
  level: 'database' | 'collection',
  given: LevelOptions | undefined,
): Inherited {
  const options = ownOptions(given);
  const { database, collection } = names;
  checkOptionNames(options);
  const timeoutMS = validateTimeoutMS(options.timeoutMS, `${level} option`);
  return {
    ...withOverrides(parent, options),
    database,
    collection,
    namespace: collection === '' ? database : `${database}.${collection}`,
    ...(timeoutMS !== undefined && { timeoutMS, timeoutSource: level }),
  };
}

/**
 * The time that an operation has. All options pass through here, and are checked.
 *
 * @throws MongoInvalidArgumentError if its `timeoutMS` is none or an option of a wrong type
 */
export function budgetFor(context: Inherited, given: OperationOptions | undefined): Budget {
  const options = ownOptions(given);
  checkOptions(options);
  const operation = validateTimeoutMS(options.timeoutMS, 'operation option');
  return budgetOf({ operation, [context.timeoutSource]: context.timeoutMS });
}

/** Starts an operation's time. Must be called first thing in a public method, so that the time covers all of it. */
export function startDeadline(context: Inherited, options: OperationOptions | undefined, clock: Clock): Deadline {
  const budget = budgetFor(context, options);
  const signal = signalOf(options);
  return transactionDeadline(options, signal) ?? Deadline.start(budget, clock, signal);
}

/**
 * All that is done in a `withTransaction` shares its time (CSOT, "Convenient Transactions API").
 *
 * @throws MongoInvalidArgumentError if the call has a `timeoutMS` of its own
 */
export function transactionDeadline(
  options: OperationOptions | undefined,
  signal: AbortSignal | undefined,
): Deadline | null {
  const session: unknown = options?.session;
  const deadline = session instanceof ClientSession ? session.state.deadline : null;
  if (deadline === null) return null;
  if (isGiven(options?.timeoutMS)) {
    throw new MongoInvalidArgumentError(
      'timeoutMS cannot be set for an operation in withTransaction: it shares the time of the transaction',
    );
  }
  return signal === undefined ? deadline : deadline.withSignal(signal);
}

export function signalOf(options: OperationOptions | undefined): AbortSignal | undefined {
  const signal: unknown = options?.signal;
  if (!isGiven(signal)) return undefined;
  if (signal instanceof AbortSignal) return signal;
  throw new MongoInvalidArgumentError(`Option "signal" must be an AbortSignal, got ${typeof signal}`);
}
