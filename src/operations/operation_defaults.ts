import { ReadPreference } from '../concern/read_preference.js';
import { readPreferenceSelector, writableSelector } from '../sdam/server_selection.js';
import type { OperationContext } from './context.js';
import type { Operation } from './operation.js';

/** What operations have in common; each gives its own fields over it. */
type Common = Pick<
  Operation<unknown>,
  'database' | 'namespace' | 'access' | 'selector' | 'readPreference' | 'maxTime' | 'bsonOptions'
>;

/** An operation that must go to the primary (or to a mongos, or the one server): every write, and most commands on a whole database. */
export function onPrimary(context: OperationContext, access: 'read' | 'write'): Common {
  return {
    database: context.database,
    namespace: context.namespace,
    access,
    selector: writableSelector,
    readPreference: ReadPreference.primary,
    maxTime: 'remaining',
    bsonOptions: context.bsonOptions,
  };
}

/** A read that goes where the read preference says. */
export function byReadPreference(context: OperationContext): Common {
  const { readPreference } = context;
  return {
    ...onPrimary(context, 'read'),
    selector: readPreference.mode === 'primary' ? writableSelector : readPreferenceSelector(readPreference),
    readPreference,
  };
}
