import { documentDecoder } from '../bson/decode.js';
import { type Budget, budgetAt } from '../call/budget.js';
import { checkOptionNames } from '../commands/check_options.js';
import { type ContextOverrides, type OperationContext, withOverrides } from '../commands/context.js';
import { ownOptions } from '../runtime/own_options.js';
import type { ResolvedOptions } from '../uri/resolved_options.js';

/** What a client, a database or a collection hands down. */
export interface Inherited extends OperationContext {
  /** The time of each operation that sets none itself. */
  readonly budget: Budget;
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
    budget: { timeoutMS: options.timeoutMS, source: 'the client' },
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
  return {
    ...withOverrides(parent, options),
    database,
    collection,
    namespace: collection === '' ? database : `${database}.${collection}`,
    budget: budgetAt(`the ${level}`, options.timeoutMS, parent.budget),
  };
}

/** What operations on the whole deployment inherit: those of a session, a bulk write of the client, `connect` and `close`. */
export function adminContext(context: Inherited): Inherited {
  return { ...context, database: 'admin', collection: '', namespace: 'admin' };
}
