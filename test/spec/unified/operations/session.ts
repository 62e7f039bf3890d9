import { call } from '../../drivers/driver.js';
import { readOperations } from '../test_file.js';
import { define, type OperationTable } from './definition.js';

const TRANSACTION = ['readConcern', 'writeConcern', 'readPreference', 'maxCommitTimeMS', 'timeoutMS'];

/** Operations on a session, "Session Operations". */
export const sessionOperations: OperationTable = {
  abortTransaction: define([], ['timeoutMS'], async ({ target, options }) => call(target, 'abortTransaction', options)),
  commitTransaction: define([], ['timeoutMS'], async ({ target, options }) =>
    call(target, 'commitTransaction', options),
  ),
  endSession: define([], [], async ({ target }) => call(target, 'endSession')),
  getSnapshotTime: define([], [], async ({ target }) => Promise.resolve(Reflect.get(target, 'snapshotTime'))),
  startTransaction: define([], TRANSACTION, async ({ target, options }) => {
    await call(target, 'startTransaction', options);
  }),
  withTransaction: define(['callback'], TRANSACTION, async ({ target, args, options, context }) => {
    const operations = readOperations(args['callback'], 'callback');
    const callback = async (): Promise<void> => {
      for (const [index, operation] of operations.entries()) {
        // What the callback gets it passes on, expected or not: that is how the driver knows what to do again.
        await context.runOperation(operation, `callback[${index}]`, 'rethrows');
      }
    };
    await call(target, 'withTransaction', callback, options);
  }),
};
