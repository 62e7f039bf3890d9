import { type Document } from '../bson/types.js';
import { sessionKey } from '../replication/sessions.js';
import { type CommandContext } from './context.js';

export function startSession({ deployment }: CommandContext): Document {
  return { id: { id: deployment.ids.uuid() }, timeoutMinutes: 30 };
}

export function endSessions(context: CommandContext): Document {
  for (const session of sessionsIn(context)) {
    context.deployment.sessions.end(session);
    killCursorsOf(context, session);
  }
  return {};
}

export function refreshSessions(context: CommandContext): Document {
  sessionsIn(context);
  return {};
}

export function killSessions(context: CommandContext): Document {
  for (const session of sessionsIn(context)) {
    context.deployment.sessions.abortTransactions(session);
    killCursorsOf(context, session);
  }
  return {};
}

export function killAllSessions({ deployment }: CommandContext): Document {
  deployment.sessions.abortTransactions();
  return {};
}

function sessionsIn({ name, body }: CommandContext): string[] {
  const list = body[name];
  return Array.isArray(list) ? list.map(sessionKey) : [];
}

function killCursorsOf({ deployment }: CommandContext, session: string): void {
  for (const member of deployment.members) member.cursors.killSession(session);
}
