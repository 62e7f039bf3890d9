import type { Connection } from '../pool/connection.js';
import type { Server } from '../sdam/server.js';
import type { ServerSession } from '../sessions/server_session_pool.js';

/** A connection that is kept from one command to the next, since only the server behind it knows what they are about. */
export interface PinnedConnection {
  readonly server: Server;
  readonly connection: Connection;
}

/**
 * What several commands of one operation have in common: a cursor's find and getMores, the batches of an insertMany. Whoever makes it
 * releases the session and the connection.
 */
export interface OperationScope {
  /** The id by which events tell of the operation; 0 before its first command. */
  operationId: number;
  /** The implicit session (Driver Sessions, "Cursors" and "Bulk writes": one for all of them). */
  session: ServerSession | null;
  /** Behind a load balancer the connection of a command is kept for the next one (Load Balancers, "Connection Pinning"). */
  readonly pins: boolean;
  pinned: PinnedConnection | null;
}

/** @param pins - whether the commands are about a cursor, which lives on one server */
export function newScope(pins = false): OperationScope {
  return { operationId: 0, session: null, pins, pinned: null };
}

/** Gives the connection back that was kept, if one was. */
export function unpin(scope: OperationScope): void {
  const { pinned } = scope;
  scope.pinned = null;
  pinned?.server.pool.checkIn(pinned.connection);
}
