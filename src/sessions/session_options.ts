import type { Timestamp } from '../bson/index.js';
import { validateTimeoutMS } from '../call/budget.js';
import { MongoInvalidArgumentError } from '../errors/driver.js';
import { isGiven, ownOptions } from '../runtime/own_options.js';
import type { MongoOptions } from '../uri/mongo_options.js';
import type { SessionSettings } from './session_state.js';
import { type TransactionOptions, transactionSettings } from './transaction.js';

/** @public */
export interface ClientSessionOptions {
  /** Operations see what earlier operations of the session have written and read. Default: true, but false in a snapshot session. */
  causalConsistency?: boolean;
  /** All reads of the session see one moment. Excludes `causalConsistency`. Default: false. */
  snapshot?: boolean;
  /** The moment that a snapshot session reads. Default: the moment of its first read. */
  snapshotTime?: Timestamp;
  defaultTransactionOptions?: TransactionOptions;
  /** Milliseconds for each commit, abort, `withTransaction` and `endSession`. Default: `timeoutMS` of the client. */
  defaultTimeoutMS?: number;
}

/** @throws MongoInvalidArgumentError if options contradict one another */
export function sessionSettings(given: ClientSessionOptions, client: MongoOptions): SessionSettings {
  const options = ownOptions(given);
  const { causalConsistency, snapshot = false, snapshotTime } = options;
  if (snapshot && causalConsistency === true) {
    throw new MongoInvalidArgumentError('Properties "causalConsistency" and "snapshot" are mutually exclusive');
  }
  if (isGiven(snapshotTime) && !snapshot) {
    throw new MongoInvalidArgumentError('Property "snapshotTime" needs "snapshot" to be true');
  }
  validateTimeoutMS(ownOptions(options.defaultTransactionOptions).timeoutMS, 'defaultTransactionOptions');
  const { readConcern, writeConcern, readPreference } = client;
  return {
    causal: causalConsistency ?? !snapshot,
    snapshot,
    snapshotTime,
    transaction: transactionSettings(options.defaultTransactionOptions, {
      readConcern,
      writeConcern,
      readPreference,
      maxCommitTimeMS: undefined,
    }),
    timeoutMS: validateTimeoutMS(options.defaultTimeoutMS, 'the session (defaultTimeoutMS)'),
  };
}
