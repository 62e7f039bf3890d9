import type { Attempt } from '../call/attempt.js';
import type { Call } from '../call/call.js';
import { inStage } from '../call/deadline.js';
import type { ReadPreference } from '../concern/read_preference.js';
import { setOrigin } from '../errors/base.js';
import { MongoClientClosedError } from '../errors/driver.js';
import type { Connection } from '../pool/connection.js';
import { SelectionRequest } from '../sdam/selection_request.js';
import type { Server } from '../sdam/server.js';
import { readPreferenceSelector } from '../sdam/server_selection.js';
import type { Engine } from './engine.js';
import { isCausedByClose } from './failure.js';

/** A server that suits the request: at once if one is known, so that no promise is made for it. */
export function selectServer({ topology }: Engine, request: SelectionRequest): Server | Promise<Server> {
  return topology.trySelect(request) ?? topology.select(request);
}

/** A connection of the server: at once if one is idle. The caller checks it in. */
export function checkOut({ pool }: Server, attempt: Attempt): Connection | Promise<Connection> {
  return pool.tryCheckOut(attempt) ?? pool.checkOut(attempt);
}

function throwIfClosing({ lifetime }: Engine): void {
  if (lifetime.closing) throw new MongoClientClosedError();
}

/** Throws if the time of the call was over before it began to wait. */
function throwIfEnded({ deadline, name, namespace }: Call): void {
  deadline.throwIfEnded(() => {
    const phase = deadline.endedIn ?? 'serverSelection';
    return { during: `${inStage(phase)}, before ${name} had a connection`, phase, namespace, maybeApplied: false };
  });
}

/**
 * Waits for a server that suits, as a command does, and sends nothing.
 *
 * @param how - `checkOut`: there must also be a connection that is ready for use, credentials included
 * @throws MongoServerSelectionError if no server suits in time; MongoNetworkError, MongoServerError if no connection can be made
 */
export async function reachServer(
  engine: Engine,
  readPreference: ReadPreference,
  how: 'select' | 'checkOut',
  call: Call,
): Promise<void> {
  throwIfClosing(engine);
  const request = new SelectionRequest(call, call, readPreferenceSelector(readPreference), readPreference.mode);
  try {
    throwIfEnded(call);
    const server = await selectServer(engine, request);
    call.reached(server.address);
    throwIfEnded(call);
    if (how === 'checkOut') server.pool.checkIn(await checkOut(server, request));
    // A listener of an event of all this may have closed the client.
    throwIfClosing(engine);
  } catch (error) {
    // The caller's own value stays as it is, also if it is an error of ours.
    if (call.deadline.isAbortReason(error)) throw error;
    const shown =
      engine.lifetime.closing && isCausedByClose(error)
        ? new MongoClientClosedError(undefined, { cause: error as Error })
        : error;
    setOrigin(shown, call);
    throw shown;
  }
}
