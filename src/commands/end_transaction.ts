import type { Document } from '../bson/index.js';
import type { Call } from '../call/call.js';
import { ReadPreference } from '../concern/read_preference.js';
import { writeConcernDocument } from '../concern/write_concern.js';
import type { Engine } from '../executor/engine.js';
import { execute } from '../executor/execute.js';
import type { Operation } from '../executor/operation.js';
import { writableSelector } from '../sdam/server_selection.js';
import type { SessionState } from '../sessions/session_state.js';
import { defineOperation } from './operation_defaults.js';

/** Milliseconds for which a retried commit waits for a majority (Transactions, "commitTransaction"). */
const RETRY_WTIMEOUT_MS = 10_000;

/** Commits or aborts a transaction. Retries if it is unknown whether the first attempt succeeded. */
export async function endTransaction(
  engine: Engine,
  session: SessionState,
  name: 'commitTransaction' | 'abortTransaction',
  call: Call,
): Promise<void> {
  await execute(engine, endTransactionOperation(session, name), null, call);
}

function endTransactionOperation(
  session: SessionState,
  name: 'commitTransaction' | 'abortTransaction',
): Operation<void> {
  const { transaction } = session;
  const isCommit = name === 'commitTransaction';
  const { maxCommitTimeMS } = transaction.settings;
  return defineOperation(
    { database: 'admin', namespace: 'admin', bsonOptions: {}, session },
    writableSelector,
    ReadPreference.primary,
    {
      name,
      access: 'write',
      retryable: true,
      sessionRole: 'endsTransaction',
      command() {
        const command: Document = { [name]: 1 };
        const writeConcern = writeConcernOf(session, isCommit);
        if (writeConcern !== undefined) command['writeConcern'] = writeConcern;
        if (transaction.recoveryToken !== undefined) command['recoveryToken'] = transaction.recoveryToken;
        if (isCommit && maxCommitTimeMS !== undefined) command['maxTimeMS'] = maxCommitTimeMS;
        if (isCommit) transaction.commitSent();
        else transaction.abortSent();
        return command;
      },
      result({ reply, address }) {
        const error = reply.writeConcernError({ host: address, namespace: 'admin' });
        if (error !== null) throw error;
      },
    },
  );
}

/** A retried commit asks for a majority: the primary of the first attempt may have stepped down since (Transactions, "Retry commit"). */
function writeConcernOf(session: SessionState, isCommit: boolean): Document | undefined {
  const { settings, commitTried } = session.transaction;
  const document = writeConcernDocument(settings.writeConcern);
  if (!isCommit || !commitTried) return document;
  return { wtimeout: RETRY_WTIMEOUT_MS, ...document, w: 'majority' };
}
