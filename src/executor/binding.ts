import { TopologyType } from '../description/types.js';
import type { Connection } from '../pool/connection.js';
import type { Server } from '../sdam/server.js';
import { type ServerSession, type ServerSessionPool } from '../sessions/server_session_pool.js';
import type { Operation } from './operation.js';

/** A connection that stays with its user from one command to the next, since only the server behind it knows the cursor or transaction. */
export interface PinnedConnection {
  readonly server: Server;
  readonly connection: Connection;
}

/**
 * The implicit session and the pinned connection that the commands of one cursor or one bulk write share. The cursor or bulk write that
 * makes a binding releases it. A single command has a binding of its own.
 */
export class Binding {
  /** Whether the commands are about a cursor, which lives on one server (Load Balancers, "Connection Pinning"). */
  readonly pins: boolean;
  /** The implicit session, from the first command on that needs one (Driver Sessions, "Implicit sessions"). */
  session: ServerSession | null = null;
  pinned: PinnedConnection | null = null;

  constructor(pins: boolean) {
    this.pins = pins;
  }

  releaseSession(sessions: ServerSessionPool): void {
    if (this.session !== null) sessions.release(this.session);
    this.session = null;
  }

  /** Releases all that the commands shared, after the last of them. */
  release(sessions: ServerSessionPool): void {
    this.unpin();
    this.releaseSession(sessions);
  }

  /** Checks the pinned connection in. */
  unpin(): void {
    const { pinned } = this;
    this.pinned = null;
    pinned?.server.pool.checkIn(pinned.connection);
  }
}

/** The connection that an earlier command pinned, of the transaction or of the same cursor; null if there is none. */
export function pinnedConnection({ session }: Operation<unknown>, binding: Binding): PinnedConnection | null {
  const pin = session === null ? null : session.pin;
  return pin !== null && pin.connection !== null ? (pin as PinnedConnection) : binding.pinned;
}

/**
 * Pins a transaction to the server of its first command, in a sharded cluster, or to the connection, behind a load balancer (Transactions,
 * "Mongos Pinning"; Load Balancers, "Connection Pinning").
 *
 * @returns whether the connection is now the transaction's
 */
export function pinTransaction(
  { session, sessionRole }: Operation<unknown>,
  type: TopologyType,
  server: Server,
  connection: Connection,
): boolean {
  if (session === null || session.pin !== null) return false;
  if (sessionRole === 'endsTransaction' || !session.transaction.isActive) return false;
  const toConnection = type === TopologyType.LoadBalanced;
  if (!toConnection && type !== TopologyType.Sharded) return false;
  session.pin = { server, connection: toConnection ? connection : null };
  if (toConnection) connection.pin('transaction');
  return toConnection;
}

/**
 * Pins the connection of a cursor behind a load balancer (Load Balancers, "Connection Pinning").
 *
 * @returns whether the connection is now the cursor's
 */
export function pinCursor(binding: Binding, type: TopologyType, server: Server, connection: Connection): boolean {
  if (!binding.pins || type !== TopologyType.LoadBalanced) return false;
  binding.pinned = { server, connection };
  connection.pin('cursor');
  return true;
}
