import type { Call } from '../call/call.js';
import { endSessions } from '../commands/end_sessions.js';
import { killLiveCursors } from '../commands/kill_live_cursors.js';
import type { Engine } from '../executor/engine.js';
import type { ClientSession } from '../sessions/client_session.js';

/** For killCursors and endSessions: servers close idle cursors and sessions by themselves, so a silent server is not waited for longer. */
const COURTESY_TIMEOUT_MS = 1000;

/**
 * What a client that closes tells its servers: aborts the transactions that are open, kills the cursors that servers hold, then ends the
 * sessions. Never rejects.
 *
 * @param engine - null if the client never connected
 */
export async function tidyUp(engine: Engine | null, sessions: ReadonlySet<ClientSession>, call: Call): Promise<void> {
  const { deadline } = call;
  const courtesy = () => call.until(deadline.within('read', COURTESY_TIMEOUT_MS));
  const early = courtesy();
  const aborts = [...sessions].some(session => session.inTransaction());
  // The cursors come first, while it is known which of them belong to a transaction.
  const killed = engine === null ? undefined : killLiveCursors(engine, early);
  await Promise.all(Array.from(sessions, session => session.endWithClient(call)));
  await killed;
  if (engine === null) return;
  await endSessions(engine, aborts ? courtesy() : early);
}
