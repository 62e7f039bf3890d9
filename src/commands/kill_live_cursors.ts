import type { Call } from '../call/call.js';
import { ReadPreference } from '../concern/read_preference.js';
import { ServerType } from '../description/types.js';
import type { Engine } from '../executor/engine.js';
import { execute } from '../executor/execute.js';
import type { LiveCursor } from '../executor/live_cursors.js';
import { killCursors } from './get_more.js';

const CONTEXT = Object.freeze({ readPreference: ReadPreference.primaryPreferred, bsonOptions: {}, session: null });

/**
 * Kills all cursors that servers keep open for a client, with one command for each server and namespace. Errors are ignored: servers close
 * idle cursors by themselves. The end of a transaction closes the cursors of the transaction.
 */
export async function killLiveCursors(engine: Engine, call: Call): Promise<void> {
  const groups = new Map<string, LiveCursor[]>();
  for (const live of engine.cursors.drain()) {
    if (live.session?.transaction.isActive === true) continue;
    // Behind a load balancer only the pinned connection leads to the server that has the cursor.
    const pin = live.binding.pinned === null ? '' : String(groups.size);
    const key = `${pin} ${live.cursor.address} ${live.cursor.namespace}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [live]);
    else group.push(live);
  }
  await Promise.all(Array.from(groups.values(), group => killGroup(engine, group, call)));
}

async function killGroup(engine: Engine, group: readonly LiveCursor[], call: Call): Promise<void> {
  const [first] = group;
  if (first === undefined) return;
  const { cursor, binding } = first;
  try {
    if (isReachable(engine, first)) {
      const ids = group.map(({ cursor }) => cursor.id);
      await execute(engine, killCursors(cursor, CONTEXT, ids), binding, call);
    }
  } catch {
    // The server closes idle cursors by itself.
  } finally {
    for (const { binding } of group) binding.release(engine.sessions);
  }
}

function isReachable({ topology }: Engine, { cursor, binding }: LiveCursor): boolean {
  if (binding.pinned !== null) return binding.pinned.connection.error === null;
  const { type } = topology.description.servers.get(cursor.address) ?? {};
  return type !== undefined && type !== ServerType.Unknown;
}
