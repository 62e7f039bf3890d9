import type { Attempt } from '../call/attempt.js';
import type { Call } from '../call/call.js';
import type { ReadPreference } from '../concern/read_preference.js';
import { setOrigin } from '../errors/base.js';
import { MongoClientClosedError } from '../errors/driver.js';
import type { Connection } from '../pool/connection.js';
import { SelectionRequest } from '../sdam/selection_request.js';
import type { Server } from '../sdam/server.js';
import { readPreferenceSelector } from '../sdam/server_selection.js';
import type { Engine } from './engine.js';

/** A server that suits the request: at once if one is known, so that no promise is made for it. */
export function selectServer({ topology }: Engine, request: SelectionRequest): Server | Promise<Server> {
  return topology.trySelect(request) ?? topology.select(request);
}

/** A connection of the server: at once if one is idle. The caller checks it in. */
export function checkOut({ pool }: Server, attempt: Attempt): Connection | Promise<Connection> {
  return pool.tryCheckOut(attempt) ?? pool.checkOut(attempt);
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
  if (engine.lifetime.closing) throw new MongoClientClosedError();
  const request = new SelectionRequest(call, call, readPreferenceSelector(readPreference), readPreference.mode);
  try {
    const server = await selectServer(engine, request);
    call.reached(server.address);
    if (how === 'checkOut') server.pool.checkIn(await checkOut(server, request));
  } catch (error) {
    setOrigin(error, call);
    throw error;
  }
}
