import { ReadPreference } from '../../../src/concern/read_preference.js';
import { ServerSessionPool } from '../../../src/sessions/server_session_pool.js';
import { type SessionSettings, SessionState } from '../../../src/sessions/session_state.js';
import type { TransactionSettings } from '../../../src/sessions/transaction.js';
import { FakeClock } from '../../support/fake_clock.js';

/** Those of a transaction of which nothing was set. */
export const TRANSACTION_SETTINGS: TransactionSettings = {
  readConcern: undefined,
  writeConcern: undefined,
  readPreference: ReadPreference.primary,
  maxCommitTimeMS: undefined,
};

/** A pool whose sessions are numbered. */
export function newPool(): ServerSessionPool {
  let drawn = 0;
  const bytes = (length: number) => new Uint8Array(length).fill(++drawn);
  return new ServerSessionPool(new FakeClock(), { next: () => 0.5, bytes });
}

/** A session that is neither causal nor a snapshot, unless its settings say so. */
export function newSession(settings: Partial<SessionSettings> = {}, pool = newPool()): SessionState {
  return new SessionState(pool, {
    causal: false,
    snapshot: false,
    snapshotTime: undefined,
    transaction: TRANSACTION_SETTINGS,
    timeoutMS: undefined,
    ...settings,
  });
}
