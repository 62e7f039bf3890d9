import { call } from '../../drivers/driver.js';
import { define, type OperationTable } from './definition.js';

/** Operations on a cursor or a change stream, "Cursor Operations" and "Change Stream Operations". */
export const cursorOperations: OperationTable = {
  close: define([], ['timeoutMS'], async ({ target, options }) => {
    // "Drivers MUST suppress errors of close": what becomes of the cursor is seen in the events.
    await Promise.resolve(call(target, 'close', options)).catch(() => null);
  }),
  iterateOnce: define([], [], async ({ target }) => call(target, 'tryNext')),
  iterateUntilDocumentOrError: define([], [], async ({ target }) => call(target, 'next')),
};
