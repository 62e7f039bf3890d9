import type { Connection } from '../pool/connection.js';
import type { Server } from '../sdam/server.js';
import type { ServerSession, ServerSessionPool } from '../sessions/server_session_pool.js';

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
