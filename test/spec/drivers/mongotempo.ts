import * as mongotempo from '../../../src/index.js';
import { call, type Driver, MissingMethod } from './driver.js';
import { describeError } from './errors.js';

/** The driver of this repository. */
export const mongotempoDriver: Driver = {
  name: 'mongotempo',
  exports: mongotempo,
  clientOptions: {},
  logOptions: () => undefined,
  tracingOptions: () => undefined,
  describeError,
  transactionState: () => missing('ClientSession.transaction'),
  isPinned: () => missing('ClientSession.isPinned'),
  pinnedAddress: () => missing('ClientSession.pinnedAddress'),
  isDirty: () => missing('ClientSession.serverSession'),
  async startChangeStream(stream) {
    await call(stream, 'start');
  },
};

function missing(what: string): never {
  throw new MissingMethod(`the driver has no ${what}`);
}
