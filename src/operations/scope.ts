import type { ServerSession } from '../sessions/server_session_pool.js';

/**
 * What several commands of one operation have in common: a cursor's find and getMores, the batches of an insertMany. Whoever makes it
 * releases the session.
 */
export interface OperationScope {
  /** The id by which events tell of the operation; 0 before its first command. */
  operationId: number;
  /** The implicit session (Driver Sessions, "Cursors" and "Bulk writes": one for all of them). */
  session: ServerSession | null;
}

export function newScope(): OperationScope {
  return { operationId: 0, session: null };
}
