import { Long } from 'bson';
import { type Document, typeOf } from '../bson/types.js';
import { type Cursor } from '../engine/cursors.js';
import { namespaceText } from '../engine/namespace.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { sessionKey } from '../replication/sessions.js';
import { labelResumable } from './change_stream.js';
import { type CommandContext } from './context.js';
import { failAs } from './faults.js';
import { fieldsOf, requireNamespace } from './fields.js';

/** How long getMore waits for data when it is not told. */
const defaultAwaitMS = 1000;

export function getMore(context: CommandContext): Document | Promise<Document> {
  const cursor = findCursor(context);
  checkAwaits(context, cursor);
  if (cursor.leftMS !== undefined) context.operation.limitTo(cursor.leftMS);
  const unuse = context.member.cursors.use(cursor);
  const release = (): void => {
    cursor.leftMS = context.operation.leftMS;
    unuse();
  };
  const rethrow = (error: unknown): never => {
    throw cursor.isChangeStream ? labelResumable(error) : error;
  };
  let reply: Document | Promise<Document>;
  try {
    reply = continueCursor(context, cursor);
  } catch (error) {
    release();
    return rethrow(error);
  }
  if (reply instanceof Promise) return reply.catch(rethrow).finally(release);
  release();
  return reply;
}

/** maxTimeMS of getMore is how long it waits for data: of a cursor that does not wait it says nothing. */
function checkAwaits({ body }: CommandContext, { awaitsData }: Cursor): void {
  if (awaitsData || body['maxTimeMS'] === undefined) return;
  throw new CommandError(ErrorCode.BadValue, 'cannot set maxTimeMS on getMore command for a non-awaitData cursor');
}

function continueCursor(context: CommandContext, cursor: Cursor): Document | Promise<Document> {
  const fault = context.member.failPoints.takeOnGetMore();
  if (fault === undefined) return nextBatch(context, cursor);
  if (fault.blockTimeMS === 0) {
    failAs(fault);
    return nextBatch(context, cursor);
  }
  return context.operation.sleep(fault.blockTimeMS).then(async () => {
    failAs(fault);
    return nextBatch(context, cursor);
  });
}

function findCursor(context: CommandContext): Cursor {
  const { body, database, member } = context;
  const fields = fieldsOf(context);
  const id = body['getMore'];
  if (!(id instanceof Long)) throw fields.wrongType('getMore', 'long');
  const namespace = namespaceText({ database, collection: fields.string('collection') });
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
  return cursor;
}

function nextBatch(context: CommandContext, cursor: Cursor): Document | Promise<Document> {
  const batchSize = fieldsOf(context).count('batchSize') ?? 0;
  const { source, awaitsData } = cursor;
  if (awaitsData && source.peek() === undefined && !source.isDone) return awaitBatch(context, cursor, batchSize);
  return reply(context, cursor, batchSize);
}

/** Waits for a document, no longer than the command wants: its maxTimeMS is no limit here but the time to wait. */
async function awaitBatch(context: CommandContext, cursor: Cursor, batchSize: number): Promise<Document> {
  const { clock } = context.deployment;
  const { source, killed } = cursor;
  const until = clock.now() + (fieldsOf(context).count('maxTimeMS') ?? defaultAwaitMS);
  const signals = [...(source.changes === undefined ? [] : [source.changes]), killed];
  for (;;) {
    const left = until - clock.now();
    if (left <= 0) break;
    await context.operation.wait(left, signals);
    if (context.member.cursors.find(cursor.id) !== cursor) {
      throw new CommandError(ErrorCode.CursorKilled, `cursor id ${cursor.id.toString()} was killed`);
    }
    if (source.peek() !== undefined || source.isDone) break;
  }
  return reply(context, cursor, batchSize);
}

function reply({ member }: CommandContext, cursor: Cursor, batchSize: number): Document {
  const { id, batch } = member.cursors.next(cursor, batchSize);
  const { resumeToken } = cursor.source;
  return {
    cursor: {
      nextBatch: batch,
      ...(resumeToken === undefined ? {} : { postBatchResumeToken: resumeToken }),
      id,
      ns: cursor.namespace,
    },
  };
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
