import { TopologyType } from '../description/types.js';
import type { Connection } from '../pool/connection.js';
import type { Server } from '../sdam/server.js';
import type { Binding, PinnedConnection } from './binding.js';
import type { Operation } from './operation.js';

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
