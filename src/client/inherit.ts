import { documentDecoder } from '../bson/decode.js';
import { isGiven } from '../concern/given.js';
import { type Budget, budgetOf, validateTimeoutMS } from '../csot/budget.js';
import { Deadline } from '../csot/deadline.js';
import { MongoCompatibilityError, MongoInvalidArgumentError } from '../errors/driver.js';
import { checkOptions } from '../operations/check_options.js';
import { type ContextOverrides, type OperationContext, withOverrides } from '../operations/context.js';
import type { OperationOptions } from '../operations/options.js';
import type { Clock } from '../runtime/clock.js';
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
    bsonOptions: options.bsonOptions,
    decode: documentDecoder(options.bsonOptions),
    timeoutMS: options.timeoutMS,
    timeoutSource: 'client',
  };
}

/** The context one level down: of a database under its client, of a collection under its database. */
export function deriveContext(
  parent: Inherited,
  names: { readonly database: string; readonly collection: string },
  level: 'database' | 'collection',
  options: LevelOptions | undefined,
): Inherited {
  const { database, collection } = names;
  const timeoutMS = validateTimeoutMS(options?.timeoutMS, `${level} option`);
  return {
    ...withOverrides(parent, options),
    database,
    collection,
    namespace: collection === '' ? database : `${database}.${collection}`,
    ...(timeoutMS !== undefined && { timeoutMS, timeoutSource: level }),
  };
}

/** Options of the official driver that this version does not know yet: to go on without them would do something else. */
const NOT_YET = ['session'] as const;

/**
 * The time that an operation has. All options pass through here, and are checked.
 *
 * @throws MongoInvalidArgumentError if its `timeoutMS` is none or an option of a wrong type, MongoCompatibilityError for an option that is not supported yet
 */
export function budgetFor(context: Inherited, options: OperationOptions | undefined): Budget {
  if (options !== undefined) checkOptions(options);
  for (const name of NOT_YET) {
    if (isGiven((options as Record<string, unknown> | undefined)?.[name])) {
      throw new MongoCompatibilityError(`This version of mongotempo does not support the option "${name}" yet`);
    }
  }
  const operation = validateTimeoutMS(options?.timeoutMS, 'operation option');
  return budgetOf({ operation, [context.timeoutSource]: context.timeoutMS });
}

/** Starts an operation's time. Must be called first thing in a public method, so that the time covers all of it. */
export function startDeadline(context: Inherited, options: OperationOptions | undefined, clock: Clock): Deadline {
  return Deadline.start(budgetFor(context, options), clock, signalOf(options));
}

export function signalOf(options: OperationOptions | undefined): AbortSignal | undefined {
  const signal: unknown = options?.signal;
  if (!isGiven(signal)) return undefined;
  if (signal instanceof AbortSignal) return signal;
  throw new MongoInvalidArgumentError(`Option "signal" must be an AbortSignal, given was ${typeof signal}`);
}
