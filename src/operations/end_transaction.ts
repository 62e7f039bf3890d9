import type { Document } from '../bson/index.js';
import { ReadPreference } from '../concern/read_preference.js';
import { writeConcernDocument } from '../concern/write_concern.js';
import type { Deadline } from '../csot/deadline.js';
import { writableSelector } from '../sdam/server_selection.js';
import type { SessionState } from '../sessions/session_state.js';
import type { Engine } from './engine.js';
import { execute } from './execute.js';
import type { CommandTarget, Operation } from './operation.js';
import { defineOperation } from './operation_defaults.js';

/** Of a commit that is tried again without `timeoutMS`: it must not wait for a majority for ever. */
const RETRY_WTIMEOUT_MS = 10_000;

/** Sends the end of a transaction, and again if the first try leaves open what became of it. */
export async function endTransaction(
  engine: Engine,
  session: SessionState,
  name: 'commitTransaction' | 'abortTransaction',
  deadline: Deadline,
): Promise<void> {
  await execute(engine, endTransactionOperation(session, name), deadline);
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
      command(target) {
        const command: Document = { [name]: 1 };
        const writeConcern = writeConcernOf(session, isCommit, target);
        if (writeConcern !== undefined) command['writeConcern'] = writeConcern;
        if (transaction.recoveryToken !== undefined) command['recoveryToken'] = transaction.recoveryToken;
        if (isCommit && maxCommitTimeMS !== undefined && !target.timedByOperation) {
          command['maxTimeMS'] = maxCommitTimeMS;
        }
        if (isCommit) transaction.commitSent();
        return command;
      },
      result({ reply, address }) {
        const error = reply.writeConcernError({ host: address, namespace: 'admin' });
        if (error !== null) throw error;
      },
    },
  );
}

/** One that is tried again asks for a majority: it may have been committed on a primary that was then deposed (Transactions, "Retry commit"). */
function writeConcernOf(session: SessionState, isCommit: boolean, target: CommandTarget): Document | undefined {
  const { settings, commitTried } = session.transaction;
  const document = writeConcernDocument(settings.writeConcern, target.timedByOperation);
  if (!isCommit || !commitTried) return document;
  const limit = target.timedByOperation ? {} : { wtimeout: RETRY_WTIMEOUT_MS };
  return { ...limit, ...document, w: 'majority' };
}
