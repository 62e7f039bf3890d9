import type { Call } from '../call/call.js';
import { ReadPreference } from '../concern/read_preference.js';
import type { Engine } from '../executor/engine.js';
import { execute } from '../executor/execute.js';
import type { Operation } from '../executor/operation.js';
import { readPreferenceSelector } from '../sdam/server_selection.js';
import type { ServerSession } from '../sessions/server_session_pool.js';
import { defineOperation } from './operation_defaults.js';

/** Maximum number of sessions in one command (Driver Sessions, "endSessions"). */
const LARGEST_BATCH = 10_000;

const ADMIN = Object.freeze({ database: 'admin', namespace: 'admin', bsonOptions: {}, session: null });

const selector = readPreferenceSelector(ReadPreference.primaryPreferred);

/** Ends all sessions of a client on the servers, if a server is known. Errors are ignored (Driver Sessions, "endSessions"). */
export async function endSessions(engine: Engine, call: Call): Promise<void> {
  const sessions = engine.sessions.drain();
  const reachable = engine.topology.description.hasReadableServer(ReadPreference.primaryPreferred);
  for (let from = 0; reachable && from < sessions.length; from += LARGEST_BATCH) {
    try {
      await execute(engine, endSessionsOperation(sessions.slice(from, from + LARGEST_BATCH)), null, call);
    } catch {
      return;
    }
  }
}

function endSessionsOperation(sessions: readonly ServerSession[]): Operation<void> {
  return defineOperation(ADMIN, selector, ReadPreference.primaryPreferred, {
    name: 'endSessions',
    access: 'read',
    retryable: false,
    maxTime: 'omit',
    command: () => ({ endSessions: sessions.map(({ id }) => id) }),
    result: () => undefined,
  });
}
