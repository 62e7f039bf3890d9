import { Long } from 'bson';
import { type Document, typeOf } from '../bson/types.js';
import { namespaceText } from '../engine/namespace.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { sessionKey } from '../replication/sessions.js';
import { type CommandContext } from './context.js';
import { failAs } from './faults.js';
import { fieldsOf, requireNamespace } from './fields.js';

export function getMore(context: CommandContext): Document {
  const { body, database, member } = context;
  const fields = fieldsOf(context);
  const id = body['getMore'];
  if (!(id instanceof Long)) throw fields.wrongType('getMore', 'long');
  const namespace = namespaceText({ database, collection: fields.string('collection') });
  const batchSize = fields.count('batchSize') ?? 0;
  const cursor = member.cursors.find(id);
  if (cursor === undefined) throw new CommandError(ErrorCode.CursorNotFound, `cursor id ${id.toString()} not found`);
  if (cursor.namespace !== namespace) {
    throw new CommandError(
      ErrorCode.Unauthorized,
      `Requested getMore on namespace '${namespace}', but cursor belongs to a different namespace ${cursor.namespace}`,
    );
  }
  const { lsid } = body;
  const session = lsid === undefined ? undefined : sessionKey(lsid);
  if (cursor.session !== session) {
    const text = (key: string | undefined): string => (key === undefined ? 'no session' : `session ${key}`);
    throw new CommandError(
      session === undefined ? 50737 : 50738,
      `Cannot run getMore on cursor ${id.toString()}, which was created in ${text(cursor.session)}, in ${text(session)}`,
    );
  }
  const fault = member.failPoints.takeOnGetMore();
  if (fault !== undefined) failAs(fault);
  const next = member.cursors.next(cursor, batchSize);
  return { cursor: { nextBatch: next.batch, id: next.id, ns: namespace } };
}

export function killCursors(context: CommandContext): Document {
  requireNamespace(context);
  const ids = fieldsOf(context)
    .array('cursors')
    .map((id, index) => {
      if (id instanceof Long) return id;
      throw new CommandError(
        ErrorCode.TypeMismatch,
        `BSON field 'killCursors.cursors.${index}' is the wrong type '${typeOf(id)}', expected type 'long'`,
      );
    });
  const cursorsKilled: Long[] = [];
  const cursorsNotFound: Long[] = [];
  for (const id of ids) (context.member.cursors.kill(id) ? cursorsKilled : cursorsNotFound).push(id);
  return { cursorsKilled, cursorsNotFound, cursorsAlive: [], cursorsUnknown: [] };
}
