import { ReadPreference } from '../concern/read_preference.js';
import type { Deadline } from '../csot/deadline.js';
import { ServerType } from '../sdam/description/types.js';
import type { Engine } from './engine.js';
import { executeWith } from './execute.js';
import { killCursors } from './get_more.js';
import type { LiveCursor } from './live_cursors.js';
import { type OperationScope, unpin } from './scope.js';

const CONTEXT = Object.freeze({ readPreference: ReadPreference.primaryPreferred, bsonOptions: {}, session: null });

/**
 * Kills all cursors that servers hold open for a client, with one command for each server and namespace. Errors do not matter: a server
 * closes idle cursors by itself. A cursor of an open transaction is left to the end of the transaction.
 */
export async function killLiveCursors(engine: Engine, deadline: Deadline): Promise<void> {
  const groups = new Map<string, LiveCursor[]>();
  for (const live of engine.cursors.drain()) {
    if (live.session?.transaction.isActive === true) continue;
    // Behind a load balancer only the pinned connection leads to the server that has the cursor.
    const pin = live.scope.pinned === null ? '' : String(groups.size);
    const key = `${pin} ${live.cursor.address} ${live.cursor.namespace}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [live]);
    else group.push(live);
  }
  await Promise.all(Array.from(groups.values(), group => killGroup(engine, group, deadline)));
}

async function killGroup(engine: Engine, group: readonly LiveCursor[], deadline: Deadline): Promise<void> {
  const [first] = group;
  if (first === undefined) return;
  const { cursor, scope } = first;
  try {
    if (isReachable(engine, first)) {
      const ids = group.map(({ cursor }) => cursor.id);
      await executeWith(scope, engine, killCursors(cursor, CONTEXT, ids), deadline);
    }
  } catch {
    // The server closes them when they have been idle for long enough.
  } finally {
    for (const { scope } of group) release(engine, scope);
  }
}

function isReachable({ topology }: Engine, { cursor, scope }: LiveCursor): boolean {
  if (scope.pinned !== null) return scope.pinned.connection.error === null;
  const { type } = topology.description.servers.get(cursor.address) ?? {};
  return type !== undefined && type !== ServerType.Unknown;
}

function release(engine: Engine, scope: OperationScope): void {
  unpin(scope);
  const { session } = scope;
  scope.session = null;
  if (session !== null) engine.sessions.release(session);
}
